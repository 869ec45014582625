//! The sandbox over real HTTP, as a client sees it.

mod atlassian;
mod authorize;
mod confluence;
mod control;
mod data;
mod gateway;
mod projects;
mod refresh;
mod token;
