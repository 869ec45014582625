use connector_atlassian::jira::{Project, ProjectQuery};
use connector_store::{Durability, RemoteProject};

use super::report_bad;
use crate::Stream;
use crate::run::{PageCounts, RunError, Window};

pub(crate) async fn sync(window: &mut Window<'_, '_>) -> Result<(), RunError> {
    let syncs = window.run.syncs.clone();
    let (id, owner) = (window.run.connection.id, window.run.connection.user_id);
    let cloud_id = &window.site.cloud_id;
    let mut query = ProjectQuery::default();
    loop {
        window.check_stop()?;
        let (api, ask) = (syncs.connections.atlassian().jira(cloud_id), &query);
        let fetch = |token| async move { api.projects(&token, ask).await };
        let page = syncs.connections.call(id, fetch).await?;
        report_bad(Stream::JiraProjects, &page.bad);
        let rows: Vec<_> = page.items.into_iter().map(|project| row(project, &window.site.url)).collect();
        let mut tx = syncs.store.begin_write(Durability::Normal).await?;
        let written = tx.upsert_remote(owner, cloud_id, &rows, syncs.clock.now()).await?;
        let counts = PageCounts { fetched: rows.len() as u64, written: written.changed(), total: page.total };
        window.commit(tx, counts).await?;
        match page.next {
            Some(next) => query.start_at = next,
            None => return Ok(()),
        }
    }
}

fn row(project: Project, site_url: &str) -> RemoteProject {
    let url = project.browse_url(site_url);
    let lead = project.lead.and_then(|lead| lead.display_name);
    RemoteProject {
        remote_id: project.id,
        key: project.key,
        name: project.name,
        lead,
        url: Some(url),
        project_type: project.project_type,
        description: project.description,
    }
}
