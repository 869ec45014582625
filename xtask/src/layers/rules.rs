//! Who may use whom: the architecture as a table, from the top to the bottom.
//!
//! A crate may use those that its row names, and a row names only crates below it. Tests may use `testkit`, `sandbox`
//! and `torture` besides (as dev-dependencies). A new crate, or a new arrow, is a change of this table.

pub struct Rule {
    pub name: &'static str,
    /// Crates of this workspace.
    pub uses: &'static [&'static str],
    /// Kinds of crates from outside.
    pub never: &'static [&'static Kind],
}

pub struct Kind {
    pub what: &'static str,
    pub crates: &'static [&'static str],
}

/// What tests may use on top of their crate's row.
pub const FOR_TESTS: &[&str] = &["testkit", "sandbox", "torture"];

const SQL: &Kind = &Kind {
    what: "SQL is spoken by the store alone",
    crates: &["sea-orm", "sea-orm-migration", "sea-query", "sqlx", "rusqlite", "tokio-postgres", "diesel"],
};
const SERVER: &Kind = &Kind {
    what: "only the web crate and the sandbox serve HTTP",
    crates: &[
        "axum",
        "axum-extra",
        "tower-http",
        "hyper",
        "hyper-util",
        "utoipa",
        "utoipa-axum",
        "utoipa-swagger-ui",
        "actix-web",
    ],
};
const CLIENT: &Kind = &Kind {
    what: "Atlassian is asked through the atlassian crate alone",
    crates: &["reqwest", "ureq", "isahc", "oauth2"],
};

const REDIS: &Kind =
    &Kind { what: "Redis is spoken by the place of the sessions alone", crates: &["redis", "fred"] };

#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    // Tools: they see the whole house and nobody sees them.
    Rule { name: "xtask", uses: &[], never: &[REDIS, SQL, SERVER, CLIENT] },
    Rule { name: "bench", uses: &[], never: &[REDIS, CLIENT] },
    // Of the domain only the list of failpoints.
    Rule { name: "torture", uses: &["domain", "leaks"], never: &[REDIS, SERVER, CLIENT] },
    Rule {
        name: "testkit",
        uses: &[
            "web", "sync", "connections", "jobs", "store", "vault", "richtext", "atlassian", "domain", "sandbox", "leaks",
        ],
        never: &[],
    },
    Rule { name: "leaks", uses: &[], never: &[REDIS, SQL, SERVER, CLIENT] },
    // The program.
    Rule {
        name: "cli",
        uses: &["web", "sync", "connections", "jobs", "store", "vault", "richtext", "atlassian", "domain", "sandbox"],
        never: &[REDIS, SQL],
    },
    Rule {
        name: "web",
        uses: &["sync", "connections", "jobs", "store", "richtext", "domain"],
        never: &[REDIS, SQL, CLIENT],
    },
    Rule {
        name: "sync",
        uses: &["connections", "jobs", "store", "richtext", "atlassian", "domain"],
        never: &[REDIS, SQL, SERVER, CLIENT],
    },
    Rule {
        name: "connections",
        uses: &["jobs", "store", "vault", "atlassian", "domain"],
        never: &[SQL, SERVER, CLIENT],
    },
    Rule { name: "jobs", uses: &["store", "domain"], never: &[REDIS, SQL, SERVER, CLIENT] },
    Rule { name: "store", uses: &["domain"], never: &[REDIS, SERVER, CLIENT] },
    Rule { name: "vault", uses: &["domain"], never: &[REDIS, SQL, SERVER, CLIENT] },
    Rule { name: "richtext", uses: &[], never: &[REDIS, SQL, SERVER, CLIENT] },
    Rule { name: "atlassian", uses: &["domain"], never: &[REDIS, SQL, SERVER] },
    Rule { name: "domain", uses: &[], never: &[REDIS, SQL, SERVER, CLIENT] },
    // The other reading of Atlassian's documents: it shares nothing with the client.
    Rule { name: "sandbox", uses: &[], never: &[REDIS, SQL] },
];
