use std::collections::BTreeMap;

/// Cookies as a browser keeps them: by host, whatever the port.
#[derive(Debug, Clone, Default)]
pub(crate) struct Jar(BTreeMap<(String, String), String>);

impl Jar {
    /// Keeps what a `Set-Cookie` header says, or throws away what it ends.
    pub(crate) fn take(&mut self, host: &str, set_cookie: &str) {
        let mut parts = set_cookie.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let key = (host.to_owned(), name.to_owned());
        if parts.any(|attribute| attribute.eq_ignore_ascii_case("Max-Age=0")) {
            self.0.remove(&key);
        } else {
            self.0.insert(key, value.to_owned());
        }
    }

    pub(crate) fn put(&mut self, host: &str, name: &str, value: &str) {
        self.0.insert((host.to_owned(), name.to_owned()), value.to_owned());
    }

    /// The `Cookie` header for a host, if there is anything to send.
    pub(crate) fn header(&self, host: &str) -> Option<String> {
        let pairs: Vec<_> = self.of(host).map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    pub(crate) fn of(&self, host: &str) -> impl Iterator<Item = (&str, &str)> {
        let own = self.0.iter().filter(move |((of, _), _)| of == host);
        own.map(|((_, name), value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_by_host_and_forgets_what_has_ended() {
        let mut jar = Jar::default();
        jar.take("a.test", "sid=1; Path=/; HttpOnly");
        jar.take("a.test", "la_x=2; Max-Age=600");
        assert_eq!(jar.header("a.test").as_deref(), Some("la_x=2; sid=1"));
        assert_eq!(jar.header("b.test"), None);
        jar.take("a.test", "la_x=; Path=/; Max-Age=0");
        assert_eq!(jar.header("a.test").as_deref(), Some("sid=1"));
    }
}
