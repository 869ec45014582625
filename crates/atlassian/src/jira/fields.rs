use connector_domain::AccessToken;
use serde::Deserialize;

use super::Jira;
use super::list::read_array;
use crate::{ApiError, Page};

/// A field that issues can have.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Field {
    /// The name of it in issues: `summary`, `customfield_10016`. Differs from site to site for custom fields.
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub key: Option<String>,
    /// For people; several fields may have the same one.
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub name: String,
    #[serde(default)]
    pub custom: bool,
    /// What its values are; a few fields have none.
    #[serde(default)]
    pub schema: Option<FieldSchema>,
}

/// What the values of a field are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldSchema {
    /// `string`, `number`, `date`, `datetime`, `user`, `option`, `array`, ….
    #[serde(default, rename = "type", deserialize_with = "crate::lenient::or_default")]
    pub value_type: String,
    /// Of an array: what is in it.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub items: Option<String>,
    /// Of a system's field: its name.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub system: Option<String>,
    /// Of a custom field: its kind, the same on all sites
    /// (`com.pyxis.greenhopper.jira:jsw-story-points`).
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub custom: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub custom_id: Option<String>,
}

impl Jira<'_> {
    /// All fields (`GET /rest/api/3/field`). Needs `read:jira-work`.
    pub async fn fields(&self, token: &AccessToken) -> Result<Page<Field, u64>, ApiError> {
        let call = self.get("/rest/api/3/field", self.url(&["field"]));
        self.client.call(call, token, read_array).await
    }
}
