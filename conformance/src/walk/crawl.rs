//! Getting everything that can be got: all routes, filled with all ids that earlier answers have told.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::routes::Route;
use super::variants::queries;
use super::walker::Walker;
use crate::openapi::Api;

/// Pages of one list that are followed.
const MOST_PAGES: usize = 4;
/// Where lists keep their elements.
const LISTS: [&str; 9] = [
    "results",
    "values",
    "comments",
    "worklogs",
    "issues",
    "histories",
    "children",
    "attachment",
    "webhooks",
];
/// Lists of things that have their own routes elsewhere.
const ELSEWHERE: [(&str, &str); 6] = [
    ("/project/search", "/project"),
    ("/search/jql", "/issue"),
    ("/users/search", "/user"),
    ("/content/search", "/content"),
    ("/priority/search", "/priority"),
    ("/direct-children", "/pages"),
];

/// How a route has answered so far.
#[derive(Debug, Clone, Default)]
struct Tries {
    answered: bool,
    refused: usize,
}

impl Tries {
    /// Most of what the documents have the sandbox has not: it need not be asked with every id there is.
    fn is_worth_it(&self) -> bool {
        self.answered || self.refused < 12
    }

    fn note(&mut self, answered: Option<bool>) {
        match answered {
            Some(true) => self.answered = true,
            Some(false) => self.refused += 1,
            None => {}
        }
    }
}

/// The ids that have been seen in each list, by the list's path.
#[derive(Debug, Default)]
pub struct Known {
    ids: BTreeMap<(Api, String), BTreeSet<String>>,
    asked: BTreeSet<String>,
}

impl Known {
    pub fn ids(&self, api: Api, list: &str) -> Vec<String> {
        self.ids.get(&(api, list.to_owned())).into_iter().flatten().cloned().collect()
    }

    pub fn add(&mut self, api: Api, list: &str, id: impl Into<String>) {
        self.ids.entry((api, list.to_owned())).or_default().insert(id.into());
    }

    /// The paths that a template stands for, as far as ids are known.
    fn paths(&self, api: Api, template: &str) -> Vec<String> {
        let mut paths = vec![String::new()];
        for part in template.split('/').skip(1) {
            paths = paths
                .into_iter()
                .flat_map(|path| {
                    if part == "{}" {
                        self.ids(api, &path).into_iter().map(|id| format!("{path}/{id}")).collect()
                    } else {
                        vec![format!("{path}/{part}")]
                    }
                })
                .collect();
        }
        paths
    }

    /// Notes the ids in an answer.
    fn learn(&mut self, api: Api, path: &str, body: &Value) {
        let last = path.rfind('/').map_or(path, |at| &path[at..]);
        let elsewhere =
            ELSEWHERE.iter().find(|(list, _)| path.ends_with(list)).map_or(last, |(_, other)| *other);
        let named = LISTS.iter().filter_map(|name| body[*name].as_array()).flatten();
        for item in body.as_array().into_iter().flatten().chain(named) {
            for id in ["id", "number", "accountId"].iter().filter_map(|name| id(&item[*name])) {
                self.add(api, path, &id);
                self.add(api, elsewhere, &id);
            }
            self.learn_of(api, item);
        }
        self.learn_of(api, body);
    }

    /// Notes what one thing says of others.
    fn learn_of(&mut self, api: Api, item: &Value) {
        if item["parentType"] == "folder" || item["type"] == "folder" {
            let folder = if item["type"] == "folder" { &item["id"] } else { &item["parentId"] };
            if let Some(folder) = id(folder) {
                self.add(api, "/folders", folder);
            }
        }
        for file in item["fields"]["attachment"].as_array().into_iter().flatten() {
            for list in ["/attachment", "/attachment/content", "/attachment/thumbnail"] {
                self.ids.entry((api, list.to_owned())).or_default().extend(id(&file["id"]));
            }
        }
    }
}

fn id(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|number| number.to_string()))
}

impl Walker {
    /// Asks for everything, until nothing new turns up.
    pub async fn crawl(&self, routes: &[Route], known: &mut Known) {
        let mut tries = vec![Tries::default(); routes.len()];
        loop {
            let before = known.asked.len();
            for (Route { api, template }, tries) in routes.iter().zip(&mut tries) {
                for path in known.paths(*api, template) {
                    for query in queries(template) {
                        if tries.is_worth_it() {
                            tries.note(self.follow(known, *api, &path, query).await);
                        }
                    }
                }
            }
            if known.asked.len() == before {
                return;
            }
        }
    }

    /// One list from page to page, or one thing; answers whether that was there, unless it was asked before.
    async fn follow(&self, known: &mut Known, api: Api, path: &str, query: &str) -> Option<bool> {
        let mut next = Some(query.to_owned());
        let mut answered = None;
        for _ in 0..MOST_PAGES {
            let Some(query) = next.take() else { break };
            if !known.asked.insert(format!("{}{path}?{query}", api.prefix())) {
                break;
            }
            let (status, body) = self.ask("GET", &format!("{}{path}", self.root(api)), &query, None).await;
            answered = Some(status < 400);
            if status != 200 {
                break;
            }
            known.learn(api, path, &body);
            next = next_page(&query, &body);
        }
        answered
    }
}

/// The query of the page that follows, in whichever of the ways the list has.
fn next_page(query: &str, body: &Value) -> Option<String> {
    if let Some(next) = body["_links"]["next"].as_str() {
        return next.split_once('?').map(|(_, query)| query.to_owned());
    }
    let others =
        query.split('&').filter(|pair| !pair.starts_with("startAt=") && !pair.starts_with("nextPageToken="));
    let mut pairs: Vec<String> = others.filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
    if let Some(token) = body["nextPageToken"].as_str() {
        let mut token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
        token.insert_str(0, "nextPageToken=");
        pairs.push(token);
        return Some(pairs.join("&"));
    }
    let count = LISTS.iter().find_map(|name| body[*name].as_array())?.len() as u64;
    let end = body["startAt"].as_u64()? + count;
    (count > 0 && end < body["total"].as_u64()?).then(|| {
        pairs.push(format!("startAt={end}"));
        pairs.join("&")
    })
}
