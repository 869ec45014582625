use std::collections::HashSet;

use connector_store::{AbsenceReason, MirrorKind};

use super::Census;
use super::verdict::{Difference, Findings};
use crate::Stream;
use crate::rows;
use crate::run::RunError;

impl Census<'_> {
    /// The whole list; where something is missing, a second time.
    pub(super) async fn attachments(&self) -> Result<(), RunError> {
        let site = &**self.site;
        let files = self.files().await?;
        let listed: HashSet<String> = files.iter().map(|file| file.id.clone()).collect();
        let kind = MirrorKind::ConfluenceAttachments;
        let mirrored = site.syncs.store.remote_ids(kind, site.owner, &site.site.cloud_id, None).await?;
        let mut difference = Difference::of(&listed, mirrored);
        let mut findings = Findings { listed: listed.len() as u64, ..Findings::default() };
        difference.hold_back(&mut findings, "attachments", site.syncs.clock.now());
        if !difference.absent.is_empty() {
            let again: HashSet<String> = self.files().await?.into_iter().map(|file| file.id).collect();
            let gone = difference.absent.into_iter().filter(|row| !again.contains(&row.remote_id));
            findings.gone.extend(gone.map(|row| (row.remote_id, AbsenceReason::Deleted)));
        }
        let url = &site.site.url;
        findings.rows.attachments = files.into_iter().map(|file| rows::attachment(file, url)).collect();
        self.conclude(Stream::ConfluenceAttachments, "", None, findings).await
    }
}
