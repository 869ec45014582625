//! Rows as they are stored. They leave this crate as values of the domain.

pub(crate) mod api_key;
pub(crate) mod audit_event;
pub(crate) mod confluence_page;
pub(crate) mod confluence_space;
pub(crate) mod connect_link;
pub(crate) mod connection;
pub(crate) mod connection_site;
pub(crate) mod deployment;
pub(crate) mod erased_account;
pub(crate) mod grant;
pub(crate) mod grant_intent;
pub(crate) mod grant_spare;
pub(crate) mod jira_project;
pub(crate) mod job;
pub(crate) mod key_check;
pub(crate) mod key_rotation;
pub(crate) mod login_attempt;
pub(crate) mod session;
pub(crate) mod sync_run;
pub(crate) mod token_pause;
pub(crate) mod user;
pub(crate) mod user_token;
