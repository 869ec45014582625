//! Every setting, as `.env.example` lists it.

pub(crate) struct Variable {
    pub(crate) name: &'static str,
    /// As it stands in `.env.example`; empty where there is none.
    #[cfg_attr(not(test), expect(dead_code, reason = "compared with .env.example"))]
    pub(crate) default: &'static str,
}

const fn variable(name: &'static str, default: &'static str) -> Variable {
    Variable { name, default }
}

pub(crate) const ALL: &[Variable] = &[
    variable("INTEGRATION_DB_URL", super::DEFAULT_DATABASE),
    variable("ATLASSIAN_CLIENT_ID", ""),
    variable("ATLASSIAN_CLIENT_SECRET", ""),
    variable("ATLASSIAN_REDIRECT_URI", ""),
    variable("ATLASSIAN_SCOPES", super::DEFAULT_SCOPES),
    variable("ATLASSIAN_AUTH_URL", "https://auth.atlassian.com"),
    variable("ATLASSIAN_API_URL", "https://api.atlassian.com"),
    variable("ATLASSIAN_CLOUD_BASE_URL", ""),
    variable("JIRA_OAUTH_CLIENT_ID", ""),
    variable("JIRA_OAUTH_CLIENT_SECRET", ""),
    variable("JIRA_OAUTH_REDIRECT_URI", ""),
    variable("CONFLUENCE_OAUTH_CLIENT_ID", ""),
    variable("CONFLUENCE_OAUTH_CLIENT_SECRET", ""),
    variable("CONFLUENCE_OAUTH_REDIRECT_URI", ""),
    variable("APP_FRONTEND_URL", "/connected"),
    variable("CONNECTOR_RETURN_URLS", ""),
    variable("BACKEND_CORS_ORIGINS", "*"),
    variable("CONNECTOR_LISTEN", super::DEFAULT_LISTEN),
    variable("CONNECTOR_PUBLIC_URL", ""),
    variable("APP_BASE_URL", ""),
    variable("CONNECTOR_AUTH", ""),
    variable("CONNECTOR_HOSTS", ""),
    variable("CONNECTOR_TRUSTED_PROXIES", ""),
    variable("CONNECTOR_RATE_LIMIT", "100"),
    variable("CONNECTOR_ADDRESS_RATE_LIMIT", "200"),
    variable("CONNECTOR_MAX_CONNECTIONS", "800"),
    variable("CONNECTOR_INSECURE", ""),
    variable("CONNECTOR_ENCRYPTION_KEYS", ""),
    variable("CONNECTOR_SYNC_INTERVAL", "300"),
    variable("CONNECTOR_CENSUS_HOUR", "2"),
    variable("CONNECTOR_SYNC_WINDOWS", "4"),
    variable("CONNECTOR_SESSION_URL", ""),
    variable("CONNECTOR_SESSION_IDLE_DAYS", super::sessions::IDLE_DAYS),
    variable("CONNECTOR_SESSION_DAYS", super::sessions::DAYS),
    variable("CONNECTOR_AUDIT_DAYS", "365"),
    variable("CONNECTOR_SPOOL_DIR", ""),
    variable("LOG_LEVEL", "info"),
    variable("LOG_FORMAT", ""),
];
