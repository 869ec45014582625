use crate::Place;

/// Why a sealed value does not open. Names its place and its key, never what it holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The key is not in the ring: it must be put back.
    #[error("{place} cannot be opened: it is sealed with key `{key_id}`, which is not in the key ring")]
    UnknownKey { place: String, key_id: String },
    /// These bytes were never made by a key ring, or were cut.
    #[error("{place} cannot be opened: {what}")]
    Malformed { place: String, what: String },
    /// Moved from another place, altered, or sealed with another key of the same id.
    #[error(
        "{place} cannot be opened with key `{key_id}`: it was moved here or altered, or another key had this id"
    )]
    Refused { place: String, key_id: String },
}

impl OpenError {
    pub(crate) fn malformed(place: &Place<'_>, what: impl Into<String>) -> Self {
        Self::Malformed { place: place.to_string(), what: what.into() }
    }
}
