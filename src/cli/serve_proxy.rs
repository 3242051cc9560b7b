//! Flags of `fireside serve` for a server behind a proxy.

use clap::Args;

use crate::api::http::base::BasePath;
use crate::api::http::forwarded;
use crate::api::http::forwarded::TrustedProxy;

#[derive(Debug, Args)]
pub(super) struct ProxyFlags {
    /// Path of the host below which all of the server lives: /chat. The proxy must not strip it
    #[arg(long, env = "FIRESIDE_BASE_PATH", default_value = "/", value_name = "PATH", hide_default_value = true)]
    pub base_path: BasePath,
    /// Address or network of a proxy whose X-Forwarded-For, -Proto and -Host (or Forwarded) are believed, or `unix`
    /// for whoever connects to a unix socket; repeat it for more
    #[arg(long, env = "FIRESIDE_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',')]
    pub trusted_proxy: Vec<TrustedProxy>,
}

impl ProxyFlags {
    /// Whether others reach the server by a proxy, whatever address it listens on.
    pub fn is_behind_one(&self) -> bool {
        !self.trusted_proxy.is_empty()
    }
}

/// An origin, written as browsers send it: in lower case, without a path or the usual port.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let wrong = || format!("`{text}` is not like https://chat.example.org");
    let lower = text.trim_end_matches('/').to_ascii_lowercase();
    let (scheme, host) = lower.split_once("://").ok_or_else(wrong)?;
    let usual_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return Err(wrong()),
    };
    if host.contains('/') {
        return Err(format!("`{text}` has a path, which belongs into --base-path"));
    }
    let host = forwarded::host(host).ok_or_else(wrong)?;
    Ok(format!("{scheme}://{}", host.strip_suffix(usual_port).unwrap_or(&host)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::origin;

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        let same = |text: &str| origin(text).expect(text);
        assert_eq!(same("https://Chat.Example.org/"), "https://chat.example.org");
        assert_eq!(same("https://chat.example.org:443"), "https://chat.example.org");
        assert_eq!(same("http://chat.example.org:80"), "http://chat.example.org");
        assert_eq!(same("http://chat.example.org:443"), "http://chat.example.org:443");
        assert_eq!(same("http://[::1]:8000"), "http://[::1]:8000");
        for bad in
            ["", "*", "null", "chat.example.org", "ftp://x", "https://", "https://:443", "https://a b", "https://u@h"]
        {
            assert!(origin(bad).is_err(), "{bad}");
        }
        assert!(origin("https://example.org/chat").expect_err("a path").contains("--base-path"));
    }

    proptest! {
        /// It is compared with what a browser sends, letter by letter, and begins links.
        #[test]
        fn any_text_is_an_origin_or_refused(noise in any::<String>(), near in "https?://[a-zA-Z0-9.:\\[\\]@/-]{0,16}(:443|:80)?/?") {
            for text in [noise, near] {
                let Ok(taken) = origin(&text) else { continue };
                prop_assert!(taken.parse::<hyper::Uri>().is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty())), "{text}");
                prop_assert_eq!(taken.to_ascii_lowercase(), taken.clone());
                prop_assert_eq!(origin(&taken), Ok(taken));
            }
        }
    }
}
