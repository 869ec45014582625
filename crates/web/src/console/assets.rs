use std::sync::LazyLock;

/// A file of the console, compiled into the program.
#[derive(Debug)]
pub struct Asset {
    name: &'static str,
    pub content_type: &'static str,
    pub bytes: &'static [u8],
    /// Strong validator (RFC 9110 section 8.8.3), quotes included.
    pub etag: String,
}

impl Asset {
    fn new(name: &'static str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        Self { name, content_type, bytes, etag: format!("\"{:016x}\"", fingerprint(bytes)) }
    }

    /// The address that pages use: another content has another address, so a browser may keep this one.
    pub fn url(&self) -> String {
        format!("/assets/{}?v={}", self.name, self.version())
    }

    /// The `Cache-Control` of an answer to a request whose query has this `v`.
    ///
    /// Only the version that was asked for may be kept for ever: during an upgrade an old page can ask this
    /// program for a version that it does not have.
    pub fn cache_control(&self, version: Option<&str>) -> &'static str {
        if version == Some(self.version()) { "public, max-age=31536000, immutable" } else { "no-cache" }
    }

    fn version(&self) -> &str {
        self.etag.trim_matches('"')
    }
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        Asset::new("console.css", "text/css; charset=utf-8", include_bytes!("../../assets/console.css")),
        Asset::new("console.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/console.js")),
        Asset::new("mark.svg", "image/svg+xml", include_bytes!("../../assets/mark.svg")),
    ]
});

/// The asset that `/assets/{name}` names.
pub fn asset(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// The addresses of all assets, as every page needs them.
#[derive(Debug, Clone)]
pub(super) struct AssetUrls {
    pub style: String,
    pub script: String,
    pub mark: String,
}

impl AssetUrls {
    pub fn current() -> Self {
        let [style, script, mark] = &*ASSETS;
        Self { style: style.url(), script: script.url(), mark: mark.url() }
    }
}

/// FNV-1a, 64 bits. It tells versions of our own files apart; nothing rests on it being hard to forge.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprint_is_fnv_1a() {
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fingerprint(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn every_address_leads_to_its_asset() {
        for asset_ in ASSETS.iter() {
            let url = asset_.url();
            let (name, version) = url.strip_prefix("/assets/").unwrap().split_once("?v=").unwrap();
            assert!(std::ptr::eq(asset(name).unwrap(), asset_));
            assert!(asset_.cache_control(Some(version)).contains("immutable"));
        }
        assert!(asset("../Cargo.toml").is_none());
    }

    #[test]
    fn only_the_version_asked_for_is_kept() {
        let style = asset("console.css").unwrap();
        assert_eq!(style.cache_control(None), "no-cache");
        assert_eq!(style.cache_control(Some("0")), "no-cache");
    }

    /// The content security policy forbids it, so it would silently not work.
    #[test]
    fn templates_have_nothing_inline() {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap().to_lowercase();
            for inline in
                [" style=", "<style", " onclick=", " onload=", " onerror=", " onsubmit=", "javascript:"]
            {
                assert!(!text.contains(inline), "{} has {inline}", path.display());
            }
            for tag in text.split("<script").skip(1) {
                assert!(
                    tag.split('>').next().unwrap().contains("src="),
                    "inline script in {}",
                    path.display()
                );
            }
        }
    }
}
