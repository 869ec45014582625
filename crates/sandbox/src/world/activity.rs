//! What happened to an issue besides its present state: comments, worklogs, attachments, history.
//!
//! All of it is computed from the issue. The ids contain the issue's, so that each leads back to it.

use std::borrow::Cow;

use super::{
    LAST_DAY, Millis,
    dice::Dice,
    issues::Issue,
    pages::Page,
    people::{PersonIndex, writer},
    site::Site,
    vocabulary::LABELS,
    workflow::STATUSES,
};

/// How many comments, worklogs or attachments an issue may have: ids are the issue's times this, plus a number.
const MOST: u64 = 64;
/// One issue in this many has more comments and worklogs than Jira embeds in the issue.
const BUSY: usize = 60;
/// One comment on an issue in about this many was written by nobody.
const ANONYMOUS: u64 = 31;
const MINUTE: Millis = 60_000;

/// A comment on an issue.
#[derive(Clone, Debug)]
pub struct Comment {
    pub id: u64,
    /// Nobody where it was written anonymously.
    pub author: Option<PersonIndex>,
    pub created: Millis,
    pub updated: Millis,
    /// What a person wrote through the control interface; otherwise it is computed.
    pub text: Option<String>,
}

/// Time that somebody spent on an issue.
#[derive(Clone, Debug)]
pub struct Worklog {
    pub id: u64,
    pub author: PersonIndex,
    pub created: Millis,
    pub updated: Millis,
    pub started: Millis,
    pub seconds: u64,
    /// Whether something was written about it.
    pub commented: bool,
    /// What a person wrote through the control interface; otherwise it is computed.
    pub text: Option<String>,
}

/// Something that stands in the place of what would be computed, or besides it.
#[derive(Clone, Debug)]
pub struct Written<T> {
    pub value: T,
    pub deleted: bool,
}

/// A file of an issue or a page.
#[derive(Clone, Debug)]
pub struct Attachment {
    pub id: u64,
    pub author: PersonIndex,
    pub created: Millis,
    pub name: Cow<'static, str>,
    pub media_type: Cow<'static, str>,
    pub size: usize,
}

impl Attachment {
    /// Where the media host has the file.
    pub fn media_url(&self, base_url: &str) -> String {
        format!("{base_url}/media/{}/{}", self.media_type.replace('/', "."), self.size)
    }
}

/// A change of one field at one time.
#[derive(Debug)]
pub struct History {
    pub id: u64,
    pub at: Millis,
    pub by: PersonIndex,
    pub field: &'static str,
    pub from: Option<(String, String)>,
    pub to: Option<(String, String)>,
}

/// Name and media type of files.
const FILES: [(&str, &str); 6] = [
    ("screenshot 2026-01-12 at 10.33.07.png", "image/png"),
    ("übersicht.pdf", "application/pdf"),
    ("export.csv", "text/csv"),
    ("ログ.txt", "text/plain"),
    ("contract (signed).docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("trace.json", "application/json"),
];

/// The issue or page that a comment, a worklog or an attachment belongs to.
pub fn owner_of(id: u64) -> u64 {
    id / MOST
}

/// Comments, oldest first.
pub fn comments(site: &Site, issue: &Issue) -> Vec<Comment> {
    let mut dice = Dice::new(site.seed, "comments", issue.id);
    let times = issue.past.map(|past| moments(&mut dice, issue.created, past.until, 6)).unwrap_or_default();
    let comment = |(number, created): (u64, Millis)| {
        let updated = if dice.percent(10) { created + 5 * MINUTE } else { created };
        let author = Some(writer(&mut dice)).filter(|_| !(issue.id + number).is_multiple_of(ANONYMOUS));
        Comment { id: issue.id * MOST + number, author, created, updated, text: None }
    };
    written_over((0..).zip(times).map(comment).collect(), &issue.comments, |comment| comment.id)
}

/// What is computed, with what people did to it.
fn written_over<T: Clone>(mut computed: Vec<T>, written: &[Written<T>], id: impl Fn(&T) -> u64) -> Vec<T> {
    for entry in written {
        computed.retain(|other| id(other) != id(&entry.value));
        if !entry.deleted {
            computed.push(entry.value.clone());
        }
    }
    if !written.is_empty() {
        computed.sort_by_key(|entry| id(entry));
    }
    computed
}

/// The id for one more comment, worklog or file, unless there are too many already.
pub fn next_id<T>(owner: u64, present: &[T], written: &[Written<T>], id: impl Fn(&T) -> u64) -> Option<u64> {
    let last = present.iter().chain(written.iter().map(|entry| &entry.value)).map(id).max();
    let next = last.map_or(owner * MOST, |last| last + 1);
    (owner_of(next) == owner).then_some(next)
}

/// A comment below a page or beside a passage of it.
#[derive(Clone, Debug)]
pub struct PageComment {
    pub id: u64,
    pub author: PersonIndex,
    pub created: Millis,
    /// The comment that this one replies to.
    pub parent: Option<u64>,
    pub inline: bool,
    pub resolved: bool,
    pub version: u32,
    pub modified: Millis,
    /// The storage format that a person wrote through the control interface; otherwise it is computed.
    pub text: Option<String>,
}

/// Comments on a page, oldest first.
pub fn page_comments(seed: u64, page: &Page) -> Vec<PageComment> {
    let mut dice = Dice::new(seed, "page-comments", page.id);
    let times = if page.original { moments(&mut dice, page.created, LAST_DAY, 5) } else { Vec::new() };
    let mut comments: Vec<PageComment> = Vec::with_capacity(times.len());
    for (number, created) in (0..).zip(times) {
        let inline = dice.percent(30);
        let root = comments.iter().rfind(|comment| comment.parent.is_none() && comment.inline == inline);
        let parent = root.filter(|_| dice.percent(35)).map(|comment| comment.id);
        let resolved = inline && dice.percent(40);
        let (id, author) = (page.id * MOST + number, writer(&mut dice));
        let (version, modified, text) = (1, created, None);
        comments.push(PageComment { id, author, created, parent, inline, resolved, version, modified, text });
    }
    written_over(comments, &page.comments, |comment| comment.id)
}

/// Worklogs, oldest first.
pub fn worklogs(site: &Site, issue: &Issue) -> Vec<Worklog> {
    let mut dice = Dice::new(site.seed, "worklogs", issue.id);
    let times = issue.past.map(|past| moments(&mut dice, issue.created, past.until, 3)).unwrap_or_default();
    let worklog = |(number, created): (u64, Millis)| Worklog {
        id: issue.id * MOST + number,
        author: writer(&mut dice),
        created,
        updated: created,
        started: created - 90 * MINUTE,
        seconds: 900 * (1 + dice.next() % 16),
        commented: dice.percent(70),
        text: None,
    };
    written_over((0..).zip(times).map(worklog).collect(), &issue.worklogs, |worklog| worklog.id)
}

/// Attachments of an issue, oldest first.
pub fn issue_attachments(seed: u64, issue: &Issue) -> Vec<Attachment> {
    let computed =
        issue.past.map(|past| attachments(seed, issue.id, issue.created, past.until)).unwrap_or_default();
    written_over(computed, &issue.files, |file| file.id)
}

/// Attachments of a page or blog post, oldest first.
pub fn page_attachments(seed: u64, page: &Page) -> Vec<Attachment> {
    let computed =
        if page.original { attachments(seed, page.id, page.created, LAST_DAY) } else { Vec::new() };
    written_over(computed, &page.files, |file| file.id)
}

fn attachments(seed: u64, owner: u64, from: Millis, until: Millis) -> Vec<Attachment> {
    let mut dice = Dice::new(seed, "attachments", owner);
    let count = if dice.percent(75) { 0 } else { 1 + dice.next() % 3 };
    let attachment = |number: u64| {
        let (name, media_type) = FILES[usize::try_from(number).unwrap_or_default() + dice.below(4)];
        Attachment {
            id: owner * MOST + number,
            author: writer(&mut dice),
            created: from + dice.millis(until - from),
            name: Cow::Borrowed(name),
            media_type: Cow::Borrowed(media_type),
            size: 300 + dice.below(200_000),
        }
    };
    (0..count).map(attachment).collect()
}

/// Labels of an issue.
pub fn issue_labels(seed: u64, issue: &Issue) -> Vec<&str> {
    match &issue.labels {
        Some(labels) => labels.iter().map(String::as_str).collect(),
        None => labels(seed, "labels", issue.id),
    }
}

/// Labels of a page or blog post.
pub fn page_labels(seed: u64, page: &Page) -> Vec<&str> {
    match &page.labels {
        Some(labels) => labels.iter().map(String::as_str).collect(),
        None if page.original => labels(seed, "page-labels", page.id),
        None => Vec::new(),
    }
}

fn labels(seed: u64, kind: &str, owner: u64) -> Vec<&'static str> {
    let mut dice = Dice::new(seed, kind, owner);
    let mut labels: Vec<&str> = (0..dice.skewed(4)).map(|_| dice.pick(&LABELS)).collect();
    labels.sort_unstable();
    labels.dedup();
    labels
}

/// The history of an issue, oldest first: how it came to its status, then what was changed since.
pub fn history(site: &Site, issue: &Issue) -> Vec<History> {
    let mut dice = Dice::new(site.seed, "history", issue.id);
    let (status, end) = issue.past.map_or((0, issue.created), |past| (past.status, past.until));
    let span = (end - issue.created) / Millis::try_from(status.max(1)).unwrap_or(1);
    let mut at = issue.created;
    let mut history: Vec<History> = (1..=status)
        .map(|to| {
            at = if to == status { end } else { at + dice.millis(span) };
            let named =
                |status: usize| Some((STATUSES[status].id.to_string(), String::from(STATUSES[status].name)));
            History { id: 0, at, by: writer(&mut dice), field: "status", from: named(to - 1), to: named(to) }
        })
        .collect();
    history.extend(issue.changes.iter().map(|change| {
        let named = |text: &Option<String>| text.clone().map(|text| (String::new(), text));
        let (from, to) = (named(&change.from), named(&change.to));
        History { id: 0, at: change.at, by: change.by, field: change.field, from, to }
    }));
    for (entry, number) in history.iter_mut().zip(0..) {
        entry.id = issue.id * MOST + number;
    }
    history
}

/// Some moments of a life, in order; usually few, for some things more than twenty.
fn moments(dice: &mut Dice, from: Millis, until: Millis, usual: usize) -> Vec<Millis> {
    let count = if dice.below(BUSY) == 0 { 22 + dice.below(20) } else { dice.skewed(usual) };
    let mut moments: Vec<Millis> = (0..count).map(|_| from + dice.millis(until - from)).collect();
    moments.sort_unstable();
    moments
}
