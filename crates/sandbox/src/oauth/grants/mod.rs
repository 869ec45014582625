//! What people agreed to, and the codes and tokens made from it.
//!
//! There is one grant per app and person: a new consent replaces its scopes and adds its site. A login starts a
//! family of refresh tokens; each exchange disables the token it was given, which may be sent again only within
//! the leeway, for clients that did not get the answer. Together with it the access token that came with it ends.
//! A token sent again after the leeway looks stolen and ends the family.

mod history;
mod rotation;
mod standing;

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest as _, Sha256};

pub use history::{Answer, Attempt, Delivery, Fingerprint, Sequence, TokenEvent};
pub use standing::{GrantRow, Standing, TokenRow};

use self::{history::History, rotation::Lifetimes};
use super::{bearer::Bearer, scopes::ScopeSet};
use crate::{
    control::GrantType,
    entropy::random_text,
    options::SandboxOptions,
    switches::{DeadGrant, GrantReach, Switches},
    world::{Millis, people::PersonIndex, site::SiteIndex},
};

/// Codes live a minute.
const CODE_TTL: Millis = 60_000;

/// All grants, codes and tokens.
pub struct Grants {
    lifetimes: Lifetimes,
    state: Mutex<State>,
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
    history: History,
    last_grant: u64,
    refusals: u64,
}

struct Grant {
    id: u64,
    scopes: ScopeSet,
    sites: Vec<SiteIndex>,
}

/// Whose a code or token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    pub person: PersonIndex,
    pub grant: u64,
    /// The one site that it reaches, where the grant is for a site and not for the account.
    pub only: Option<SiteIndex>,
}

struct Code {
    holder: Holder,
    expires: Millis,
    request: CodeRequest,
}

/// What the authorization request said and the exchange has to match.
#[derive(Clone)]
pub struct CodeRequest {
    pub redirect_uri: String,
    /// PKCE challenge, method S256.
    pub challenge: Option<String>,
}

/// A login: the tokens that descend from one code.
struct Family {
    started: Millis,
    revoked: bool,
}

struct RefreshToken {
    holder: Holder,
    family: usize,
    issued: Millis,
    first_used: Option<Millis>,
    companion: TokenHash,
    /// What was given for this one so far, oldest first.
    children: Vec<TokenHash>,
}

struct AccessToken {
    holder: Holder,
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
        let state = State { history: History::new(options.control), ..State::default() };
        Self { lifetimes: Lifetimes::new(options), state: Mutex::new(state) }
    }

    /// A person agreed: the grant now has these scopes and one site more. Answers a code for it, whose tokens reach
    /// that site only or, as usual, all of the grant's.
    pub fn consent(
        &self,
        (person, site): (PersonIndex, SiteIndex),
        scopes: ScopeSet,
        request: CodeRequest,
        switches: Switches,
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
        let holder =
            Holder { person, grant: id, only: (switches.grants == GrantReach::Site).then_some(site) };
        state.codes.insert(hash(&code), Code { holder, expires: now + CODE_TTL, request });
        code
    }

    /// Exchanges a code. It is used up by the attempt, whether that succeeds or not.
    pub fn exchange_code(
        &self,
        code: &str,
        redirect_uri: &str,
        verify: impl FnOnce(Option<&str>) -> bool,
        now: Millis,
    ) -> (Result<TokenSet, CodeRefusal>, Sequence) {
        let mut state = self.state();
        let mut attempt = Attempt::new(GrantType::AuthorizationCode, Some(code));
        let result = self.redeem(&mut state, &mut attempt, redirect_uri, verify, now);
        (result, state.history.add(attempt, now))
    }

    fn redeem(
        &self,
        state: &mut State,
        attempt: &mut Attempt,
        redirect_uri: &str,
        verify: impl FnOnce(Option<&str>) -> bool,
        now: Millis,
    ) -> Result<TokenSet, CodeRefusal> {
        let presented = attempt.presented.ok_or(CodeRefusal::UnknownOrUsed)?;
        let code = state.codes.remove(&presented).ok_or(CodeRefusal::UnknownOrUsed)?;
        attempt.holder = Some(code.holder);
        if code.expires < now {
            return Err(CodeRefusal::UnknownOrUsed);
        }
        if code.request.redirect_uri != redirect_uri {
            return Err(CodeRefusal::WrongRedirectUri);
        }
        if !verify(code.request.challenge.as_deref()) {
            return Err(CodeRefusal::WrongVerifier);
        }
        let scopes = state.scopes(code.holder).ok_or(CodeRefusal::UnknownOrUsed)?;
        let family = scopes.wants_refresh_token().then(|| {
            state.families.push(Family { started: now, revoked: false });
            state.families.len() - 1
        });
        Ok(self.issue(state, attempt, family, scopes, now))
    }

    /// Exchanges a refresh token for a new pair.
    pub fn refresh(
        &self,
        token: &str,
        switches: Switches,
        now: Millis,
    ) -> (Result<TokenSet, RefreshRefusal>, Sequence) {
        let mut state = self.state();
        let mut attempt = Attempt::new(GrantType::RefreshToken, Some(token));
        let result = self.rotate(&mut state, &mut attempt, hash(token), switches.siblings, now);
        let result = result.map_err(|why| {
            attempt.why = Some(why);
            state.next_refusal(switches.dead_grant)
        });
        (result, state.history.add(attempt, now))
    }

    /// A request to the token endpoint that did not get as far as a code or token.
    pub fn note(&self, mut attempt: Attempt, now: Millis) -> Sequence {
        let mut state = self.state();
        if let Some(presented) = attempt.presented {
            let code = state.codes.get(&presented).map(|code| (code.holder, None));
            let token = state.refresh_tokens.get(&presented);
            let found = code.or_else(|| token.map(|token| (token.holder, Some(token.family))));
            attempt.holder = found.map(|(holder, _)| holder);
            attempt.login = found.and_then(|(_, login)| login);
        }
        state.history.add(attempt, now)
    }

    /// What became of the answer to an attempt.
    pub fn answered(&self, sequence: Sequence, answer: Answer) {
        self.state().history.answered(sequence, answer);
    }

    /// What was asked of the token endpoint after an event, for one person or all.
    pub fn history(&self, after: u64, person: Option<PersonIndex>) -> Vec<TokenEvent> {
        self.state().history.after(after, person)
    }

    fn issue(
        &self,
        state: &mut State,
        attempt: &mut Attempt,
        family: Option<usize>,
        scopes: ScopeSet,
        now: Millis,
    ) -> TokenSet {
        let lifetime = self.lifetimes.access_token;
        let access_token = opaque_token(&["access", &scopes.to_string()]);
        let companion = hash(&access_token);
        let Some(holder) = attempt.holder else { unreachable!("only a holder is given tokens") };
        let access = AccessToken { holder, family, scopes: scopes.clone(), expires: now + lifetime };
        state.access_tokens.insert(companion, access);
        let refresh_token = family.map(|family| {
            let token = opaque_token(&["refresh"]);
            let (issued, children) = (now, Vec::new());
            let refresh = RefreshToken { holder, family, issued, first_used: None, companion, children };
            state.refresh_tokens.insert(hash(&token), refresh);
            token
        });
        attempt.login = family;
        attempt.issued = Some((companion, refresh_token.as_deref().map(hash)));
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
        let Holder { person, only, .. } = token.holder;
        let grant = state.grant(token.holder)?;
        let scopes = token.scopes.intersection(&grant.scopes);
        let reached = |site: &&SiteIndex| only.is_none_or(|only| only == **site);
        Some(Bearer { person, scopes, sites: grant.sites.iter().filter(reached).copied().collect() })
    }

    /// Whether this was an access token that has just grown too old.
    pub fn is_expired(&self, token: &str, now: Millis) -> bool {
        self.state().access_tokens.get(&hash(token)).is_some_and(|token| now >= token.expires)
    }

    /// Whether a person's grant covers a site.
    pub fn reaches(&self, person: PersonIndex, site: SiteIndex) -> bool {
        self.state().grants.get(&person).is_some_and(|grant| grant.sites.contains(&site))
    }

    /// The access tokens of one person, or of all, end now.
    pub fn expire_access_tokens(&self, person: Option<PersonIndex>, now: Millis) {
        let is_meant = |token: &&mut AccessToken| person.is_none_or(|person| person == token.holder.person);
        for token in self.state().access_tokens.values_mut().filter(is_meant) {
            token.expires = token.expires.min(now);
        }
    }

    /// One person, or everybody, takes the consent back.
    pub fn revoke(&self, person: Option<PersonIndex>) {
        let mut state = self.state();
        match person {
            Some(person) => drop(state.grants.remove(&person)),
            None => state.grants.clear(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The grant of a holder, if it is still that person's.
    fn grant(&self, holder: Holder) -> Option<&Grant> {
        self.grants.get(&holder.person).filter(|current| current.id == holder.grant)
    }

    /// What a grant allows now, if it is still the person's grant.
    fn scopes(&self, holder: Holder) -> Option<ScopeSet> {
        self.grant(holder).map(|grant| grant.scopes.clone())
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
