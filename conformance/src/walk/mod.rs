//! The walk through the sandbox: everybody, at every site, by both ways in, over data that was made awkward first.

pub mod consent;
mod crawl;
pub mod edits;
mod posts;
mod refusals;
mod routes;
mod scopes;
mod variants;
mod walker;

use std::sync::Arc;

use connector_sandbox::SandboxOptions;
use connector_testkit::{Browser, Sandbox};

use self::consent::{Person, basic, gateway};
use self::crawl::Known;
pub use self::routes::misplayed;
pub use self::scopes::compare as compare_scopes;
pub use self::walker::Walker;
use crate::check::Checker;

/// Who comes in where: by the gateway those who consented, at the sites' own addresses those with an API token.
const VISITS: [(Person, &str, bool); 7] = [
    (Person::Ada, "acme", true),
    (Person::Ada, "borealis", true),
    (Person::Ada, "fjord", true),
    (Person::Ben, "acme", true),
    (Person::Chiara, "borealis", true),
    (Person::Ada, "borealis", false),
    (Person::Ben, "acme", false),
];

/// The data of the default site: every kind of thing, and not more of it than a walk over everything bears.
pub fn options() -> SandboxOptions {
    SandboxOptions {
        projects: Some(6),
        issues: Some(60),
        spaces: Some(4),
        pages: Some(40),
        control: true,
        redirect_uri: vec![consent::CALLBACK.to_owned()],
        ..SandboxOptions::default()
    }
}

/// Walks through all that the sandbox has; what is found stands in the checker's report.
pub async fn everything(checker: &Arc<Checker>) -> anyhow::Result<()> {
    let sandbox = Sandbox::start(options()).await;
    let browser = Browser::new(&sandbox.url);
    edits::make_awkward(&browser).await?;
    let routes = routes::all(&checker.documents);
    for (person, site, through_gateway) in VISITS {
        let walker = if through_gateway {
            gateway(&browser, checker, person, site, consent::SCOPES).await?
        } else {
            basic(&browser, checker, person, site)
        };
        let mut known = Known::default();
        edits::tell(&browser, site, &mut known).await?;
        walker.crawl(&routes, &mut known).await;
        walker.post_all(&known, site == "fjord").await?;
    }
    refusals::walk(&browser, checker).await?;
    refusals::limits(checker).await
}
