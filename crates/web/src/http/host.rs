//! The names by which this service is known. A page of another name that leads to this machine (DNS rebinding) is of
//! one origin with us for the browser, and only its `Host` tells.

use std::net::IpAddr;

use axum::http::uri::Authority;
use url::Url;

use crate::WebSettings;

/// Whether a request for `host` is one for this service.
pub(crate) fn is_ours(settings: &WebSettings, host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    if authority.as_str().contains('@') {
        return false;
    }
    let (name, port) = (authority.host(), authority.port_u16());
    let is = |url: &Url| {
        let default = if url.scheme() == "https" { 443 } else { 80 };
        url.host_str().is_some_and(|known| known.eq_ignore_ascii_case(name))
            && url.port().unwrap_or(default) == port.unwrap_or(default)
    };
    let edge = &settings.edge;
    is(&settings.public_url)
        || edge.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
        || (edge.by_loopback && is_loopback(name))
        || (edge.by_address && address(name).is_some())
}

/// Whether a script of `origin` is one of this service's own pages, for a request that came to `host`, which is ours.
pub(crate) fn is_own_origin(settings: &WebSettings, origin: &str, host: Option<&str>) -> bool {
    let public = &settings.public_url;
    origin == public.origin().ascii_serialization()
        || origin
            .strip_prefix(public.scheme())
            .and_then(|rest| rest.strip_prefix("://"))
            .is_some_and(|name| Some(name) == host)
}

fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || address(name).is_some_and(|address| address.is_loopback())
}

fn address(name: &str) -> Option<IpAddr> {
    name.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EdgeSettings;

    fn settings(public_url: &str, edge: EdgeSettings) -> WebSettings {
        WebSettings { public_url: Url::parse(public_url).unwrap(), edge, ..WebSettings::for_tests() }
    }

    #[test]
    fn the_public_name_alone_where_that_is_not_loopback() {
        let edge = EdgeSettings { by_loopback: false, ..EdgeSettings::default() };
        let ours = settings("https://connector.example", edge);
        for host in ["connector.example", "Connector.Example:443"] {
            assert!(is_ours(&ours, host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "connector.example:8443",
            "connector.example.evil.example",
            "evil.example@connector.example",
            "connector.example@evil.example",
            "connector.example.",
            "localhost",
            "127.0.0.1",
            "connector.example:443:443",
            "connector.example evil.example",
        ] {
            assert!(!is_ours(&ours, host), "{host}");
        }
    }

    #[test]
    fn loopback_names_and_addresses_where_they_are_meant() {
        let ours = settings("http://localhost:3001", EdgeSettings::default());
        for host in ["localhost:3001", "127.0.0.1:3001", "[::1]:3001", "localhost", "127.0.0.1:8080"] {
            assert!(is_ours(&ours, host), "{host}");
        }
        for host in ["localhost.evil.example:3001", "192.0.2.1:3001", "evil.example:3001"] {
            assert!(!is_ours(&ours, host), "{host}");
        }
        let edge = EdgeSettings { by_address: true, ..EdgeSettings::default() };
        assert!(is_ours(&settings("http://localhost:3001", edge), "192.0.2.1:3001"));
        let edge = EdgeSettings { hosts: vec!["connector:3001".to_owned()], ..EdgeSettings::default() };
        let named = settings("https://connector.example", edge);
        assert!(is_ours(&named, "connector:3001") && !is_ours(&named, "connector"));
    }

    #[test]
    fn an_origin_is_ours_by_the_public_address_or_by_the_name_that_was_asked_for() {
        let ours = settings("http://localhost:3001", EdgeSettings::default());
        assert!(is_own_origin(&ours, "http://localhost:3001", Some("127.0.0.1:3001")));
        assert!(is_own_origin(&ours, "http://127.0.0.1:3001", Some("127.0.0.1:3001")));
        for origin in ["http://127.0.0.1:3001", "https://localhost:3001", "null", "http://localhost:3000", ""]
        {
            assert!(!is_own_origin(&ours, origin, Some("localhost:3001")), "{origin}");
        }
    }
}
