use connector_atlassian::Listing as _;
use connector_store::AbsenceReason;

use super::Census;
use super::listed::Listed;
use super::reading::Reading;
use super::verdict::Findings;
use crate::Stream;
use crate::rows::{self, Rows};
use crate::run::{RunError, SiteContext};
use crate::walk::Fetched;

impl Census<'_> {
    /// The whole list; where something is missing, a second time.
    pub(super) async fn attachments(&self, reading: &mut Reading) -> Result<(), RunError> {
        let stream = Stream::ConfluenceAttachments;
        files(self.site, Some(self), reading).await?;
        let listed = &reading.listed;
        let mut difference = self.difference(stream.kind(), None, listed).await?;
        let mut findings = Findings::default();
        self.leave_to_others(stream, &mut difference, &mut findings).await;
        difference.hold_back(listed, &mut findings, "attachments", self.site.syncs.clock.now());
        if !difference.absent.is_empty() {
            let again = file_ids(self.site).await?;
            let gone = difference.absent.into_iter().filter(|row| !again.contains(&row.remote_id));
            findings.gone.extend(gone.map(|row| (row.remote_id, AbsenceReason::Deleted)));
        }
        self.conclude(stream, "", None, listed, findings).await
    }
}

/// The ids of all files that an account sees.
pub(super) async fn file_ids(site: &SiteContext) -> Result<Listed, RunError> {
    let mut reading = Reading::default();
    files(site, None, &mut reading).await?;
    Ok(reading.listed)
}

/// The same; what is known of the files is written page by page, where there is a census to write it.
async fn files(
    site: &SiteContext,
    census: Option<&Census<'_>>,
    reading: &mut Reading,
) -> Result<(), RunError> {
    let (list, stream) = (&site.confluence().all_attachments(), Stream::ConfluenceAttachments);
    while !reading.is_whole {
        let at = reading.next.as_ref();
        let page = site.call(|token| async move { list.fetch(&token, at).await }).await?;
        let ids: Vec<String> = page.items.iter().map(|file| file.id.clone()).collect();
        if let Some(census) = census {
            let url = &site.site.url;
            let attachments = page.items.into_iter().map(|file| rows::attachment(file, url)).collect();
            let rows = Rows { attachments, ..Rows::default() };
            census.write(Fetched { rows, ..Fetched::default() }).await?;
        }
        reading.listed.add(ids.iter().map(String::as_str));
        reading.listed.add_page(stream, page.bad, page.date);
        reading.turn(page.next)?;
    }
    Ok(())
}
