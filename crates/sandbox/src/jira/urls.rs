//! The links in Jira's answers. They repeat the address that was asked: the gateway's or the site's.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::ApiVersion;
use crate::gateway::View;

/// What account ids keep when they stand in a query.
const ACCOUNT_ID: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// Writes the links for one caller and version.
#[derive(Clone, Copy)]
pub struct Urls<'a> {
    view: View<'a>,
    version: ApiVersion,
}

impl<'a> Urls<'a> {
    pub fn new(view: View<'a>, version: ApiVersion) -> Self {
        Self { view, version }
    }

    /// The address of a resource, such as `project/10000`.
    pub fn resource(&self, path: &str) -> String {
        let version = match self.version {
            ApiVersion::V2 => 2,
            ApiVersion::V3 => 3,
        };
        format!("{}/rest/api/{version}/{path}", self.view.caller.root)
    }

    pub fn user(&self, account_id: &str) -> String {
        self.resource(&format!("user?accountId={}", utf8_percent_encode(account_id, ACCOUNT_ID)))
    }

    pub fn project_avatars(&self, project: u64) -> Value {
        self.avatars("project", 10_400 + u32::try_from(project % 24).unwrap_or_default())
    }

    fn avatars(&self, kind: &str, id: u32) -> Value {
        let avatar = self.resource(&format!("universal_avatar/view/type/{kind}/avatar/{id}"));
        json!({
            "48x48": avatar,
            "24x24": format!("{avatar}?size=small"),
            "16x16": format!("{avatar}?size=xsmall"),
            "32x32": format!("{avatar}?size=medium"),
        })
    }
}
