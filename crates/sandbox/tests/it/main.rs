//! The sandbox over real HTTP, as a client sees it.

mod activity;
mod atlassian;
mod authorize;
mod blogposts;
mod browse;
mod confluence;
mod content;
mod control;
mod custody;
mod data;
mod gateway;
mod issues;
mod mirror;
mod projects;
mod refresh;
mod search;
mod sites;
mod switches;
mod token;
mod webhooks;
