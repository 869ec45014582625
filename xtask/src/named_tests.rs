//! The page on security names tests. Here it is looked whether they are there.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use crate::cargo;

const PAGE: &str = "docs/security.md";
/// Where the files are that it names.
const ROOT: &str = "crates";
/// The heading of the column in which each row has a test, or says by a dash that there is none.
const COLUMN: &str = "test";

pub fn check() -> anyhow::Result<()> {
    let root = cargo::root();
    let page = fs::read_to_string(root.join(PAGE)).with_context(|| format!("{PAGE} could not be read"))?;
    let read = |path: &str| fs::read_to_string(root.join(ROOT).join(path)).ok();
    let named = named(&page);
    let mut faults = rows_without(&page);
    faults.extend(named.iter().filter_map(|(path, function)| fault(path, *function, read)));
    if !faults.is_empty() {
        bail!("{PAGE}:\n  {}", faults.join("\n  "));
    }
    eprintln!("{PAGE}: all {} tests that it names are there", named.len());
    Ok(())
}

/// Code spans of the form `path.rs` and `path.rs::function`.
fn named(page: &str) -> Vec<(&str, Option<&str>)> {
    let spans = page.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let parts =
        spans.map(|span| span.split_once("::").map_or((span, None), |(path, name)| (path, Some(name))));
    parts.filter(|(path, _)| Path::new(path).extension().is_some_and(|extension| extension == "rs")).collect()
}

fn fault(path: &str, function: Option<&str>, read: impl Fn(&str) -> Option<String>) -> Option<String> {
    let Some(text) = read(path) else { return Some(format!("there is no {ROOT}/{path}")) };
    let is_test = |text: &str| text.contains("#[test]") || text.contains("#[tokio::test");
    match function {
        Some(name) if !text.contains(&format!("fn {name}(")) => {
            Some(format!("{ROOT}/{path} has no function `{name}`"))
        }
        None if !is_test(&text) => Some(format!("{ROOT}/{path} has no test")),
        _ => None,
    }
}

/// Rows of tables with a column for the test that name none and do not say so either.
fn rows_without(page: &str) -> Vec<String> {
    let cells = |line: &str| -> Vec<String> {
        // A stroke within a cell is written with a backslash.
        let line = line.replace("\\|", "/");
        line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let (mut column, mut faults) = (None, Vec::new());
    for line in page.lines() {
        if !line.starts_with('|') {
            column = None;
        } else if let Some(at) = column {
            let cells = cells(line);
            let cell = cells.get(at).map_or("", String::as_str);
            let is_rule = cells.iter().all(|cell| cell.chars().all(|c| matches!(c, '-' | ':')));
            if !is_rule && named(cell).is_empty() && cell != "–" {
                faults.push(format!("names no test: {}", cells.first().map_or("", String::as_str)));
            }
        } else {
            column = cells(line).iter().position(|cell| cell == COLUMN);
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
| threat | test |
|---|---|
| one | `web/a.rs::is_refused`, `web/a.rs` |
| two | – |
| three | by hand |

| requirement | met |
|---|---|
| four | by `web/b.rs::is_gone` and `SameSite` |
";

    #[test]
    fn paths_and_functions_are_found_in_code_spans() {
        assert_eq!(
            named(PAGE),
            [("web/a.rs", Some("is_refused")), ("web/a.rs", None), ("web/b.rs", Some("is_gone"))]
        );
    }

    #[test]
    fn what_is_not_there_is_told() {
        let read =
            |path: &str| (path == "web/a.rs").then(|| "#[tokio::test]\nasync fn is_refused() {}".to_owned());
        assert_eq!(fault("web/a.rs", Some("is_refused"), read), None);
        assert_eq!(fault("web/a.rs", None, read), None);
        assert!(fault("web/a.rs", Some("is_ref"), read).unwrap().contains("no function `is_ref`"));
        assert!(fault("web/b.rs", None, read).unwrap().contains("there is no crates/web/b.rs"));
        assert!(fault("web/a.rs", None, |_| Some(String::new())).unwrap().contains("has no test"));
    }

    #[test]
    fn a_row_names_a_test_or_says_that_there_is_none() {
        assert_eq!(rows_without(PAGE), ["names no test: three"]);
    }
}
