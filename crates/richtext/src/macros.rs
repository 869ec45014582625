//! Macros of Confluence, which both formats have: `ac:structured-macro` there, extension nodes here.
//!
//! A macro is a program, and its output is not in the document. What is in the document is shown: its title, its
//! parameters as far as they hold text, and its body.

use crate::builder::{Builder, Container};
use crate::model::Marks;

/// Macros that show what is elsewhere, and whose parameters only say how.
const SETTINGS_ONLY: &[&str] =
    &["anchor", "children", "livesearch", "pagetree", "recently-updated", "toc", "toc-zone"];

/// Parameters that say how something looks or where a program finds it, in lower case without hyphens.
const SETTINGS: &[&str] = &[
    "align",
    "alignment",
    "atlassianmacrooutputtype",
    "bgcolor",
    "bordercolor",
    "borderstyle",
    "borderwidth",
    "cloudid",
    "collapse",
    "color",
    "colour",
    "columnids",
    "columns",
    "count",
    "extensionid",
    "firstline",
    "height",
    "hidden",
    "icon",
    "language",
    "layout",
    "linenumbers",
    "localid",
    "macroid",
    "maximumissues",
    "outputtype",
    "panelcolor",
    "panelicon",
    "paneliconid",
    "panelicontext",
    "paneltype",
    "server",
    "serverid",
    "state",
    "style",
    "theme",
    "titlebgcolor",
    "titlecolor",
    "width",
];

/// Parameters whose value says all.
const VALUE_ONLY: &[&str] = &["", "0", "filename", "key", "label", "name", "text", "title", "url"];

#[derive(Debug, Default)]
pub struct Macro {
    name: String,
    parameters: Vec<(String, String)>,
}

/// What the body of a macro is read into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Body {
    None,
    Plain,
    Rich,
}

impl Macro {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), parameters: Vec::new() }
    }

    pub fn add(&mut self, name: &str, value: &str) {
        self.parameters.push((name.to_owned(), value.trim().to_owned()));
    }

    /// Writes what stands before the body, and opens what the body stands in. The caller closes it.
    pub fn begin(&self, builder: &mut Builder, body: Body) {
        if let Some(label) = self.panel_label() {
            builder.open(Container::Quote);
            self.heading(builder, Some(&label));
            return;
        }
        if self.name == "decision-list" {
            return builder.open(Container::List(crate::model::ListKind::Bullets));
        }
        if self.name == "decision-item" {
            builder.open(Container::Item { done: None });
            return decision(builder);
        }
        if body == Body::None {
            return self.inline(builder);
        }
        self.heading(builder, None);
        if body == Body::Plain {
            builder.code(self.parameter("language").unwrap_or_default());
        }
    }

    /// Writes a parameter that comes after the body has begun.
    pub fn late(&self, builder: &mut Builder, name: &str, value: &str) {
        if let Some(text) = self.shown(name, value.trim()) {
            builder.boundary();
            builder.text(&text);
            builder.boundary();
        }
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(named, _)| named == name).map(|(_, value)| value.as_str())
    }

    /// A paragraph in bold: the kind of panel, and the parameters.
    fn heading(&self, builder: &mut Builder, label: Option<&str>) {
        let mut text = label.unwrap_or_default().to_owned();
        for (name, value) in &self.parameters {
            let Some(shown) = self.shown(name, value) else { continue };
            if !text.is_empty() {
                text.push_str(if text.contains(':') { ", " } else { ": " });
            }
            text.push_str(&shown);
        }
        builder.boundary();
        if !text.is_empty() {
            strong(builder, &text);
            builder.boundary();
        }
    }

    /// Whether the macro stands in a line of text, where it has no body.
    pub fn is_inline(&self) -> bool {
        matches!(self.name.as_str(), "status" | "jira" | "jiraissues")
    }

    /// A macro without body, in the line where it stands.
    fn inline(&self, builder: &mut Builder) {
        let texts: Vec<String> =
            self.parameters.iter().filter_map(|(name, value)| self.shown(name, value)).collect();
        let text = texts.join(", ");
        match self.name.as_str() {
            _ if text.is_empty() => {}
            "status" => strong(builder, &text),
            _ if self.is_inline() && self.parameter("key").is_some() => builder.text(&text),
            name => builder.text(&format!("{name}: {text}")),
        }
    }

    /// How a parameter is shown, if it holds text.
    fn shown(&self, name: &str, value: &str) -> Option<String> {
        let bare: String =
            name.chars().filter(|c| !matches!(c, '-' | '_')).collect::<String>().to_lowercase();
        let title = bare == "title";
        let setting = SETTINGS.contains(&bare.as_str()) || SETTINGS_ONLY.contains(&self.name.as_str());
        if value.is_empty() || (!title && (setting || is_setting(value))) {
            return None;
        }
        Some(if VALUE_ONLY.contains(&bare.as_str()) { value.to_owned() } else { format!("{name}={value}") })
    }

    /// The kind of a coloured box, in words.
    fn panel_label(&self) -> Option<String> {
        let kind = match self.name.as_str() {
            "panel" | "custom-panel" => {
                self.parameter("panel-type").or_else(|| self.parameter("panelType")).unwrap_or("panel")
            }
            "info" | "note" | "tip" | "warning" | "success" | "error" => self.name.as_str(),
            _ => return None,
        };
        Some(match kind {
            "panel" | "custom" => String::new(),
            kind => {
                let mut letters = kind.chars();
                letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
            }
        })
    }
}

/// What an item begins with that is a decision.
pub fn decision(builder: &mut Builder) {
    strong(builder, "Decision:");
    builder.text(" ");
}

pub fn strong(builder: &mut Builder, text: &str) {
    let plain = builder.style.clone();
    builder.style = plain.with(Marks::STRONG);
    builder.text(text);
    builder.style = plain;
}

/// Flags, numbers and ids are no text.
fn is_setting(value: &str) -> bool {
    let id = value.len() >= 32 && value.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    id || matches!(value, "true" | "false" | "none") || !value.chars().any(char::is_alphabetic)
}

/// Where a page, file or user is that the document only names. The renderer encodes it.
pub fn reference(scheme: &str, space: Option<&str>, name: &str) -> String {
    match space.filter(|space| !space.is_empty()) {
        Some(space) => format!("{scheme}:{space}/{name}"),
        None => format!("{scheme}:{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::render;

    fn shown(name: &str, parameters: &[(&str, &str)], body: Body) -> String {
        let mut builder = Builder::new();
        let mut shown = Macro::new(name);
        for (name, value) in parameters {
            shown.add(name, value);
        }
        shown.begin(&mut builder, body);
        render(&builder.finish())
    }

    #[test]
    fn settings_are_no_text() {
        assert_eq!(shown("toc", &[("style", "square"), ("include", "Chapter")], Body::None), "");
        assert_eq!(shown("chart", &[("width", "wide"), ("legend", "true"), ("limit", "30")], Body::None), "");
        assert_eq!(shown("chart", &[("id", "9d0f5a6e-7f3c-4a62-9d0f-5a6e7f3c4a62")], Body::None), "");
    }

    #[test]
    fn parameters_with_text_are_shown_in_their_order() {
        let parameters = [("legend", "Sales & costs"), ("title", "2026"), ("owner", "Finance")];
        assert_eq!(
            shown("chart", &parameters, Body::None),
            "chart: legend=Sales & costs, 2026, owner=Finance"
        );
    }
}
