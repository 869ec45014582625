//! Which windows a run has to read. What was never read is read whole, container by container; of the rest, what has
//! changed on the whole site.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use connector_domain::{SyncMode, Timestamp};
use connector_store::{Checkpoint, Durability, MirrorKind};

use super::place::Place;
use super::{RunError, SiteContext, Window};
use crate::Stream;
use crate::census::{CensusPart, CensusTask};
use crate::stream::with_containers;
use crate::walk::{self, ContentKind, IssueStreams, Walk};

/// Changes are asked for from so long before the watermark: searches know of a change some time after it was made.
pub(crate) const OVERLAP: Duration = Duration::from_mins(6);
/// An incremental run leaves lists alone that were read whole so lately: who is there, and what there is to choose from,
/// changes seldom. What is not in them yet is asked for where it is met.
const LISTS_EVERY: Duration = Duration::from_hours(1);
/// A run that waits reads changes so often: less than the hour for which it waits, as a rule, to have points again.
const CHANGES_EVERY: Duration = Duration::from_mins(50);

/// How far each stream of a site is read: by stream and scope.
struct Known(HashMap<(MirrorKind, String), Checkpoint>);

impl Known {
    async fn of(site: &SiteContext) -> Result<Self, RunError> {
        let all = site.syncs.store.list_checkpoints(site.connection_id).await?;
        let of_site = all.into_iter().filter(|checkpoint| checkpoint.at.cloud_id == site.site.cloud_id);
        let by_place = of_site.map(|one| ((one.at.stream, one.at.scope.clone()), one));
        Ok(Self(by_place.collect()))
    }

    /// Whether the list of a stream was read to its end since `then`.
    fn is_read_since(&self, stream: Stream, then: Timestamp) -> bool {
        let checkpoint = self.0.get(&(stream.kind(), String::new()));
        checkpoint.is_some_and(|one| one.updated_at > then && Place::is_end(one.cursor.as_ref()))
    }

    fn watermark(&self, stream: Stream, scope: &str) -> Option<Timestamp> {
        self.0.get(&(stream.kind(), scope.to_owned()))?.watermark
    }
}

/// The lists that everything else hangs on, and those that can only be read whole.
pub(super) async fn first_stage(
    site: &Arc<SiteContext>,
    streams: &[Stream],
    mode: SyncMode,
) -> Result<Vec<Window>, RunError> {
    let known = Known::of(site).await?;
    let then = site.syncs.clock.now().minus(LISTS_EVERY);
    let read = with_containers(streams.to_vec());
    let has = |stream: Stream| read.contains(&stream);
    let mut windows = Vec::new();
    let mut add = |stream: Stream, walk: Box<dyn Walk>| {
        if mode != SyncMode::Incremental || !known.is_read_since(stream, then) {
            windows.push(whole(site, stream, walk));
        }
    };
    if has(Stream::JiraProjects) {
        add(Stream::JiraProjects, Box::new(walk::Projects(Arc::clone(site))));
    }
    if has(Stream::JiraUsers) {
        add(Stream::JiraUsers, Box::new(walk::Users(Arc::clone(site))));
    }
    if has(Stream::JiraIssueTypes) {
        add(Stream::JiraIssueTypes, Box::new(walk::IssueTypes(Arc::clone(site))));
    }
    if has(Stream::JiraStatuses) {
        add(Stream::JiraStatuses, Box::new(walk::Statuses(Arc::clone(site))));
    }
    if has(Stream::JiraFields) {
        add(Stream::JiraFields, Box::new(walk::Fields(Arc::clone(site))));
    }
    if has(Stream::ConfluenceSpaces) {
        add(Stream::ConfluenceSpaces, Box::new(walk::Spaces(Arc::clone(site))));
    }
    Ok(windows)
}

/// What has changed on a site, where that was not read for so long: for a run that waits for hours, and reads it each time
/// that it goes on.
pub(super) async fn changes_meanwhile(
    site: &Arc<SiteContext>,
    streams: &[Stream],
) -> Result<Vec<Window>, RunError> {
    let known = Known::of(site).await?;
    let then = site.syncs.clock.now().minus(CHANGES_EVERY);
    let windows = second_stage(site, streams, SyncMode::Incremental).await?;
    let is_due = |window: &Window| {
        let stored = known.0.get(&(window.streams[0].kind(), window.scope.clone()));
        stored.is_none_or(|checkpoint| checkpoint.updated_at <= then)
    };
    Ok(windows.into_iter().filter(is_due).map(|window| Window { again: true, ..window }).collect())
}

fn whole(site: &Arc<SiteContext>, stream: Stream, walk: Box<dyn Walk>) -> Window {
    Window {
        site: Arc::clone(site),
        streams: vec![stream],
        scope: String::new(),
        name: stream.as_str().to_owned(),
        of_container: false,
        since: None,
        anew: false,
        again: false,
        walk,
    }
}

fn of_issues(stream: Stream) -> bool {
    stream.container() == Some(Stream::JiraProjects)
}

/// Everything else, now that projects and spaces are known.
pub(super) async fn second_stage(
    site: &Arc<SiteContext>,
    streams: &[Stream],
    mode: SyncMode,
) -> Result<Vec<Window>, RunError> {
    let plan = Plan { site, streams, anew: mode == SyncMode::Full, known: Known::of(site).await? };
    plan.follow_changes().await?;
    let mut windows = Vec::new();
    // Without a time from which on changes are followed, what is read now would be left behind.
    if plan.known.watermark(Stream::JiraProjects, "").is_some() {
        windows.extend(plan.issues().await?);
        windows.extend(plan.worklog_changes());
    }
    if plan.known.watermark(Stream::ConfluenceSpaces, "").is_some() {
        windows.extend(plan.contents(ContentKind::Page).await?);
        windows.extend(plan.contents(ContentKind::BlogPost).await?);
    }
    windows.extend(plan.attachments());
    Ok(windows)
}

/// What a census compares: everything, container by container. A full run has just read what hangs on issues and pages.
pub(super) async fn census(
    site: &Arc<SiteContext>,
    streams: &[Stream],
    mode: SyncMode,
) -> Result<Vec<CensusTask>, RunError> {
    let has = |stream: Stream| streams.contains(&stream);
    let mut tasks = Vec::new();
    let task = |part, streams: Vec<Stream>| CensusTask { site: Arc::clone(site), part, streams, mode };
    if has(Stream::JiraProjects) {
        tasks.push(task(CensusPart::Projects, vec![Stream::JiraProjects]));
    }
    if has(Stream::ConfluenceSpaces) {
        tasks.push(task(CensusPart::Spaces, vec![Stream::ConfluenceSpaces]));
    }
    if has(Stream::JiraIssues) {
        let with: Vec<_> = streams.iter().copied().filter(|stream| of_issues(*stream)).collect();
        for project in site.containers(MirrorKind::JiraProjects).await? {
            tasks.push(task(CensusPart::Issues(project), with.clone()));
        }
    }
    for stream in [Stream::JiraComments, Stream::JiraWorklogs] {
        if has(stream) && mode == SyncMode::Census {
            tasks.push(task(CensusPart::IssueParts(stream), vec![stream]));
        }
    }
    for kind in [ContentKind::Page, ContentKind::BlogPost] {
        if has(kind.stream()) {
            let of_kind = [kind.stream(), Stream::ConfluenceComments, Stream::ConfluenceLabels];
            let wanted =
                |stream: &Stream| has(*stream) && (*stream == kind.stream() || mode == SyncMode::Census);
            let with: Vec<_> = of_kind.into_iter().filter(wanted).collect();
            for space in site.containers(MirrorKind::ConfluenceSpaces).await? {
                tasks.push(task(CensusPart::Contents(kind, space), with.clone()));
            }
        }
    }
    if has(Stream::ConfluenceAttachments) {
        tasks.push(task(CensusPart::Attachments, vec![Stream::ConfluenceAttachments]));
    }
    Ok(tasks)
}

/// After everything was read anew: from when on changes are followed next, for the streams of which nothing failed.
pub(super) async fn advance(site: &Arc<SiteContext>, streams: &[Stream]) -> Result<(), RunError> {
    let known = Known::of(site).await?;
    for stream in streams.iter().copied() {
        let Some((container, scopes)) = followed(stream) else { continue };
        for scope in scopes.iter().filter(|scope| !FEEDS.iter().any(|(feed, _)| feed == *scope)) {
            // What was read first counts: where a list had to wait, what hangs on it may have been read before it.
            let of_containers = containers_of(site, container, scope).await?;
            let read = of_containers.iter().filter_map(|scope| known.watermark(stream, scope));
            if let Some(watermark) =
                known.watermark(container, "").map(|list| read.fold(list, Timestamp::min))
            {
                put_watermark(site, stream, scope, watermark).await?;
            }
        }
    }
    Ok(())
}

/// The scopes of the windows in which everything is read that is followed under `scope`.
async fn containers_of(site: &SiteContext, container: Stream, scope: &str) -> Result<Vec<String>, RunError> {
    let containers = site.containers(container.kind()).await?;
    let of = |id: &str| if scope.is_empty() { id.to_owned() } else { ContentKind::BlogPost.scope(id) };
    Ok(containers.iter().map(|one| of(&one.id)).collect())
}

async fn put_watermark(
    site: &SiteContext,
    stream: Stream,
    scope: &str,
    watermark: Timestamp,
) -> Result<(), RunError> {
    let mut tx = site.syncs.store.begin_write(Durability::Normal).await?;
    let updated_at = site.syncs.clock.now();
    let (at, watermark) = (site.scope(stream, scope), Some(watermark));
    tx.put_checkpoint(&Checkpoint { at, cursor: None, watermark, updated_at }).await?;
    Ok(tx.commit().await?)
}

/// The list whose reading comes before all of a stream, so that what changed before it was read is read with the stream;
/// and the scopes by which changes of the stream are followed.
fn followed(stream: Stream) -> Option<(Stream, &'static [&'static str])> {
    use Stream::{ConfluenceBlogPosts, ConfluenceComments, ConfluenceLabels, ConfluencePages, JiraWorklogs};
    match stream {
        JiraWorklogs => Some((Stream::JiraProjects, &["", "updated", "deleted"])),
        stream if of_issues(stream) => Some((Stream::JiraProjects, &[""])),
        ConfluencePages => Some((Stream::ConfluenceSpaces, &[""])),
        ConfluenceBlogPosts => Some((Stream::ConfluenceSpaces, &["blogposts"])),
        ConfluenceComments | ConfluenceLabels => Some((Stream::ConfluenceSpaces, &["", "blogposts"])),
        _ => None,
    }
}

/// The feeds of changed worklogs: their scopes, and whether they tell of deletions.
const FEEDS: [(&str, bool); 2] = [("updated", false), ("deleted", true)];

struct Plan<'a> {
    site: &'a Arc<SiteContext>,
    streams: &'a [Stream],
    /// Everything is read anew.
    anew: bool,
    known: Known,
}

impl Plan<'_> {
    /// From now on changes of these streams are followed: from the moment at which their projects or spaces were read.
    async fn follow_changes(&self) -> Result<(), RunError> {
        for stream in self.streams.iter().copied() {
            let Some((container, scopes)) = followed(stream) else { continue };
            for scope in scopes {
                if let (None, Some(watermark)) =
                    (self.known.watermark(stream, scope), self.known.watermark(container, ""))
                {
                    put_watermark(self.site, stream, scope, watermark).await?;
                }
            }
        }
        Ok(())
    }

    async fn issues(&self) -> Result<Vec<Window>, RunError> {
        let wanted: Vec<_> = self.streams.iter().copied().filter(|stream| of_issues(*stream)).collect();
        let site = self.site;
        let walk = |project_id, streams: &[Stream]| {
            let streams = IssueStreams::of(streams);
            Box::new(walk::Issues { site: Arc::clone(site), project_id, streams }) as Box<dyn Walk>
        };
        let mut windows = Vec::new();
        if wanted.is_empty() {
            return Ok(windows);
        }
        let changed = self.begun(&wanted, "");
        if let Some(since) = self.since(&changed, "") {
            windows.push(self.window(
                changed.clone(),
                "",
                "changed issues".to_owned(),
                Some(since),
                walk(None, &changed),
            ));
        }
        let (store, owner) = (&site.syncs.store, site.owner);
        let renamed = store.renamed_projects(owner, &site.site.cloud_id).await?;
        for project in site.containers(MirrorKind::JiraProjects).await? {
            let Ok(id) = project.id.parse() else { continue };
            // With the key of their project those of its issues change, and nothing says of them that they have.
            let is_renamed = wanted.contains(&Stream::JiraIssues) && renamed.contains(&project.id);
            let missing = if is_renamed { wanted.clone() } else { self.missing(&wanted, &project.id) };
            if !missing.is_empty() {
                let name = format!("project {}", project.key);
                let walk = walk(Some(id), &missing);
                windows.push(self.container(missing, &project.id, name, walk));
            }
        }
        Ok(windows)
    }

    /// Worklogs that were changed or deleted, by feeds of their own.
    fn worklog_changes(&self) -> Vec<Window> {
        let stream = Stream::JiraWorklogs;
        let feeds = FEEDS.into_iter().filter(|_| self.streams.contains(&stream));
        let window = |(scope, deleted): (&str, bool)| {
            let since = self.known.watermark(stream, scope)?.minus(OVERLAP);
            let walk = walk::WorklogChanges { site: Arc::clone(self.site), deleted };
            let mut window =
                self.window(vec![stream], scope, format!("{scope} worklogs"), Some(since), Box::new(walk));
            window.anew = false;
            Some(window)
        };
        feeds.filter_map(window).collect()
    }

    async fn contents(&self, kind: ContentKind) -> Result<Vec<Window>, RunError> {
        let of_kind = [kind.stream(), Stream::ConfluenceComments, Stream::ConfluenceLabels];
        let wanted: Vec<_> = of_kind.into_iter().filter(|stream| self.streams.contains(stream)).collect();
        let site = self.site;
        let walk = |space_id, streams: &[Stream]| {
            let streams = streams.to_vec();
            Box::new(walk::Contents { site: Arc::clone(site), kind, space_id, streams }) as Box<dyn Walk>
        };
        let mut windows = Vec::new();
        if wanted.is_empty() {
            return Ok(windows);
        }
        let everywhere = kind.scope("");
        let changed = self.begun(&wanted, &everywhere);
        if let Some(since) = self.since(&changed, &everywhere) {
            let walk = walk(None, &changed);
            windows.push(self.window(
                changed,
                &everywhere,
                format!("changed {}", kind.stream()),
                Some(since),
                walk,
            ));
        }
        for space in site.containers(MirrorKind::ConfluenceSpaces).await? {
            let scope = kind.scope(&space.id);
            let missing = self.missing(&wanted, &scope);
            if !missing.is_empty() {
                let walk = walk(Some(space.id), &missing);
                windows.push(self.container(missing, &scope, format!("space {}", space.key), walk));
            }
        }
        Ok(windows)
    }

    fn attachments(&self) -> Option<Window> {
        let stream = Stream::ConfluenceAttachments;
        let known = self.known.watermark(stream, "").filter(|_| !self.anew);
        let walk = Box::new(walk::Attachments(Arc::clone(self.site)));
        let since = known.map(|watermark| watermark.minus(OVERLAP));
        let window = self.window(vec![stream], "", "attachments".to_owned(), since, walk);
        self.streams.contains(&stream).then_some(window)
    }

    /// The streams whose changes are followed already; none where everything is read anyway.
    fn begun(&self, wanted: &[Stream], scope: &str) -> Vec<Stream> {
        let begun = wanted.iter().copied().filter(|stream| self.known.watermark(*stream, scope).is_some());
        if self.anew { Vec::new() } else { begun.collect() }
    }

    fn since(&self, streams: &[Stream], scope: &str) -> Option<Timestamp> {
        let watermarks = streams.iter().filter_map(|stream| self.known.watermark(*stream, scope));
        watermarks.min().map(|watermark| watermark.minus(OVERLAP))
    }

    /// The streams that have never been read of a container.
    fn missing(&self, wanted: &[Stream], scope: &str) -> Vec<Stream> {
        let never = |stream: &Stream| self.anew || self.known.watermark(*stream, scope).is_none();
        wanted.iter().copied().filter(never).collect()
    }

    /// Everything of a project or a space.
    fn container(&self, streams: Vec<Stream>, scope: &str, name: String, walk: Box<dyn Walk>) -> Window {
        Window { of_container: true, ..self.window(streams, scope, name, None, walk) }
    }

    fn window(
        &self,
        streams: Vec<Stream>,
        scope: &str,
        name: String,
        since: Option<Timestamp>,
        walk: Box<dyn Walk>,
    ) -> Window {
        let (site, scope) = (Arc::clone(self.site), scope.to_owned());
        Window { site, streams, scope, name, of_container: false, since, anew: self.anew, again: false, walk }
    }
}
