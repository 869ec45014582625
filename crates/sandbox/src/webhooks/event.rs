//! What webhooks are told, and which of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use url::Url;

use super::{Hook, delivery::Delivery};
use crate::{
    app::Sandbox,
    gateway::Caller,
    jira::events::{Shape, changed_fields, changelog, comment, fits, issue},
    switches::AppSharing,
    world::{
        World,
        issues::Issue,
        people::{ADA, PersonIndex},
        site::SiteIndex,
    },
};

/// Something that happened to an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    IssueCreated,
    /// With the number of changes that the issue had before.
    IssueUpdated(usize),
    IssueDeleted,
    CommentCreated(u64),
    CommentUpdated(u64),
    CommentDeleted(u64),
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::IssueCreated => "jira:issue_created",
            Self::IssueUpdated(_) => "jira:issue_updated",
            Self::IssueDeleted => "jira:issue_deleted",
            Self::CommentCreated(_) => "comment_created",
            Self::CommentUpdated(_) => "comment_updated",
            Self::CommentDeleted(_) => "comment_deleted",
        }
    }
}

impl Sandbox {
    /// The deliveries that an event causes, of an issue as it is now: one per person and address, however many of
    /// their webhooks match.
    pub(crate) fn deliveries(&self, site: &str, id: u64, event: Event) -> Vec<Delivery> {
        let now = self.now_millis();
        let world = self.world();
        let Some(index) = world.site_by_name(site) else { return Vec::new() };
        let Some(found) = world.sites[index].issue(id) else { return Vec::new() };
        let mut matched: BTreeMap<(PersonIndex, Url), Vec<u64>> = BTreeMap::new();
        for hook in self.webhooks().on(index, now) {
            let private = self.switches().app == AppSharing::Private;
            if (!private || hook.person == ADA)
                && self.grants().reaches(hook.person, index)
                && self.matches(&world, &hook, found, event)
            {
                matched.entry((hook.person, hook.url)).or_default().push(hook.id);
            }
        }
        let delivery = |((person, url), ids): ((PersonIndex, Url), Vec<u64>)| {
            let caller = self.caller(&world, index, person);
            let body = body(&world, &caller, found, event, now, &ids)?;
            Some(Delivery::new(url, &world.people[ADA].account_id, event.name(), &body))
        };
        matched.into_iter().filter_map(delivery).collect()
    }

    /// The deliveries of an event that is about no change of an issue: of a sprint, a version or, with the issue, of
    /// a property. Filters of issues say nothing about sprints and versions.
    pub(crate) fn other_deliveries(
        &self,
        site: SiteIndex,
        event: &'static str,
        about: &Value,
        issue: Option<u64>,
    ) -> Vec<Delivery> {
        let now = self.now_millis();
        let world = self.world();
        let found = issue.and_then(|id| world.sites[site].issue(id));
        let delivery = |hook: &Hook| {
            let caller = self.caller(&world, site, hook.person);
            let view = caller.view(&world);
            let fits = found.is_none_or(|found| fits(view, &hook.wanted.jql_filter, found, self.now()));
            let wanted = fits && hook.wanted.events.iter().any(|wanted| wanted == event);
            if !wanted || !self.grants().reaches(hook.person, site) {
                return None;
            }
            let mut body = json!({ "timestamp": now, "webhookEvent": event });
            if let (Some(body), Some(about)) = (body.as_object_mut(), about.as_object()) {
                body.extend(about.clone());
            }
            if let Some(found) = found {
                body["issue"] = crate::jira::events::issue(view, found, Shape::Short);
            }
            body["matchedWebhookIds"] = json!([hook.id]);
            Some(Delivery::new(hook.url.clone(), &world.people[ADA].account_id, event, &body))
        };
        self.webhooks().on(site, now).iter().filter_map(delivery).collect()
    }

    fn matches(&self, world: &World, hook: &Hook, issue: &Issue, event: Event) -> bool {
        if !hook.wanted.events.iter().any(|wanted| wanted == event.name()) {
            return false;
        }
        if let (Event::IssueUpdated(before), Some(fields)) = (event, &hook.wanted.field_ids_filter)
            && !changed_fields(issue, before).any(|field| fields.iter().any(|wanted| wanted == field))
        {
            return false;
        }
        let caller = self.caller(world, hook.site, hook.person);
        fits(caller.view(world), &hook.wanted.jql_filter, issue, self.now())
    }

    /// Webhooks show the data at the site's own address.
    fn caller(&self, world: &World, site: SiteIndex, person: PersonIndex) -> Caller {
        let site_url = self.site_url(&world.sites[site].name);
        Caller { site, person: Some(person), scopes: None, root: site_url.clone(), site_url }
    }
}

fn body(world: &World, caller: &Caller, found: &Issue, event: Event, now: i64, ids: &[u64]) -> Option<Value> {
    let view = caller.view(world);
    let mut body = json!({ "timestamp": now, "webhookEvent": event.name() });
    match event {
        Event::IssueCreated | Event::IssueUpdated(_) | Event::IssueDeleted => {
            body["user"] = crate::jira::events::user(view, ADA);
            body["issue"] = issue(view, found, Shape::Whole);
        }
        Event::CommentCreated(id) | Event::CommentUpdated(id) | Event::CommentDeleted(id) => {
            body["comment"] = comment(view, found, id)?;
            body["issue"] = issue(view, found, Shape::Short);
        }
    }
    match event {
        Event::IssueCreated => body["issue_event_type_name"] = json!("issue_created"),
        Event::IssueUpdated(before) => {
            let fields: Vec<&str> = changed_fields(found, before).collect();
            body["issue_event_type_name"] = json!(match fields.as_slice() {
                ["assignee"] => "issue_assigned",
                ["Key", ..] => "issue_moved",
                fields if fields.contains(&"status") => "issue_generic",
                _ => "issue_updated",
            });
            body["changelog"] = changelog(view, found, before);
        }
        _ => {}
    }
    body["matchedWebhookIds"] = json!(ids);
    Some(body)
}
