//! How browsers and programs reach the service, and how much they may ask for.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use connector_web::{ConnectionLimits, EdgeSettings, IpNet, RateLimits};
use url::Url;

use super::env::Env;
use super::safety::is_loopback;

const DEFAULT_RATE: u32 = 100;
const DEFAULT_ADDRESS_RATE: u32 = 200;
/// A network that is larger than this is nobody's proxies.
const LARGEST_NETWORK: (u8, u8) = (8, 32);

pub(super) fn settings(env: &mut Env, listen: SocketAddr, public_url: &Url) -> EdgeSettings {
    let named = env.is_set("CONNECTOR_PUBLIC_URL") || env.is_set("APP_BASE_URL");
    EdgeSettings {
        hosts: hosts(env),
        by_loopback: is_loopback(public_url) || listen.ip().is_loopback(),
        by_address: !named && !listen.ip().is_loopback(),
        proxies: proxies(env),
        rates: RateLimits {
            caller: rate(env, "CONNECTOR_RATE_LIMIT", DEFAULT_RATE),
            address: rate(env, "CONNECTOR_ADDRESS_RATE_LIMIT", DEFAULT_ADDRESS_RATE),
        },
        ..EdgeSettings::default()
    }
}

pub(super) fn connections(env: &mut Env) -> ConnectionLimits {
    let usual = ConnectionLimits::default();
    let most = match env.text("CONNECTOR_MAX_CONNECTIONS").map(|text| text.parse()) {
        None => usual.most,
        Some(Ok(most @ 16..=65_535)) => most,
        Some(_) => {
            env.fault("CONNECTOR_MAX_CONNECTIONS", "must be a number from 16 to 65535");
            usual.most
        }
    };
    ConnectionLimits { most, ..usual }
}

/// Requests a second; `None` for 0.
fn rate(env: &mut Env, name: &str, usual: u32) -> Option<NonZeroU32> {
    match env.text(name).map(|text| text.parse()) {
        None => NonZeroU32::new(usual),
        Some(Ok(rate @ 0..=1_000_000)) => NonZeroU32::new(rate),
        Some(_) => {
            env.fault(name, "must be a number of requests a second from 1 to 1000000, or 0 for no limit");
            None
        }
    }
}

fn list(env: &Env, name: &str) -> Vec<String> {
    let text = env.text(name).unwrap_or_default();
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}

fn hosts(env: &mut Env) -> Vec<String> {
    const NAME: &str = "CONNECTOR_HOSTS";
    let hosts = list(env, NAME);
    for host in &hosts {
        if host.contains('*') {
            env.fault(
                NAME,
                "has an entry with `*`: a name that anybody can have guards nothing; list each one",
            );
        } else if Url::parse(&format!("http://{host}/")).map_or(true, |url| {
            url.host_str().is_none() || url.path() != "/" || host.contains(['/', '@', '?', '#'])
        }) {
            env.fault(NAME, "has an entry that is no name: write host or host:port, such as connector:3001");
        }
    }
    hosts
}

fn proxies(env: &mut Env) -> Vec<IpNet> {
    const NAME: &str = "CONNECTOR_TRUSTED_PROXIES";
    let mut proxies = Vec::new();
    for entry in list(env, NAME) {
        let network = entry.parse::<IpNet>().or_else(|_| entry.parse::<std::net::IpAddr>().map(IpNet::from));
        match network {
            Ok(network) if is_everybody(network) => env.fault(
                NAME,
                "has a network so large that anybody may say who they are: list the addresses of your proxies",
            ),
            Ok(network) => proxies.push(network),
            Err(_) if entry == "*" => {
                env.fault(NAME, "has `*`: then anybody may say who they are; list the addresses of your proxies");
            }
            Err(_) => env.fault(
                NAME,
                "has an entry that is neither an address nor a network: write 10.0.0.5 or 10.0.0.0/24",
            ),
        }
    }
    proxies
}

fn is_everybody(network: IpNet) -> bool {
    let (four, six) = LARGEST_NETWORK;
    network.prefix_len() < if network.addr().is_ipv4() { four } else { six }
}
