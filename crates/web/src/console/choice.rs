use connector_domain::{Connection, Product};
use connector_sync::{ScopeCheck, Stream};

use super::format;

/// What can be switched on and off, ready to show.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ChoiceView {
    /// The sites, where there are several to choose from.
    pub sites: Vec<Switch>,
    pub products: Vec<ProductView>,
}

/// The streams of a product.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ProductView {
    pub title: &'static str,
    pub streams: Vec<Switch>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Switch {
    /// What the API calls it.
    pub name: String,
    pub label: String,
    pub on: bool,
    /// Why it does nothing, though it is on.
    pub note: Option<String>,
}

impl ChoiceView {
    pub fn new(connection: &Connection, check: &ScopeCheck) -> Self {
        let listed = connection.sites.iter().filter(|known| known.gone_at.is_none());
        let sites: Vec<_> = listed
            .map(|known| Switch {
                name: known.site.cloud_id.to_string(),
                label: format::plain(&known.site.name, 80),
                on: connection.wants_site(&known.site.cloud_id),
                note: None,
            })
            .collect();
        let product = |(product, title): (Product, &'static str)| ProductView {
            title,
            streams: Stream::ALL
                .into_iter()
                .filter(|stream| stream.product() == product)
                .map(|stream| switch(connection, check, stream))
                .collect(),
        };
        Self {
            sites: if sites.len() > 1 { sites } else { Vec::new() },
            products: [(Product::Jira, "Jira"), (Product::Confluence, "Confluence")].map(product).into(),
        }
    }
}

fn switch(connection: &Connection, check: &ScopeCheck, stream: Stream) -> Switch {
    let name = stream.as_str().to_owned();
    let label = name.split_once('_').map_or(name.as_str(), |(_, thing)| thing).to_owned();
    let missing = check.missing_of(stream);
    let note = (!missing.is_empty()).then(|| format!("needs {}", missing.join(", ")));
    Switch { label: format::humanized(&label), on: connection.wants_stream(&name), note, name }
}

#[cfg(test)]
mod tests {
    use connector_sync::scope_check_of;

    use super::super::samples;
    use super::*;

    #[test]
    fn everything_is_on_until_somebody_chooses() {
        let mut connection = samples::connection();
        let view = ChoiceView::new(&connection, &scope_check_of(&connection));
        assert!(view.sites.is_empty(), "of one site there is nothing to choose");
        let on = |view: &ChoiceView| -> Vec<String> {
            let all = view.products.iter().flat_map(|product| &product.streams);
            all.filter(|stream| stream.on).map(|stream| stream.label.clone()).collect()
        };
        assert_eq!(on(&view).len(), Stream::ALL.len());
        let comments = view.products[1].streams.iter().find(|stream| stream.name == "confluence_comments");
        assert_eq!(comments.unwrap().note.as_deref(), Some("needs read:comment:confluence"));

        connection.chosen_streams = Some(["jira_issue_types".to_owned()].into());
        assert_eq!(on(&ChoiceView::new(&connection, &scope_check_of(&connection))), ["Issue types"]);
    }
}
