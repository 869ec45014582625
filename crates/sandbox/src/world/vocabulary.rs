//! Words of a logistics company that writes its own software.

/// Key, name, description of the first projects; more are made from regions and themes.
pub const PROJECTS: [(&str, &str, &str); 14] = [
    ("WEB", "Website Relaunch", "The public site on the new design system, in eleven languages."),
    (
        "APP",
        "Driver App",
        "The app that drivers use on the road: routes, proof of delivery, chat with dispatch.",
    ),
    (
        "PAY",
        "Payments Platform",
        "Invoices, direct debit and payouts to carriers. Ask in #payments before you deploy.",
    ),
    (
        "OPS",
        "Platform Operations",
        "Clusters, databases, on-call. Incidents are tracked here, postmortems in Confluence.",
    ),
    ("DATA", "Data Warehouse", "Pipelines, models and dashboards. Source of the weekly numbers."),
    ("SUP", "Customer Support Tools", "What the support team needs to answer within four hours."),
    ("SEC", "Security & Compliance", "Vulnerabilities, audits, access reviews. Restricted."),
    ("PPL", "People & Culture", "Hiring, onboarding, the handbook."),
    ("MKT", "Marketing Campaigns", "Campaign calendar and landing pages."),
    ("FUL", "Fulfilment & Warehousing", "Scanner firmware, shelf planning, returns at the three warehouses."),
    ("MUC", "Büroumzug München", "Umzug in die Schwanthalerstraße: Pläne, Kartons, Schlüssel."),
    ("RND", "研究開発 Route Lab 🧪", "Experiments with route optimisation. Things may break."),
    ("API", "Partner API", "The public API for carriers and shops."),
    ("FIN", "Finance Systems", "ERP, month-end close, cost centres."),
];

/// Prefix of key and name of the further projects.
pub const REGIONS: [(&str, &str); 8] = [
    ("EU", "Europe"),
    ("NA", "North America"),
    ("LA", "Latin America"),
    ("AF", "Africa"),
    ("ME", "Middle East"),
    ("IN", "India"),
    ("JP", "Japan"),
    ("AU", "Australia"),
];

/// Suffix of key, and name and purpose of the further projects and spaces.
pub const THEMES: [(&str, &str, &str); 10] = [
    ("RT", "Routing", "Routes, traffic and time windows."),
    ("CS", "Customs", "Customs papers and tariffs."),
    ("WH", "Warehouses", "Shelves, scanners, stock."),
    ("CR", "Carriers", "Contracts with carriers and their ratings."),
    ("RE", "Returns", "Everything that comes back."),
    ("BI", "Billing", "Invoices, dunning, taxes."),
    ("FL", "Fleet", "Vehicles, maintenance, fuel."),
    ("LG", "Legal", "Contracts, permits, local rules."),
    ("ON", "Onboarding", "New customers, from contract to first parcel."),
    ("QA", "Quality", "Claims, damages, audits."),
];

/// Key, name, type and description of the first spaces. The fifth is Ada's personal one, the sixth is archived.
pub const SPACES: [(&str, &str, &str); 8] = [
    ("ENG", "Engineering", "How we build and run software: decisions, guides, runbooks."),
    ("PROD", "Product", "Roadmaps, research and specifications."),
    ("HB", "Company Handbook", "How we work: time off, travel, security, tools."),
    ("SUPPORT", "Customer Support", "Answers, macros and escalation paths."),
    ("", "", ""),
    ("OLDWEB", "Website 2021 (archived)", "Kept for reference."),
    ("LEGAL", "Legal & Compliance", "Contracts and policies. Restricted."),
    ("FACIL", "Büro & Standorte", "Schlüssel, Parkplätze, Post."),
];

/// Things that software and people work on.
pub const THINGS: [&str; 28] = [
    "address validation",
    "the carrier portal",
    "proof-of-delivery upload",
    "route recalculation",
    "the invoice export",
    "single sign-on",
    "the returns label",
    "push notifications",
    "the tariff import",
    "stock reservation",
    "the dispatch board",
    "the parcel tracking page",
    "the webhook retries",
    "customs pre-declaration",
    "the scanner firmware",
    "SEPA direct debit",
    "the weekly report",
    "geocoding",
    "search suggestions",
    "the onboarding checklist",
    "rate limiting",
    "the driver chat",
    "PDF rendering",
    "the price calculator",
    "time window planning",
    "the audit log",
    "database failover",
    "the status page",
];

/// What goes wrong, for the summary of a bug.
pub const FAULTS: [&str; 16] = [
    "times out",
    "shows the wrong time zone",
    "loses the last line",
    "fails for addresses with umlauts",
    "answers 500",
    "is slow on large accounts",
    "counts parcels twice",
    "ignores the language setting",
    "crashes on Android 14",
    "sends duplicate e-mails",
    "rounds to the wrong cent",
    "shows an empty list",
    "does not refresh after saving",
    "rejects valid postcodes",
    "leaks file handles",
    "breaks when the name contains an emoji 📦",
];

/// Under which circumstances it goes wrong.
pub const WHEN: [&str; 12] = [
    "after a password change",
    "behind the office proxy",
    "for carriers without VAT id",
    "when two people edit at once",
    "on the first of the month",
    "with more than 500 stops",
    "in Safari",
    "after the daylight saving change",
    "for archived customers",
    "while a deployment is running",
    "with an expired session",
    "on the test system only",
];

/// What is to be done, for the summary of a task.
pub const DEEDS: [&str; 16] = [
    "Migrate",
    "Document",
    "Speed up",
    "Add metrics to",
    "Clean up",
    "Write tests for",
    "Replace",
    "Review access to",
    "Translate",
    "Add feature flag for",
    "Prepare a demo of",
    "Split",
    "Upgrade",
    "Load-test",
    "Monitor",
    "Simplify",
];

/// Who wants something, for the summary of a story.
pub const ROLES: [&str; 8] = [
    "dispatcher",
    "driver",
    "warehouse lead",
    "support agent",
    "carrier",
    "finance clerk",
    "new customer",
    "shop owner",
];

/// What they want.
pub const WISHES: [&str; 14] = [
    "see delays on one screen",
    "correct an address without calling support",
    "download all invoices of a month",
    "know who changed a price",
    "plan a tour offline",
    "get a reminder before the pickup",
    "filter by region and carrier",
    "upload papers by phone",
    "undo the last change",
    "compare two routes",
    "export the list to a spreadsheet",
    "log in with the company account",
    "see the history of a parcel",
    "set holidays per warehouse",
];

pub const TEAMS: [&str; 10] =
    ["Atlas", "Beacon", "Compass", "Delta", "Ember", "Falcon", "Harbour", "Meridian", "Nimbus", "Quartz"];

pub const SERVICES: [&str; 12] = [
    "route-planner",
    "parcel-api",
    "billing",
    "identity",
    "label-printer",
    "event-bus",
    "tariff-engine",
    "notification-hub",
    "warehouse-sync",
    "search-index",
    "document-store",
    "rate-limiter",
];

pub const LABELS: [&str; 12] = [
    "backend",
    "frontend",
    "quick-win",
    "tech-debt",
    "customer-request",
    "needs-design",
    "Q1",
    "regression",
    "gdpr",
    "ux",
    "blocked",
    "überfällig",
];

/// Titles and summaries that trip up careless programs.
pub const AWKWARD: [&str; 12] = [
    "🚀 Launch checklist ✅ (v2)",
    "دليل الموظف الجديد: الأسبوع الأول",
    "障害対応手順書（夜間・休日）",
    "Q&A: <b>\"quotes\"</b>, 'apostrophes' & back\\slashes",
    "100% done? C:\\temp/%20/..;{}[]|^~`",
    "Zażółć gęślą jaźń – pangram test",
    "Ünïcödé ﬁ ligature, e\u{301} combining, 👩‍👩‍👧‍👦 family, 🏳️‍🌈 flag",
    "מדריך נסיעות עסקיות (2026)",
    "🧾",
    "Why does the export contain null, None, undefined and NaN?",
    "🇪🇺 Ελληνικά και Русский в одном заголовке",
    "Robert'); DROP TABLE parcels;--",
];

pub const SENTENCES: [&str; 28] = [
    "The current behaviour was fine for one warehouse and is not for three.",
    "Most of the calls come on Monday morning, before the first tours leave.",
    "We measured this for two weeks and the numbers did not move.",
    "Please read the whole page before you change anything.",
    "If in doubt, ask in the channel; somebody has seen it before.",
    "The old system stays available read-only until the end of the quarter.",
    "Finance needs the figures by the third working day.",
    "A rollback takes about four minutes and loses no data.",
    "Drivers told us that they ignore the message because it comes too often.",
    "This was decided with legal and must not be changed without them.",
    "The limit comes from the carrier, not from us.",
    "We agreed on the smallest version that solves the problem.",
    "There is a dashboard for this; its link is at the end of the page.",
    "Customers in Austria and Switzerland are not affected.",
    "The nightly job runs at 02:15 and must be done by 05:00.",
    "Nobody should have to remember this by heart, hence this page.",
    "Tests cover the happy path; the edge cases are listed below.",
    "It works on small accounts, so we did not notice for a while.",
    "Access is given by the team lead and reviewed every quarter.",
    "We keep the raw events for 90 days and the totals for ever.",
    "The design review asked for larger touch targets and more contrast.",
    "Write down what you saw before you restart anything.",
    "Both regions are active; traffic moves by DNS within five minutes.",
    "The vendor confirmed the defect and promised a fix in the next release.",
    "Translation is done by people, not by machines, and takes three days.",
    "If the queue is longer than 10,000 messages, page the on-call engineer.",
    "تُسلَّم الطرود قبل الساعة 10:30، وإلا فاتصلوا بفريق dispatch فورًا.",
    "נא לעדכן את הלוח (board) לפני יום שישי בשעה 14:00.",
];
