use connector_atlassian::confluence::{Space, SpaceQuery};
use connector_store::{Durability, RemoteSpace};

use super::report_bad;
use crate::Stream;
use crate::run::{PageCounts, RunError, Window};

pub(crate) async fn sync(window: &mut Window<'_, '_>) -> Result<(), RunError> {
    let syncs = window.run.syncs.clone();
    let (id, owner) = (window.run.connection.id, window.run.connection.user_id);
    let cloud_id = &window.site.cloud_id;
    let mut query = SpaceQuery::default();
    loop {
        window.check_stop()?;
        let (api, ask) = (syncs.connections.atlassian().confluence(cloud_id), &query);
        let fetch = |token| async move { api.spaces(&token, ask).await };
        let page = syncs.connections.call(id, fetch).await?;
        report_bad(Stream::ConfluenceSpaces, &page.bad);
        let rows: Vec<_> = page.items.into_iter().map(|space| row(space, &window.site.url)).collect();
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

fn row(space: Space, site_url: &str) -> RemoteSpace {
    let url = space.link(site_url);
    RemoteSpace {
        remote_id: space.id,
        key: space.key,
        name: space.name,
        space_type: space.space_type,
        status: space.status,
        url,
        homepage_id: space.homepage_id,
    }
}
