//! The streams: each reads one list of Atlassian's page by page and writes what it finds.

pub(crate) mod confluence_pages;
pub(crate) mod confluence_spaces;
pub(crate) mod jira_projects;

use connector_atlassian::BadRecord;

use crate::Stream;

/// One record that cannot be read is set aside and reported; the others of its page are not lost with it.
fn report_bad(stream: Stream, bad: &[BadRecord]) {
    for record in bad {
        tracing::warn!(
            stream = stream.as_str(),
            remote.id = record.id,
            what = record.what,
            "a record was set aside"
        );
    }
}
