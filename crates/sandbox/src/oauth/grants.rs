//! What people agreed to, and the codes and tokens made from it.
//!
//! There is one grant per app and person: a new consent replaces its scopes and adds its site. A login starts a
//! family of refresh tokens; each exchange disables the token it was given, which may be sent again only within
//! the leeway, for clients that did not get the answer. Together with it the access token that came with it ends.
//! A token sent again after the leeway looks stolen and ends the family.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest as _, Sha256};

use super::{bearer::Bearer, scopes::ScopeSet};
use crate::{
    entropy::random_text,
    options::SandboxOptions,
    switches::{DeadGrant, Siblings, Switches},
    world::{Millis, millis, people::PersonIndex, site::SiteIndex},
};

/// Codes live a minute.
const CODE_TTL: Millis = 60_000;

/// All grants, codes and tokens.
pub struct Grants {
    lifetimes: Lifetimes,
    state: Mutex<State>,
}

/// How long things live, in milliseconds.
struct Lifetimes {
    access_token: Millis,
    leeway: Millis,
    idle: Millis,
    absolute: Millis,
}

/// Tokens are kept as their hashes: the table does not tell what opens it.
type TokenHash = [u8; 32];

#[derive(Default)]
struct State {
    grants: HashMap<PersonIndex, Grant>,
    codes: HashMap<TokenHash, Code>,
    families: Vec<Family>,
    refresh_tokens: HashMap<TokenHash, RefreshToken>,
    access_tokens: HashMap<TokenHash, AccessToken>,
    last_grant: u64,
    refusals: u64,
}

struct Grant {
    id: u64,
    scopes: ScopeSet,
    sites: Vec<SiteIndex>,
}

struct Code {
    person: PersonIndex,
    grant: u64,
    expires: Millis,
    request: CodeRequest,
}

/// What the authorization request said and the exchange has to match.
pub struct CodeRequest {
    pub redirect_uri: String,
    /// PKCE challenge, method S256.
    pub challenge: Option<String>,
}

struct Family {
    started: Millis,
    revoked: bool,
}

struct RefreshToken {
    person: PersonIndex,
    grant: u64,
    family: usize,
    issued: Millis,
    first_used: Option<Millis>,
    companion: TokenHash,
    /// The token that this one was given for.
    parent: Option<TokenHash>,
}

struct AccessToken {
    person: PersonIndex,
    grant: u64,
    family: Option<usize>,
    scopes: ScopeSet,
    expires: Millis,
}

/// What the token endpoint answers with.
pub struct TokenSet {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub expires_in: i64,
    pub scopes: ScopeSet,
}

/// Why a code was refused.
#[derive(Debug, PartialEq, Eq)]
pub enum CodeRefusal {
    UnknownOrUsed,
    WrongRedirectUri,
    WrongVerifier,
}

/// Why a refresh token was refused. Atlassian has two answers for it, and both are about equally common.
#[derive(Debug, PartialEq, Eq)]
pub enum RefreshRefusal {
    InvalidGrant,
    UnauthorizedClient,
}

impl Grants {
    pub fn new(options: &SandboxOptions) -> Self {
        let lifetimes = Lifetimes {
            access_token: millis(options.access_token_ttl),
            leeway: millis(options.refresh_leeway),
            idle: millis(options.refresh_idle_ttl),
            absolute: millis(options.refresh_absolute_ttl),
        };
        Self { lifetimes, state: Mutex::default() }
    }

    /// A person agreed: the grant now has these scopes and one site more. Answers a code for it.
    pub fn consent(
        &self,
        person: PersonIndex,
        site: SiteIndex,
        scopes: ScopeSet,
        request: CodeRequest,
        now: Millis,
    ) -> String {
        let mut state = self.state();
        let next = state.last_grant + 1;
        let grant = state.grants.entry(person).or_insert_with(|| Grant {
            id: next,
            scopes: ScopeSet::default(),
            sites: vec![],
        });
        grant.scopes = scopes;
        if !grant.sites.contains(&site) {
            grant.sites.push(site);
        }
        let id = grant.id;
        state.last_grant = state.last_grant.max(id);
        let code = opaque_token(&["code"]);
        state.codes.insert(hash(&code), Code { person, grant: id, expires: now + CODE_TTL, request });
        code
    }

    /// Exchanges a code. It is used up by the attempt, whether that succeeds or not.
    pub fn exchange_code(
        &self,
        code: &str,
        redirect_uri: &str,
        verify: impl FnOnce(Option<&str>) -> bool,
        now: Millis,
    ) -> Result<TokenSet, CodeRefusal> {
        let mut state = self.state();
        let code = state.codes.remove(&hash(code)).ok_or(CodeRefusal::UnknownOrUsed)?;
        if code.expires < now {
            return Err(CodeRefusal::UnknownOrUsed);
        }
        if code.request.redirect_uri != redirect_uri {
            return Err(CodeRefusal::WrongRedirectUri);
        }
        if !verify(code.request.challenge.as_deref()) {
            return Err(CodeRefusal::WrongVerifier);
        }
        let scopes = state.scopes(code.person, code.grant).ok_or(CodeRefusal::UnknownOrUsed)?;
        let family = scopes.wants_refresh_token().then(|| {
            state.families.push(Family { started: now, revoked: false });
            (state.families.len() - 1, None)
        });
        Ok(self.issue(&mut state, code.person, code.grant, family, scopes, now))
    }

    /// Exchanges a refresh token for a new pair.
    pub fn refresh(&self, token: &str, switches: Switches, now: Millis) -> Result<TokenSet, RefreshRefusal> {
        let mut state = self.state();
        self.rotate(&mut state, hash(token), switches.siblings, now)
            .ok_or_else(|| state.next_refusal(switches.dead_grant))
    }

    fn rotate(&self, state: &mut State, own: TokenHash, siblings: Siblings, now: Millis) -> Option<TokenSet> {
        let Lifetimes { leeway, idle, absolute, .. } = self.lifetimes;
        let token = state.refresh_tokens.get_mut(&own)?;
        let family = state.families.get_mut(token.family)?;
        if family.revoked || now - token.issued > idle || now - family.started > absolute {
            return None;
        }
        let again = token.first_used.is_some();
        let first_used = *token.first_used.get_or_insert(now);
        if now - first_used > leeway {
            family.revoked = true;
            return None;
        }
        let (person, grant, family, companion) = (token.person, token.grant, token.family, token.companion);
        // "Companion tokens": the access token issued with a refresh token ends with it.
        if let Some(companion) = state.access_tokens.get_mut(&companion) {
            companion.expires = companion.expires.min(first_used + leeway);
        }
        if again && siblings == Siblings::Strict {
            state.end_children(own);
        }
        let scopes = state.scopes(person, grant)?;
        Some(self.issue(state, person, grant, Some((family, Some(own))), scopes, now))
    }

    fn issue(
        &self,
        state: &mut State,
        person: PersonIndex,
        grant: u64,
        family: Option<(usize, Option<TokenHash>)>,
        scopes: ScopeSet,
        now: Millis,
    ) -> TokenSet {
        let lifetime = self.lifetimes.access_token;
        let access_token = opaque_token(&["access", &scopes.to_string()]);
        let companion = hash(&access_token);
        let access = AccessToken {
            person,
            grant,
            family: family.map(|(family, _)| family),
            scopes: scopes.clone(),
            expires: now + lifetime,
        };
        state.access_tokens.insert(companion, access);
        let refresh_token = family.map(|(family, parent)| {
            let token = opaque_token(&["refresh"]);
            let refresh =
                RefreshToken { person, grant, family, issued: now, first_used: None, companion, parent };
            state.refresh_tokens.insert(hash(&token), refresh);
            token
        });
        TokenSet { access_token, refresh_token, expires_in: lifetime / 1000, scopes }
    }

    /// Who an access token speaks for, unless it has ended.
    pub fn bearer(&self, token: &str, now: Millis) -> Option<Bearer> {
        let state = self.state();
        let token = state.access_tokens.get(&hash(token)).filter(|token| now < token.expires)?;
        let revoked = |family: usize| state.families.get(family).is_none_or(|family| family.revoked);
        if token.family.is_some_and(revoked) {
            return None;
        }
        let grant = state.grants.get(&token.person).filter(|grant| grant.id == token.grant)?;
        let scopes = token.scopes.intersection(&grant.scopes);
        Some(Bearer { person: token.person, scopes, sites: grant.sites.clone() })
    }

    /// Whether this was an access token that has just grown too old.
    pub fn is_expired(&self, token: &str, now: Millis) -> bool {
        self.state().access_tokens.get(&hash(token)).is_some_and(|token| now >= token.expires)
    }

    /// Whether a person's grant covers a site.
    pub fn reaches(&self, person: PersonIndex, site: SiteIndex) -> bool {
        self.state().grants.get(&person).is_some_and(|grant| grant.sites.contains(&site))
    }

    /// All access tokens end now.
    pub fn expire_access_tokens(&self, now: Millis) {
        for token in self.state().access_tokens.values_mut() {
            token.expires = token.expires.min(now);
        }
    }

    /// All people take their consent back.
    pub fn revoke_all(&self) {
        self.state().grants.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What a grant allows now, if it is still the person's grant.
    fn scopes(&self, person: PersonIndex, grant: u64) -> Option<ScopeSet> {
        self.grants.get(&person).filter(|current| current.id == grant).map(|grant| grant.scopes.clone())
    }

    /// Ends what was given for a token before, and what was given for that.
    fn end_children(&mut self, parent: TokenHash) {
        let children: Vec<TokenHash> = self
            .refresh_tokens
            .iter()
            .filter(|(_, token)| token.parent == Some(parent))
            .map(|(hash, _)| *hash)
            .collect();
        for child in children {
            self.end_children(child);
            if let Some(token) = self.refresh_tokens.remove(&child) {
                self.access_tokens.remove(&token.companion);
            }
        }
    }

    fn next_refusal(&mut self, answer: DeadGrant) -> RefreshRefusal {
        self.refusals += 1;
        let documented = match answer {
            DeadGrant::InvalidGrant => true,
            DeadGrant::UnauthorizedClient => false,
            DeadGrant::Alternate => self.refusals % 2 == 1,
        };
        if documented { RefreshRefusal::InvalidGrant } else { RefreshRefusal::UnauthorizedClient }
    }
}

fn hash(token: &str) -> TokenHash {
    Sha256::digest(token).into()
}

/// Atlassian's codes and tokens look like JSON web tokens and are as long, but nobody may read them. The claims
/// only give the token a real one's length.
fn opaque_token(claims: &[&str]) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"RS256","kid":"sandbox"}"#);
    let claims = URL_SAFE_NO_PAD.encode(format!("{{\"iss\":\"sandbox\",\"use\":{:?}}}", claims.join(" ")));
    format!("{header}.{claims}.{}.{}", random_text::<32>(), random_text::<256>())
}
