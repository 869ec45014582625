use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// Text that must not be seen: it has no `Display`, its `Debug` is redacted, it cannot be serialized, and its
/// memory is overwritten when it is dropped.
#[derive(Debug, Clone)]
pub struct Secret(SecretString);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        let text = Zeroizing::new(text.into());
        // A copy of the exact size: a text with room at its end would be moved to make it smaller, and what it leaves
        // behind is not overwritten.
        Self(SecretString::from(text.as_str()))
    }

    /// The text itself. Every call is a place to review.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Secret);

        impl $name {
            pub fn new(text: impl Into<String>) -> Self {
                Self(Secret::new(text))
            }

            /// The text itself. Every call is a place to review.
            pub fn expose(&self) -> &str {
                self.0.expose()
            }
        }
    )*};
}

secrets! {
    /// RFC 6749 section 1.4. Opaque, of no fixed length.
    AccessToken,
    /// RFC 6749 section 1.5. Atlassian gives a new one with every exchange.
    RefreshToken,
    /// RFC 6749 section 1.3.1. Single use.
    AuthorizationCode,
    /// RFC 6749 section 2.3.1.
    ClientSecret,
    /// RFC 7636 section 4.1.
    CodeVerifier,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_the_text() {
        let printed = format!("{:?} {:#?}", AccessToken::new("ey-secret"), Secret::new("ey-secret"));
        assert!(!printed.contains("ey-secret"), "{printed}");
    }
}
