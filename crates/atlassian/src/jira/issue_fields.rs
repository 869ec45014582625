use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use connector_domain::Timestamp;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Attachment, IssueParent, IssueProject, IssueStatus, IssueType, Named, User};
use crate::lenient;

/// The fields that every site has, read, and all fields as they came. All may be missing: not asked for, empty, or
/// taken off by an administrator.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IssueFields {
    pub summary: Option<String>,
    /// Atlassian Document Format, as it came.
    pub description: Option<Value>,
    pub status: Option<IssueStatus>,
    pub issue_type: Option<IssueType>,
    pub priority: Option<Named>,
    pub resolution: Option<Named>,
    pub assignee: Option<User>,
    pub reporter: Option<User>,
    pub creator: Option<User>,
    pub labels: Vec<String>,
    pub project: Option<IssueProject>,
    /// The epic of a story, the story of a subtask.
    pub parent: Option<IssueParent>,
    pub created: Option<Timestamp>,
    /// Not every change moves this on: deleted worklogs and renamed people, say, do not.
    pub updated: Option<Timestamp>,
    pub resolved: Option<Timestamp>,
    pub due: Option<NaiveDate>,
    pub components: Vec<Named>,
    pub fix_versions: Vec<Named>,
    pub attachments: Vec<Attachment>,
    /// Every field as it came, those above too; custom fields by their ids (`customfield_10016`). Of comments and
    /// worklogs only the first 20 stand here.
    pub all: RawFields,
}

/// Fields by their ids, each as the JSON that came.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub struct RawFields(BTreeMap<String, Box<RawValue>>);

impl RawFields {
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(id, value)| (id.as_str(), &**value))
    }

    /// A field, read as what it is expected to be; `None` where it is missing or something else.
    pub fn read<T: DeserializeOwned>(&self, id: &str) -> Option<T> {
        serde_json::from_str(self.0.get(id)?.get()).ok()
    }
}

impl PartialEq for RawFields {
    fn eq(&self, other: &Self) -> bool {
        self.iter().map(|(id, value)| (id, value.get())).eq(other.iter().map(|(id, value)| (id, value.get())))
    }
}

impl<'de> Deserialize<'de> for IssueFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = IssueFields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fields of an issue")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<IssueFields, A::Error> {
        let mut fields = IssueFields::default();
        while let Some(id) = map.next_key::<String>()? {
            let value = map.next_value_seed(Field { id: &id, fields: &mut fields })?;
            fields.all.0.insert(id, value);
        }
        Ok(fields)
    }
}

/// Reads a field where it stands, so that an error names it.
struct Field<'f> {
    id: &'f str,
    fields: &'f mut IssueFields,
}

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = Box<RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Box<RawValue>, D::Error> {
        let value = Box::<RawValue>::deserialize(deserializer)?;
        self.fields.read(self.id, &value).map_err(D::Error::custom)?;
        Ok(value)
    }
}

impl IssueFields {
    /// Keeps a field that every site has where it belongs.
    fn read(&mut self, id: &str, value: &RawValue) -> serde_json::Result<()> {
        let json = &mut serde_json::Deserializer::from_str(value.get());
        match id {
            "summary" => self.summary = lenient::text(json)?,
            "description" => self.description = Deserialize::deserialize(json)?,
            "status" => self.status = Deserialize::deserialize(json)?,
            "issuetype" => self.issue_type = Deserialize::deserialize(json)?,
            "priority" => self.priority = Deserialize::deserialize(json)?,
            "resolution" => self.resolution = Deserialize::deserialize(json)?,
            "assignee" => self.assignee = lenient::or_none(json)?,
            "reporter" => self.reporter = lenient::or_none(json)?,
            "creator" => self.creator = lenient::or_none(json)?,
            "labels" => self.labels = lenient::or_default(json)?,
            "project" => self.project = Deserialize::deserialize(json)?,
            "parent" => self.parent = Deserialize::deserialize(json)?,
            "created" => self.created = lenient::time(json)?,
            "updated" => self.updated = lenient::time(json)?,
            "resolutiondate" => self.resolved = lenient::time(json)?,
            "duedate" => self.due = lenient::date(json)?,
            "components" => self.components = lenient::or_default(json)?,
            "fixVersions" => self.fix_versions = lenient::or_default(json)?,
            "attachment" => self.attachments = lenient::or_default(json)?,
            // What can only be kept must be readable too: half of a surrogate pair is no text.
            _ if value.get().contains("\\u") => drop(Value::deserialize(json)?),
            _ => {}
        }
        Ok(())
    }
}
