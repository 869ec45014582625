//! No address that anybody hands in leads a browser to a foreign place.

use connector_domain::KeyScope;
use connector_store::Engine;
use connector_testkit::{AuthMode, TestApp};
use serde_json::json;
use url::Url;

const OURS: &str = "https://app.example";

/// Spellings that have led browsers astray: `{}` stands for a host that is not ours.
const SPELLINGS: &[&str] = &[
    "https://{}",
    "https://{}/",
    "http://{}/",
    "//{}",
    "///{}",
    "////{}",
    "/////{}/x",
    "/\\{}",
    "\\/{}",
    "\\\\{}",
    "/\\/{}",
    "/\t/{}",
    "/\n/{}",
    "/\r/{}",
    "\t//{}",
    " //{}",
    "/ /{}",
    "https:{}",
    "https:/{}",
    "https:///{}",
    "https:\\\\{}",
    "https:/\\{}",
    "ht\ttps://{}",
    "https\n://{}",
    "https://\t{}",
    "https://app.example@{}",
    "https://app.example:443@{}/",
    "https://app.example%40{}",
    "https://app.example%2540{}/",
    "https://app.example\\@{}",
    "https://app.example\\.{}",
    "https://app.example.{}",
    "https://app.example-{}",
    "https://app.example。{}",
    "https://app.example．{}",
    "https://app.example｡{}",
    "https://app.example%2e{}",
    "https://app.example%E3%80%82{}",
    "https://{}/app.example",
    "https://{}?https://app.example",
    "https://{}#https://app.example",
    "https://{}\\app.example",
    "https://{};app.example",
    "https://{}%23.app.example",
    "https://{}%3f.app.example",
    "https://{}%2f.app.example",
    "https://{}%5c.app.example",
    "https://{}%00.app.example",
    "https://{}\u{0}.app.example",
    "https://{}%0d%0a.app.example",
    "https://app.example%0d%0aLocation:%20https://{}/",
    "https://app.example\r\nLocation: https://{}/",
    "https://app.example/\r\nSet-Cookie: sid=1//{}",
    "https://app.example:80/@{}:443@{}/",
    "https://app.example:@{}/",
    "https://:app.example@{}/",
    "https://@{}/",
    "https://app.example:8443.{}/",
    "https://[{}]/",
    "https://app.example]@{}/",
    "HTTPS://{}/",
    "hTTp://{}/",
    "javascript://{}/%0aalert(1)",
    "javascript:alert('{}')",
    "data:text/html,<script src=//{}></script>",
    "vbscript:{}",
    "file://{}/etc/passwd",
    "ftp://{}/",
    "blob:https://{}/x",
    "view-source:https://{}/",
    "filesystem:https://{}/temporary",
    "ws://{}/",
    "intent://{}#Intent;end",
    "about:{}",
    "%2f%2f{}",
    "%252f%252f{}",
    "%5c%5c{}",
    "/%2f{}",
    "/%5c{}",
    "/%09/{}",
    "/%0d/{}",
    "/.//{}",
    "/..//{}",
    "/;@{}",
    "./{}",
    "../{}",
    "@{}",
    ".{}",
    "?next=//{}",
    "#//{}",
    "{}",
    "{}:443",
    "",
    "https://",
    "https://?{}",
    "https://#{}",
    "https:/app.example@{}",
    "https://app.example\u{200b}.{}",
    "https://app.example\u{ad}.{}",
    "https://аpp.example.{}",
    "https://ａｐｐ.example.{}",
    "https://{}:app.example/",
    "https://app.example:{}/",
    "https://app.example/..//..//\\{}",
    "https://app.example//{}",
    "https://app.example/\\{}",
    "https://app.example/%2f%2f{}",
    "https://app.example/?to=https://{}",
    "https://app.example/#@{}",
    "http://app.example/{}",
    "https://app.example:444/{}",
    "https://sub.app.example/{}",
    "https://app.example./{}",
    "https://xn--app-example.{}/",
];

const FOREIGN: [&str; 3] = ["evil.example", "127.0.0.1:9", "2130706433"];

#[tokio::test]
async fn no_spelling_of_a_foreign_address_becomes_a_redirect() {
    let app = TestApp::start_with(Engine::Sqlite, |setup| {
        setup.auth = AuthMode::Required;
        setup.runs_jobs = false;
        setup.return_urls = vec![OURS.parse().unwrap()];
    });
    let app = app.await.unwrap();
    let server = app.server(&[KeyScope::Manage]).await;
    let user = server.post("/users", &json!({"email": "lin@corp.example"})).await.json()["id"].clone();
    let own = Url::parse(&app.url).unwrap().origin();
    let ours = [Url::parse(OURS).unwrap().origin(), own];
    let is_ours = |location: &Url| ours.contains(&location.origin());
    let page = app.browser().for_pages();
    let (mut tried, mut accepted) = (0, 0);
    for spelling in SPELLINGS {
        for host in FOREIGN {
            let address = spelling.replace("{}", host);
            tried += 1;
            // As the address of a link. What is taken is followed to where its end would be.
            let asked = json!({"user_id": user, "return_url": address});
            let made = server.post("/api/connect-links", &asked).await;
            if made.status == 201 {
                accepted += 1;
                let url = made.json()["url"].as_str().unwrap().to_owned();
                let first = app.browser();
                first.get(&url).await.expect(302);
                // Another browser is refused, and led to the link's own address with that.
                let location = page.stranger().get(&url).await.expect(302).location();
                assert!(is_ours(&location), "{address:?} leads to {location}");
            } else {
                assert_eq!(made.pointers(), ["/return_url"], "{address:?}");
            }
            // As anything else that comes along with a login.
            let encoded: String = url::form_urlencoded::byte_serialize(address.as_bytes()).collect();
            if encoded.contains("%00") {
                continue;
            }
            for path in [
                format!(
                    "/api/oauth/callback/atlassian?code=x&state=unknown&error={encoded}&return_url={encoded}"
                ),
                format!("/auth/jira/callback?state={encoded}&redirect_uri={encoded}&next={encoded}"),
                format!("/api/oauth/atlassian/login?scope=nothing&state={encoded}&return_url={encoded}"),
            ] {
                let location = page.stranger().get(&path).await.expect(302).location();
                assert!(is_ours(&location), "{path} leads to {location}");
            }
        }
    }
    eprintln!("{tried} spellings, {accepted} of them taken as links: none leads to a foreign place");
    assert!(tried >= 300, "{tried} spellings");
    // Those whose host is ours, whatever stands behind it.
    assert!(accepted >= 10 && accepted < tried / 4, "{accepted} of {tried} are taken");
}
