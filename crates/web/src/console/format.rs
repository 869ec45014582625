use std::fmt;
use std::time::Duration;

use askama::filters::HtmlSafe;
use connector_domain::Timestamp;
use url::Url;

/// A moment as a `<time>` element in UTC, which the script makes local.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    /// RFC 3339.
    pub iso: String,
    pub text: String,
}

impl From<Timestamp> for Moment {
    fn from(time: Timestamp) -> Self {
        let iso = time.to_string();
        let text = utc_text(&iso).unwrap_or_else(|| iso.clone());
        Self { iso, text }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"<time datetime="{}">{}</time>"#, self.iso, self.text)
    }
}

/// Both texts are made of digits, month names and punctuation that HTML does not know.
impl HtmlSafe for Moment {}

/// `2026-04-28T13:31:13.533Z` as `28 Apr 2026, 13:31 UTC`; `None` for years of more than four digits.
fn utc_text(iso: &str) -> Option<String> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (date, time) = iso.split_once('T')?;
    let [year, month, day] = date.split('-').collect::<Vec<_>>().try_into().ok()?;
    let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
    let day: u8 = day.parse().ok()?;
    (year.len() == 4).then_some(format!("{day} {month} {year}, {} UTC", time.get(..5)?))
}

/// A length of time in its two largest units.
pub(super) fn duration(length: Duration) -> String {
    let seconds = length.as_secs();
    let two = |large: u64, large_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    };
    match seconds {
        0 => "less than a second".to_owned(),
        1..60 => format!("{seconds} s"),
        60..3_600 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => two(seconds / 3_600, "h", seconds / 60 % 60, "min"),
        _ => two(seconds / 86_400, "d", seconds / 3_600 % 24, "h"),
    }
}

/// How far `time` is from `now`, in one unit.
pub(super) fn relative(time: Timestamp, now: Timestamp) -> String {
    let ahead = time > now;
    let seconds = if ahead { time.since(now) } else { now.since(time) }.as_secs();
    let (count, unit) = match seconds {
        0..60 if ahead => return "in less than a minute".to_owned(),
        0..60 => return "just now".to_owned(),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    if ahead { format!("in {count} {unit}{plural}") } else { format!("{count} {unit}{plural} ago") }
}

/// A number with a comma between thousands.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 page`, `2 pages`.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// The first letters of the first two words, for a picture that is missing.
pub(super) fn initials(name: &str) -> String {
    let letters: String = name
        .split(|c: char| !c.is_alphanumeric())
        .filter_map(|word| word.chars().next())
        .take(2)
        .flat_map(char::to_uppercase)
        .collect();
    if letters.is_empty() { "?".to_owned() } else { letters }
}

/// Which of the six colours of the style sheet a name without a picture gets; the same name, the same colour.
pub(super) fn tone(name: &str) -> u8 {
    name.bytes().fold(0, |sum: u8, byte| sum.wrapping_mul(31).wrapping_add(byte)) % 6 + 1
}

/// An address that may become a link: `http` or `https`, with a host, and without a user name that could be taken
/// for one. Addresses come from Atlassian or from whoever may write rows, so `javascript:` must be expected.
pub(super) fn web_link(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let safe = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none();
    safe.then(|| url.into())
}

/// The address of a picture; `https` only, as the content security policy has it.
pub(super) fn picture(address: &str) -> Option<String> {
    web_link(address).filter(|url| url.starts_with("https://"))
}

/// Foreign text for one paragraph: no control characters, none that reorder what stands around it, and at most
/// `max` characters.
pub(super) fn plain(text: &str, max: usize) -> String {
    let mut chars = text.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(
        |c| !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'),
    );
    let mut out: String = chars.by_ref().take(max).collect();
    if chars.next().is_some() {
        out.push('…');
    }
    out.trim().to_owned()
}

/// A name for programs (`jira.projects`) as one for people (`Jira projects`).
pub(super) fn humanized(name: &str) -> String {
    let mut chars = name.chars().map(|c| if matches!(c, '.' | '_' | '-' | '/' | ':') { ' ' } else { c });
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_777_383_073_533);

    #[test]
    fn moments_are_utc() {
        assert_eq!(
            Moment::from(NOW).to_string(),
            r#"<time datetime="2026-04-28T13:31:13.533Z">28 Apr 2026, 13:31 UTC</time>"#
        );
        assert_eq!(Moment::from(Timestamp::from_millis(0)).text, "1 Jan 1970, 00:00 UTC");
        assert_eq!(Moment::from(Timestamp::from_millis(i64::MAX)).text, format!("{} ms", i64::MAX));
        assert!(Moment::from(Timestamp::from_millis(253_402_300_800_000)).text.starts_with("+10000-01-01T"));
    }

    #[test]
    fn durations_have_two_units() {
        for (seconds, text) in [
            (0, "less than a second"),
            (59, "59 s"),
            (60, "1 min"),
            (134, "2 min 14 s"),
            (3_600, "1 h"),
            (3_961, "1 h 6 min"),
            (90_000, "1 d 1 h"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn relative_looks_both_ways() {
        let before = |seconds| relative(NOW.minus(Duration::from_secs(seconds)), NOW);
        let after = |seconds| relative(NOW.plus(Duration::from_secs(seconds)), NOW);
        assert_eq!(before(0), "just now");
        assert_eq!(after(59), "in less than a minute");
        assert_eq!(after(60), "in 1 minute");
        assert_eq!(after(3_540), "in 59 minutes");
        assert_eq!(before(7_300), "2 hours ago");
        assert_eq!(before(86_400), "1 day ago");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(counted(1, "page", "pages"), "1 page");
    }

    #[test]
    fn initials_of_any_script() {
        for (name, letters) in [
            ("Ada Lovelace", "AL"),
            ("acme", "A"),
            ("ada@example.com", "AE"),
            ("山田 太郎", "山太"),
            ("עדה לאבלייס", "על"),
            ("🦀 🦀", "?"),
            ("", "?"),
        ] {
            assert_eq!(initials(name), letters);
        }
    }

    #[test]
    fn tones_are_those_of_the_style_sheet() {
        assert!(["", "acme", "Zoë", "山田"].into_iter().all(|name| (1..=6).contains(&tone(name))));
    }

    #[test]
    fn only_web_addresses_become_links() {
        for good in
            ["https://acme.atlassian.net/browse/X", "http://127.0.0.1:4001/sites/acme", "HTTPS://a.b/"]
        {
            assert!(web_link(good).is_some(), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            " javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "//acme.atlassian.net",
            "/console",
            "https://acme.atlassian.net@evil.example/",
            "https://",
            "",
        ] {
            assert!(web_link(bad).is_none(), "{bad}");
        }
        assert!(picture("http://127.0.0.1:4001/a.png").is_none());
    }

    #[test]
    fn foreign_text_is_tamed() {
        assert_eq!(plain("a\nb\u{202e}c\0", 10), "a bc");
        assert_eq!(plain("ääää", 3), "äää…");
        assert_eq!(plain("äää", 3), "äää");
    }

    #[test]
    fn names_for_people() {
        assert_eq!(humanized("jira.projects"), "Jira projects");
        assert_eq!(humanized("confluence_pages"), "Confluence pages");
        assert_eq!(humanized(""), "");
    }
}
