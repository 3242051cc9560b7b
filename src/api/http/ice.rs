//! Servers that help two browsers of a call to find each other: STUN tells a browser its
//! public address, TURN passes media on where networks let nothing else through.
//!
//! TURN costs bandwidth, so it takes credentials. These are coturn's of `use-auth-secret`:
//! made here from a secret that both know, for one user and a day, and stored nowhere.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use schemars::JsonSchema;
use serde::Serialize;
use sha1::Sha1;

use crate::chat::model::id::UserId;
use crate::chat::model::time::Timestamp;

/// How long a TURN credential can be used: longer than any call, since TURN servers ask
/// again while one goes on.
pub const TURN_LIFE: Duration = Duration::from_hours(24);

/// What the operator offers to calls.
#[derive(Clone, Debug, Default)]
pub struct Ice {
    /// Addresses like `stun:stun.example.org:3478`.
    pub stun: Vec<String>,
    /// The TURN servers, if any.
    pub turn: Option<Turn>,
}

/// TURN servers that share a secret with this one.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Addresses like `turn:turn.example.org:3478?transport=udp`.
    pub urls: Vec<String>,
    /// coturn's `static-auth-secret`.
    pub secret: TurnSecret,
}

/// A secret that no log shows.
#[derive(Clone)]
pub struct TurnSecret(String);

/// Not blank; white space around it, like the last line's end, does not count.
impl TurnSecret {
    /// Takes what a file holds.
    pub fn parse(text: &str) -> Option<Self> {
        let secret = text.trim();
        (!secret.is_empty()).then(|| Self(secret.to_owned()))
    }
}

impl fmt::Debug for TurnSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TurnSecret")
    }
}

/// As `RTCPeerConnection` takes it.
#[derive(Debug, JsonSchema, PartialEq, Eq, Serialize)]
pub struct IceServer<'a> {
    urls: &'a [String],
    #[serde(flatten)]
    credential: Option<Credential>,
}

#[derive(Debug, JsonSchema, PartialEq, Eq, Serialize)]
struct Credential {
    username: String,
    credential: String,
}

impl IceServer<'_> {
    /// Whether whoever reads it may use a relay.
    pub fn has_credential(&self) -> bool {
        self.credential.is_some()
    }
}

impl Ice {
    /// What this user may use, from now on for [`TURN_LIFE`].
    pub fn servers(&self, user: UserId, now: Timestamp) -> Vec<IceServer<'_>> {
        let stun = Some(IceServer { urls: &self.stun, credential: None }).filter(|_| !self.stun.is_empty());
        let turn = self.turn.as_ref().map(|turn| IceServer {
            urls: &turn.urls,
            credential: credential(&turn.secret, user, now.plus(TURN_LIFE)),
        });
        stun.into_iter().chain(turn).collect()
    }
}

/// The name is when it ends, in seconds since 1970, and for whom it is; the password proves
/// that whoever made the name knew the secret.
fn credential(secret: &TurnSecret, user: UserId, until: Timestamp) -> Option<Credential> {
    let username = format!("{}:{}", until.0 / 1000, user.0);
    // HMAC takes keys of any length, so this is always there.
    let mac = Hmac::<Sha1>::new_from_slice(secret.0.as_bytes()).ok()?.chain_update(&username);
    let credential = STANDARD.encode(mac.finalize().into_bytes());
    Some(Credential { username, credential })
}

#[cfg(test)]
mod tests {
    use super::{Credential, Ice, IceServer, TURN_LIFE, Turn, TurnSecret, credential};
    use crate::chat::model::id::UserId;
    use crate::chat::model::time::Timestamp;

    fn north() -> TurnSecret {
        TurnSecret::parse(" north\n").expect("a secret")
    }

    /// `printf %s 1433895918:7 | openssl dgst -sha1 -hmac north -binary | base64`
    #[test]
    fn a_credential_is_that_of_coturns_scheme() {
        let made = credential(&north(), UserId(7), Timestamp(1_433_895_918_999)).expect("a credential");
        let known = Credential { username: "1433895918:7".into(), credential: "/S7cxlFY9Lt98mSttaBpZXA7AQg=".into() };
        assert_eq!(made, known);
        let other = credential(&north(), UserId(8), Timestamp(1_433_895_918_999)).expect("a credential");
        assert_ne!(made.credential, other.credential, "each user has their own");
    }

    #[test]
    fn each_server_is_offered_as_a_browser_takes_it() {
        let stun = vec!["stun:stun.example.org".to_owned()];
        let urls = vec!["turn:turn.example.org".to_owned(), "turns:turn.example.org".to_owned()];
        let turn = Some(Turn { urls: urls.clone(), secret: north() });
        let now = Timestamp(1_433_895_918_000);
        assert!(Ice::default().servers(UserId(7), now).is_empty());
        let both = Ice { stun: stun.clone(), turn };
        let servers = both.servers(UserId(7), now);
        assert_eq!(servers[0], IceServer { urls: &stun, credential: None });
        assert_eq!(servers[1].urls, urls);
        let named = &servers[1].credential.as_ref().expect("a credential").username;
        assert_eq!(*named, format!("{}:7", 1_433_895_918 + TURN_LIFE.as_secs()));
        let written = serde_json::to_string(&servers).expect("JSON");
        assert!(written.starts_with(r#"[{"urls":["stun:stun.example.org"]},{"urls":["#), "{written}");
    }

    #[test]
    fn a_secret_is_shown_to_nobody() {
        assert!(!format!("{:?}", north()).contains("north"));
        assert!(TurnSecret::parse(" \n").is_none());
    }
}
