use connector_domain::SystemEntropy;
use connector_vault::{KeyRing, OpenError, Place};
use proptest::prelude::{any, proptest};

use crate::{PLACE, ring_of, seal};

#[test]
fn opens_in_its_place_and_is_never_the_same_twice() {
    let ring = ring_of(1, &["k1"]);
    for plaintext in [&b""[..], b"x", "a token of several KB ".repeat(400).as_bytes()] {
        let (one, other) = (seal(&ring, &PLACE, plaintext), seal(&ring, &PLACE, plaintext));
        assert_ne!(one, other);
        assert_eq!(*ring.open(&PLACE, &one).unwrap(), plaintext);
        assert_eq!(one.len(), 1 + 1 + 2 + 24 + plaintext.len() + 16);
        assert!(plaintext.len() < 2 || !one.windows(plaintext.len()).any(|bytes| bytes == plaintext));
    }
}

#[test]
fn opens_in_none_of_nineteen_other_places() {
    let ring = ring_of(1, &["k1"]);
    let places: Vec<Place<'_>> =
        [("grants", "1"), ("grants", "2"), ("attempts", "1"), ("grants1", ""), ("g", "rants1")]
            .into_iter()
            .flat_map(|(table, row)| {
                [("sealed", None), ("sealed", Some(0)), ("sealed", Some(-1)), ("verifier", None)]
                    .map(|(column, generation)| Place { table, column, row, generation })
            })
            .collect();
    assert_eq!(places.len(), 20);
    for here in &places {
        let sealed = seal(&ring, here, b"secret");
        for there in &places {
            let opened = ring.open(there, &sealed);
            if here == there {
                assert_eq!(*opened.unwrap(), b"secret");
            } else {
                let refused = OpenError::Refused { place: there.to_string(), key_id: "k1".to_owned() };
                assert_eq!(opened.unwrap_err(), refused, "{here} -> {there}");
            }
        }
    }
}

#[test]
fn opens_with_no_bit_flipped_and_at_no_other_length() {
    // `k0` differs from `k1` by one bit, so that a flipped key id can name a key of the ring.
    let ring = ring_of(1, &["k1", "k0"]);
    for plaintext in [&b""[..], b"0123456789", &[0xff; 100]] {
        let sealed = seal(&ring, &PLACE, plaintext);
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(ring.open(&PLACE, &flipped).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(ring.open(&PLACE, &sealed[..length]).is_err(), "{length} bytes");
        }
        assert!(ring.open(&PLACE, &[&sealed[..], b"\0"].concat()).is_err());
    }
}

#[test]
fn says_why_without_content() {
    let ring = ring_of(1, &["k1"]);
    let mut sealed = seal(&ring, &PLACE, b"secret");
    let stranger = seal(&ring_of(1, &["k2"]), &PLACE, b"secret");
    let namesake = seal(&ring_of(2, &["k1"]), &PLACE, b"secret");
    let old_version = [&[0], &sealed[1..]].concat();
    let bad_id = [&[1, 2], &b"k\n"[..], &sealed[4..]].concat();
    let place = "`grants.sealed_refresh` of row `42`, generation 7";
    for (bytes, expected) in [
        (&stranger[..], "is sealed with key `k2`, which is not in the key ring"),
        (&namesake, "with key `k1`: it was moved here or altered, or another key had this id"),
        (&old_version, "version 0 is not known"),
        (&bad_id, "its key id has another form"),
        (&sealed[..30], "it is cut short"),
        (&[], "it is cut short"),
    ] {
        let error = ring.open(&PLACE, bytes).unwrap_err().to_string();
        assert!(error.starts_with(place) && error.contains(expected), "{error}");
    }
    sealed = seal(&ring, &PLACE, &[0xff]);
    let error = ring.open_text(&PLACE, &sealed).unwrap_err();
    assert!(
        matches!(error, OpenError::Malformed { .. }) && error.to_string().ends_with("is not text"),
        "{error}"
    );
}

#[test]
fn a_new_first_key_seals_while_the_old_one_still_opens() {
    let (before, during, after) = (ring_of(1, &["old"]), ring_of(1, &["new", "old"]), ring_of(1, &["new"]));
    let sealed = seal(&before, &PLACE, b"secret");
    assert_eq!(KeyRing::key_id_of(&sealed), Some("old"));
    let again = seal(&during, &PLACE, &during.open(&PLACE, &sealed).unwrap());
    assert_eq!(KeyRing::key_id_of(&again), Some("new"));
    assert_eq!(after.open_text(&PLACE, &again).unwrap().expose(), "secret");
    let unknown = OpenError::UnknownKey { place: PLACE.to_string(), key_id: "old".to_owned() };
    assert_eq!(after.open(&PLACE, &sealed).unwrap_err(), unknown);
    assert_eq!(KeyRing::key_id_of(b"no sealed bytes"), None);
}

#[test]
fn a_check_tells_the_same_key_from_another_of_its_id() {
    let ring = ring_of(1, &["k1", "k0"]);
    let check = |id| ring.check(id, &SystemEntropy);
    for id in ["k1", "k0"] {
        let sealed = check(id).unwrap();
        assert_eq!(KeyRing::key_id_of(&sealed), Some(id));
        ring.verify_check(id, &sealed).unwrap();
        assert!(matches!(
            ring_of(2, &["k1", "k0"]).verify_check(id, &sealed),
            Err(OpenError::Refused { .. })
        ));
    }
    assert!(ring.verify_check("k0", &check("k1").unwrap()).is_err());
    assert_eq!(check("k2"), None);
    let missing = ring_of(1, &["k0"]).verify_check("k1", &check("k1").unwrap());
    assert!(matches!(missing, Err(OpenError::UnknownKey { .. })), "{missing:?}");
    let place = Place { table: "key_checks", column: "sealed", row: "k1", generation: None };
    assert!(ring.verify_check("k1", &seal(&ring, &place, b"something else")).is_err());
}

/// Made by another implementation of the format, in Python. If this fails, every stored value is lost.
#[test]
fn opens_what_the_documented_format_says() {
    const SEALED: &str = "01026b316465666768696a6b6c6d6e6f707172737475767778797a7b58b4\
        4744affe3b65dd2ca928bf4b6232df27ceddcc35632d00c4ea95997099";
    let ring = KeyRing::parse("k1:WJ0FmWbLo8TmEDs8IypfhbIhH8FslkxtmrOY+ZcNxYk=").unwrap();
    let sealed: Vec<_> =
        (0..SEALED.len()).step_by(2).map(|i| u8::from_str_radix(&SEALED[i..i + 2], 16).unwrap()).collect();
    assert_eq!(ring.open_text(&PLACE, &sealed).unwrap().expose(), "a refresh token");
}

proptest! {
    #[test]
    fn wild_input_is_refused_without_panic(mut bytes: Vec<u8>, looks_right in any::<bool>()) {
        if looks_right {
            bytes.splice(..0, *b"\x01\x02k1");
        }
        assert!(ring_of(1, &["k1"]).open(&PLACE, &bytes).is_err());
        KeyRing::key_id_of(&bytes);
    }

    #[test]
    fn wild_text_is_a_ring_or_a_fault(text: String) {
        let _ = KeyRing::parse(&text);
    }
}
