//! Jira issues: the attributes that searches look at. Descriptions, comments and history are computed.

use super::{
    FIRST_DAY, LAST_DAY, Millis,
    activity::{Attachment, Comment, Worklog, Written},
    dice::Dice,
    people::{PersonIndex, writer},
    projects::{Project, ProjectState},
    site::SitePlan,
    text::{longest_title, summary},
    workflow::{BUG, EPIC, STATUSES, STORY, SUBTASK, TASK},
};

/// A Jira issue. `kind`, `status` and `priority` are positions in the tables of [`super::workflow`].
#[derive(Clone, Debug)]
pub struct Issue {
    pub id: u64,
    pub project: u64,
    pub number: u64,
    pub summary: String,
    pub kind: usize,
    pub status: usize,
    pub priority: usize,
    pub assignee: Option<PersonIndex>,
    /// Nobody where it was filed anonymously.
    pub reporter: Option<PersonIndex>,
    pub parent: Option<u64>,
    pub created: Millis,
    pub updated: Millis,
    pub resolved: Option<Millis>,
    /// The text that a person wrote through the control interface; otherwise it is computed.
    pub description: Option<String>,
    /// What its computed past ends with; what was made through the control interface has none.
    pub past: Option<Past>,
    /// Changes made through the control interface, oldest first.
    pub changes: Vec<Change>,
    /// Comments and worklogs that were written, changed or removed through the control interface.
    pub comments: Vec<Written<Comment>>,
    pub worklogs: Vec<Written<Worklog>>,
    pub files: Vec<Written<Attachment>>,
    /// Its labels, once somebody set them through the control interface.
    pub labels: Option<Vec<String>>,
}

/// The end of an issue's computed past. Changes do not touch it: comments and history must not vanish with them.
#[derive(Clone, Copy, Debug)]
pub struct Past {
    pub until: Millis,
    pub status: usize,
}

/// One entry of an issue's history.
#[derive(Clone, Debug)]
pub struct Change {
    pub at: Millis,
    pub by: PersonIndex,
    pub field: &'static str,
    pub from: Option<String>,
    pub to: Option<String>,
}

const DAY: Millis = 86_400_000;
/// One issue in this many was made in another project, and one in this many by nobody.
const MOVED: usize = 40;
const ANONYMOUS: usize = 50;

/// The issues of a site, and which of them other keys lead to.
#[derive(Debug, Default)]
pub struct Generated {
    pub issues: Vec<Issue>,
    /// Issue id by a former key, as (project id, number).
    pub former_keys: Vec<((u64, u64), u64)>,
}

/// The issues of a site, spread over its live projects.
pub fn generate_issues(plan: &SitePlan, projects: &mut [Project]) -> Generated {
    let mut projects: Vec<&mut Project> =
        projects.iter_mut().filter(|project| project.state == ProjectState::Live).collect();
    if projects.is_empty() {
        return Generated::default();
    }
    let count = plan.sizes.issues;
    let mut issues: Vec<Issue> = Vec::with_capacity(count);
    let mut former_keys = Vec::new();
    // The newest epic and the newest ordinary issue of each project, to hang others under.
    let mut parents = vec![(None, None); projects.len()];
    for index in 0..count {
        let mut dice = Dice::new(plan.seed, "issue", index as u64);
        let position = if index < projects.len() { index } else { dice.skewed(projects.len()) };
        let (epic, ordinary) = &mut parents[position];
        let id = 10_000 + index as u64;
        let kind = kind(&mut dice, epic.is_some(), ordinary.is_some());
        let elsewhere = (position + 1) % projects.len();
        let moves = index % MOVED == MOVED / 2 && kind != SUBTASK && elsewhere != position;
        let from = moves.then(|| {
            let (key, place) = next_key(&mut *projects[elsewhere]);
            former_keys.push((place, id));
            key
        });
        let (key, _) = next_key(&mut *projects[position]);
        let project = &*projects[position];
        let parent = match kind {
            EPIC => None,
            SUBTASK => *ordinary,
            _ => epic.filter(|_| dice.percent(60)),
        };
        match kind {
            EPIC => *epic = Some(id),
            SUBTASK => {}
            _ => *ordinary = Some(id),
        }
        let mut issue = generate(&mut dice, index, count, Place { id, project, kind, parent });
        if from.is_some() {
            let (at, by) = (issue.updated, writer(&mut Dice::new(plan.seed, "move", id)));
            issue.changes.push(Change { at, by, field: "Key", from, to: Some(key) });
        }
        issues.push(issue);
    }
    Generated { issues, former_keys }
}

/// The next key that a project gives, as text and as (project id, number).
fn next_key(project: &mut Project) -> (String, (u64, u64)) {
    project.last_number += 1;
    (format!("{}-{}", project.key, project.last_number), (project.id, project.last_number))
}

struct Place<'a> {
    id: u64,
    project: &'a Project,
    kind: usize,
    parent: Option<u64>,
}

fn generate(dice: &mut Dice, index: usize, count: usize, place: Place<'_>) -> Issue {
    let created = moment(dice, index, count);
    let age = LAST_DAY - created;
    // Most changes happen soon after an issue was made, some long after.
    let updated = created + if dice.percent(70) { dice.millis(age.min(30 * DAY)) } else { dice.millis(age) };
    let status = status(dice, age);
    Issue {
        id: place.id,
        project: place.project.id,
        number: place.project.last_number,
        summary: if index % 400 == 137 { longest_title(dice) } else { summary(dice, place.kind) },
        kind: place.kind,
        status,
        priority: 1 + dice.below(3) + usize::from(dice.percent(10)) - usize::from(dice.percent(10)),
        assignee: if dice.percent(80) { Some(writer(dice)) } else { None },
        reporter: Some(writer(dice)).filter(|_| index % ANONYMOUS != ANONYMOUS / 2 + 1),
        parent: place.parent,
        created,
        updated,
        resolved: STATUSES[status].is_done().then_some(updated),
        description: None,
        past: Some(Past { until: updated, status }),
        changes: Vec::new(),
        comments: Vec::new(),
        worklogs: Vec::new(),
        files: Vec::new(),
        labels: None,
    }
}

/// When the thing with this index was made: evenly over the company's life, in the order of the indexes.
pub fn moment(dice: &mut Dice, index: usize, count: usize) -> Millis {
    let span = LAST_DAY - FIRST_DAY;
    let count = Millis::try_from(count).unwrap_or(Millis::MAX).max(1);
    let step = span / count;
    FIRST_DAY + step * Millis::try_from(index).unwrap_or_default() + dice.millis(step)
}

fn kind(dice: &mut Dice, has_epic: bool, has_ordinary: bool) -> usize {
    match dice.below(100) {
        _ if !has_epic => EPIC,
        0..4 => EPIC,
        4..19 if has_ordinary => SUBTASK,
        19..45 => STORY,
        45..70 => BUG,
        _ => TASK,
    }
}

fn status(dice: &mut Dice, age: Millis) -> usize {
    let done = if age > 90 * DAY { 85 } else { 35 };
    if dice.percent(done) { STATUSES.len() - 1 } else { dice.below(STATUSES.len() - 1) }
}
