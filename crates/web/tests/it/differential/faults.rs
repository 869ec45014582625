use connector_testkit::{Browser, TestApp};
use serde_json::{Value, json};

use super::Dice;

/// What goes wrong, how often, and where.
fn faults() -> [(Value, usize); 11] {
    [
        (json!({"status": 429, "headers": {"Retry-After": "1"}}), 3),
        (json!({"status": 429, "headers": {"Retry-After": "90"}}), 3),
        (json!({"rate_limit": "burst"}), 2),
        (json!({"status": 500}), 3),
        (json!({"drop": "before"}), 3),
        (json!({"drop": "after"}), 3),
        (json!({"truncate": 60}), 3),
        (json!({"garbage": true}), 3),
        // Nothing is wrong with these two.
        (json!({"page_size": 2}), 60),
        (json!({"page_size": 3}), 60),
        (json!({"twice": true}), 8),
    ]
}

/// Seconds by which Atlassian's clock may be off.
const SKEWS: [i64; 5] = [-60, -7, 0, 13, 60];

const PATHS: [&str; 14] = [
    "*/search/jql",
    "*/issue/bulkfetch",
    "*/project/search",
    "*/changelog/bulkfetch",
    "*/comment/list",
    "*/worklog/updated",
    "*/worklog/list",
    "*/users/search",
    "*/pages",
    "*/blogposts",
    "*/spaces",
    "*/attachments",
    "*/labels",
    "*-comments",
];

/// Some calls go wrong for a while, searches fall behind, and Atlassian's clock is not quite ours.
pub(crate) async fn disturb(app: &TestApp, dice: &mut Dice) {
    let faults = faults();
    for _ in 0..dice.below(5) {
        let (path, (action, times)) = (dice.pick(&PATHS).unwrap(), dice.pick(&faults).unwrap());
        app.sandbox.fault(path, 1 + dice.below(*times) as u64, action.clone()).await;
    }
    let switches = json!({"index_lag": dice.below(40), "date_skew": SKEWS[dice.below(SKEWS.len())]});
    let control = Browser::new(&app.sandbox.url);
    let set = control.call("PATCH", "/__sandbox/switches").json(&switches).await;
    assert_eq!(set.status, 200, "{}", set.text());
}

/// From now on everything goes well.
pub(crate) async fn calm(app: &TestApp) {
    app.sandbox.clear_faults().await;
    let control = Browser::new(&app.sandbox.url);
    let set =
        control.call("PATCH", "/__sandbox/switches").json(&json!({"index_lag": 0, "date_skew": 0})).await;
    assert_eq!(set.status, 200, "{}", set.text());
}
