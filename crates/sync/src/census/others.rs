//! Other accounts of the same person on the same site. All of them feed the same rows: what one may not see, another
//! may, and then it is not gone.

use std::collections::HashSet;

use connector_atlassian::confluence::{PageQuery, PageStatus, SpaceQuery};
use connector_atlassian::jira::{MOST_BY_ID, MOST_FETCHED};

use super::Census;
use super::attachments::file_ids;
use super::verdict::{Difference, Findings};
use crate::Stream;
use crate::run::{RunError, SiteContext};
use crate::walk::{ContentKind, list_contents, parts_by_id};

/// So many pages or spaces are asked for by their ids at a time.
const BY_ID: usize = 50;

impl Census<'_> {
    /// Takes out of what is absent what another account sees. Where it cannot be asked, nothing can be said.
    pub(super) async fn leave_to_others(
        &self,
        stream: Stream,
        difference: &mut Difference,
        findings: &mut Findings,
    ) {
        for other in self.site.others_with(stream) {
            let ids: Vec<String> = difference.absent.iter().map(|row| row.remote_id.clone()).collect();
            if ids.is_empty() {
                return;
            }
            let seen = seen_by(other, stream, &ids).await.unwrap_or_else(|error| {
                tracing::warn!(stream = stream.as_str(), %error, "another account of this person cannot be asked");
                ids.into_iter().collect()
            });
            difference.absent.retain(|row| !seen.contains(&row.remote_id));
            findings.of_others.extend(seen);
        }
    }
}

/// Which of these things an account sees.
async fn seen_by(site: &SiteContext, stream: Stream, ids: &[String]) -> Result<HashSet<String>, RunError> {
    let (jira, confluence, mut seen) = (site.jira(), site.confluence(), HashSet::new());
    match stream {
        Stream::JiraProjects => {
            for id in ids {
                match site.call(|token| async move { jira.project(&token, id).await }).await {
                    Ok(_) => drop(seen.insert(id.clone())),
                    Err(error) if error.is_not_visible() => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Stream::JiraIssues => {
            let fields = &["updated".to_owned()];
            for ids in ids.chunks(MOST_FETCHED) {
                let batch =
                    site.call(|token| async move { jira.bulk_fetch(&token, ids, fields).await }).await?;
                seen.extend(ids.iter().filter(|id| !batch.absent.contains(id)).cloned());
            }
        }
        Stream::JiraComments | Stream::JiraWorklogs => {
            for ids in ids.chunks(MOST_BY_ID) {
                let found = parts_by_id(site, stream, ids).await?;
                seen.extend(found.ids);
                seen.extend(found.fetched.bad.into_iter().filter_map(|(_, record)| record.id));
            }
        }
        Stream::ConfluenceSpaces => {
            for ids in ids.chunks(BY_ID) {
                let query = &SpaceQuery { ids: ids.to_vec(), ..SpaceQuery::default() };
                let page = site.call(|token| async move { confluence.spaces(&token, query).await }).await?;
                seen.extend(page.items.into_iter().map(|space| space.id));
            }
        }
        Stream::ConfluencePages | Stream::ConfluenceBlogPosts => {
            let kind =
                if stream == Stream::ConfluencePages { ContentKind::Page } else { ContentKind::BlogPost };
            for ids in ids.chunks(BY_ID) {
                let (ids, status) = (ids.to_vec(), vec![PageStatus::Current]);
                let query = PageQuery { ids, status, ..PageQuery::default() };
                let page = list_contents(site, kind, &query).await?;
                seen.extend(page.items.into_iter().map(|content| content.id));
            }
        }
        Stream::ConfluenceAttachments => {
            let listed = file_ids(site).await?;
            seen.extend(ids.iter().filter(|id| listed.contains(id)).cloned());
        }
        _ => {}
    }
    Ok(seen)
}
