//! How a handler says what it needs, and how that reaches the OpenAPI document.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::{FromRequestParts, MatchedPath, State};
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::http::request::Parts;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Paths, extensions::ExtensionsBuilder};
use utoipa_axum::router::UtoipaMethodRouter;

use super::caller::Caller;
use super::policy::Need;
use super::problem::Problem;
use crate::App;

/// A caller that may do what `N` needs. Every handler has it behind the state, and without it is not a handler of
/// [`operation!`].
pub(crate) struct Access<N> {
    caller: Caller,
    need: PhantomData<N>,
}

/// A need as a type.
pub(crate) trait NeedIs {
    const NEED: Need;
}

macro_rules! needs {
    ($($name:ident)*) => {$(
        #[doc = concat!("[`Need::", stringify!($name), "`] as a type.")]
        pub(crate) struct $name;

        impl NeedIs for $name {
            const NEED: Need = Need::$name;
        }
    )*};
}

needs!(Open Read Observe Write Manage Session Admin);

impl<N: NeedIs> FromRequestParts<App> for Access<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        if let Err(problem) = caller.may(app, N::NEED) {
            // Who is not known at all is told so a hundred times a second, and nobody would read that.
            if problem.status() == StatusCode::FORBIDDEN {
                let route = parts.extensions.get::<MatchedPath>().map_or("unknown", MatchedPath::as_str);
                let (needs, method) = (N::NEED.as_str(), parts.method.as_str());
                app.connections().note_denied(caller.actor(), needs, method, route);
            }
            return Err(problem);
        }
        Ok(Self { caller, need: PhantomData })
    }
}

impl<N> Deref for Access<N> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// Whoever it is: for what needs nothing and does not ask who calls.
pub(crate) struct Anyone;

impl<S: Send + Sync> FromRequestParts<S> for Anyone {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self)
    }
}

/// The extractors of a handler that says what it needs: the state, then [`Access`] or [`Anyone`],
/// then whatever it takes.
pub(crate) trait Declares {
    const NEED: Need;
}

macro_rules! declares {
    ($($rest:ident)*) => {
        impl<M, N: NeedIs, $($rest),*> Declares for (M, State<App>, Access<N>, $($rest,)*) {
            const NEED: Need = N::NEED;
        }

        impl<M, $($rest),*> Declares for (M, State<App>, Anyone, $($rest,)*) {
            const NEED: Need = Need::Open;
        }
    };
}

declares!();
declares!(T1);
declares!(T1 T2);
declares!(T1 T2 T3);
declares!(T1 T2 T3 T4);

/// What a handler needs, read from its type.
pub(crate) const fn need_of<H, T>(_: &H) -> Need
where
    H: Handler<T, App>,
    T: Declares,
{
    T::NEED
}

/// The schemes of the OpenAPI document.
pub(crate) const KEY_SCHEME: &str = "apiKey";
pub(crate) const SESSION_SCHEME: &str = "session";

/// Writes what an operation needs into its description.
pub(crate) fn declare(operation: UtoipaMethodRouter<App>, need: Need) -> UtoipaMethodRouter<App> {
    let (schemas, mut paths, router) = operation;
    each_operation(&mut paths, |operation| {
        operation.security = Some(security(need));
        let needs = ExtensionsBuilder::new().add("x-connector-needs", need.as_str()).build();
        operation.extensions.get_or_insert_default().merge(needs);
    });
    (schemas, paths, router)
}

/// Which credentials do, one being enough. The empty one says that public mode asks for none.
fn security(need: Need) -> Vec<SecurityRequirement> {
    let key = || SecurityRequirement::new(KEY_SCHEME, [""; 0]);
    let session = || SecurityRequirement::new(SESSION_SCHEME, [""; 0]);
    let none = SecurityRequirement::default;
    match need {
        Need::Open => vec![none()],
        Need::Read | Need::Write => vec![none(), session(), key()],
        Need::Observe | Need::Manage => vec![none(), key()],
        Need::Admin => vec![key()],
        Need::Session => vec![session()],
    }
}

fn each_operation(paths: &mut Paths, mut change: impl FnMut(&mut Operation)) {
    for item in paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.patch, &mut item.put, &mut item.delete];
        operations.into_iter().flatten().for_each(&mut change);
    }
}

/// An operation of the API: its route, its description, and what it needs. Does not compile for a handler that does
/// not take [`Access`] behind the state.
macro_rules! operation {
    ($handler:path) => {
        $crate::http::access::declare(
            utoipa_axum::routes!($handler),
            $crate::http::access::need_of(&$handler),
        )
    };
}
pub(crate) use operation;
