//! A refresh token is given for a new one, within its lifetimes.

use super::{Attempt, Grants, RefreshToken, Standing, State, TokenHash, TokenSet, standing::Refused};
use crate::{
    options::SandboxOptions,
    switches::Siblings,
    world::{Millis, millis},
};

/// How long things live, in milliseconds.
pub struct Lifetimes {
    pub access_token: Millis,
    leeway: Millis,
    idle: Millis,
    absolute: Millis,
}

impl Lifetimes {
    pub fn new(options: &SandboxOptions) -> Self {
        Self {
            access_token: millis(options.access_token_ttl),
            leeway: millis(options.refresh_leeway),
            idle: millis(options.refresh_idle_ttl),
            absolute: millis(options.refresh_absolute_ttl),
        }
    }
}

impl Grants {
    pub(super) fn rotate(
        &self,
        state: &mut State,
        attempt: &mut Attempt,
        own: TokenHash,
        siblings: Siblings,
        now: Millis,
    ) -> Result<TokenSet, Refused> {
        let standing = self.standing(state, own, now);
        let token = state.refresh_tokens.get_mut(&own).ok_or(Refused::Unknown)?;
        let (holder, family) = (token.holder, token.family);
        (attempt.holder, attempt.login) = (Some(holder), Some(family));
        if let Standing::Refused(why) = standing {
            if why == Refused::UsedTooLongAgo {
                state.families[family].revoked = true;
                attempt.ended_login = true;
            }
            return Err(why);
        }
        let first_used = *token.first_used.get_or_insert(now);
        let companion = token.companion;
        let before = if siblings == Siblings::Strict { std::mem::take(&mut token.children) } else { vec![] };
        // "Companion tokens": the access token issued with a refresh token ends with it.
        if let Some(companion) = state.access_tokens.get_mut(&companion) {
            companion.expires = companion.expires.min(first_used + self.lifetimes.leeway);
        }
        state.end(before);
        let scopes = state.scopes(holder).ok_or(Refused::Revoked)?;
        let tokens = self.issue(state, attempt, Some(family), scopes, now);
        let child = attempt.issued.and_then(|(_, refresh)| refresh);
        if let Some(token) = state.refresh_tokens.get_mut(&own) {
            token.children.extend(child);
        }
        Ok(tokens)
    }

    /// Whether a refresh token would be exchanged now, and until when at most.
    pub(super) fn standing(&self, state: &State, own: TokenHash, now: Millis) -> Standing {
        let Some(token) = state.refresh_tokens.get(&own) else { return Standing::Refused(Refused::Unknown) };
        let family = &state.families[token.family];
        let refused = |why| Standing::Refused(why);
        if state.grant(token.holder).is_none() {
            return refused(Refused::Revoked);
        }
        if family.revoked {
            return refused(Refused::LoginEnded);
        }
        let Lifetimes { leeway, idle, absolute, .. } = self.lifetimes;
        let ends = [
            (token.issued + idle, Refused::Unused),
            (family.started + absolute, Refused::TooOld),
            (token.first_used.map_or(Millis::MAX, |used| used + leeway), Refused::UsedTooLongAgo),
        ];
        if let Some((_, why)) = ends.into_iter().find(|(end, _)| now > *end) {
            return refused(why);
        }
        let until = ends.into_iter().map(|(end, _)| end).min().unwrap_or(now);
        Standing::Exchangeable { until, used: token.first_used.is_some() }
    }
}

impl State {
    /// Ends tokens, and what was given for them.
    fn end(&mut self, mut tokens: Vec<TokenHash>) {
        while let Some(token) = tokens.pop() {
            let Some(RefreshToken { companion, children, .. }) = self.refresh_tokens.remove(&token) else {
                continue;
            };
            self.access_tokens.remove(&companion);
            tokens.extend(children);
        }
    }
}
