use super::*;

/// What a start with these variables is refused with.
fn refusal(values: &[(&str, &str)]) -> String {
    Config::read(Env::of(values), None).expect_err(&format!("{values:?}")).to_string()
}

fn accepted(values: &[(&str, &str)]) -> Config {
    Config::read(Env::of(values), None).unwrap_or_else(|error| panic!("{values:?}: {error}"))
}

const APP: [(&str, &str); 3] = [
    ("ATLASSIAN_CLIENT_ID", "an-app"),
    ("ATLASSIAN_CLIENT_SECRET", "hunter2"),
    ("ATLASSIAN_REDIRECT_URI", "http://localhost:3001/api/oauth/callback/atlassian"),
];

#[test]
fn nothing_need_be_set() {
    let config = accepted(&[]);
    assert_eq!(config.listen.to_string(), DEFAULT_LISTEN);
    assert_eq!(config.web.auth, AuthMode::Public);
    assert!(config.connections.atlassian.is_none() && config.warnings.len() == 1, "{:?}", config.warnings);
}

#[test]
fn legacy_apps_share_the_callback_address() {
    let mut values = APP.to_vec();
    values.push(("JIRA_OAUTH_CLIENT_ID", "jira-app"));
    let jira = accepted(&values).connections.jira.unwrap();
    assert_eq!((jira.app.client_id.as_str(), jira.redirect_uri.as_str()), ("jira-app", APP[2].1));
}

#[test]
fn what_cannot_work_is_refused_with_its_own_message() {
    let key = "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("CONNECTOR_LISTEN", "localhost")], "CONNECTOR_LISTEN is not an address"),
        (&[("CONNECTOR_LISTEN", "0.0.0.0:3001")], "CONNECTOR_AUTH must be set"),
        (&[("CONNECTOR_PUBLIC_URL", "https://app.example")], "CONNECTOR_AUTH must be set"),
        (&[("CONNECTOR_AUTH", "open")], "CONNECTOR_AUTH must be `public` or `required`"),
        (&[("CONNECTOR_ENCRYPTION_KEY", key)], "CONNECTOR_ENCRYPTION_KEY is not a setting"),
        (&[("CONNECTOR_ENCRYPTION_KEYS", "k1:short")], "CONNECTOR_ENCRYPTION_KEYS"),
        (&[("CONNECTOR_SYNC_INTERVAL", "5")], "CONNECTOR_SYNC_INTERVAL is not a number of seconds"),
        (&[("CONNECTOR_CENSUS_HOUR", "24")], "CONNECTOR_CENSUS_HOUR is not an hour of the day"),
        (&[("CONNECTOR_SYNC_WINDOWS", "0")], "CONNECTOR_SYNC_WINDOWS is not a number from 1 to 32"),
        (&[("CONNECTOR_AUDIT_DAYS", "0")], "CONNECTOR_AUDIT_DAYS must be a number of days"),
        (
            &[("CONNECTOR_SESSION_URL", "memcached://x")],
            "CONNECTOR_SESSION_URL is not the address of a Redis server",
        ),
        (&[("CONNECTOR_SESSION_DAYS", "0")], "CONNECTOR_SESSION_DAYS must be a number of days"),
        (&[("CONNECTOR_SESSION_IDLE_DAYS", "91")], "CONNECTOR_SESSION_IDLE_DAYS is more than"),
        (&[("CONNECTOR_RETURN_URLS", "app.example")], "CONNECTOR_RETURN_URLS has an entry that is no"),
        (&[("CONNECTOR_RETURN_URLS", "https://u:p@app.example")], "CONNECTOR_RETURN_URLS has an entry"),
        (&[("INTEGRATION_DB_URL", "mysql://h/d")], "INTEGRATION_DB_URL has the scheme"),
        (&[("INTEGRATION_DB_URL", "sqlite::memory:")], "INTEGRATION_DB_URL names no file"),
        (
            &[("INTEGRATION_DB_URL", "postgresql://h/d")],
            "CONNECTOR_ENCRYPTION_KEYS must be set with PostgreSQL",
        ),
        (&[("ATLASSIAN_AUTH_URL", "auth.atlassian.com")], "ATLASSIAN_AUTH_URL is not an http(s) address"),
        (&[("ATLASSIAN_CLIENT_ID", "an-app")], "ATLASSIAN_REDIRECT_URI must be set"),
        (&[APP[0], ("ATLASSIAN_REDIRECT_URI", "/callback")], "ATLASSIAN_REDIRECT_URI is not an address"),
        (
            &[APP[0], ("ATLASSIAN_REDIRECT_URI", "http://app.example/api/oauth/callback/atlassian")],
            "ATLASSIAN_REDIRECT_URI must begin with https://",
        ),
        (
            &[APP[0], ("ATLASSIAN_REDIRECT_URI", "https://app.example/done")],
            "ATLASSIAN_REDIRECT_URI does not lead to a callback",
        ),
        (&[("ATLASSIAN_SCOPES", "read:jira-work")], "ATLASSIAN_SCOPES lacks offline_access"),
        (&[("BACKEND_CORS_ORIGINS", "*,https://a.example")], "BACKEND_CORS_ORIGINS has `*` beside"),
        (&[("BACKEND_CORS_ORIGINS", "app.example")], "BACKEND_CORS_ORIGINS has an entry that is no origin"),
        (&[("CONNECTOR_RATE_LIMIT", "many")], "CONNECTOR_RATE_LIMIT must be a number of requests"),
        (&[("CONNECTOR_ADDRESS_RATE_LIMIT", "-1")], "CONNECTOR_ADDRESS_RATE_LIMIT must be a number"),
        (&[("CONNECTOR_MAX_CONNECTIONS", "0")], "CONNECTOR_MAX_CONNECTIONS must be a number from 16"),
        (&[("CONNECTOR_HOSTS", "http://a.example/x")], "CONNECTOR_HOSTS has an entry that is no name"),
        (&[("CONNECTOR_TRUSTED_PROXIES", "proxy")], "CONNECTOR_TRUSTED_PROXIES has an entry that is neither"),
        (&[("CONNECTOR_INSECURE", "all")], "CONNECTOR_INSECURE has a word that is not known"),
        (&[("APP_FRONTEND_URL", "//evil.example")], "APP_FRONTEND_URL must be"),
        (&[("APP_FRONTEND_URL", "javascript:alert(1)")], "APP_FRONTEND_URL must be"),
        (&[("CONNECTOR_PUBLIC_URL", "ftp://x")], "CONNECTOR_PUBLIC_URL is not an http(s) address"),
        (&[("LOG_LEVEL", "loud")], "LOG_LEVEL"),
        (&[("LOG_FORMAT", "xml")], "LOG_FORMAT"),
    ];
    let mut seen = Vec::new();
    for (values, expected) in cases {
        let message = refusal(values);
        assert!(message.contains(expected), "{values:?} gave: {message}");
        assert!(!message.contains("MDEyMzQ1"), "shows a key: {message}");
        seen.push(message);
    }
    let all = refusal(&[("LOG_LEVEL", "loud"), ("CONNECTOR_AUTH", "open")]);
    assert!(all.contains("2 faults") && all.contains("LOG_LEVEL") && all.contains("CONNECTOR_AUTH"), "{all}");
}

const PUBLIC: (&str, &str) = ("CONNECTOR_PUBLIC_URL", "https://connector.example");
const REQUIRED: (&str, &str) = ("CONNECTOR_AUTH", "required");
const KEYS: (&str, &str) = ("CONNECTOR_ENCRYPTION_KEYS", "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");

/// Settings, the word of their message that no other has, and what mends them.
type Unsafe<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

const UNSAFE: &[Unsafe<'_>] = &[
    (&[("CONNECTOR_LISTEN", "0.0.0.0:3001")], "CONNECTOR_AUTH must be set", "`required`"),
    (
        &[("CONNECTOR_LISTEN", "0.0.0.0:3001"), REQUIRED],
        "CONNECTOR_PUBLIC_URL must be set where other machines",
        "https address",
    ),
    (
        &[("CONNECTOR_PUBLIC_URL", "http://connector.example"), REQUIRED],
        "CONNECTOR_PUBLIC_URL is not https",
        "behind a proxy",
    ),
    (&[("CONNECTOR_PUBLIC_URL", "https://ada:x@h.example"), REQUIRED], "holds a user name: whoever", "only"),
    (&[("CONNECTOR_PUBLIC_URL", "https://h.example/app"), REQUIRED], "has a path or a query", "only"),
    (&[("BACKEND_CORS_ORIGINS", "null")], "has `null`", "name the origin"),
    (&[("BACKEND_CORS_ORIGINS", "https://*.example")], "has an entry with `*` in it", "name each one"),
    (&[("BACKEND_CORS_ORIGINS", "*,https://a.example")], "has `*` beside origins", "alone"),
    (&[("BACKEND_CORS_ORIGINS", "https://a.example/")], "has an entry with a path", "scheme, host and port"),
    (
        &[("BACKEND_CORS_ORIGINS", "https://a.example/app")],
        "has an entry with a path",
        "scheme, host and port",
    ),
    (&[("BACKEND_CORS_ORIGINS", "https://u@a.example")], "not written as browsers send it", "without user"),
    (&[("BACKEND_CORS_ORIGINS", "http://a.example")], "has an http origin", "use https"),
    (&[("CONNECTOR_TRUSTED_PROXIES", "*")], "has `*`: then anybody", "list the addresses"),
    (&[("CONNECTOR_TRUSTED_PROXIES", "0.0.0.0/0")], "has a network so large", "list the addresses"),
    (&[("CONNECTOR_TRUSTED_PROXIES", "::/0")], "has a network so large", "list the addresses"),
    (&[("CONNECTOR_HOSTS", "*.example")], "a name that anybody can have", "list each one"),
    (&[("APP_FRONTEND_URL", "//evil.example")], "APP_FRONTEND_URL must be", "path of this service"),
    (&[("APP_FRONTEND_URL", "javascript:alert(1)")], "APP_FRONTEND_URL must be", "http(s) address"),
    (
        &[("APP_FRONTEND_URL", "https://app.example@evil.example")],
        "leads elsewhere than it seems",
        "leave it out",
    ),
    (
        &[PUBLIC, REQUIRED, ("APP_FRONTEND_URL", "http://app.example")],
        "is http while the service",
        "use https",
    ),
    (
        &[APP[0], ("ATLASSIAN_REDIRECT_URI", "http://app.example/api/oauth/callback/atlassian")],
        "must begin with https://",
        "localhost only",
    ),
    (
        &[
            PUBLIC,
            REQUIRED,
            APP[0],
            ("ATLASSIAN_REDIRECT_URI", "https://o.example/api/oauth/callback/atlassian"),
        ],
        "leads to another host than the public address",
        "CONNECTOR_PUBLIC_URL",
    ),
    (
        &[APP[0], APP[2], ("ATLASSIAN_CLIENT_SECRET", APP[0].1)],
        "is the client id, which is public",
        "copy the secret",
    ),
    (&[("ATLASSIAN_API_URL", "http://api.example")], "ATLASSIAN_API_URL is not https", "CONNECTOR_INSECURE"),
    (
        &[("ATLASSIAN_AUTH_URL", "http://auth.example")],
        "ATLASSIAN_AUTH_URL is not https",
        "CONNECTOR_INSECURE",
    ),
    (
        &[("ATLASSIAN_CLOUD_BASE_URL", "https://u:p@x.example")],
        "which would be shown to others",
        "leave them out",
    ),
    (
        &[KEYS, ("INTEGRATION_DB_URL", "postgresql://db.example/c")],
        "without a checked certificate",
        "verify-full",
    ),
    (
        &[KEYS, ("INTEGRATION_DB_URL", "postgresql://db.example/c?sslmode=require")],
        "without a checked certificate",
        "verify-full",
    ),
    (&[("INTEGRATION_DB_URL", "postgresql://localhost/c")], "must be set with PostgreSQL", "keys generate"),
    (
        &[("CONNECTOR_ENCRYPTION_KEYS", "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")],
        "the key is not random",
        "make one with a generator",
    ),
    (&[("CONNECTOR_ENCRYPTION_KEYS", "k1:c2hvcnQ=")], "bytes instead of 32", "32"),
    (&[("CONNECTOR_MAX_CONNECTIONS", "9999999")], "CONNECTOR_MAX_CONNECTIONS must be", "from 16 to 65535"),
];

#[test]
fn what_is_not_safe_is_refused_with_its_own_message_and_a_remedy() {
    let mut messages = std::collections::BTreeSet::new();
    for (values, fault, remedy) in UNSAFE {
        let message = refusal(values);
        assert!(message.contains(fault) && message.contains(remedy), "{values:?} gave: {message}");
        assert!(!message.contains("faults:"), "one fault, one message: {message}");
        messages.insert(message);
    }
    assert!(messages.len() >= 25, "{}", messages.len());
}

#[test]
fn what_is_left_open_knowingly_is_warned_of() {
    for (values, word) in [
        (&[("CONNECTOR_PUBLIC_URL", "http://lab.example"), REQUIRED][..], "http"),
        (&[KEYS, ("INTEGRATION_DB_URL", "postgresql://db/c")], "database"),
        (&[("ATLASSIAN_API_URL", "http://sandbox:4001")], "atlassian"),
    ] {
        refusal(values);
        let mut values = values.to_vec();
        values.push(("CONNECTOR_INSECURE", word));
        let warnings = accepted(&values).warnings.join("\n");
        assert!(warnings.contains(&format!("CONNECTOR_INSECURE={word}")), "{warnings}");
    }
    for database in [
        "postgresql://u@127.0.0.1:5432/c",
        "postgresql://u@localhost/c",
        "postgresql://u@[::1]/c",
        "postgresql:///c?host=/run/postgresql",
        "postgresql://u@db.example/c?sslmode=verify-full",
    ] {
        accepted(&[KEYS, ("INTEGRATION_DB_URL", database)]);
    }
}

#[test]
fn the_edge_is_as_wide_as_the_address() {
    let edge = |values: &[(&str, &str)]| accepted(values).web.edge;
    let here = edge(&[]);
    assert!(here.by_loopback && !here.by_address);
    let there = edge(&[("CONNECTOR_LISTEN", "0.0.0.0:3001"), PUBLIC, REQUIRED]);
    assert!(!there.by_loopback && !there.by_address);
    let anywhere = edge(&[("CONNECTOR_LISTEN", "0.0.0.0:3001"), ("CONNECTOR_AUTH", "public")]);
    assert!(anywhere.by_loopback && anywhere.by_address);
    let behind = edge(&[("CONNECTOR_TRUSTED_PROXIES", "10.0.0.5, fd00::/64")]);
    assert_eq!(behind.proxies.len(), 2);
    let unlimited = edge(&[("CONNECTOR_RATE_LIMIT", "0"), ("CONNECTOR_ADDRESS_RATE_LIMIT", "7")]);
    assert_eq!((unlimited.rates.caller, unlimited.rates.address.map(u32::from)), (None, Some(7)));
}

#[cfg(not(feature = "failpoints"))]
#[test]
fn a_release_has_no_failpoints() {
    for name in ["CONNECTOR_FAILPOINTS", "CONNECTOR_FAILPOINTS_LOG", "CONNECTOR_TORTURE_SCALE"] {
        assert!(refusal(&[(name, "2")]).contains(&format!("{name} is not a setting")));
    }
}

#[cfg(feature = "failpoints")]
#[test]
fn a_torture_run_scales_all_times() {
    let scaled = accepted(&[("CONNECTOR_TORTURE_SCALE", "10")]).connections.timings;
    assert_eq!(scaled.leeway.as_secs(), 54);
    assert!(refusal(&[("CONNECTOR_FAILPOINTS", "nowhere=kill")]).contains("no failpoint"));
}

/// The file is what an operator reads first: it has to know every setting, and no other.
#[test]
fn the_example_lists_every_setting_with_its_default() {
    let example = include_str!("../../../../.env.example");
    let listed: Vec<_> = example
        .lines()
        .map(|line| line.strip_prefix('#').unwrap_or(line))
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        .map(|(name, value)| (name, value.trim_matches('"')))
        .collect();
    let known: Vec<_> = variables::ALL.iter().map(|variable| (variable.name, variable.default)).collect();
    for variable in &known {
        assert!(listed.contains(variable), ".env.example lacks {variable:?}");
    }
    for variable in &listed {
        assert!(known.contains(variable), ".env.example has {variable:?}, which the program does not");
    }
}
