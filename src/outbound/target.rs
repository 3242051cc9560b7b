//! A URL taken apart, with its host as what every resolver would take it for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hyper::Uri;

/// Longest URL, in bytes.
const MAX_URL: usize = 2_048;
/// Longest name of a host, in bytes.
const MAX_NAME: usize = 253;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whether it is asked over TLS.
    pub is_https: bool,
    /// Its name or address.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// Name and port as they stand in the URL, in lower case.
    pub authority: String,
    /// Path and query, beginning with `/`.
    pub path: String,
}

/// The host of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name, which has to be looked up; in lower case.
    Name(String),
    /// An address, in whatever spelling it was written.
    Address(IpAddr),
}

impl Target {
    /// Takes an http or https URL apart. `None`: it is none, is too long, or carries credentials.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        if url.len() > MAX_URL {
            return None;
        }
        let uri: Uri = url.parse().ok()?;
        let is_https = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        let usual = if is_https { 443 } else { 80 };
        // A port that is not there and one that is no number look alike to the parser of URLs.
        let port = match authority.as_str().strip_prefix(authority.host())? {
            "" | ":" => usual,
            port => port.strip_prefix(':')?.parse().ok().filter(|port| *port != 0)?,
        };
        Some(Self {
            is_https,
            host: Host::parse(authority.host())?,
            port,
            authority: authority.as_str().trim_end_matches(':').to_ascii_lowercase(),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }

    /// As a browser writes it into `Origin`, and as the audience of a VAPID token.
    #[must_use]
    pub fn origin(&self) -> String {
        let (scheme, usual) = if self.is_https { ("https", ":443") } else { ("http", ":80") };
        format!("{scheme}://{}", self.authority.strip_suffix(usual).unwrap_or(&self.authority))
    }
}

impl Host {
    /// Whether it names this machine to itself alone, whoever is asked what it means (RFC 6761).
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => address.to_canonical().is_loopback(),
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        }
    }

    fn parse(host: &str) -> Option<Self> {
        if let Some(address) = host.strip_prefix('[') {
            let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
            return Some(Self::Address(address.into()));
        }
        let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let is_plain = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        if name.len() > MAX_NAME || !name.split('.').all(is_plain) {
            return None;
        }
        // As browsers and resolvers do: what ends in a number is an address, or nothing at all.
        let last = name.rsplit('.').next()?;
        if last.bytes().all(|byte| byte.is_ascii_digit()) || number(last).is_some() {
            return shorthand(&name).map(|address| Self::Address(address.into()));
        }
        Some(Self::Name(name))
    }
}

/// `127.1`, `0x7f.0.0.1`, `0177.0.0.1`, `2130706433`: the last number fills what is left.
fn shorthand(text: &str) -> Option<Ipv4Addr> {
    let numbers: Vec<u32> = text.split('.').map(number).collect::<Option<_>>()?;
    let (last, first) = numbers.split_last()?;
    if first.len() > 3 || first.iter().any(|number| *number > 255) {
        return None;
    }
    let room = u32::try_from(8 * (4 - first.len())).ok()?;
    if room < 32 && *last >> room != 0 {
        return None;
    }
    let bits = first.iter().zip([24, 16, 8]).fold(*last, |bits, (number, shift)| bits | (number << shift));
    Some(Ipv4Addr::from(bits))
}

/// Decimal, octal with a leading `0`, hexadecimal with `0x`.
fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some("") => return Some(0),
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    // The standard library would take a sign.
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, radix).ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{Host, MAX_URL, Target};

    fn address(url: &str) -> Option<String> {
        match Target::parse(url)?.host {
            Host::Address(address) => Some(address.to_string()),
            Host::Name(name) => Some(format!("name {name}")),
        }
    }

    #[test]
    fn a_url_is_taken_apart() {
        let target = Target::parse("https://Push.Example.org/send/A?b=c#d").expect("a URL");
        assert_eq!((target.is_https, target.port, target.path.as_str()), (true, 443, "/send/A?b=c"));
        assert_eq!(
            (target.host, target.authority.as_str()),
            (Host::Name("push.example.org".into()), "push.example.org")
        );
        let target = Target::parse("http://[::1]:8000").expect("a URL");
        assert_eq!((target.is_https, target.port, target.path.as_str()), (false, 8000, "/"));
        assert_eq!(target.origin(), "http://[::1]:8000");
        assert_eq!(Target::parse("https://a.org:443/").expect("a URL").origin(), "https://a.org");
        let too_long = format!("https://a.org/{}", "a".repeat(MAX_URL));
        for bad in [
            "",
            "a.org",
            "ftp://a.org/",
            "https://",
            "/chat",
            "https://u:p@a.org/",
            "https://u@a.org/",
            "https://a b/",
            "https://a.org:0/",
            "https://a.org:65536/",
            "https://a.org:x/",
            "https://[::1/",
            "https://[fe80::1%25eth0]/",
            "https://a..org/",
            "https://%31/",
            &too_long,
        ] {
            assert_eq!(Target::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_address_is_known_in_any_spelling() {
        for (spelling, meant) in [
            ("127.0.0.1", "127.0.0.1"),
            ("127.1", "127.0.0.1"),
            ("127.0.1", "127.0.0.1"),
            ("2130706433", "127.0.0.1"),
            ("0x7f000001", "127.0.0.1"),
            ("0X7F.1", "127.0.0.1"),
            ("0177.0.0.01", "127.0.0.1"),
            ("127.0.0.1.", "127.0.0.1"),
            ("0", "0.0.0.0"),
            ("10.66051", "10.1.2.3"),
            ("[::ffff:7f00:1]", "::ffff:127.0.0.1"),
            ("a.0x7g", "name a.0x7g"),
        ] {
            assert_eq!(address(&format!("https://{spelling}/")).as_deref(), Some(meant), "{spelling}");
        }
        for nothing in ["256.1", "1.2.3.4.5", "1.2.3.256", "08.1", "4294967296", "a.1", "1..2"] {
            assert_eq!(address(&format!("https://{nothing}/")), None, "{nothing}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_url_or_refused(noise in any::<String>(), near in "https?://[a-z0-9x.:\\[\\]@%-]{0,16}(/[a-z/?]{0,6})?") {
            for text in [noise, near] {
                let Some(target) = Target::parse(&text) else { continue };
                prop_assert!(target.path.starts_with('/') && target.port > 0, "{text}");
                let again = Target::parse(&format!("{}{}", target.origin(), target.path)).expect("its own words");
                prop_assert_eq!((&again.host, again.port, &again.path), (&target.host, target.port, &target.path));
            }
        }
    }
}
