use connector_domain::{CloudId, Timestamp, UserId};
use sea_orm::{ConnectionTrait as _, Statement};

use super::view::{Deleted, Listed, Select, View};
use crate::{MirrorKind, Store, StoreError};

/// Which issues are meant. What is `None` does not matter.
#[derive(Debug, Clone, Copy, Default)]
pub struct IssueFilter<'a> {
    pub cloud_id: Option<&'a CloudId>,
    /// The key or the id of a project.
    pub project: Option<&'a str>,
    /// The name of a status.
    pub status: Option<&'a str>,
    /// `new`, `indeterminate`, `done`.
    pub status_category: Option<&'a str>,
    /// The id of an account, or the name it has in the issue.
    pub assignee: Option<&'a str>,
    /// Changed in Jira at this time or later.
    pub updated_since: Option<Timestamp>,
    pub deleted: Deleted,
}

/// Which spaces, pages or blog posts are meant. What is `None` does not matter.
#[derive(Debug, Clone, Copy, Default)]
pub struct ContentFilter<'a> {
    pub cloud_id: Option<&'a CloudId>,
    /// Of pages and blog posts.
    pub space_key: Option<&'a str>,
    /// Changed in Confluence at this time or later; of pages and blog posts.
    pub updated_since: Option<Timestamp>,
    pub deleted: Deleted,
}

/// When an issue changed last; issues of which that is not known come after all others.
const LATEST: &str = "COALESCE(remote_updated_at, 0)";

impl Store {
    /// The issues of a person, the latest changed first: those after `after`, at most `limit`.
    pub async fn list_issues<V: View>(
        &self,
        owner: UserId,
        filter: &IssueFilter<'_>,
        after: Option<(i64, i64)>,
        limit: u64,
    ) -> Result<Vec<Listed<V, (i64, i64)>>, StoreError> {
        Select::new::<V>(self, owner, &format!("{LATEST}, id"))
            .deleted(filter.deleted)
            .of_site(filter.cloud_id)
            .and_if("(project_key = ? OR project_id = ?)", filter.project)
            .and_if("status = ?", filter.status)
            .and_if("status_category = ?", filter.status_category)
            .and_if("(assignee_account_id = ? OR assignee_name = ?)", filter.assignee)
            .and_if(&format!("{LATEST} >= ?"), filter.updated_since.map(Timestamp::as_millis))
            .behind(&format!("{LATEST}, id"), '<', after.map(|(time, id)| [time.into(), id.into()]))
            .listed(&format!("{LATEST} DESC, id DESC"), Some(limit))
            .await
    }

    /// The issue with this id or this key, or, where it was moved, with this former key. Of several sites the one of
    /// the issue that lives and changed last.
    pub async fn find_issue<V: View>(
        &self,
        owner: UserId,
        cloud_id: Option<&CloudId>,
        id_or_key: &str,
    ) -> Result<Option<V>, StoreError> {
        let former = "(cloud_id, remote_id) IN (SELECT cloud_id, issue_id FROM jira_issue_keys \
                      WHERE jira_issue_keys.owner_id = $1 AND jira_issue_keys.key = ?)";
        let is_id = id_or_key.bytes().all(|byte| byte.is_ascii_digit());
        let ways: &[&str] = if is_id { &["remote_id = ?"] } else { &["key = ?", former] };
        for way in ways {
            let select = Select::new::<V>(self, owner, "id").of_site(cloud_id).and(way, id_or_key);
            let order = format!("deleted_at IS NOT NULL, {LATEST} DESC, id");
            if let Some(issue) = select.one(&order).await? {
                return Ok(Some(issue));
            }
        }
        Ok(None)
    }

    /// What lies below one thing, in the order in which it was mirrored: comments, worklogs and changelogs of an issue;
    /// comments, labels and attachments of a page or a blog post. Those after `after`, at most `limit`.
    pub async fn list_below<V: View>(
        &self,
        owner: UserId,
        cloud_id: &CloudId,
        parent_id: &str,
        after: Option<i64>,
        limit: u64,
    ) -> Result<Vec<Listed<V, (i64, i64)>>, StoreError> {
        let Some(parent) = V::KIND.scope_column() else { return Ok(Vec::new()) };
        Select::new::<V>(self, owner, "id, id")
            .deleted(Deleted::Exclude)
            .of_site(Some(cloud_id))
            .and(&format!("{parent} = ?"), parent_id)
            .and_if("id > ?", after)
            .listed("id", Some(limit))
            .await
    }

    /// The projects or spaces of a person by key, those after (key, id) `after`, at most `limit`.
    pub async fn list_by_key<V: View>(
        &self,
        owner: UserId,
        filter: &ContentFilter<'_>,
        after: Option<(&str, i64)>,
        limit: Option<u64>,
    ) -> Result<Vec<Listed<V, (String, i64)>>, StoreError> {
        Select::new::<V>(self, owner, "key, id")
            .deleted(filter.deleted)
            .of_site(filter.cloud_id)
            .behind("key, id", '>', after.map(|(key, id)| [key.into(), id.into()]))
            .listed("key, id", limit)
            .await
    }

    /// The pages or blog posts of a person by title, those after (title, id) `after`, at most `limit`.
    pub async fn list_by_title<V: View>(
        &self,
        owner: UserId,
        filter: &ContentFilter<'_>,
        after: Option<(&str, i64)>,
        limit: Option<u64>,
    ) -> Result<Vec<Listed<V, (String, i64)>>, StoreError> {
        Select::new::<V>(self, owner, "title, id")
            .deleted(filter.deleted)
            .of_site(filter.cloud_id)
            .and_if("space_key = ?", filter.space_key)
            .and_if("modified_at >= ?", filter.updated_since.map(Timestamp::as_millis))
            .behind("title, id", '>', after.map(|(title, id)| [title.into(), id.into()]))
            .listed("title, id", limit)
            .await
    }

    /// The thing that Atlassian knows by this id, which may be a tombstone. Of several sites the one that lives and was
    /// mirrored first.
    pub async fn find_remote<V: View>(
        &self,
        owner: UserId,
        cloud_id: Option<&CloudId>,
        remote_id: &str,
    ) -> Result<Option<V>, StoreError> {
        let id = format!("{} = ?", V::KIND.id_column());
        let select = Select::new::<V>(self, owner, "id").of_site(cloud_id).and(&id, remote_id);
        select.one("deleted_at IS NOT NULL, id").await
    }

    /// The id and the name of each field of a site's issues.
    pub async fn field_names(
        &self,
        owner: UserId,
        cloud_id: &CloudId,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT remote_id, name FROM jira_fields \
                   WHERE owner_id = $1 AND cloud_id = $2 AND deleted_at IS NULL";
        let backend = self.inner.read.get_database_backend();
        let query = Statement::from_sql_and_values(backend, sql, [owner.0.into(), cloud_id.as_str().into()]);
        let rows = self.inner.read.query_all_raw(query).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
    }

    /// The body that a person's page or blog post names: in storage format or as Markdown.
    pub async fn find_body(
        &self,
        owner: UserId,
        kind: MirrorKind,
        cloud_id: &CloudId,
        remote_id: &str,
        format: BodyFormat,
    ) -> Result<Option<String>, StoreError> {
        let (table, id) = (kind.as_str(), kind.id_column());
        if !matches!(kind, MirrorKind::ConfluencePages | MirrorKind::ConfluenceBlogPosts) {
            return Ok(None);
        }
        let format = match format {
            BodyFormat::Markdown => "markdown",
            BodyFormat::Storage => "storage",
        };
        let sql = format!(
            "SELECT body.{format} FROM {table} AS content JOIN content_bodies AS body \
             ON body.cloud_id = content.cloud_id AND body.content_id = content.{id} \
             AND body.version = content.body_version \
             WHERE content.owner_id = $1 AND content.cloud_id = $2 AND content.{id} = $3"
        );
        let values = [owner.0.into(), cloud_id.as_str().into(), remote_id.into()];
        let backend = self.inner.read.get_database_backend();
        let row = self.inner.read.query_one_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        row.map(|row| Ok(row.try_get_by_index(0)?)).transpose()
    }
}

/// How the body of a page is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFormat {
    Markdown,
    /// Confluence's own format.
    Storage,
}
