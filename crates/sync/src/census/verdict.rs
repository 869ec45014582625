use std::collections::{BTreeMap, HashSet};

use connector_domain::Timestamp;
use connector_store::{AbsenceReason, CompletenessProof, Durability, MirroredId, ProofState};

use super::{Census, breaker};
use crate::Stream;
use crate::rows::{Rows, Target};
use crate::run::{Counts, RunError, add, note_notice};

/// What a part of the census has found.
#[derive(Default)]
pub(super) struct Findings {
    /// How many things Atlassian lists.
    pub(super) listed: u64,
    /// What was listed and not mirrored, or found elsewhere by the second look.
    pub(super) rows: Rows,
    /// What is gone, by the reason.
    pub(super) gone: Vec<(String, AbsenceReason)>,
    /// What was missed and is not yet believed to be gone.
    pub(super) missed: Vec<String>,
    /// For people: what was not done.
    pub(super) notice: Option<String>,
}

/// What is mirrored and not listed; and what is listed and not mirrored.
pub(super) struct Difference {
    pub(super) absent: Vec<MirroredId>,
    pub(super) unknown: Vec<String>,
    pub(super) mirrored: usize,
}

impl Difference {
    pub(super) fn of(listed: &HashSet<String>, mirrored: Vec<MirroredId>) -> Self {
        let known: HashSet<&str> = mirrored.iter().map(|row| row.remote_id.as_str()).collect();
        let mut unknown: Vec<_> = listed.iter().filter(|id| !known.contains(id.as_str())).cloned().collect();
        unknown.sort_unstable();
        let count = mirrored.len();
        let absent = mirrored.into_iter().filter(|row| !listed.contains(&row.remote_id)).collect();
        Self { absent, unknown, mirrored: count }
    }

    /// Holds back everything that is absent where it is too much at once and no earlier census has missed it.
    pub(super) fn hold_back(&mut self, findings: &mut Findings, name: &str, now: Timestamp) {
        let too_many = breaker::trips(self.absent.len(), self.mirrored);
        if too_many && !self.absent.iter().all(|row| breaker::is_confirmed(row, now)) {
            let (missing, all) = (self.absent.len(), self.mirrored);
            let notice = format!(
                "{name}: {missing} of {all} are missing at once; nothing was removed, the next census decides"
            );
            tracing::warn!(notice, "a census holds back");
            findings.notice = Some(notice);
            findings.missed.extend(std::mem::take(&mut self.absent).into_iter().map(|row| row.remote_id));
        }
    }
}

impl Census<'_> {
    /// Writes what was found, and the proof, in one transaction. `mirror_scope`: which rows of the stream were compared.
    pub(super) async fn conclude(
        &self,
        stream: Stream,
        scope: &str,
        mirror_scope: Option<&str>,
        findings: Findings,
    ) -> Result<(), RunError> {
        let site = &**self.site;
        let (store, now) = (&site.syncs.store, site.syncs.clock.now());
        let (owner, cloud_id) = (site.owner, &site.site.cloud_id);
        let target = Target { owner, cloud_id, now };
        let lost = findings.rows.gone(store, target).await?;
        let mut tx = store.begin_write(Durability::Normal).await?;
        let mut counts = findings.rows.write(&mut tx, target, lost).await?;
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
        let notice = findings.notice.clone();
        self.progress
            .commit(tx, |row| {
                for (stream, counts) in counts {
                    // What a census reads besides is no progress of a stream; what it changes is.
                    add(row, stream, Counts { fetched: 0, ..counts });
                }
                if let Some(notice) = &notice {
                    note_notice(row, stream, notice);
                }
            })
            .await?;
        self.prove(stream, scope, mirror_scope, &findings, now).await
    }

    /// Counts what is mirrored now, and keeps the comparison.
    async fn prove(
        &self,
        stream: Stream,
        scope: &str,
        mirror_scope: Option<&str>,
        findings: &Findings,
        now: Timestamp,
    ) -> Result<(), RunError> {
        let site = &**self.site;
        let store = &site.syncs.store;
        let cloud_id = &site.site.cloud_id;
        let local_count = store.count_remote(stream.kind(), site.owner, cloud_id, mirror_scope).await?;
        let is_equal = local_count == findings.listed && findings.missed.is_empty();
        let proof = CompletenessProof {
            at: site.scope(stream, scope),
            remote_count: findings.listed,
            local_count,
            checked_at: now,
            equal_at: is_equal.then_some(now),
            state: if is_equal { ProofState::Equal } else { ProofState::Different },
            detail: findings.notice.clone(),
        };
        let mut tx = store.begin_write(Durability::Normal).await?;
        tx.put_proof(&proof).await?;
        Ok(tx.commit().await?)
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
    use super::*;

    fn row(id: &str) -> MirroredId {
        MirroredId { remote_id: id.to_owned(), age: None, absent_since: None }
    }

    #[test]
    fn what_differs_is_told_from_both_sides() {
        let listed = ["1", "2", "3"].map(str::to_owned).into_iter().collect();
        let difference = Difference::of(&listed, vec![row("2"), row("4")]);
        assert_eq!(difference.absent, [row("4")]);
        assert_eq!(difference.unknown, ["1", "3"]);
        assert_eq!(difference.mirrored, 2);
    }

    #[test]
    fn a_list_that_lacks_nearly_everything_removes_nothing() {
        let rows = (0..40).map(|id| row(&id.to_string())).collect();
        let mut difference = Difference::of(&HashSet::new(), rows);
        let mut findings = Findings::default();
        difference.hold_back(&mut findings, "project A", Timestamp::from_millis(0));
        assert!(difference.absent.is_empty() && findings.notice.is_some());
        assert_eq!(findings.missed.len(), 40);
    }
}
