//! What would be accepted now: the truth about grants, for a checker of token custody.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Fingerprint, Grants, Holder, TokenHash};
use crate::world::{Millis, people::PersonIndex, site::SiteIndex};

/// Whether a refresh token would be exchanged now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Exchangeable {
        /// When that ends if nothing else happens.
        until: Millis,
        /// It was exchanged before and only lives in its leeway.
        used: bool,
    },
    Refused(Refused),
}

/// Why a refresh token is refused. The answer to the client does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// Never given out, or ended by a newer answer to the token that it was given for.
    Unknown,
    /// The person took the consent back.
    Revoked,
    /// A token of the same login was sent after its leeway.
    LoginEnded,
    /// Not used for too long.
    Unused,
    /// The login is too long ago.
    TooOld,
    /// Used before, and the leeway is over.
    UsedTooLongAgo,
}

/// A grant that is in force.
pub struct GrantRow {
    pub id: u64,
    pub person: PersonIndex,
    pub scopes: String,
    pub sites: Vec<SiteIndex>,
    /// The refresh tokens that would be exchanged now.
    pub refresh_tokens: Vec<TokenRow>,
}

/// A refresh token and what would become of it.
pub struct TokenRow {
    pub fingerprint: Fingerprint,
    pub holder: Option<Holder>,
    pub login: Option<usize>,
    pub standing: Standing,
}

impl Grants {
    /// The grants in force of one person, or of all, in the order in which they were given.
    pub fn in_force(&self, person: Option<PersonIndex>, now: Millis) -> Vec<GrantRow> {
        let state = self.state();
        let mut rows: BTreeMap<u64, GrantRow> = BTreeMap::new();
        for (owner, grant) in &state.grants {
            if person.is_none_or(|person| person == *owner) {
                let (scopes, sites) = (grant.scopes.to_string(), grant.sites.clone());
                let row =
                    GrantRow { id: grant.id, person: *owner, scopes, sites, refresh_tokens: Vec::new() };
                rows.insert(grant.id, row);
            }
        }
        for (own, token) in &state.refresh_tokens {
            let Some(row) = rows.get_mut(&token.holder.grant) else { continue };
            let standing = self.standing(&state, *own, now);
            if matches!(standing, Standing::Exchangeable { .. }) {
                let (holder, login) = (Some(token.holder), Some(token.family));
                let fingerprint = Fingerprint::of(*own);
                row.refresh_tokens.push(TokenRow { fingerprint, holder, login, standing });
            }
        }
        for row in rows.values_mut() {
            row.refresh_tokens.sort_by_key(|token| (token.login, token.fingerprint));
        }
        rows.into_values().collect()
    }

    /// What would become of refresh tokens that are known by their fingerprints, in the same order.
    pub fn standings(&self, fingerprints: &[Fingerprint], now: Millis) -> Vec<TokenRow> {
        let state = self.state();
        let by_fingerprint: BTreeMap<Fingerprint, TokenHash> =
            state.refresh_tokens.keys().map(|own| (Fingerprint::of(*own), *own)).collect();
        let row = |fingerprint: &Fingerprint| {
            let own = by_fingerprint.get(fingerprint).copied();
            let token = own.and_then(|own| state.refresh_tokens.get(&own));
            TokenRow {
                fingerprint: *fingerprint,
                holder: token.map(|token| token.holder),
                login: token.map(|token| token.family),
                standing: own
                    .map_or(Standing::Refused(Refused::Unknown), |own| self.standing(&state, own, now)),
            }
        };
        fingerprints.iter().map(row).collect()
    }
}
