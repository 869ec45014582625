use std::collections::{BTreeMap, HashSet};

use connector_domain::Timestamp;
use connector_store::{AbsenceReason, Durability, MirrorKind, MirroredId};

use super::listed::Listed;
use super::{Census, breaker};
use crate::Stream;
use crate::rows::{Rows, Target};
use crate::run::{Counts, RunError, add, note_notice};
use crate::walk::{Fetched, gone_by};

/// So many rows of the mirror are compared at a time, by each of the parts that are compared side by side.
const COMPARED: u64 = 1000;

/// What a part of the census has found.
#[derive(Default)]
pub(super) struct Findings {
    /// What was found elsewhere by the second look.
    pub(super) rows: Rows,
    /// What is gone, by the reason.
    pub(super) gone: Vec<(String, AbsenceReason)>,
    /// What was missed and is not yet believed to be gone.
    pub(super) missed: Vec<String>,
    /// What an earlier census has missed and this one has not: the next miss is a first one.
    pub(super) seen_again: Vec<String>,
    /// What another account of the same person sees.
    pub(super) of_others: HashSet<String>,
    /// For people: what was not done.
    pub(super) notice: Option<String>,
}

/// What is mirrored and not listed; and what is listed and not mirrored.
#[derive(Debug, Default)]
pub(super) struct Difference {
    pub(super) absent: Vec<MirroredId>,
    pub(super) unknown: Vec<String>,
    /// What an earlier census has missed and this one has not.
    pub(super) seen_again: Vec<String>,
    pub(super) mirrored: usize,
}

impl Difference {
    /// Holds back what no earlier census has missed, where that is too much at once; and everything where the list has
    /// records that could be any.
    pub(super) fn hold_back(&mut self, listed: &Listed, findings: &mut Findings, name: &str, now: Timestamp) {
        findings.seen_again.append(&mut self.seen_again);
        if self.absent.is_empty() {
            return;
        }
        let nameless = listed.nameless();
        let is_new = |row: &MirroredId| !breaker::is_confirmed(row, now);
        let unconfirmed = self.absent.iter().filter(|row| is_new(row)).count();
        let (missing, all) = (self.absent.len(), self.mirrored);
        let (held, notice): (Vec<_>, _) = if nameless > 0 {
            let notice = format!(
                "{name}: {nameless} records of the list cannot be read and have no id; nothing was removed"
            );
            (std::mem::take(&mut self.absent), notice)
        } else if breaker::trips(unconfirmed, all) {
            let notice = format!(
                "{name}: {missing} of {all} are missing at once; nothing was removed, the next census decides"
            );
            let (held, confirmed) = std::mem::take(&mut self.absent).into_iter().partition(is_new);
            self.absent = confirmed;
            (held, notice)
        } else {
            return;
        };
        tracing::warn!(notice, "a census holds back");
        findings.notice = Some(notice);
        findings.missed.extend(held.into_iter().map(|row| row.remote_id));
    }
}

impl Census<'_> {
    /// Compares what is mirrored with what is listed, some thousands of rows at a time.
    pub(super) async fn difference(
        &self,
        kind: MirrorKind,
        scope: Option<&str>,
        listed: &Listed,
    ) -> Result<Difference, RunError> {
        let (site, store) = (&**self.site, &self.site.syncs.store);
        let (owner, cloud_id) = (site.owner, &site.site.cloud_id);
        let (mut difference, mut marks) = (Difference::default(), vec![false; listed.len()]);
        let mut after = None;
        loop {
            let ids =
                store.remote_ids_after(kind, owner, cloud_id, scope, after.as_deref(), COMPARED).await?;
            let Some(last) = ids.last() else { break };
            after = Some(last.remote_id.clone());
            difference.mirrored += ids.len();
            for row in ids {
                match listed.position(&row.remote_id) {
                    Some(position) => {
                        marks[position] = true;
                        if row.absent_since.is_some() {
                            difference.seen_again.push(row.remote_id);
                        }
                    }
                    None => difference.absent.push(row),
                }
            }
        }
        difference.unknown = listed.unmarked(&marks);
        Ok(difference)
    }

    /// Writes what was read besides, and what could not be.
    pub(super) async fn write(&self, fetched: Fetched) -> Result<(), RunError> {
        let site = &**self.site;
        let (store, now) = (&site.syncs.store, site.syncs.clock.now());
        let target = Target { owner: site.owner, cloud_id: &site.site.cloud_id, now };
        let gone = gone_by(site, &fetched.rows, target).await?;
        let mut tx = store.begin_write(Durability::Mirror).await?;
        let counts = fetched.rows.write(&mut tx, target, gone).await?;
        site.note_bad(&mut tx, &fetched.bad, &fetched.rows, now).await?;
        self.progress.commit(tx, |row| add_changes(row, counts)).await
    }

    /// Writes what was found, in one transaction, and then compares once more what is mirrored now: that is the proof.
    /// `mirror_scope`: which rows of the stream were compared.
    pub(super) async fn conclude(
        &self,
        stream: Stream,
        scope: &str,
        mirror_scope: Option<&str>,
        listed: &Listed,
        findings: Findings,
    ) -> Result<(), RunError> {
        let site = &**self.site;
        let (store, now) = (&site.syncs.store, site.syncs.clock.now());
        let (owner, cloud_id) = (site.owner, &site.site.cloud_id);
        let target = Target { owner, cloud_id, now };
        let lost = gone_by(site, &findings.rows, target).await?;
        let mut tx = store.begin_write(Durability::Mirror).await?;
        let mut counts = findings.rows.write(&mut tx, target, lost).await?;
        site.note_bad(&mut tx, &listed.bad, &findings.rows, now).await?;
        for (reason, ids) in by_reason(&findings.gone).into_values() {
            let buried = tx.mark_absent(stream.kind(), owner, cloud_id, &ids, reason, now).await?;
            counts.entry(stream).or_default().deleted += buried;
            // A project takes its issues along, and these their comments.
            let mut gone = vec![stream];
            while let Some(parent) = gone.pop() {
                for below in below(parent) {
                    let (parent, kind) = (parent.kind(), below.kind());
                    let buried = tx.mark_below_absent(parent, kind, owner, cloud_id, reason, now).await?;
                    counts.entry(*below).or_default().deleted += buried;
                    gone.push(*below);
                }
            }
        }
        let missed: Vec<_> = findings.missed.iter().map(String::as_str).collect();
        if !missed.is_empty() {
            tx.mark_missing(stream.kind(), owner, cloud_id, &missed, now).await?;
        }
        let seen_again: Vec<_> = findings.seen_again.iter().map(String::as_str).collect();
        tx.mark_seen(stream.kind(), owner, cloud_id, &seen_again).await?;
        let notice = findings.notice.clone();
        self.progress
            .commit(tx, |row| {
                add_changes(row, counts);
                if let Some(notice) = &notice {
                    note_notice(row, stream, notice);
                }
            })
            .await?;
        self.prove(stream, scope, mirror_scope, listed, findings).await
    }
}

/// What a census reads besides is no progress of a stream; what it changes is.
fn add_changes(row: &mut connector_domain::SyncRun, counts: BTreeMap<Stream, Counts>) {
    for (stream, counts) in counts {
        add(row, stream, Counts { fetched: 0, ..counts });
    }
}

fn by_reason(gone: &[(String, AbsenceReason)]) -> BTreeMap<&'static str, (AbsenceReason, Vec<&str>)> {
    let mut reasons: BTreeMap<&'static str, (AbsenceReason, Vec<&str>)> = BTreeMap::new();
    for (id, reason) in gone {
        reasons.entry(reason.as_str()).or_insert_with(|| (*reason, Vec::new())).1.push(id);
    }
    reasons
}

/// What goes with a thing that is gone.
fn below(stream: Stream) -> &'static [Stream] {
    match stream {
        Stream::JiraProjects => &[Stream::JiraIssues],
        Stream::JiraIssues => &[Stream::JiraComments, Stream::JiraWorklogs, Stream::JiraChangelogs],
        Stream::ConfluenceSpaces => &[Stream::ConfluencePages, Stream::ConfluenceBlogPosts],
        Stream::ConfluencePages | Stream::ConfluenceBlogPosts => {
            &[Stream::ConfluenceComments, Stream::ConfluenceLabels, Stream::ConfluenceAttachments]
        }
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use connector_atlassian::BadRecord;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn absent(count: usize, absent_since: Option<Timestamp>) -> Vec<MirroredId> {
        let row = |id: usize| MirroredId { remote_id: id.to_string(), age: None, absent_since };
        (0..count).map(row).collect()
    }

    fn held(absent: Vec<MirroredId>, mirrored: usize, listed: &Listed) -> (usize, usize) {
        let mut difference = Difference { absent, mirrored, ..Difference::default() };
        let mut findings = Findings::default();
        difference.hold_back(listed, &mut findings, "project A", NOW);
        assert_eq!(findings.notice.is_some(), !findings.missed.is_empty());
        (findings.missed.len(), difference.absent.len())
    }

    #[test]
    fn a_list_that_lacks_nearly_everything_removes_nothing() {
        assert_eq!(held(absent(40, None), 40, &Listed::default()), (40, 0));
        assert_eq!(held(absent(5, None), 40, &Listed::default()), (0, 5));
    }

    #[test]
    fn what_was_missed_before_does_not_hold_back_what_is_new_and_few() {
        let before = Some(NOW.minus(Duration::from_hours(2)));
        let mixed = [absent(40, before), absent(5, None)].concat();
        assert_eq!(held(mixed, 50, &Listed::default()), (0, 45));
        // Much that is new is held back, and what was missed before is not held back with it.
        let mixed = [absent(3, before), absent(40, None)].concat();
        assert_eq!(held(mixed, 50, &Listed::default()), (40, 3));
    }

    #[test]
    fn a_record_that_could_be_any_holds_everything_back() {
        let mut listed = Listed::default();
        let bad = BadRecord { id: None, what: "broken".to_owned() };
        listed.add_page(Stream::JiraIssues, vec![bad], None);
        assert_eq!(held(absent(1, None), 1000, &listed), (1, 0));
    }
}
