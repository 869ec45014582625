//! What the streams of a connection need, and what its consent has.

use std::collections::BTreeSet;

use connector_domain::{Connection, Product, Scopes, Site};

use crate::Stream;

/// What a connection is to read, compared with what its consent covers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopeCheck {
    pub sites: Vec<SiteCheck>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteCheck {
    pub site: Site,
    /// The streams that are switched on, and what becomes of them.
    pub streams: Vec<(Stream, Reading)>,
}

/// Whether a stream can be read on a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    Covered,
    /// The consent covers nothing of the product there: the site does not have it, or nobody asked for it.
    NoProduct,
    /// The consent lacks these scopes, and nobody has asked for the stream by name: it is left out.
    LeftOut(Vec<&'static str>),
    /// The consent lacks these scopes, and the stream was meant to be read.
    Refused(Vec<&'static str>),
}

/// Compares the `streams` that `connection` has switched on with what its consent covers on each of `sites`.
pub fn scope_check(connection: &Connection, sites: &[Site], streams: &[Stream]) -> ScopeCheck {
    let check = |site: &Site| SiteCheck {
        site: site.clone(),
        streams: streams
            .iter()
            .copied()
            .filter(|stream| connection.wants_stream(stream.as_str()))
            .map(|stream| (stream, reading(connection, site, stream)))
            .collect(),
    };
    let wanted = |site: &&Site| connection.wants_site(&site.cloud_id);
    ScopeCheck { sites: sites.iter().filter(wanted).map(check).collect() }
}

/// [`scope_check`] over all streams and the sites that Atlassian lists.
pub fn scope_check_of(connection: &Connection) -> ScopeCheck {
    let listed = connection.sites.iter().filter(|known| known.gone_at.is_none());
    let sites: Vec<_> = listed.map(|known| known.site.clone()).collect();
    scope_check(connection, &sites, &Stream::ALL)
}

fn reading(connection: &Connection, site: &Site, stream: Stream) -> Reading {
    let missing = stream.missing(&site.scopes);
    if missing.is_empty() {
        return Reading::Covered;
    }
    let by_name = connection.chosen_streams.is_some();
    let product: Product = stream.product();
    if !site.scopes.covers(product) {
        // Covered elsewhere, it is the site that lacks the product, and another consent does not change that.
        return if by_name && !connection.scopes.covers(product) {
            Reading::Refused(missing)
        } else {
            Reading::NoProduct
        };
    }
    // Who has consented to the stream's own scope wants it read.
    let has_own = stream.needs().last().is_some_and(|own| !missing.contains(own));
    if by_name || has_own { Reading::Refused(missing) } else { Reading::LeftOut(missing) }
}

impl Reading {
    /// The scopes without which it is not read.
    pub fn missing(&self) -> &[&'static str] {
        match self {
            Self::Covered | Self::NoProduct => &[],
            Self::LeftOut(missing) | Self::Refused(missing) => missing,
        }
    }

    /// What a new consent is to cover for it. What was never asked for is not missed.
    fn missed(&self, stream: Stream) -> &[&'static str] {
        match self {
            Self::LeftOut(_) if !stream.is_default() => &[],
            reading => reading.missing(),
        }
    }
}

impl ScopeCheck {
    /// The scopes that keep a stream from being read, on any of the sites.
    pub fn missing_of(&self, stream: Stream) -> Vec<&'static str> {
        let readings = self.sites.iter().flat_map(|site| &site.streams).filter(|(one, _)| *one == stream);
        let missing: BTreeSet<_> = readings.flat_map(|(_, reading)| reading.missing()).copied().collect();
        missing.into_iter().collect()
    }
}

impl SiteCheck {
    /// The scopes that a new consent is to cover.
    pub fn missing(&self) -> Scopes {
        self.streams.iter().flat_map(|(stream, reading)| reading.missed(*stream)).copied().collect()
    }
}

impl ScopeCheck {
    /// The scopes that the streams need that are read, or are missed.
    pub fn needed(&self) -> Scopes {
        let all = self.sites.iter().flat_map(|site| &site.streams);
        let meant = all
            .filter(|(stream, reading)| *reading == Reading::Covered || !reading.missed(*stream).is_empty());
        meant.flat_map(|(stream, _)| stream.needs()).copied().collect()
    }

    /// The scopes that a new consent is to cover, over all sites.
    pub fn missing(&self) -> Scopes {
        let mut missing = Scopes::default();
        for site in &self.sites {
            missing.extend(&site.missing());
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use connector_domain::{
        CloudId, ConnectionId, ConnectionSite, ConnectionStatus, SeededEntropy, Timestamp, UserId,
    };

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    /// A connection whose consent has `scopes`, and on each of the sites those of them that are given.
    fn connection(scopes: &str, sites: &[&str], streams: Option<&[&str]>) -> Connection {
        let site = |(i, scopes): (usize, &&str)| ConnectionSite {
            site: Site {
                cloud_id: CloudId::new(format!("site-{i}")),
                url: format!("https://site-{i}.example"),
                name: format!("site {i}"),
                avatar_url: None,
                scopes: scopes.parse().unwrap(),
            },
            gone_at: None,
        };
        Connection {
            id: ConnectionId::generate(&SeededEntropy::new(1), NOW),
            user_id: UserId(1),
            client_id: "client".to_owned(),
            account_id: None,
            status: ConnectionStatus::Active,
            status_reason: None,
            scopes: scopes.parse().unwrap(),
            lost_scopes: Scopes::default(),
            sites: sites.iter().enumerate().map(site).collect(),
            chosen_sites: None,
            chosen_streams: streams.map(|all| all.iter().map(|name| (*name).to_owned()).collect()),
            access_expires_at: None,
            connected_at: NOW,
            updated_at: NOW,
        }
    }

    fn of(check: &ScopeCheck, site: usize, stream: Stream) -> &Reading {
        &check.sites[site].streams.iter().find(|(one, _)| *one == stream).unwrap().1
    }

    #[test]
    fn optional_streams_are_left_out_and_not_missed() {
        let all = "read:jira-work read:jira-user read:space:confluence read:page:confluence";
        let check = scope_check_of(&connection(all, &[all], None));
        let comments = of(&check, 0, Stream::ConfluenceComments);
        assert_eq!(*comments, Reading::LeftOut(vec!["read:comment:confluence"]));
        assert!(check.missing().is_empty());
        assert_eq!(check.needed().to_string(), all.split(' ').collect::<Scopes>().to_string());
    }

    #[test]
    fn all_scopes_that_a_site_lacks_are_told_and_which_site() {
        let (whole, part) = ("read:jira-work read:jira-user", "read:jira-user");
        let check = scope_check_of(&connection(whole, &[whole, part], None));
        assert!(check.sites[0].missing().is_empty());
        assert_eq!(check.sites[1].missing().to_string(), "read:jira-work");
        assert_eq!(check.missing().to_string(), "read:jira-work");
    }

    #[test]
    fn a_product_that_a_site_does_not_have_is_no_matter_of_consent() {
        let both = "read:jira-work read:jira-user read:space:confluence read:page:confluence";
        let check = scope_check_of(&connection(both, &[both, "read:jira-work read:jira-user"], None));
        assert_eq!(*of(&check, 1, Stream::ConfluencePages), Reading::NoProduct);
        assert!(check.missing().is_empty());
    }

    #[test]
    fn what_was_chosen_by_name_is_missed() {
        let jira = "read:jira-work";
        let chosen = ["jira_issues", "confluence_comments"];
        let check = scope_check_of(&connection(jira, &[jira], Some(&chosen)));
        assert_eq!(check.sites[0].streams.len(), 2);
        let missing = "read:comment:confluence read:page:confluence read:space:confluence";
        assert_eq!(check.missing().to_string(), missing);
        assert_eq!(of(&check, 0, Stream::ConfluenceComments).missing().len(), 3);
    }

    #[test]
    fn sites_that_nobody_chose_are_not_looked_at() {
        let mut connection = connection("read:me", &["read:me", "read:me"], None);
        connection.chosen_sites = Some(BTreeSet::from([CloudId::new("site-1")]));
        connection.sites[0].gone_at = Some(NOW);
        let check = scope_check_of(&connection);
        assert_eq!(check.sites.len(), 1);
        assert_eq!(check.sites[0].site.name, "site 1");
    }
}
