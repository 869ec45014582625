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
        (&[("CONNECTOR_SESSION_URL", "redis://x")], "CONNECTOR_SESSION_URL is not supported"),
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
        (&[("BACKEND_CORS_ORIGINS", "null")], "BACKEND_CORS_ORIGINS has an entry that is no origin"),
        (
            &[("BACKEND_CORS_ORIGINS", "https://a.example/")],
            "BACKEND_CORS_ORIGINS has an entry that is no origin",
        ),
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
