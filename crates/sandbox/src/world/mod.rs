//! The data: people, sites, and what the sites hold.
//!
//! Everything is made from the seed when the sandbox starts. Rows that listings filter and sort by are kept;
//! bodies are computed from the row's id whenever somebody asks for one.

pub mod activity;
pub mod dice;
pub mod edit;
pub mod index;
pub mod issues;
pub mod pages;
pub mod people;
pub mod posts;
pub mod projects;
pub mod site;
pub mod spaces;
pub mod text;
pub mod vocabulary;
pub mod workflow;

use people::{ADA, BEN, CHIARA, Person, PersonIndex, has_account, hired};
use site::{Site, SiteIndex, SitePlan};

use crate::options::{SandboxOptions, Sizes};

/// Milliseconds since 1970, UTC.
pub type Millis = i64;

/// The day on which the company began: 2 January 2023, 08:00 UTC.
pub const FIRST_DAY: Millis = 1_672_646_400_000;
/// The newest change in the data: 31 March 2026, 16:00 UTC. Fixed, so that a seed always makes the same data.
pub const LAST_DAY: Millis = 1_774_972_800_000;

/// Seconds of an option in milliseconds; those that never end still can be added to a time.
pub fn millis(seconds: u64) -> Millis {
    Millis::try_from(seconds.saturating_mul(1000)).unwrap_or(Millis::MAX / 4).min(Millis::MAX / 4)
}

/// Everything that the simulated sites hold.
#[derive(Debug)]
pub struct World {
    seed: u64,
    pub people: Vec<Person>,
    pub sites: Vec<Site>,
}

impl World {
    pub fn new(options: &SandboxOptions) -> Self {
        let seed = options.seed;
        let index_lag = millis(options.index_lag);
        let sites = vec![
            Site::new(SitePlan {
                seed,
                cloud_id: crate::DEFAULT_CLOUD_ID.into(),
                name: "acme".into(),
                title: "Acme Logistics".into(),
                zone: chrono_tz::Europe::Berlin,
                members: &[ADA, BEN],
                sizes: options.sizes(),
                confluence: true,
                index_lag,
                leftovers: false,
            }),
            Site::new(SitePlan {
                seed: seed.wrapping_add(1),
                cloud_id: "22222222-2222-4222-8222-222222222222".into(),
                name: "borealis".into(),
                title: "Borealis Labs".into(),
                zone: chrono_tz::Australia::Sydney,
                members: &[ADA, CHIARA],
                sizes: Sizes { projects: 3, issues: 40, spaces: 2, pages: 25 },
                confluence: true,
                index_lag,
                leftovers: true,
            }),
            Site::new(SitePlan {
                seed: seed.wrapping_add(2),
                cloud_id: "33333333-3333-4333-8333-333333333333".into(),
                name: "fjord".into(),
                title: "Fjord Contracting".into(),
                zone: chrono_tz::Europe::Oslo,
                members: &[ADA],
                sizes: Sizes { projects: 2, issues: 15, spaces: 0, pages: 0 },
                confluence: false,
                index_lag,
                leftovers: false,
            }),
        ];
        let mut world = Self { seed, people: people::people(seed), sites };
        world.hire(0, options.people);
        for number in 1..=options.sites {
            world.found(number, index_lag);
        }
        world
    }

    /// A further site, small and with nobody but a new person of its own.
    fn found(&mut self, number: usize, index_lag: Millis) {
        let plan = SitePlan {
            seed: self.seed.wrapping_add(1000 + number as u64),
            cloud_id: format!("44444444-4444-4444-8444-{number:012}").into(),
            name: format!("company-{number}").into(),
            title: format!("Company {number}").into(),
            zone: chrono_tz::UTC,
            members: &[],
            sizes: Sizes { projects: 2, issues: 60, spaces: 1, pages: 30 },
            confluence: true,
            index_lag,
            leftovers: false,
        };
        self.sites.push(Site::new(plan));
        self.hire(self.sites.len() - 1, 1);
    }

    /// New people with accounts, all of them members of a site.
    pub fn hire(&mut self, site: SiteIndex, count: usize) -> std::ops::Range<PersonIndex> {
        let new = self.people.len()..self.people.len() + count;
        self.people.extend(new.clone().map(|index| hired(self.seed, index)));
        self.sites[site].members.extend(new.clone());
        new
    }

    /// The people who can log in.
    pub fn accounts(&self) -> impl Iterator<Item = (PersonIndex, &Person)> {
        self.people.iter().enumerate().filter(|(index, _)| has_account(*index))
    }

    /// Somebody with an account, by e-mail address or account id.
    pub fn account_by_hint(&self, hint: &str) -> Option<PersonIndex> {
        if hint.contains('@') { self.account_by_email(hint) } else { self.account(hint) }
    }

    /// Somebody with an account and the first site of theirs; the default person where nobody is named.
    pub fn at_home(&self, hint: Option<&str>) -> Option<(PersonIndex, SiteIndex)> {
        let person = hint.map_or(Some(ADA), |hint| self.account_by_hint(hint))?;
        let site = self.sites.iter().position(|site| site.has_member(person))?;
        Some((person, site))
    }

    pub fn account(&self, account_id: &str) -> Option<PersonIndex> {
        self.accounts().find(|(_, person)| person.account_id == account_id).map(|(index, _)| index)
    }

    pub fn account_by_email(&self, email: &str) -> Option<PersonIndex> {
        self.accounts().find(|(_, person)| person.email.as_deref() == Some(email)).map(|(index, _)| index)
    }

    pub fn site_by_cloud_id(&self, cloud_id: &str) -> Option<SiteIndex> {
        self.sites.iter().position(|site| site.cloud_id == cloud_id)
    }

    pub fn site_by_name(&self, name: &str) -> Option<SiteIndex> {
        self.sites.iter().position(|site| site.name == name)
    }
}
