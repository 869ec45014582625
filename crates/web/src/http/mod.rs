//! What all handlers share.

pub(crate) mod access;
pub(crate) mod browser;
pub(crate) mod caller;
pub(crate) mod client;
pub(crate) mod cookies;
pub(crate) mod cors;
pub(crate) mod cursor;
pub(crate) mod edge;
pub(crate) mod extract;
pub(crate) mod gate;
pub(crate) mod headers;
pub(crate) mod host;
pub(crate) mod json;
pub(crate) mod list;
pub(crate) mod metrics;
pub(crate) mod origin;
pub(crate) mod policy;
pub(crate) mod problem;
pub(crate) mod rate;
pub(crate) mod return_url;
pub(crate) mod shape;
pub(crate) mod text;
