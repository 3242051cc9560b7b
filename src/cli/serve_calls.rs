//! Flags of `fireside serve` for calls that have to pass NAT.

use std::path::PathBuf;

use clap::Args;

use super::terminal::CommandError;
use crate::api::http::ice::{Ice, Turn, TurnSecret};

#[derive(Debug, Args)]
pub(super) struct CallFlags {
    /// STUN server that tells browsers in a call their public address: stun:stun.example.org; repeat it for more
    #[arg(long, env = "FIRESIDE_STUN", value_name = "URL", value_delimiter = ',', value_parser = stun)]
    stun: Vec<String>,
    /// TURN server that passes calls on: turn:turn.example.org?transport=udp; repeat it for more
    #[arg(long, env = "FIRESIDE_TURN_URL", value_name = "URL", value_delimiter = ',', value_parser = turn)]
    turn_url: Vec<String>,
    /// File with the secret that is shared with the TURN servers (coturn's static-auth-secret)
    #[arg(long, env = "FIRESIDE_TURN_SECRET_FILE", value_name = "FILE")]
    turn_secret_file: Option<PathBuf>,
}

impl CallFlags {
    /// What is offered to calls.
    pub fn ice(&self) -> Result<Ice, CommandError> {
        let wrong = |sentence: String| Err(CommandError::new(CommandError::CONFIGURATION, sentence));
        let turn = match (&self.turn_secret_file, self.turn_url.is_empty()) {
            (None, true) => None,
            (None, false) => return wrong("--turn-url needs the servers' secret: --turn-secret-file".to_owned()),
            (Some(_), true) => return wrong("--turn-secret-file is of no use without --turn-url".to_owned()),
            (Some(file), false) => match std::fs::read_to_string(file).map(|text| TurnSecret::parse(&text)) {
                Ok(Some(secret)) => Some(Turn { urls: self.turn_url.clone(), secret }),
                Ok(None) => return wrong(format!("--turn-secret-file: {} holds no secret", file.display())),
                Err(cause) => return wrong(format!("--turn-secret-file: {}: {cause}", file.display())),
            },
        };
        Ok(Ice { stun: self.stun.clone(), turn })
    }
}

fn stun(text: &str) -> Result<String, String> {
    with_scheme(text, &["stun:", "stuns:"]).ok_or_else(|| format!("`{text}` is not like stun:stun.example.org:3478"))
}

fn turn(text: &str) -> Result<String, String> {
    with_scheme(text, &["turn:", "turns:"])
        .ok_or_else(|| format!("`{text}` is not like turn:turn.example.org:3478?transport=udp"))
}

/// RFC 7064 and 7065: a host and no slashes, or browsers refuse the whole list.
fn with_scheme(text: &str, schemes: &[&str]) -> Option<String> {
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme))?;
    let is_plain = rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]?=".contains(&byte));
    (is_plain && !rest.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{stun, turn};

    #[test]
    fn addresses_are_those_that_browsers_take() {
        for good in ["turn:turn.example.org", "turns:192.0.2.1:5349?transport=tcp", "turn:[2001:db8::1]:3478"] {
            assert!(turn(good).is_ok(), "{good}");
        }
        for bad in ["", "turn:", "turn://turn.example.org", "stun:stun.example.org", "turn.example.org", "turn:a b"] {
            assert!(turn(bad).is_err(), "{bad}");
        }
        assert!(stun("stun:stun.example.org:3478").is_ok() && stun("turn:turn.example.org").is_err());
    }

    proptest! {
        /// They go into a page's `RTCPeerConnection` as they are.
        #[test]
        fn any_text_is_such_an_address_or_refused(noise in any::<String>(), near in "(stuns?|turns?):/?[a-z0-9.:?=\\[\\] /\"]{0,20}") {
            for text in [noise, near] {
                for taken in [stun(&text), turn(&text)].into_iter().flatten() {
                    prop_assert!(taken.is_ascii() && !taken.contains(['/', ' ', '"', '<']), "{taken}");
                    prop_assert_eq!(taken, text.clone());
                }
                prop_assert!(stun(&text).is_err() || turn(&text).is_err(), "{text}");
            }
        }
    }
}
