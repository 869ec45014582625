use connector_domain::{ConfluencePage, JiraProject};

use super::format::{self, Moment};

/// How many rows of a list the page shows; the API has them all.
pub const ROWS_SHOWN: usize = 50;

/// The first rows of a list and how many there are in all.
#[derive(Debug)]
pub struct Rows<'a, T> {
    /// In the order to show. More than [`ROWS_SHOWN`] are left out.
    pub first: &'a [T],
    pub total: u64,
}

// Derived, these would ask the same of `T`.
impl<T> Clone for Rows<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Rows<'_, T> {}

/// One of the lists, ready to show.
#[derive(Debug)]
pub(super) struct TableView<R> {
    pub rows: Vec<R>,
    pub total: String,
    /// `The first 50 of 300`, where not all are shown.
    pub partial: Option<String>,
    /// What to do, where there are no rows.
    pub empty: String,
}

impl<R> TableView<R> {
    pub fn new<T>(list: Rows<'_, T>, empty: String) -> Self
    where
        R: for<'r> From<&'r T>,
    {
        let rows: Vec<R> = list.first.iter().take(ROWS_SHOWN).map(R::from).collect();
        // A row may be added between the count and the read.
        let total = list.total.max(rows.len() as u64);
        let partial = (total > rows.len() as u64)
            .then(|| format!("The first {} of {}", rows.len(), format::grouped(total)));
        Self { rows, total: format::grouped(total), partial, empty }
    }
}

#[derive(Debug)]
pub(super) struct ProjectRow {
    pub key: String,
    pub name: String,
    pub lead: Option<String>,
    pub kind: Option<String>,
    pub link: Option<String>,
}

impl From<&JiraProject> for ProjectRow {
    fn from(project: &JiraProject) -> Self {
        Self {
            key: project.key.clone(),
            name: titled(&project.name),
            lead: project.lead.clone().filter(|lead| !lead.trim().is_empty()),
            kind: project.project_type.as_deref().map(format::humanized),
            link: project.url.as_deref().and_then(format::web_link),
        }
    }
}

#[derive(Debug)]
pub(super) struct PageRow {
    pub title: String,
    pub space: String,
    pub version: Option<i64>,
    pub modified: Option<Moment>,
    pub link: Option<String>,
}

impl From<&ConfluencePage> for PageRow {
    fn from(page: &ConfluencePage) -> Self {
        Self {
            title: titled(&page.title),
            space: page.space_key.clone(),
            version: page.version,
            modified: page.modified_at.map(Moment::from),
            link: page.url.as_deref().and_then(format::web_link),
        }
    }
}

/// A link needs a text.
fn titled(title: &str) -> String {
    if title.trim().is_empty() { "(untitled)".to_owned() } else { title.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn only_the_first_rows_are_shown() {
        let projects = vec![samples::project("OPS", "Operations"); ROWS_SHOWN + 1];
        let table: TableView<ProjectRow> =
            TableView::new(Rows { first: &projects, total: 1_234 }, String::new());
        assert_eq!(table.rows.len(), ROWS_SHOWN);
        assert_eq!(table.total, "1,234");
        assert_eq!(table.partial.as_deref(), Some("The first 50 of 1,234"));
    }

    #[test]
    fn a_count_that_lags_behind_is_corrected() {
        let projects = [samples::project("OPS", "Operations")];
        let table: TableView<ProjectRow> = TableView::new(Rows { first: &projects, total: 0 }, String::new());
        assert_eq!((table.total.as_str(), table.partial), ("1", None));
    }

    #[test]
    fn rows_put_in_by_hand_may_lack_nearly_everything() {
        let mut page = samples::page("  ");
        page.url = Some("javascript:alert(1)".to_owned());
        page.modified_at = None;
        let row = PageRow::from(&page);
        assert_eq!(row.title, "(untitled)");
        assert!(row.link.is_none() && row.modified.is_none());
    }

    #[test]
    fn types_are_for_people() {
        let mut project = samples::project("OPS", "Operations");
        project.project_type = Some("service_desk".to_owned());
        assert_eq!(ProjectRow::from(&project).kind.as_deref(), Some("Service desk"));
    }
}
