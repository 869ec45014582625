use std::borrow::Cow;
use std::fmt::Write as _;

use connector_domain::{Json, Timestamp};
use sea_orm::Value;
use sha2::{Digest as _, Sha256};

use super::MirrorKind;

/// A thing as Atlassian has it, which [`WriteTx::upsert_remote`](crate::WriteTx::upsert_remote) writes.
pub trait Remote: Sync {
    const KIND: MirrorKind;
    /// The columns that Atlassian fills, besides its id, in the order of [`values`](Self::values).
    #[doc(hidden)]
    const COLUMNS: &'static [RemoteColumn];

    /// Atlassian's id, unique among the things of this kind on a site.
    fn remote_id(&self) -> &str;
    #[doc(hidden)]
    fn values(&self) -> Vec<Value>;
    #[doc(hidden)]
    fn digest(&self, digest: &mut RemoteDigest);
    /// What [`MirrorKind::by_hand_columns`] of this thing's row hold.
    #[doc(hidden)]
    fn by_hand(&self) -> Vec<&str>;
}

#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct RemoteColumn {
    pub(crate) name: &'static str,
    pub(crate) is_json: bool,
}

/// A hash over the values of a row. Equal rows have equal hashes; an absent value differs from an empty one.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct RemoteDigest(Sha256);

impl RemoteDigest {
    fn bytes(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            None => self.0.update([0]),
            Some(bytes) => {
                self.0.update([1]);
                self.0.update((bytes.len() as u64).to_le_bytes());
                self.0.update(bytes);
            }
        }
    }

    /// The content hash of a thing.
    pub(crate) fn of(thing: &impl Remote) -> String {
        let mut digest = Self::default();
        thing.digest(&mut digest);
        // Half of it is plenty against chance, and there is nobody to forge one.
        digest.0.finalize().iter().take(16).fold(String::with_capacity(32), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

/// What a column of a mirrored row can hold.
pub(crate) trait Cell {
    const IS_JSON: bool = false;
    fn value(&self) -> Value;
    fn digest(&self, digest: &mut RemoteDigest);
}

/// Text without the character that PostgreSQL cannot store.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// JSON without the escaped form of the character that PostgreSQL cannot store.
fn storable_json(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u0000") {
        return text.into();
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        clean.push_str(before);
        // An escaped backslash goes over whole, so that what follows it is not taken for an escape.
        let (written, length) = if escape.starts_with("\\u0000") {
            ("\\ufffd", 6)
        } else {
            (escape.get(..2).unwrap_or(escape), 2)
        };
        clean.push_str(written);
        rest = escape.get(length..).unwrap_or_default();
    }
    clean.push_str(rest);
    clean.into()
}

impl Cell for String {
    fn value(&self) -> Value {
        Value::String(Some(storable(self).into_owned()))
    }

    fn digest(&self, digest: &mut RemoteDigest) {
        digest.bytes(Some(self.as_bytes()));
    }
}

impl Cell for Json {
    const IS_JSON: bool = true;

    fn value(&self) -> Value {
        Value::String(Some(storable_json(self.as_str()).into_owned()))
    }

    fn digest(&self, digest: &mut RemoteDigest) {
        digest.bytes(Some(self.as_str().as_bytes()));
    }
}

impl Cell for i64 {
    fn value(&self) -> Value {
        Value::BigInt(Some(*self))
    }

    fn digest(&self, digest: &mut RemoteDigest) {
        digest.bytes(Some(&self.to_le_bytes()));
    }
}

impl Cell for Timestamp {
    fn value(&self) -> Value {
        self.as_millis().value()
    }

    fn digest(&self, digest: &mut RemoteDigest) {
        Cell::digest(&self.as_millis(), digest);
    }
}

impl Cell for bool {
    fn value(&self) -> Value {
        Value::Bool(Some(*self))
    }

    fn digest(&self, digest: &mut RemoteDigest) {
        digest.bytes(Some(&[u8::from(*self)]));
    }
}

/// A type whose column may be null.
trait Nullable: Cell {
    const NULL: Value;
}

impl Nullable for String {
    const NULL: Value = Value::String(None);
}

impl Nullable for Json {
    const NULL: Value = Value::String(None);
}

impl Nullable for i64 {
    const NULL: Value = Value::BigInt(None);
}

impl Nullable for Timestamp {
    const NULL: Value = Value::BigInt(None);
}

impl<T: Nullable> Cell for Option<T> {
    const IS_JSON: bool = T::IS_JSON;

    fn value(&self) -> Value {
        self.as_ref().map_or(T::NULL, Cell::value)
    }

    fn digest(&self, digest: &mut RemoteDigest) {
        match self {
            Some(value) => value.digest(digest),
            None => digest.bytes(None),
        }
    }
}

/// A thing of Atlassian's, and how it is written: each field into the column with its name.
macro_rules! remote {
    (
        $(#[$doc:meta])*
        $name:ident is $kind:ident $(, by hand ($($by_hand:ident),*))? {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            /// Atlassian's id.
            pub remote_id: String,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $crate::queries::mirror::Remote for $name {
            const KIND: $crate::MirrorKind = $crate::MirrorKind::$kind;
            const COLUMNS: &'static [$crate::queries::mirror::RemoteColumn] = &[
                $($crate::queries::mirror::RemoteColumn {
                    name: stringify!($field),
                    is_json: <$type as $crate::queries::mirror::remote::Cell>::IS_JSON,
                },)*
            ];

            fn remote_id(&self) -> &str {
                &self.remote_id
            }

            fn values(&self) -> Vec<sea_orm::Value> {
                use $crate::queries::mirror::remote::Cell as _;
                vec![$(self.$field.value(),)*]
            }

            fn digest(&self, digest: &mut $crate::queries::mirror::RemoteDigest) {
                $($crate::queries::mirror::remote::Cell::digest(&self.$field, digest);)*
            }

            fn by_hand(&self) -> Vec<&str> {
                vec![$($(&self.$by_hand,)*)?]
            }
        }
    };
}
pub(crate) use remote;

#[cfg(test)]
mod tests {
    use super::*;

    remote! {
        Thing is JiraStatuses {
            name: String,
            category: Option<String>,
        }
    }

    fn hash(name: &str, category: Option<&str>) -> String {
        let category = category.map(ToOwned::to_owned);
        RemoteDigest::of(&Thing { remote_id: "1".to_owned(), name: name.to_owned(), category })
    }

    #[test]
    fn values_do_not_run_together() {
        let all = [
            hash("ab", Some("")),
            hash("a", Some("b")),
            hash("ab", None),
            hash("", Some("ab")),
            hash("", None),
        ];
        for (i, hash) in all.iter().enumerate() {
            assert!(!all[i + 1..].contains(hash), "{i}");
        }
    }

    #[test]
    fn what_postgresql_cannot_store_is_replaced() {
        assert_eq!(storable("a\0b"), "a\u{fffd}b");
        for (json, stored) in [
            (r#"["a\u0000b"]"#, r#"["a\ufffdb"]"#),
            (r#"["a\\u0000b"]"#, r#"["a\\u0000b"]"#),
            (r#"["\\\u0000","\n\u0000"]"#, r#"["\\\ufffd","\n\ufffd"]"#),
            (r#"["\u00000"]"#, r#"["\ufffd0"]"#),
        ] {
            assert_eq!(storable_json(json), stored);
            assert!(serde_json::from_str::<serde_json::Value>(stored).is_ok());
        }
    }
}
