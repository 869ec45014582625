//! Links, images, mentions and emoji.
//!
//! `ac:link` and `ac:image` hold an `ri:` element that names a thing of Confluence, without its address, and possibly
//! what to show for it.

use super::Reader;
use super::elements::Role;
use super::tokens::Attributes;
use crate::macros::reference;

impl Reader {
    pub(super) fn enter_link(&mut self, name: &str, attributes: &Attributes) -> Role {
        match name {
            "a" => {
                if let Some(address) = attributes.get("href") {
                    self.builder.style = self.builder.style.linked(address);
                }
            }
            "img" => {
                let alt = attributes.get("alt").or_else(|| attributes.get("title")).unwrap_or_default();
                self.builder.image(alt, attributes.get("src").unwrap_or_default());
            }
            "ac:link" => {
                let anchor = attributes.get("ac:anchor");
                return Role::Link {
                    target: anchor.map(|anchor| format!("#{anchor}")),
                    label: anchor.unwrap_or_default().to_owned(),
                    before: self.builder.written(),
                };
            }
            "ac:link-body" | "ac:plain-text-link-body" => {
                if let Some(Role::Link { target: Some(target), .. }) = self.owner() {
                    let target = target.clone();
                    self.builder.style = self.builder.style.linked(&target);
                }
            }
            "ac:image" => {
                let alt = attributes.get("ac:alt").or_else(|| attributes.get("ac:title")).unwrap_or_default();
                return Role::Image { alt: alt.to_owned(), target: String::new(), shown: false };
            }
            "ac:emoticon" => {
                let named = || Some(format!(":{}:", attributes.get("ac:name")?));
                let emoji =
                    attributes.get("ac:emoji-fallback").or_else(|| attributes.get("ac:emoji-shortname"));
                self.builder.text(&emoji.map(ToOwned::to_owned).or_else(named).unwrap_or_default());
            }
            "ac:layout" | "ac:layout-section" | "ac:layout-cell" | "ac:caption" | "ac:adf-mark" => {
                self.builder.boundary();
                return Role::Block;
            }
            _ => self.enter_resource(name, attributes),
        }
        Role::Inline
    }

    fn owner(&mut self) -> Option<&mut Role> {
        self.owners.last().map(|index| &mut self.open[*index].role)
    }

    fn enter_resource(&mut self, name: &str, attributes: &Attributes) {
        let Some((found, called)) = resource(name, attributes) else { return };
        match self.owner() {
            Some(Role::Link { target, label, .. }) => {
                // The page that an attachment hangs on stands inside the attachment, and comes second.
                if label.is_empty() || target.as_deref().is_some_and(|anchor| anchor.starts_with('#')) {
                    let anchor = target.take().unwrap_or_default();
                    *target = found.map(|found| found + &anchor);
                    *label = called;
                }
            }
            Some(Role::Image { alt, target, shown }) => {
                if !*shown {
                    *shown = true;
                    *target = found.unwrap_or_default();
                    let (alt, target) = (if alt.is_empty() { called } else { alt.clone() }, target.clone());
                    self.builder.image(&alt, &target);
                }
            }
            _ => self.builder.text(&called),
        }
    }

    /// A link without words of its own is called as what it leads to.
    pub(super) fn end_link(&mut self, target: Option<&str>, label: &str, before: usize) {
        if self.builder.written() == before {
            self.builder.style = self.builder.style.linked(target.unwrap_or_default());
            self.builder.text(label);
        }
    }
}

/// What an `ri:` element names: where it is, and what to call it.
pub(super) fn resource(name: &str, attributes: &Attributes) -> Option<(Option<String>, String)> {
    let value = |name: &str| attributes.get(name);
    let space = value("ri:space-key");
    let (target, label) = match name {
        "ri:page" => {
            let title = value("ri:content-title")?;
            (Some(reference("page", space, title)), title.to_owned())
        }
        "ri:blog-post" => {
            let title = value("ri:content-title")?;
            (Some(reference("blogpost", space, title)), title.to_owned())
        }
        "ri:attachment" => {
            let file = value("ri:filename")?;
            (Some(reference("attachment", None, file)), file.to_owned())
        }
        "ri:content-entity" => {
            let id = value("ri:content-id")?;
            (Some(reference("content", None, id)), id.to_owned())
        }
        "ri:space" => (Some(reference("space", None, space?)), space?.to_owned()),
        "ri:url" => (Some(value("ri:value")?.to_owned()), value("ri:value")?.to_owned()),
        "ri:user" => {
            let user =
                value("ri:account-id").or_else(|| value("ri:username")).or_else(|| value("ri:userkey"))?;
            (None, format!("@{user}"))
        }
        "ri:shortcut" => {
            (None, format!("{}:{}", value("ri:key")?, value("ri:parameter").unwrap_or_default()))
        }
        _ => return None,
    };
    Some((target, label))
}
