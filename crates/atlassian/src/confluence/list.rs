//! The form that all lists of v2 have: `{"results": […], "_links": {"next", "base"}}`.

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::http::Answer;
use crate::page::Page;
use crate::{ApiError, link};

/// The `_links` of one record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RecordLinks {
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub webui: Option<String>,
}

/// A record whose address is made from the list's base and its own path.
pub trait Linked {
    fn webui(&self) -> Option<&str>;
    fn set_url(&mut self, url: String);
}

/// Reads one page. `asked` is the cursor that it was asked for by.
pub fn read_page<T: DeserializeOwned + Linked>(
    answer: &Answer,
    asked: Option<&str>,
) -> Result<Page<T>, ApiError> {
    #[derive(Default, Deserialize)]
    struct ListLinks {
        #[serde(default, deserialize_with = "crate::lenient::text")]
        next: Option<String>,
        #[serde(default, deserialize_with = "crate::lenient::text")]
        base: Option<String>,
    }

    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        results: Vec<&'a RawValue>,
        #[serde(default, rename = "_links")]
        links: Option<ListLinks>,
    }

    let body: Body<'_> = answer.json()?;
    let ListLinks { next, base } = body.links.unwrap_or_default();
    // Confluence has been seen to give a next link with an empty page: that is the end.
    let next = next.filter(|_| !body.results.is_empty()).map(|next| cursor_of(&next, asked)).transpose()?;
    let mut page = Page::<T>::read(answer, &body.results, next);
    for item in &mut page.items {
        if let Some(url) =
            base.as_deref().zip(item.webui()).and_then(|(base, webui)| link::below(base, webui))
        {
            item.set_url(url);
        }
    }
    Ok(page)
}

/// The `cursor` of a next link, decoded once.
///
/// The link itself leads past the gateway (`/wiki/api/v2/…`, without the site's id) and must not be followed.
/// Percent-encoding only: a `+` in a cursor is a plus, not the space of HTML forms.
fn cursor_of(next: &str, asked: Option<&str>) -> Result<String, ApiError> {
    let cursor = next
        .split_once('?')
        .map_or("", |(_, query)| query.split('#').next().unwrap_or_default())
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(name, value)| (name == "cursor").then_some(value))
        .ok_or_else(|| ApiError::malformed("a next link without a cursor"))?;
    let cursor = percent_decode_str(cursor)
        .decode_utf8()
        .map_err(|_| ApiError::malformed("a next link with a broken cursor"))?;
    if cursor.is_empty() || asked == Some(&*cursor) {
        return Err(ApiError::lost_place("it leads back to the same page"));
    }
    Ok(cursor.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_cursor_wherever_it_stands_and_decodes_it_once() {
        for (next, cursor) in [
            ("/wiki/api/v2/pages?cursor=abc", "abc"),
            ("/wiki/api/v2/pages?limit=5&cursor=a%3Db%26c%252F&sort=id#x", "a=b&c%2F"),
            ("https://acme.example/wiki/api/v2/pages?cursor=eyJ+x/y%3D%3D&limit=5", "eyJ+x/y=="),
        ] {
            assert_eq!(cursor_of(next, None).unwrap(), cursor);
        }
    }

    #[test]
    fn refuses_links_that_lead_nowhere() {
        for next in
            ["/wiki/api/v2/pages", "/wiki/api/v2/pages?limit=5", "?cursor=", "?cursor=%FF", "?cursor=same"]
        {
            assert!(cursor_of(next, Some("same")).is_err(), "{next}");
        }
    }
}
