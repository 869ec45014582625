//! Registration: own limits, one address, an end after thirty days.

use std::collections::HashMap;

use serde_json::{Value, json};
use url::{Host, Url};

use super::Webhooks;
use crate::{
    jira::timestamp,
    world::{Millis, people::PersonIndex, site::SiteIndex},
};

/// How many webhooks an app may have per person and site.
const MOST: usize = 5;
const LIFETIME: Millis = 30 * 86_400_000;

/// A registered webhook.
#[derive(Clone, Debug)]
pub struct Hook {
    pub id: u64,
    pub site: SiteIndex,
    pub person: PersonIndex,
    pub url: Url,
    pub wanted: Wanted,
    pub expires: Millis,
}

/// What a webhook is to be told of.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    #[serde(default)]
    pub events: Vec<String>,
    #[serde(default)]
    pub jql_filter: String,
    pub field_ids_filter: Option<Vec<String>>,
    pub issue_property_keys_filter: Option<Vec<String>>,
}

#[derive(Default)]
pub struct Registry {
    hooks: Vec<Hook>,
    /// Ids are unique on a site only.
    last_ids: HashMap<SiteIndex, u64>,
}

impl Hook {
    /// The webhook as lists have it.
    pub fn row(&self) -> Value {
        let mut row = json!({
            "id": self.id,
            "url": self.url.as_str(),
            "events": self.wanted.events,
            "jqlFilter": self.wanted.jql_filter,
            "expirationDate": expiration_date(self.expires),
        });
        if let Some(fields) = &self.wanted.field_ids_filter {
            row["fieldIdsFilter"] = json!(fields);
        }
        if let Some(keys) = &self.wanted.issue_property_keys_filter {
            row["issuePropertyKeysFilter"] = json!(keys);
        }
        row
    }
}

/// Times of webhooks are texts in UTC, although the schema says number.
pub fn expiration_date(at: Millis) -> String {
    timestamp(at, chrono_tz::UTC)
}

impl Webhooks {
    /// Adds a webhook whose filter was found good, or says why not.
    pub fn register(
        &self,
        (site, person): (SiteIndex, PersonIndex),
        url: &str,
        wanted: Wanted,
        now: Millis,
    ) -> Result<u64, String> {
        let url = checked(url)?;
        let mut state = self.state();
        let Registry { hooks, last_ids } = &mut state.registry;
        hooks.retain(|hook| now < hook.expires);
        if hooks.iter().any(|hook| hook.site == site && hook.url != url) {
            return Err(String::from("Only a single URL per app is allowed to be registered."));
        }
        if hooks.iter().filter(|hook| hook.site == site && hook.person == person).count() >= MOST {
            return Err(format!("The limit of {MOST} webhooks per app, user and tenant is reached."));
        }
        let id = last_ids.entry(site).or_default();
        *id += 1;
        let id = *id;
        hooks.push(Hook { id, site, person, url, wanted, expires: now + LIFETIME });
        Ok(id)
    }

    /// The webhooks of a person on a site that have not expired.
    pub fn of(&self, site: SiteIndex, person: PersonIndex, now: Millis) -> Vec<Hook> {
        self.on(site, now).into_iter().filter(|hook| hook.person == person).collect()
    }

    /// The webhooks on a site that have not expired.
    pub fn on(&self, site: SiteIndex, now: Millis) -> Vec<Hook> {
        let state = self.state();
        let hooks = state.registry.hooks.iter().filter(|hook| hook.site == site && now < hook.expires);
        hooks.cloned().collect()
    }

    pub fn all(&self) -> Vec<Hook> {
        self.state().registry.hooks.clone()
    }

    /// Lets a person's webhooks live thirty days from now; ids that are unknown or expired are passed over.
    pub fn refresh(&self, site: SiteIndex, person: PersonIndex, ids: &[u64], now: Millis) -> Millis {
        let expires = now + LIFETIME;
        for hook in &mut self.state().registry.hooks {
            if hook.site == site && hook.person == person && ids.contains(&hook.id) && now < hook.expires {
                hook.expires = expires;
            }
        }
        expires
    }

    pub fn remove(&self, site: SiteIndex, person: PersonIndex, ids: &[u64]) {
        let own = |hook: &Hook| hook.site == site && hook.person == person && ids.contains(&hook.id);
        self.state().registry.hooks.retain(|hook| !own(hook));
    }
}

/// The sandbox must not be made to call anybody but the machine it runs on.
fn checked(url: &str) -> Result<Url, String> {
    let parsed = Url::parse(url).map_err(|_| format!("The URL '{url}' is not valid."))?;
    let local = match parsed.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if parsed.scheme() != "http" || !local {
        return Err(format!(
            "The sandbox delivers webhooks to loopback addresses by plain http only, and not to '{url}'."
        ));
    }
    Ok(parsed)
}
