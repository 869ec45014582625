use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_atlassian::delivery::{
    Claims, DeliveryHeaders, Hint, Untrusted, verify_signature, verify_token,
};
use connector_domain::{ClientSecret, Secret, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

const NOW: i64 = 1_777_383_073;

fn now() -> Timestamp {
    Timestamp::from_millis(NOW * 1000)
}

fn secret() -> ClientSecret {
    ClientSecret::new("s3cret-of-the-app")
}

fn signed(header: &Value, claims: &Value, secret: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    format!("Bearer {text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn token(claims: &Value) -> String {
    signed(&json!({"alg": "HS256", "typ": "JWT"}), claims, secret().expose())
}

#[test]
fn fact_90_the_client_secret_signs_deliveries() {
    let authorization = token(&json!({"iss": "app", "iat": NOW, "exp": NOW + 180}));
    let claims = verify_token(&authorization, &secret(), now()).unwrap();
    assert_eq!((claims.issuer.as_deref(), claims.expires_at), (Some("app"), Some(1_777_383_253.0)));
    for other in ["bearer ", "JWT "] {
        assert!(verify_token(&authorization.replace("Bearer ", other), &secret(), now()).is_ok());
    }
    assert_eq!(verify_token(&token(&json!({})), &secret(), now()), Ok(Claims::default()));
}

/// Made by Python's `hmac`.
#[test]
fn agrees_with_a_token_of_another_implementation() {
    let authorization = "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjb25uZWN0b3IiLCJpYXQiOjE3NzczODMwMDB9.\
        8FrDRRt7iR5MCUHITpodvd7d-CNvEHyTExvmetHFJwM";
    let claims = verify_token(authorization, &ClientSecret::new("key of another program"), now()).unwrap();
    assert_eq!((claims.issuer.as_deref(), claims.issued_at), (Some("connector"), Some(1_777_383_000.0)));
}

#[test]
fn other_algorithms_are_refused_even_with_a_right_signature() {
    for alg in ["none", "None", "hs256", "HS384", "RS256", ""] {
        let authorization = signed(&json!({"alg": alg}), &json!({}), secret().expose());
        assert_eq!(verify_token(&authorization, &secret(), now()), Err(Untrusted::WrongAlgorithm), "{alg}");
    }
    let critical = signed(&json!({"alg": "HS256", "crit": ["exp"]}), &json!({}), secret().expose());
    assert_eq!(verify_token(&critical, &secret(), now()), Err(Untrusted::Malformed));
}

#[test]
fn times_are_believed_within_a_minute() {
    for (claims, expected) in [
        (json!({"exp": NOW - 59}), None),
        (json!({"exp": NOW - 60}), Some(Untrusted::Expired)),
        (json!({"exp": 0}), Some(Untrusted::Expired)),
        (json!({"iat": NOW + 60}), None),
        (json!({"iat": NOW + 61}), Some(Untrusted::NotYetValid)),
        (json!({"exp": 1e300}), None),
        (json!({"exp": "soon"}), Some(Untrusted::Malformed)),
    ] {
        assert_eq!(verify_token(&token(&claims), &secret(), now()).err(), expected, "{claims}");
    }
}

#[test]
fn nothing_else_is_believed() {
    let good = token(&json!({"iat": NOW}));
    let (text, signature) = good.rsplit_once('.').unwrap();
    let wrong = [
        (good.replace("eyJpYXQ", "eyJpYXR"), Untrusted::WrongSignature),
        (format!("{text}."), Untrusted::WrongSignature),
        (format!("{text}.{}", &signature[..40]), Untrusted::WrongSignature),
        (signed(&json!({"alg": "HS256"}), &json!({}), "another"), Untrusted::WrongSignature),
        (format!("{text}.!!!"), Untrusted::Malformed),
        (format!("Basic {}", good.trim_start_matches("Bearer ")), Untrusted::Malformed),
        (text.to_owned(), Untrusted::Malformed),
        (String::new(), Untrusted::Malformed),
        ("Bearer".to_owned(), Untrusted::Malformed),
        ("Bearer a.b.c".to_owned(), Untrusted::Malformed),
        (format!("Bearer {}", "a".repeat(9000)), Untrusted::Malformed),
    ];
    for (authorization, expected) in wrong {
        assert_eq!(verify_token(&authorization, &secret(), now()), Err(expected), "{authorization}");
    }
    let by_nobody = signed(&json!({"alg": "HS256"}), &json!({}), "");
    assert_eq!(verify_token(&by_nobody, &ClientSecret::new(""), now()), Err(Untrusted::WrongSignature));
}

#[test]
fn fact_90_a_secret_of_an_administrator_signs_the_body() {
    let secret = Secret::new("It's a Secret to Everybody");
    let good = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
    assert_eq!(verify_signature(good, b"Hello World!", &secret), Ok(()));
    assert_eq!(
        verify_signature(&good.to_uppercase().replace("SHA", "sha"), b"Hello World!", &secret),
        Ok(())
    );
    assert_eq!(verify_signature(good, b"Hello World", &secret), Err(Untrusted::WrongSignature));
    assert_eq!(verify_signature(good, b"Hello World!", &Secret::new("x")), Err(Untrusted::WrongSignature));
    assert_eq!(verify_signature("sha256=", b"Hello World!", &secret), Err(Untrusted::WrongSignature));
    for malformed in [&good[7..], "sha1=a477", "sha256=a47", "sha256=é7", ""] {
        assert_eq!(
            verify_signature(malformed, b"Hello World!", &secret),
            Err(Untrusted::Malformed),
            "{malformed}"
        );
    }
}

#[test]
fn a_delivery_is_a_hint() {
    let body = json!({
        "timestamp": 1_685_267_893_503_i64, "webhookEvent": "jira:issue_updated", "user": {"accountId": "a"},
        "issue": {"id": 12_345, "key": "AP-1", "fields": {"project": {"id": "10000", "key": "AP"}}},
        "changelog": {"id": "1", "items": [{"field": "Link"}, {"field": "Status", "fieldId": "status"}]},
        "matchedWebhookIds": [7, 8],
    });
    let hint = Hint::read(body.to_string().as_bytes()).unwrap();
    assert_eq!(hint.timestamp.unwrap().as_millis(), 1_685_267_893_503);
    assert_eq!((hint.issue_id.as_deref(), hint.issue_key.as_deref()), (Some("12345"), Some("AP-1")));
    assert_eq!((hint.project_id.as_deref(), hint.project_key.as_deref()), (Some("10000"), Some("AP")));
    assert_eq!(
        (hint.changed_fields, hint.webhook_ids),
        (vec!["Link".to_owned(), "status".to_owned()], vec![7, 8])
    );
    assert_eq!(hint.account_id.unwrap().as_str(), "a");
    let hint = |body: Value| Hint::read(body.to_string().as_bytes()).unwrap();
    assert!(hint(json!({"webhookEvent": "jira:issue_deleted"})).is_issue_deleted());
    let worklog = hint(json!({"webhookEvent": "worklog_created", "worklog": {"id": "5", "issueId": "6"}}));
    assert_eq!((worklog.worklog_id.as_deref(), worklog.issue_id.as_deref()), (Some("5"), Some("6")));
    let page = hint(json!({"userAccountId": "u", "page": {"id": 9, "spaceKey": "A"}, "timestamp": 1}));
    assert_eq!(
        (page.page_id.as_deref(), page.space_key.as_deref(), page.event),
        (Some("9"), Some("A"), None)
    );
}

#[test]
fn a_hint_of_another_form_is_still_read() {
    let body = json!({"webhookEvent": "x", "issue": [1], "user": "u", "changelog": 7, "comment": {"id": {}}});
    assert_eq!(Hint::read(body.to_string().as_bytes()).unwrap().event.as_deref(), Some("x"));
    for body in ["", "[]", "null", "<html>", "{"] {
        assert_eq!(Hint::read(body.as_bytes()), None, "{body}");
    }
}

#[test]
fn fact_91_headers_name_the_delivery() {
    let header = |name: &str| match name {
        "x-atlassian-webhook-identifier" => Some("id-1"),
        "x-atlassian-webhook-retry" => Some("2"),
        _ => None,
    };
    let headers = DeliveryHeaders::read(header);
    assert_eq!((headers.identifier.as_deref(), headers.retry, headers.flow), (Some("id-1"), Some(2), None));
    assert_eq!(DeliveryHeaders::read(|_| None), DeliveryHeaders::default());
}
