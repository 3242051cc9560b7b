//! An ID token (OpenID Connect Core 1.0, 2 and 3.1.3.7): who signed in, for whom, until when.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::Failure;
use super::jwk::{Algorithm, Keys};

/// Longest token, in bytes.
const MAX_TOKEN: usize = 32 * 1024;
/// Longest subject, in bytes: so the standard has it.
const MAX_SUBJECT: usize = 255;
/// By how much the provider's clock may be ahead, in seconds.
const AHEAD: f64 = 60.0;

/// A token that is signed, by whomever.
pub(super) struct Token<'a> {
    algorithm: Algorithm,
    key: Option<String>,
    signed: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// What a provider vouches for.
#[derive(Clone, Debug, Deserialize)]
pub struct Claims {
    iss: String,
    /// Who, for that provider and for ever.
    pub sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    nbf: Option<f64>,
    iat: Option<Value>,
    pub(super) nonce: Option<String>,
    /// What it tells of them beside.
    #[serde(flatten)]
    pub profile: Profile,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// What a provider tells of somebody, where they allow it. Of any type: only what is a text counts.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Profile {
    preferred_username: Option<Value>,
    name: Option<Value>,
    email: Option<Value>,
    email_verified: Option<Value>,
}

/// What the userinfo endpoint tells.
#[derive(Deserialize)]
pub(super) struct UserInfo {
    pub sub: String,
    #[serde(flatten)]
    pub profile: Profile,
}

impl Profile {
    /// What they are called there.
    pub fn username(&self) -> Option<&str> {
        self.preferred_username.as_ref()?.as_str()
    }

    pub fn name(&self) -> Option<&str> {
        self.name.as_ref()?.as_str()
    }

    /// Their address, unless the provider knows better.
    pub fn email(&self) -> Option<&str> {
        let is_false = self.email_verified.as_ref().and_then(Value::as_bool) == Some(false);
        self.email.as_ref()?.as_str().filter(|_| !is_false)
    }

    /// The domain of an address that the provider has verified.
    pub fn verified_domain(&self) -> Option<String> {
        let is_verified = self.email_verified.as_ref().and_then(Value::as_bool) == Some(true);
        let (local, domain) = self.email()?.split_once('@')?;
        (is_verified && !local.is_empty() && !domain.contains('@')).then(|| domain.to_ascii_lowercase())
    }

    pub(super) fn is_silent(&self) -> bool {
        self.username().is_none() && self.email.is_none()
    }
}

impl<'a> Token<'a> {
    pub fn parse(token: &'a str) -> Result<Self, Failure> {
        let malformed = || Failure::Untrusted("the ID token is none".into());
        if token.len() > MAX_TOKEN {
            return Err(malformed());
        }
        let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, payload) = signed.split_once('.').ok_or_else(malformed)?;
        let [header, payload, signature] = [header, payload, signature].map(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let header: Header = header.and_then(|json| serde_json::from_slice(&json).ok()).ok_or_else(malformed)?;
        if header.crit.is_some() {
            return Err(Failure::Untrusted("the ID token asks for what is not known here".into()));
        }
        let algorithm = Algorithm::named(&header.alg);
        let algorithm = algorithm.ok_or_else(|| Failure::Untrusted(format!("it is signed by {:.20?}", header.alg)))?;
        let (payload, signature) = payload.zip(signature).ok_or_else(malformed)?;
        Ok(Self { algorithm, key: header.kid, signed, payload, signature })
    }

    /// What it says, if one of the keys signed it; `None`: it is of none of them.
    pub fn claims(&self, keys: &Keys) -> Result<Option<Claims>, Failure> {
        match keys.verify(self.key.as_deref(), self.algorithm, self.signed.as_bytes(), &self.signature) {
            None => Ok(None),
            Some(false) => Err(Failure::Untrusted("the signature is wrong".into())),
            Some(true) => {
                let claims = serde_json::from_slice(&self.payload);
                claims.map(Some).map_err(|cause| Failure::Untrusted(format!("the ID token: {cause}")))
            }
        }
    }
}

/// Whether a time of the provider's is later than its clock may be ahead.
pub(super) fn is_ahead(time: f64, now: i64) -> bool {
    time > seconds(now) + AHEAD
}

#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^53")]
fn seconds(now: i64) -> f64 {
    now as f64
}

impl Claims {
    /// When it was issued, by the provider's clock.
    pub(super) fn issued_at(&self) -> f64 {
        self.iat.as_ref().and_then(Value::as_f64).unwrap_or_default()
    }

    /// Whether it is good already.
    pub(super) fn check_begun(&self, now: i64) -> Result<(), Failure> {
        let is_early = self.nbf.is_some_and(|begin| is_ahead(begin, now));
        if is_early { Err(Failure::Untrusted("the ID token is not good yet".into())) } else { Ok(()) }
    }

    /// Whether it is this provider's, for this server, and not over.
    pub(super) fn check(&self, issuer: &str, client: &str, now: i64) -> Result<(), Failure> {
        let untrusted = |why: String| Err(Failure::Untrusted(why));
        if self.iss != issuer {
            return untrusted(format!("the ID token is of {:.200?}", self.iss));
        }
        let (is_ours, is_ours_alone) = match &self.aud {
            Audience::One(audience) => (audience == client, true),
            Audience::Several(all) => (all.iter().any(|audience| audience == client), all.len() == 1),
        };
        if !is_ours {
            return untrusted("the ID token is for another server".into());
        }
        if self.azp.as_ref().map_or(!is_ours_alone, |azp| azp != client) {
            return untrusted("the ID token was given to another server".into());
        }
        if self.exp <= seconds(now) {
            return untrusted("the ID token is over".into());
        }
        if self.sub.is_empty() || self.sub.len() > MAX_SUBJECT || self.sub.contains(char::is_control) {
            return untrusted("the subject is none".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Claims, Engine, Profile, Token, URL_SAFE_NO_PAD};

    const ISSUER: &str = "https://id.example.org";

    fn is_good(changed: Value) -> bool {
        let mut claims = json!({"iss": ISSUER, "sub": "1", "aud": "fireside", "exp": 1_000.5, "iat": 900});
        for (name, value) in changed.as_object().expect("claims") {
            claims[name] = value.clone();
        }
        let claims = serde_json::from_value::<Claims>(claims);
        claims.is_ok_and(|claims| {
            claims.check(ISSUER, "fireside", 1_000).and_then(|()| claims.check_begun(1_000)).is_ok()
        })
    }

    #[test]
    fn a_token_is_of_the_issuer_for_this_server_and_now() {
        for good in [
            json!({}),
            json!({"aud": ["fireside"]}),
            json!({"aud": ["other", "fireside"], "azp": "fireside"}),
            json!({"azp": "fireside", "nbf": 1_059}),
            json!({"exp": 1_001, "email": 7, "name": null}),
            json!({"sub": "s".repeat(255)}),
        ] {
            assert!(is_good(good.clone()), "{good}");
        }
        for bad in [
            json!({"iss": "https://id.example.org/"}),
            json!({"iss": "HTTPS://id.example.org"}),
            json!({"aud": "other"}),
            json!({"aud": []}),
            json!({"aud": null}),
            json!({"aud": "Fireside"}),
            json!({"aud": ["fireside", "other"]}),
            json!({"aud": ["fireside", "other"], "azp": "other"}),
            json!({"azp": "other"}),
            json!({"exp": 1_000}),
            json!({"exp": "2000"}),
            json!({"exp": null}),
            json!({"nbf": 1_061}),
            json!({"sub": ""}),
            json!({"sub": 1}),
            json!({"sub": "a\u{0}"}),
            json!({"sub": "s".repeat(256)}),
        ] {
            assert!(!is_good(bad.clone()), "{bad}");
        }
    }

    #[test]
    fn an_address_has_one_domain_and_counts_where_it_is_verified() {
        let domain = |claims: Value| serde_json::from_value::<Profile>(claims).expect("a profile").verified_domain();
        assert_eq!(domain(json!({"email": "a@B.org", "email_verified": true})), Some("b.org".into()));
        for none in [
            json!({"email": "a@b.org"}),
            json!({"email": "a@b.org", "email_verified": false}),
            json!({"email": "a@b.org", "email_verified": "true"}),
            json!({"email": "a@b.org@c.org", "email_verified": true}),
            json!({"email": "@b.org", "email_verified": true}),
            json!({"email": "b.org", "email_verified": true}),
            json!({"email_verified": true}),
        ] {
            assert_eq!(domain(none.clone()), None, "{none}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let token = |header: &str| format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(header));
        assert!(Token::parse(&token(r#"{"alg":"RS256","kid":"1"}"#)).is_ok());
        for bad in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"RS512"}"#,
            r#"{"alg":"rs256"}"#,
            r#"{"alg":"RS256","crit":["b64"],"b64":false}"#,
            r#"{"alg":"none","alg":"RS256"}"#,
            r#"{"kid":"1"}"#,
            "[]",
            "",
        ] {
            assert!(Token::parse(&token(bad)).is_err(), "{bad}");
        }
        let long = format!("{}{}", token(r#"{"alg":"RS256"}"#), "A".repeat(32 * 1024));
        for bad in ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", &long] {
            assert!(Token::parse(bad).is_err(), "{bad:.20}");
        }
    }
}
