//! The form that all lists of v2 have: `{"results": […], "_links": {"next", "base"}}`. Search of v1 has it too.

use std::marker::PhantomData;

use connector_domain::AccessToken;
use percent_encoding::percent_decode_str;
use reqwest::header::LINK;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use url::Url;

use super::Confluence;
use crate::http::Answer;
use crate::page::{Listing, Page};
use crate::{ApiError, link};

/// A list that is read by cursors. Go through it by [`Listing::pager`], or page by page by [`Listing::fetch`].
#[derive(Debug, Clone)]
pub struct Cursors<'a, T> {
    confluence: Confluence<'a>,
    route: &'static str,
    url: Url,
    /// How many a page.
    limit: u32,
    item: PhantomData<fn() -> T>,
}

impl<'a, T> Cursors<'a, T> {
    pub(super) fn new(confluence: Confluence<'a>, route: &'static str, url: Url, limit: u32) -> Self {
        Self { confluence, route, url, limit, item: PhantomData }
    }
}

impl<T: DeserializeOwned + Linked + Send> Listing for Cursors<'_, T> {
    type Item = T;
    type Position = String;

    async fn fetch(&self, token: &AccessToken, position: Option<&String>) -> Result<Page<T>, ApiError> {
        let cursor = position.map(String::as_str);
        self.confluence.list(self.route, self.url.clone(), self.limit, cursor, token).await
    }
}

/// The `_links` of one record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RecordLinks {
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub webui: Option<String>,
    /// Of a record that stands alone; in a list, the list has it.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub base: Option<String>,
}

/// A record whose address is made from a base and its own path; without a body, one that has none.
pub trait Linked {
    fn links(&self) -> Option<&RecordLinks> {
        None
    }

    fn webui(&self) -> Option<&str> {
        self.links()?.webui.as_deref()
    }

    fn set_url(&mut self, _url: String) {}
}

/// Reads a record that stands alone.
pub fn read_one<T: DeserializeOwned + Linked>(answer: &Answer) -> Result<T, ApiError> {
    let mut item: T = answer.json()?;
    let base = item.links().and_then(|links| links.base.clone());
    if let Some(url) = base.zip(item.webui()).and_then(|(base, webui)| link::below(&base, webui)) {
        item.set_url(url);
    }
    Ok(item)
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
        /// Of a search.
        #[serde(default, rename = "totalSize")]
        total: Option<u64>,
    }

    let body: Body<'_> = answer.json()?;
    let ListLinks { next, base } = body.links.unwrap_or_default();
    // Confluence has been seen to give a next link with an empty page: that is the end.
    let next = next.or_else(|| next_of_header(answer));
    let next = next.filter(|_| !body.results.is_empty()).map(|next| cursor_of(&next, asked)).transpose()?;
    let mut page = Page::<T>::read(answer, &body.results, next).with_total(body.total);
    for item in &mut page.items {
        if let Some(url) =
            base.as_deref().zip(item.webui()).and_then(|(base, webui)| link::below(base, webui))
        {
            item.set_url(url);
        }
    }
    Ok(page)
}

/// The target with `rel="next"` in the `Link` headers (RFC 8288). They name other relations too, also on the last
/// page.
fn next_of_header(answer: &Answer) -> Option<String> {
    let headers = answer.headers.get_all(LINK).iter().filter_map(|header| header.to_str().ok());
    // A target may hold commas: what follows is read up to the next `<`.
    let mut links =
        headers.flat_map(|header| header.split('<').skip(1)).filter_map(|link| link.split_once('>'));
    let is_next = |parameters: &str| {
        let rel = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("rel="));
        rel.is_some_and(|rel| rel.trim_matches([' ', ',', '"']).split(' ').any(|rel| rel == "next"))
    };
    links.find_map(|(target, parameters)| is_next(parameters).then(|| target.to_owned()))
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
