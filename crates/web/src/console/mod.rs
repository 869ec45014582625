//! The console: what a browser sees. Values in, HTML out; the routes are elsewhere.
//!
//! Templates escape by default. What they show comes ready from the view models beside this file, which decide on
//! links, words and numbers where a test can reach them. Nothing on a page is inline (script, style or handler), so
//! [`CONTENT_SECURITY_POLICY`] holds.

mod assets;
mod choice;
mod connection;
mod format;
mod outcome;
mod permissions;
mod rows;
#[cfg(test)]
mod samples;
mod sync;
mod view;

use askama::Template;
use connector_domain::{Timestamp, User};

use self::assets::AssetUrls;
pub use self::assets::asset;
pub use self::connection::ConnectionFacts;
pub use self::outcome::Outcome;
use self::outcome::OutcomeView;
pub use self::rows::{ROWS_SHOWN, Rows};
pub use self::view::ConsoleData;
use self::view::{ConsoleView, PersonView};

/// The policy that every page here is written for. Pictures of sites come from Atlassian's hosts.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data: https:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The page `/console`.
pub fn render_console(data: &ConsoleData<'_>, now: Timestamp) -> askama::Result<String> {
    ConsolePage { frame: Frame::new(data.user), view: ConsoleView::new(data, now) }.render()
}

/// The page `/connected`, where a browser lands after a login without a frontend.
pub fn render_connected(outcome: Outcome<'_>, user: Option<&User>) -> askama::Result<String> {
    ConnectedPage { frame: Frame::new(user), view: outcome.into() }.render()
}

/// A failed request, for a browser. Values are those of the problem document (RFC 9457).
#[derive(Debug, Clone, Copy)]
pub struct ProblemData<'a> {
    pub status: u16,
    pub title: &'a str,
    pub detail: Option<&'a str>,
    pub request_id: Option<&'a str>,
}

/// The page that a browser gets in the place of a problem document.
pub fn render_problem(problem: &ProblemData<'_>, user: Option<&User>) -> askama::Result<String> {
    ProblemPage { frame: Frame::new(user), problem: *problem }.render()
}

/// What stands around every page.
struct Frame {
    assets: AssetUrls,
    person: Option<PersonView>,
    version: &'static str,
}

impl Frame {
    fn new(user: Option<&User>) -> Self {
        Self {
            assets: AssetUrls::current(),
            person: user.map(PersonView::from),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

#[derive(Template)]
#[template(path = "console.html")]
struct ConsolePage {
    frame: Frame,
    view: ConsoleView,
}

#[derive(Template)]
#[template(path = "connected.html")]
struct ConnectedPage {
    frame: Frame,
    view: OutcomeView,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    frame: Frame,
    problem: ProblemData<'a>,
}

#[cfg(test)]
mod tests {
    use super::samples::Owned;
    use super::*;

    fn console(data: &ConsoleData<'_>) -> String {
        render_console(data, samples::NOW).unwrap()
    }

    #[test]
    fn a_newcomer_can_connect_without_a_script() {
        let html = console(&ConsoleData { user: None, connections: &[], ..Owned::new().data() });
        assert!(html.contains(r#"href="/api/oauth/atlassian/login""#), "{html}");
        assert!(!html.contains("/api/logout"), "nobody is signed in: {html}");
        assert!(!html.contains("data-delete-me"), "nobody is there to be deleted: {html}");
    }

    #[test]
    fn who_is_signed_in_can_leave() {
        let (owned, user) = (Owned::new(), samples::user());
        let html = console(&ConsoleData { user: Some(&user), ..owned.data() });
        assert!(html.contains(&format!(r#"data-delete-me="{}""#, user.id)), "{html}");
    }

    #[test]
    fn foreign_text_is_escaped() {
        let projects = [samples::project("X", "<script>alert(1)</script>")];
        let pages = [samples::page("\"><img src=x onerror=alert(1)>")];
        let html = console(&ConsoleData {
            projects: Rows { first: &projects, total: 1 },
            pages: Rows { first: &pages, total: 1 },
            ..Owned::new().data()
        });
        assert!(!html.contains("<script>alert") && !html.contains("<img src=x"), "{html}");
    }

    #[test]
    fn links_out_do_not_tell_where_they_come_from() {
        let projects = [samples::project("OPS", "Operations")];
        let html =
            console(&ConsoleData { projects: Rows { first: &projects, total: 1 }, ..Owned::new().data() });
        for link in html.split("<a ").skip(1).map(|rest| rest.split('>').next().unwrap()) {
            let out = link.contains("href=\"http");
            assert_eq!(out, link.contains(r#"rel="noopener noreferrer""#), "{link}");
        }
    }

    #[test]
    fn only_a_live_run_is_followed() {
        let (owned, running, succeeded) = (Owned::new(), samples::running(), samples::succeeded());
        let page = |run| console(&ConsoleData { last_sync: Some(run), ..owned.data() });
        assert!(page(&running).contains(&format!("/api/syncs/{}/events", running.id)));
        assert!(!page(&succeeded).contains("/events"));
    }

    #[test]
    fn problems_name_the_request() {
        let problem = ProblemData {
            status: 502,
            title: "Atlassian is not answering",
            detail: Some("Try again <soon>."),
            request_id: Some("req-1"),
        };
        let html = render_problem(&problem, None).unwrap();
        assert!(html.contains("req-1") && html.contains("&#60;soon&#62;"), "{html}");
    }
}
