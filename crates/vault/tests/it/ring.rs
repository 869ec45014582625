use connector_domain::SystemEntropy;
use connector_vault::{EntryFault, KeyRing, KeyRingError};

use crate::{entry, ring_of};

#[test]
fn the_first_key_seals_and_all_are_listed() {
    let ring = ring_of(1, &["new", "old", "older"]);
    assert_eq!(ring.sealing_key_id(), "new");
    assert_eq!(ring.key_ids().collect::<Vec<_>>(), ["new", "old", "older"]);
}

#[test]
fn spaces_and_missing_padding_are_allowed() {
    let text = format!(" {} ,\n{} ", entry(1, "a").trim_end_matches('='), entry(1, "b"));
    assert_eq!(KeyRing::parse(&text).unwrap().key_ids().count(), 2);
}

#[test]
fn generated_entries_differ_and_hold_32_bytes() {
    let generate = || KeyRing::generate(&SystemEntropy, "k-1_A").unwrap();
    let (one, other) = (generate(), generate());
    assert_ne!(one.expose(), other.expose());
    assert_eq!(one.expose().len(), "k-1_A:".len() + 44);
    assert_eq!(KeyRing::parse(one.expose()).unwrap().sealing_key_id(), "k-1_A");
    for (id, fault) in
        [("", EntryFault::EmptyId), ("a b", EntryFault::InvalidId), ("a,b", EntryFault::InvalidId)]
    {
        assert_eq!(KeyRing::generate(&SystemEntropy, id).unwrap_err(), fault);
    }
}

#[test]
fn faults_name_position_and_id() {
    let good = entry(1, "good");
    let (_, key) = good.split_once(':').unwrap();
    for (text, id, fault) in [
        (key.to_owned(), None, EntryFault::NoColon),
        (String::new(), None, EntryFault::NoColon),
        (format!(":{key}"), None, EntryFault::EmptyId),
        (format!("{}:{key}", "a".repeat(33)), None, EntryFault::InvalidId),
        (format!("{key}:bad"), None, EntryFault::InvalidId),
        (format!("ä:{key}"), None, EntryFault::InvalidId),
        ("bad:not/base64!".to_owned(), Some("bad"), EntryFault::NotBase64),
        (format!("bad:{key}:{key}"), Some("bad"), EntryFault::NotBase64),
        ("bad:".to_owned(), Some("bad"), EntryFault::WrongLength(0)),
        ("bad:c2hvcnQ=".to_owned(), Some("bad"), EntryFault::WrongLength(5)),
        (format!("bad:{}", "QUJD".repeat(11)), Some("bad"), EntryFault::WrongLength(33)),
        (format!("bad:{}=", "A".repeat(43)), Some("bad"), EntryFault::NotRandom),
        (good.clone(), Some("good"), EntryFault::DuplicateId),
        (format!("bad:{key}"), Some("bad"), EntryFault::DuplicateKey),
    ] {
        let error = KeyRing::parse(&format!("{good},{text}")).unwrap_err();
        let expected = KeyRingError::Entry { position: 2, id: id.map(str::to_owned), fault };
        assert_eq!(error, expected, "{text}");
    }
    for empty in ["", "  \n"] {
        assert_eq!(KeyRing::parse(empty).unwrap_err(), KeyRingError::Empty);
    }
}

#[test]
fn no_fault_shows_a_key() {
    let good = entry(1, "good");
    let (_, key) = good.split_once(':').unwrap();
    for text in [key.to_owned(), format!("{key}:id"), format!("id:{key}x"), format!("id:{key},id:{key}")] {
        let error = KeyRing::parse(&text).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(&key[..8]), "{shown}");
    }
    let error = KeyRing::parse(&format!("{good},id:c2hvcnQ=")).unwrap_err();
    assert_eq!(error.to_string(), "entry 2 (`id`): the key has 5 bytes instead of 32");
}

#[test]
fn debug_shows_ids_only() {
    let shown = format!("{:?}", ring_of(1, &["k1"]));
    assert_eq!(shown, r#"KeyRing { first: Key { id: "k1", .. }, others: [] }"#);
}
