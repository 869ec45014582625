//! Comments and worklogs of issues, over the whole site.

use std::collections::HashSet;

use connector_atlassian::BadRecord;
use connector_atlassian::jira::{MOST_BY_ID, MOST_FETCHED};
use connector_store::{AbsenceReason, MirrorKind};

use super::Census;
use super::listed::Listed;
use super::reading::Reading;
use super::verdict::Findings;
use crate::Stream;
use crate::run::RunError;
use crate::walk::{Fetched, parts_by_id};

impl Census<'_> {
    /// By the ids that are mirrored, a thousand at a time: editing a comment does not move its issue on. New ones do, so
    /// they come with the changes.
    pub(super) async fn parts(&self, stream: Stream, reading: &mut Reading) -> Result<(), RunError> {
        let (site, kind) = (&**self.site, stream.kind());
        let (store, cloud_id) = (&site.syncs.store, &site.site.cloud_id);
        if reading.next.is_none() && !reading.is_whole {
            // What was set aside is tried again first.
            for ids in site.set_aside(stream).chunks(MOST_BY_ID) {
                self.read_parts(stream, ids, &mut reading.listed).await?;
            }
        }
        while !reading.is_whole {
            let (after, limit) = (reading.next.as_deref(), MOST_BY_ID as u64);
            let page = store.remote_ids_after(kind, site.owner, cloud_id, None, after, limit).await?;
            let ids: Vec<String> = page.into_iter().map(|row| row.remote_id).collect();
            self.read_parts(stream, &ids, &mut reading.listed).await?;
            reading.turn(ids.last().cloned())?;
        }
        let listed = &reading.listed;
        let mut difference = self.difference(kind, None, listed).await?;
        let mut findings = Findings::default();
        self.leave_to_others(stream, &mut difference, &mut findings).await;
        difference.hold_back(listed, &mut findings, stream.as_str(), site.syncs.clock.now());
        let absent: Vec<_> = difference.absent.into_iter().map(|row| row.remote_id).collect();
        let mut again = HashSet::new();
        for ids in absent.chunks(MOST_BY_ID) {
            let found = parts_by_id(site, stream, ids).await?;
            again.extend(found.ids);
            again.extend(found.fetched.bad.into_iter().filter_map(|(_, record)| record.id));
        }
        let absent: Vec<String> = absent.into_iter().filter(|id| !again.contains(id)).collect();
        let (gone, unseen) = self.below_what_is_seen(kind, absent).await?;
        findings.gone.extend(gone.into_iter().map(|id| (id, AbsenceReason::Deleted)));
        findings.missed.extend(unseen);
        self.conclude(stream, "", None, listed, findings).await
    }

    async fn read_parts(&self, stream: Stream, ids: &[String], listed: &mut Listed) -> Result<(), RunError> {
        let site = &**self.site;
        let found = parts_by_id(site, stream, ids).await?;
        let bad: Vec<BadRecord> = found.fetched.bad.iter().map(|(_, record)| record.clone()).collect();
        listed.add(found.ids.iter().map(String::as_str));
        listed.add_page(stream, bad, found.fetched.date);
        // Something that was set aside and is not there any more is not missing either.
        let is_there = |id: &String| found.ids.contains(id) || found.fetched.names(id);
        let gone: Vec<_> = ids.iter().filter(|id| !is_there(id)).cloned().collect();
        site.forget_bad(stream, &gone).await?;
        self.write(Fetched { rows: found.fetched.rows, ..Fetched::default() }).await
    }

    /// Those whose issue can be seen, and the others: of what is below an issue that cannot be seen nothing can be said.
    /// They go with their issue, should it go.
    async fn below_what_is_seen(
        &self,
        kind: MirrorKind,
        parts: Vec<String>,
    ) -> Result<(Vec<String>, Vec<String>), RunError> {
        let site = &**self.site;
        let ids: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (store, cloud_id) = (&site.syncs.store, &site.site.cloud_id);
        let issues = store.scopes_of(kind, site.owner, cloud_id, &ids).await?;
        let mut asked: Vec<String> = issues.values().cloned().collect();
        asked.sort_unstable();
        asked.dedup();
        let (jira, mut seen, fields) = (site.jira(), HashSet::new(), &["updated".to_owned()]);
        for ids in asked.chunks(MOST_FETCHED) {
            let batch = site.call(|token| async move { jira.bulk_fetch(&token, ids, fields).await }).await?;
            seen.extend(batch.issues.into_iter().map(|issue| issue.id));
        }
        let is_seen = |id: &String| issues.get(id).is_some_and(|issue| seen.contains(issue));
        Ok(parts.into_iter().partition(is_seen))
    }
}
