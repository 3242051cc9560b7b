//! A sign-in that is under way at the provider.
//!
//! What it needs is in a cookie of the browser that began it, sealed with a key of this process: so that a million
//! that were begun and not ended take no memory, and that nobody ends what another browser has begun. A state that
//! came back is remembered until it would be over, so that it is good once.

use std::collections::HashMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use parking_lot::Mutex;
use sha2::Sha256;

use crate::chat::model::id::CredentialId;
use crate::chat::model::identity::ATTEMPT_LIFE;

/// Longest path that a browser goes to afterwards, in bytes: a cookie has 4 KiB at most.
const MAX_NEXT: usize = 1_024;
/// States that came back within the life of one; one more is told that the server is busy.
const MAX_SPENT: usize = 50_000;

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Comes back in the address.
    pub state: String,
    /// Comes back in the token.
    pub nonce: String,
    /// Redeems the code.
    pub verifier: String,
    /// Where the browser goes afterwards; empty: to the start page.
    pub next: String,
    /// Whose account is linked, by the credential that asked; `None`: somebody signs in.
    pub link: Option<CredentialId>,
}

/// Why one is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// It was begun elsewhere, or too long ago, or it came back before.
    Unknown,
    /// Too many came back within the life of one.
    TooMany,
}

/// All that were begun by this process.
pub struct Attempts {
    key: [u8; 32],
    spent: Mutex<HashMap<String, i64>>,
}

impl Default for Attempts {
    fn default() -> Self {
        Self { key: rand::random(), spent: Mutex::default() }
    }
}

impl Attempts {
    /// Begins one, and tells the cookie's value.
    pub fn begin(&self, next: String, link: Option<CredentialId>, now: i64) -> (Attempt, String) {
        let next = if next.len() > MAX_NEXT { String::new() } else { next };
        let state = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let life = i64::try_from(ATTEMPT_LIFE.as_secs()).unwrap_or_default();
        let (over, link_text) = (now.saturating_add(life), link.map_or(0, |credential| credential.0));
        let told = format!("{state}.{over}.{link_text}.{}", URL_SAFE_NO_PAD.encode(&next));
        let cookie = format!("{told}.{}", self.derive("cookie", &told));
        (self.attempt(state, next, link), cookie)
    }

    /// The one that comes back: of this browser, in time, for the first time.
    pub fn take(&self, state: Option<&str>, cookie: Option<&str>, now: i64) -> Result<Attempt, Stale> {
        let (state, cookie) = state.zip(cookie).ok_or(Stale::Unknown)?;
        let (told, seal) = cookie.rsplit_once('.').ok_or(Stale::Unknown)?;
        if !self.is_sealed(told, seal) {
            return Err(Stale::Unknown);
        }
        let mut parts = told.splitn(4, '.');
        let mut part = || parts.next().ok_or(Stale::Unknown);
        let (own, over, link, next) = (part()?, part()?, part()?, part()?);
        let over: i64 = over.parse().map_err(|_| Stale::Unknown)?;
        let link: i64 = link.parse().map_err(|_| Stale::Unknown)?;
        let next = URL_SAFE_NO_PAD.decode(next).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        if own != state || over <= now {
            return Err(Stale::Unknown);
        }
        self.spend(state, over, now)?;
        Ok(self.attempt(state.to_owned(), next.unwrap_or_default(), (link != 0).then_some(CredentialId(link))))
    }

    fn spend(&self, state: &str, over: i64, now: i64) -> Result<(), Stale> {
        let mut spent = self.spent.lock();
        if spent.len() >= MAX_SPENT {
            spent.retain(|_, over| *over > now);
        }
        if spent.contains_key(state) {
            return Err(Stale::Unknown);
        }
        if spent.len() >= MAX_SPENT {
            return Err(Stale::TooMany);
        }
        spent.insert(state.to_owned(), over);
        Ok(())
    }

    fn attempt(&self, state: String, next: String, link: Option<CredentialId>) -> Attempt {
        let (nonce, verifier) = (self.derive("nonce", &state), self.derive("verifier", &state));
        Attempt { state, nonce, verifier, next, link }
    }

    fn derive(&self, purpose: &str, input: &str) -> String {
        URL_SAFE_NO_PAD
            .encode(self.mac(purpose, input).map_or_else(Vec::new, |mac| mac.finalize().into_bytes().to_vec()))
    }

    fn is_sealed(&self, told: &str, seal: &str) -> bool {
        let seal = URL_SAFE_NO_PAD.decode(seal).unwrap_or_default();
        self.mac("cookie", told).is_some_and(|mac| mac.verify_slice(&seal).is_ok())
    }

    /// HMAC takes keys of every length, so this is always there.
    fn mac(&self, purpose: &str, input: &str) -> Option<Hmac<Sha256>> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        Some(mac.chain_update(purpose).chain_update([0]).chain_update(input))
    }
}

/// Without the key.
impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attempts(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{Attempts, CredentialId};

    #[test]
    fn an_attempt_is_good_once_and_in_one_browser() {
        let attempts = Attempts::default();
        let (begun, cookie) = attempts.begin("/rooms/1?a=b#c".into(), Some(CredentialId(7)), 1_000);
        let (other, others) = attempts.begin(String::new(), None, 1_000);
        let take = |state: &str, cookie: &str, now| attempts.take(Some(state), Some(cookie), now).ok();
        assert_eq!(take(&begun.state, &others, 1_001), None, "the cookie of another");
        assert_eq!(take(&other.state, &cookie, 1_001), None, "the state of another");
        assert_eq!(take(&begun.state, &cookie.replacen(".7.", ".8.", 1), 1_001), None, "somebody else's account");
        assert!(
            attempts.take(None, Some(&cookie), 1_001).is_err() && attempts.take(Some(&begun.state), None, 1).is_err()
        );
        assert_eq!(take(&begun.state, &cookie, 1_600), None, "it is over");
        assert_eq!(Attempts::default().take(Some(&begun.state), Some(&cookie), 1_001).ok(), None, "another process");
        assert_eq!(take(&begun.state, &cookie, 1_599).as_ref(), Some(&begun));
        assert_eq!(take(&begun.state, &cookie, 1_599), None, "a second time");
        assert_eq!(take(&other.state, &others, 1_001).map(|it| it.link), Some(None));
        assert!(begun.verifier.len() == 43 && begun.verifier != begun.nonce && begun.nonce != other.nonce);
    }

    #[test]
    fn a_path_that_fills_the_cookie_is_left_out() {
        let (begun, cookie) = Attempts::default().begin(format!("/{}", "a".repeat(2_000)), None, 0);
        assert_eq!(begun.next, "");
        assert!(cookie.len() < 200, "{}", cookie.len());
        let (_, cookie) = Attempts::default().begin(format!("/{}", "a".repeat(1_023)), None, 0);
        assert!(cookie.len() < 2_000, "{}", cookie.len());
    }

    proptest! {
        #[test]
        fn what_was_not_sealed_here_is_nothing(noise in any::<String>(), state in "[a-z.0-9_-]{0,60}") {
            let attempts = Attempts::default();
            let near = format!("{state}.1.0..{state}");
            prop_assert!(attempts.take(Some(&state), Some(&noise), 0).is_err());
            prop_assert!(attempts.take(Some(&state), Some(&near), 0).is_err());
        }
    }
}
