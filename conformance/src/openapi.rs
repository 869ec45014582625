//! Atlassian's OpenAPI documents, and which operation of them a request is.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::schema::Translator;

/// The documents that are used, under the names of their files.
const FILES: [(Api, &str); 3] = [
    (Api::Jira, "jira-platform-v3.json"),
    (Api::Confluence, "confluence-v2.json"),
    (Api::ConfluenceOld, "confluence-v1.json"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Api {
    Jira,
    Confluence,
    ConfluenceOld,
}

impl Api {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jira => "jira v3",
            Self::Confluence => "confluence v2",
            Self::ConfluenceOld => "confluence v1",
        }
    }

    /// The API and the path as its document writes it. The documents know the site only, never the gateway, and that
    /// of Confluence v2 has the front of its paths among its servers.
    fn of(path: &str) -> Option<(Self, &str)> {
        let mut parts = path.splitn(4, '/').skip(1);
        let place = match parts.next()? {
            "ex" => path.splitn(5, '/').nth(4)?,
            "sites" => path.splitn(4, '/').nth(3)?,
            _ => return None,
        };
        let place = &path[path.len() - place.len() - 1..];
        if place.starts_with("/rest/api/3/") {
            Some((Self::Jira, place))
        } else if let Some(rest) = place.strip_prefix("/wiki/api/v2") {
            Some((Self::Confluence, rest))
        } else {
            place.starts_with("/wiki/rest/api/").then_some((Self::ConfluenceOld, place))
        }
    }
}

/// All three documents.
#[derive(Debug)]
pub struct Documents(Vec<Document>);

#[derive(Debug)]
pub struct Document {
    pub api: Api,
    pub content: Value,
}

/// An operation of a document.
#[derive(Debug, Clone, Copy)]
pub struct Operation<'d> {
    pub document: &'d Document,
    pub method: &'d str,
    pub path: &'d str,
    /// What stands under the method.
    pub content: &'d Value,
    /// What stands beside the methods.
    shared: &'d Value,
}

/// What a request was found to be.
#[derive(Debug)]
pub enum Found<'d> {
    Operation(Operation<'d>),
    /// A path of an API whose document has no such operation.
    Unknown(Api),
    /// Not a path of any of these APIs.
    Elsewhere,
}

impl Documents {
    pub fn load(folder: &Path) -> anyhow::Result<Self> {
        let load = |(api, file): (Api, &str)| {
            let path = folder.join(file);
            let text = fs::read(&path).with_context(|| format!("{file} cannot be read"))?;
            let content: Value =
                serde_json::from_slice(&text).with_context(|| format!("{file} is not JSON"))?;
            if content["openapi"].as_str().is_none_or(|version| !version.starts_with("3.0")) {
                bail!("{file} is not an OpenAPI 3.0 document");
            }
            Ok(Document { api, content })
        };
        Ok(Self(FILES.into_iter().map(load).collect::<anyhow::Result<_>>()?))
    }

    pub fn new(documents: Vec<Document>) -> Self {
        Self(documents)
    }

    /// The paths of everything that can be got.
    pub fn readable(&self) -> impl Iterator<Item = (Api, &str)> {
        self.0.iter().flat_map(|document| {
            let paths = document.content["paths"].as_object().into_iter().flatten();
            let readable = paths.filter(|(_, methods)| methods.get("get").is_some());
            readable.map(|(path, _)| (document.api, path.as_str()))
        })
    }

    /// `path` is that of the request, at the gateway or at a site's own address.
    pub fn find(&self, method: &str, path: &str) -> Found<'_> {
        let Some((api, path)) = Api::of(path) else { return Found::Elsewhere };
        let document = self.0.iter().find(|document| document.api == api);
        let found = document.and_then(|document| document.operation(method, path));
        found.map_or(Found::Unknown(api), Found::Operation)
    }
}

impl Document {
    fn operation(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        let asked: Vec<&str> = path.split('/').collect();
        let fits = |template: &&String| {
            let parts: Vec<&str> = template.split('/').collect();
            parts.len() == asked.len()
                && parts.iter().zip(&asked).all(|(part, asked)| part.starts_with('{') || part == asked)
        };
        let paths = self.content["paths"].as_object()?;
        let method = method.to_ascii_lowercase();
        let having = paths.keys().filter(fits).filter(|template| paths[*template].get(&method).is_some());
        // `/user/bulk` before `/user/{id}`.
        let template = having.min_by_key(|template| template.matches('{').count())?;
        let (method, content) = paths[template].as_object()?.get_key_value(&method)?;
        Some(Operation {
            document: self,
            method,
            path: template,
            content,
            shared: &paths[template]["parameters"],
        })
    }

    /// A schema that stands by itself, as JSON Schema.
    pub fn schema(&self, schema: &Value) -> Value {
        Translator::new(&self.content).whole(schema)
    }

    /// A schema of the document by its name.
    pub fn component(&self, name: &str) -> Value {
        self.schema(&serde_json::json!({ "$ref": format!("#/components/schemas/{name}") }))
    }

    /// What a reference leads to.
    pub fn resolved<'d>(&'d self, value: &'d Value) -> &'d Value {
        let target =
            value["$ref"].as_str().and_then(|target| self.content.pointer(target.strip_prefix('#')?));
        target.unwrap_or(value)
    }
}

impl<'d> Operation<'d> {
    pub fn name(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    /// The answer that the document describes for a status; `None` where it does not mention the status.
    pub fn response(&self, status: u16) -> Option<&'d Value> {
        let response = self.content["responses"].get(status.to_string())?;
        Some(self.document.resolved(response))
    }

    /// The schema of a JSON answer.
    pub fn response_schema(&self, status: u16) -> Option<&'d Value> {
        json_schema(self.response(status)?)
    }

    /// The schema of a JSON request.
    pub fn body_schema(&self) -> Option<&'d Value> {
        json_schema(self.document.resolved(self.content.get("requestBody")?))
    }

    pub fn needs_body(&self) -> bool {
        self.content.get("requestBody").is_some_and(|body| self.document.resolved(body)["required"] == true)
    }

    pub fn query_parameters(&self) -> impl Iterator<Item = &'d Value> {
        let lists =
            [self.shared, &self.content["parameters"]].into_iter().filter_map(Value::as_array).flatten();
        let document = self.document;
        lists.map(|parameter| document.resolved(parameter)).filter(|parameter| parameter["in"] == "query")
    }

    /// The sets of scopes of which a token needs one: the classic one and the granular one.
    pub fn scopes(&self) -> Vec<Vec<&'d str>> {
        let sets = self.content["x-atlassian-oauth2-scopes"].as_array().into_iter().flatten();
        let scopes =
            |set: &'d Value| set["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str);
        sets.map(|set| scopes(set).collect()).collect()
    }
}

fn json_schema(content: &Value) -> Option<&Value> {
    let types = content["content"].as_object()?;
    let (_, json) = types.iter().find(|(name, _)| name.contains("json") || *name == "*/*")?;
    json.get("schema")
}
