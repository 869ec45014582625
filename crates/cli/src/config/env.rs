use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context as _, bail};
use connector_domain::Secret;
use url::Url;

use super::torture;
use super::variables::Variable;

/// The variables of `.env` and of the environment, and what was found wrong with them so far.
#[derive(Default)]
pub(crate) struct Env {
    values: BTreeMap<String, String>,
    faults: Vec<String>,
}

impl Env {
    /// Reads `.env` in the working directory, if there is one, and the environment, which wins.
    pub(crate) fn load() -> anyhow::Result<Self> {
        let mut values = BTreeMap::new();
        let path = Path::new(".env");
        if path.exists() {
            for entry in dotenvy::from_path_iter(path).context("cannot read .env")? {
                // The error would quote the line, which may hold a secret.
                let Ok((name, value)) = entry else {
                    bail!(
                        "a line of .env cannot be read: write NAME=value, with quotes around values that have spaces"
                    );
                };
                values.insert(name, value);
            }
        }
        values.extend(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        );
        Ok(Self { values, faults: Vec::new() })
    }

    #[cfg(test)]
    pub(crate) fn of(values: &[(&str, &str)]) -> Self {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { values, faults: Vec::new() }
    }

    /// A variable that is empty is not set: `.env` files leave values out that way.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.values.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub(crate) fn secret(&self, name: &str) -> Option<Secret> {
        self.text(name).map(Secret::new)
    }

    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.text(name).is_some()
    }

    /// The value, or the default; notes what is wrong with it.
    pub(crate) fn parsed<T>(&mut self, name: &str, default: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let text = self.text(name).unwrap_or_else(|| default.to_owned());
        text.parse().map_err(|error: T::Err| self.fault(name, &error.to_string())).ok()
    }

    pub(crate) fn url(&mut self, name: &str) -> Option<Url> {
        let text = self.text(name)?;
        match Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(url),
            _ => {
                self.fault(name, "is not an http(s) address");
                None
            }
        }
    }

    /// Notes a fault. `what` goes on behind the variable's name and never holds a secret.
    pub(crate) fn fault(&mut self, name: &str, what: &str) {
        self.faults.push(format!("{name} {what}"));
    }

    /// Notes variables that look like ours and are not: most are misspelled.
    pub(crate) fn refuse_unknown(&mut self, known: &[Variable]) {
        let unknown: Vec<_> = self
            .values
            .keys()
            .filter(|name| name.starts_with("CONNECTOR_") && !name.starts_with("CONNECTOR_TEST_"))
            .filter(|name| !torture::VARIABLES.contains(&name.as_str()))
            .filter(|name| known.iter().all(|variable| variable.name != name.as_str()))
            .cloned()
            .collect();
        for name in unknown {
            self.fault(&name, "is not a setting of this program: see .env.example for those that are");
        }
    }

    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self.faults.as_slice() {
            [] => Ok(()),
            [one] => bail!("{one}"),
            many => bail!("the configuration has {} faults:\n  {}", many.len(), many.join("\n  ")),
        }
    }
}
