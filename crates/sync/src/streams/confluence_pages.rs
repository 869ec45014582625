use std::collections::HashMap;

use connector_atlassian::confluence::{PageQuery, PageStatus, SpaceQuery, WikiPage};
use connector_store::{Durability, RemotePage};

use super::report_bad;
use crate::Stream;
use crate::run::{PageCounts, RunError, Window};

pub(crate) async fn sync(window: &mut Window<'_, '_>) -> Result<(), RunError> {
    let syncs = window.run.syncs.clone();
    let (id, owner) = (window.run.connection.id, window.run.connection.user_id);
    let cloud_id = &window.site.cloud_id;
    let keys = space_keys(window).await?;
    let mut query = PageQuery { status: vec![PageStatus::Current], ..PageQuery::default() };
    loop {
        window.check_stop()?;
        let (api, ask) = (syncs.connections.atlassian().confluence(cloud_id), &query);
        let fetch = |token| async move { api.pages(&token, ask).await };
        let page = syncs.connections.call(id, fetch).await?;
        report_bad(Stream::ConfluencePages, &page.bad);
        let rows: Vec<_> = page.items.into_iter().map(|page| row(page, &keys, &window.site.url)).collect();
        let mut tx = syncs.store.begin_write(Durability::Normal).await?;
        let written = tx.upsert_remote(owner, cloud_id, &rows, syncs.clock.now()).await?;
        let counts = PageCounts { fetched: rows.len() as u64, written: written.changed(), total: page.total };
        window.commit(tx, counts).await?;
        if page.next.is_none() {
            return Ok(());
        }
        query.cursor = page.next;
    }
}

/// The key of each space by its id: a page names its space by the id only.
async fn space_keys(window: &Window<'_, '_>) -> Result<HashMap<String, String>, RunError> {
    let connections = &window.run.syncs.connections;
    let atlassian = connections.atlassian();
    let mut keys = HashMap::new();
    let mut query = SpaceQuery::default();
    loop {
        window.check_stop()?;
        let (api, ask) = (atlassian.confluence(&window.site.cloud_id), &query);
        let fetch = |token| async move { api.spaces(&token, ask).await };
        let page = connections.call(window.run.connection.id, fetch).await?;
        keys.extend(page.items.into_iter().map(|space| (space.id, space.key)));
        if page.next.is_none() {
            return Ok(keys);
        }
        query.cursor = page.next;
    }
}

fn row(page: WikiPage, keys: &HashMap<String, String>, site_url: &str) -> RemotePage {
    let url = page.link(site_url);
    let modified_at = page.modified_at();
    let version = page.version.as_ref().and_then(|version| version.number);
    let space_id = page.space_id.unwrap_or_default();
    // A space made since the keys were read: the next run knows its key.
    let space_key = keys.get(&space_id).cloned().unwrap_or_else(|| space_id.clone());
    let status = page.status.unwrap_or_else(|| PageStatus::Current.as_str().to_owned());
    RemotePage {
        remote_id: page.id,
        space_id,
        space_key,
        title: page.title,
        url,
        parent_id: page.parent_id,
        parent_type: page.parent_type,
        status: Some(status),
        version,
        modified_at,
        author_id: None,
        body_version: None,
    }
}
