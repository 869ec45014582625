//! The one place that decides which caller may do what.

use super::caller::Caller;
use crate::AuthMode;
use connector_domain::KeyScope;

/// What an operation needs of its caller. Stands in the OpenAPI document as `x-connector-needs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: health, the logins themselves, pages.
    Open,
    /// To read the rows that the caller may see.
    Read,
    /// To read figures over everybody, which name nobody: for programs, not for people.
    Observe,
    /// To change what the caller may see.
    Write,
    /// To change whom the service knows: people and their connections, whoever they are.
    Manage,
    /// A person with a session, whatever the mode.
    Session,
    /// Keys, and the whole audit trail.
    Admin,
}

/// Why a caller may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    /// Nobody knows who it is.
    Unknown,
    /// A person, where the rows of everybody are concerned.
    NotForPeople,
    /// A key for one person's rows, where those of everybody are concerned.
    LimitedKey,
    /// A key without the scope.
    Scope(KeyScope),
    /// A program, where only a person's session does.
    NotForServers,
}

impl Need {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Observe => "observe",
            Self::Write => "write",
            Self::Manage => "manage",
            Self::Session => "session",
            Self::Admin => "admin",
        }
    }

    /// The scope of an API key that is enough; `None` where no key is.
    const fn scope(self) -> Option<KeyScope> {
        match self {
            Self::Open | Self::Read | Self::Observe => Some(KeyScope::Read),
            Self::Write | Self::Manage => Some(KeyScope::Manage),
            Self::Admin => Some(KeyScope::Admin),
            Self::Session => None,
        }
    }

    /// Whether nobody in particular may, in public mode. What makes or shows credentials is never public.
    const fn is_public(self) -> bool {
        matches!(self, Self::Open | Self::Read | Self::Observe | Self::Write | Self::Manage)
    }

    /// Whether a person may in `required` mode, for what is theirs.
    const fn is_personal(self) -> bool {
        matches!(self, Self::Open | Self::Read | Self::Write | Self::Session)
    }
}

/// May this caller do what needs `need`? Whose rows it may then have is said by [`Caller::scope`].
pub(crate) fn decide(mode: AuthMode, caller: &Caller, need: Need) -> Result<(), Denied> {
    match caller {
        // What concerns everybody is not for a key that is for one.
        Caller::Server(key) if key.user_id.is_some() && !need.is_personal() => Err(Denied::LimitedKey),
        Caller::Server(key) => match need.scope() {
            Some(scope) if key.scopes.cover(scope) => Ok(()),
            Some(scope) => Err(Denied::Scope(scope)),
            None => Err(Denied::NotForServers),
        },
        _ if need == Need::Open => Ok(()),
        Caller::Person(_) if need.is_personal() => Ok(()),
        Caller::Anonymous | Caller::Person(_) if mode == AuthMode::Public && need.is_public() => Ok(()),
        Caller::Anonymous => Err(Denied::Unknown),
        Caller::Person(_) => Err(Denied::NotForPeople),
    }
}
