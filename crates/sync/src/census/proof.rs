use connector_domain::Timestamp;
use connector_domain::failpoint::{Failpoint, reach};
use connector_store::{Checkpoint, CompletenessProof, Durability, ProofState, StreamScope};

use super::Census;
use super::listed::Listed;
use super::verdict::Findings;
use crate::Stream;
use crate::run::{Place, RunError};

impl Census<'_> {
    /// Where it is kept that a part is through, and when its list was read.
    pub(super) fn place(&self, stream: Stream, scope: &str) -> StreamScope {
        self.site.scope(stream, format!("census {scope}").trim_end())
    }

    /// When the list of a part was read last, by Atlassian's clock.
    pub(super) async fn last_read(&self, stream: Stream, scope: &str) -> Result<Option<Timestamp>, RunError> {
        let stored = self.site.syncs.store.find_checkpoint(&self.place(stream, scope)).await?;
        Ok(stored.and_then(|checkpoint| checkpoint.watermark))
    }

    /// Compares what is mirrored now, after the last write, and keeps that together with the place. Equal is only
    /// what is there record by record: one that was set aside is not.
    pub(super) async fn prove(
        &self,
        stream: Stream,
        scope: &str,
        mirror_scope: Option<&str>,
        listed: &Listed,
        findings: Findings,
    ) -> Result<(), RunError> {
        let site = &**self.site;
        let now = site.syncs.clock.now();
        let mut difference = self.difference(stream.kind(), mirror_scope, listed).await?;
        // What only another account of this person sees is for that one to compare.
        let compared = difference.absent.len();
        difference.absent.retain(|row| !findings.of_others.contains(&row.remote_id));
        let mirrored = difference.mirrored - (compared - difference.absent.len());
        let set_aside: Vec<_> = site.set_aside(stream).into_iter().filter(|id| listed.contains(id)).collect();
        let unread = set_aside.len() + listed.nameless();
        let is_equal = difference.absent.is_empty() && difference.unknown.is_empty() && unread == 0;
        let unread = (unread > 0)
            .then(|| format!("cannot be read and set aside: {unread}, such as {}", some(&set_aside)));
        let detail: Vec<_> = findings.notice.into_iter().chain(unread).collect();
        let proof = CompletenessProof {
            at: site.scope(stream, scope),
            remote_count: listed.len() as u64,
            local_count: mirrored as u64,
            checked_at: now,
            equal_at: is_equal.then_some(now),
            state: if is_equal { ProofState::Equal } else { ProofState::Different },
            detail: (!detail.is_empty()).then(|| detail.join("; ")),
        };
        let through = Place { done: true, ..Place::start(self.progress.id().await, self.streams, None) };
        let checkpoint = Checkpoint {
            at: self.place(stream, scope),
            cursor: through.to_json(),
            watermark: listed.begun,
            updated_at: now,
        };
        let mut tx = site.syncs.store.begin_write(Durability::Mirror).await?;
        tx.put_proof(&proof).await?;
        tx.put_checkpoint(&checkpoint).await?;
        self.progress.commit(tx, |_| {}).await?;
        reach(Failpoint::SyncProved).await;
        Ok(())
    }
}

/// The first few of these ids.
fn some(ids: &[String]) -> String {
    const NAMED: usize = 5;
    match ids {
        [] => "one without an id".to_owned(),
        ids => ids.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", "),
    }
}
