//! Where a request comes from, and by which name it reached us. What proxies say of it counts only where they are
//! configured: anybody can write such a header.

use std::net::{IpAddr, Ipv4Addr};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

use crate::server::Peer;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The client of a request, as far as it can be known.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) address: IpAddr,
    /// The name and port that it asked for; `None` where it named none, or two.
    pub(crate) host: Option<String>,
}

impl Client {
    pub(crate) fn of(request: &Request, proxies: &[IpNet]) -> Self {
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip().to_canonical());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let headers = request.headers();
        let mut client = Self { address: peer, host: host(request) };
        if is_proxy(proxies, peer) {
            client.address = forwarded_address(headers, proxies).unwrap_or(peer);
            if let Some(host) = last(headers, &FORWARDED_HOST) {
                client.host = Some(host.to_owned());
            }
        }
        client
    }

    /// What requests are counted by: of an IPv6 network, which one client has for itself, the whole.
    pub(crate) fn network(&self) -> IpAddr {
        match self.address {
            IpAddr::V4(_) => self.address,
            IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
        }
    }
}

/// The one `Host`. A request in absolute form has its host there too, and the two must be the same.
fn host(request: &Request) -> Option<String> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    if hosts.next().is_some() {
        return None;
    }
    match request.uri().authority() {
        Some(authority) if !authority.as_str().eq_ignore_ascii_case(host) => None,
        _ => Some(host.to_owned()),
    }
}

fn is_proxy(proxies: &[IpNet], address: IpAddr) -> bool {
    proxies.iter().any(|network| network.contains(&address))
}

/// The last address that no proxy of ours has: what stands before it, the client itself may have written.
fn forwarded_address(headers: &HeaderMap, proxies: &[IpNet]) -> Option<IpAddr> {
    let lines = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let all: Vec<_> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    let mut nearest = None;
    for text in all.into_iter().rev() {
        let address = text.parse::<IpAddr>().ok()?.to_canonical();
        nearest = Some(address);
        if !is_proxy(proxies, address) {
            break;
        }
    }
    nearest
}

/// The last value: the one that the nearest proxy has written.
fn last<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    value.rsplit(',').next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn client(peer: &str, headers: &[(&str, &str)]) -> Client {
        let mut request = Request::builder().uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer((peer.parse::<IpAddr>().unwrap(), 1).into()));
        Client::of(&request, &["10.0.0.0/8".parse().unwrap()])
    }

    fn address(peer: &str, forwarded: &str) -> String {
        client(peer, &[("x-forwarded-for", forwarded)]).address.to_string()
    }

    #[test]
    fn what_a_proxy_says_counts_and_what_others_say_does_not() {
        assert_eq!(address("10.0.0.1", "203.0.113.9"), "203.0.113.9");
        assert_eq!(address("198.51.100.1", "203.0.113.9"), "198.51.100.1");
        assert_eq!(address("10.0.0.1", "1.1.1.1, 203.0.113.9, 10.2.2.2"), "203.0.113.9", "forged in front");
        assert_eq!(address("10.0.0.1", "not an address"), "10.0.0.1");
        assert_eq!(address("::ffff:10.0.0.1", "203.0.113.9"), "203.0.113.9");
    }

    #[test]
    fn hosts_that_contradict_each_other_are_none() {
        assert_eq!(client("1.1.1.1", &[("host", "a"), ("host", "b")]).host, None);
        assert_eq!(client("1.1.1.1", &[("host", "a"), ("x-forwarded-host", "b")]).host.unwrap(), "a");
        assert_eq!(client("10.0.0.1", &[("host", "a"), ("x-forwarded-host", "x, b")]).host.unwrap(), "b");
    }

    #[test]
    fn a_client_has_a_whole_network_of_ipv6() {
        let one = client("2001:db8::1", &[]).network();
        assert_eq!(one, client("2001:db8::ffff:2", &[]).network());
        assert_ne!(one, client("2001:db8:0:1::1", &[]).network());
    }
}
