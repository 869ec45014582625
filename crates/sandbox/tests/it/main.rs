//! The sandbox over real HTTP, as a client sees it.

mod atlassian;
mod authorize;
mod confluence;
mod content;
mod control;
mod data;
mod gateway;
mod issues;
mod projects;
mod refresh;
mod search;
mod token;
