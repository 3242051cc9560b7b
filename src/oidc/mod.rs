//! A provider of OpenID Connect: what the server asks it, and what it believes of the answers.
//!
//! The operator names one provider. It is asked when somebody signs in by it, and at no other time: its
//! description and keys (kept for an hour), a code for a token, and whatever the token leaves out of a newcomer's
//! name. Every call goes through [`outbound`](crate::outbound); a provider that hangs or floods costs a few
//! seconds of whoever waits for it, and nobody who signs in by a password notices.
//!
//! Nothing here knows accounts, cookies or requests: those are `api/http/oidc`.

mod id_token;
mod jwk;
mod metadata;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::outbound::{Answer, Call, Network, Outbound, Rules, Target};
use id_token::Token;
pub use id_token::{Claims, Profile};
use metadata::{Known, Metadata};

/// How long one call may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// Bytes of an answer that are read: no provider's keys or tokens take a tenth of it.
const MAX_ANSWER: usize = 256 * 1024;
/// Calls that are under way at once.
const MAX_CALLS: usize = 8;
/// Sign-ins that wait for the provider at once; one more is told that the server is busy.
const MAX_WAITING: usize = 64;
/// How long its description and keys are believed.
const FRESH: Duration = Duration::from_hours(1);
/// After a failure, how long nobody tries again.
const LEFT_ALONE: Duration = Duration::from_secs(2);
/// Keys that are not known are asked for at most so often, after the first time.
const REFETCH_EVERY: Duration = Duration::from_mins(1);

/// What the operator says of the provider.
#[derive(Clone)]
pub struct Config {
    /// As it calls itself in its tokens, letter by letter.
    pub issuer: String,
    /// As it calls this server.
    pub client_id: String,
    /// What this server proves itself by.
    pub client_secret: String,
    /// As people call it.
    pub name: String,
    /// Domains whose verified addresses may have an account, wherever registration stands.
    pub domains: Vec<String>,
    /// Networks beside the public Internet where it may be.
    pub allowed: Vec<Network>,
}

/// Why somebody is not signed in by it. The words are for the operator's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It cannot be reached, or answers what makes no sense.
    Away(String),
    /// It refuses: the code, or this server.
    Refused(String),
    /// What it says is not to be believed.
    Untrusted(String),
    /// Too many wait for it already.
    Busy,
}

/// Where a browser is sent, and what it is to bring back.
pub struct Challenge<'a> {
    /// Where it comes back to.
    pub redirect_uri: &'a str,
    /// Comes back with it.
    pub state: &'a str,
    /// Comes back in the token.
    pub nonce: &'a str,
    /// The secret whose hash the provider sees (PKCE), and which redeems the code.
    pub verifier: &'a str,
}

/// Somebody whom the provider knows.
pub struct Redeemed {
    /// What its token says.
    pub claims: Claims,
    access_token: Option<String>,
}

pub struct Provider {
    config: Config,
    outbound: Outbound,
    waiting: Semaphore,
    cache: Mutex<Cache>,
    /// When it signed the latest token, by its clock: the bits of seconds since 1970.
    issued_at: AtomicU64,
}

#[derive(Default)]
struct Cache {
    known: Option<(Arc<Known>, Instant)>,
    failed: Option<(Failure, Instant)>,
    refetched: Option<Instant>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: Option<String>,
    access_token: Option<String>,
}

/// What a provider says instead (RFC 6749, 5.2).
#[derive(Deserialize)]
struct TokenRefusal {
    error: String,
}

impl Provider {
    /// A provider, which nobody has asked anything yet; else a sentence for the operator.
    pub fn new(config: Config) -> Result<Self, String> {
        let target = Target::parse(&config.issuer).filter(|_| !config.issuer.contains(['?', '#']));
        let Some(issuer) = target else {
            return Err(format!("`{}` is not like https://id.example.org", config.issuer));
        };
        let is_here = issuer.host.is_loopback();
        if !issuer.is_https && !is_here {
            return Err(format!(
                "{} is not https, which only a provider on this very machine may do without",
                config.issuer
            ));
        }
        let mut allowed = config.allowed.clone();
        if !issuer.is_https {
            allowed.extend(Network::loopback());
        }
        let outbound = Outbound::new(Rules { allowed, may_use_http: !issuer.is_https, at_once: MAX_CALLS });
        if outbound.accepts(&config.issuer).is_none() {
            return Err(format!("{} is not a public address: allow it with --oidc-allow", config.issuer));
        }
        Ok(Self {
            config,
            outbound,
            waiting: Semaphore::new(MAX_WAITING),
            cache: Mutex::default(),
            issued_at: AtomicU64::new(0),
        })
    }

    /// What the operator says of it.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whether its latest token has yet to be issued: then its clock is ahead, or this machine's behind.
    pub fn is_ahead(&self, now: i64) -> bool {
        id_token::is_ahead(f64::from_bits(self.issued_at.load(Ordering::Relaxed)), now)
    }

    /// Where a browser signs in.
    pub async fn address(&self, challenge: &Challenge<'_>) -> Result<String, Failure> {
        let _turn = self.turn()?;
        let known = self.known().await?;
        let Challenge { redirect_uri, state, nonce, verifier } = *challenge;
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", "openid profile email")
            .append_pair("state", state)
            .append_pair("nonce", nonce)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)))
            .append_pair("code_challenge_method", "S256")
            .finish();
        let endpoint = &known.metadata.authorization_endpoint;
        Ok(format!("{endpoint}{}{query}", if endpoint.contains('?') { '&' } else { '?' }))
    }

    /// Whether an answer came from this provider: what it says of itself there (RFC 9207), which some always do.
    pub async fn check_issuer(&self, said: Option<&str>) -> Result<(), Failure> {
        match said {
            Some(issuer) if issuer == self.config.issuer => Ok(()),
            Some(issuer) => Err(Failure::Untrusted(format!("the answer is of {issuer:.100?}"))),
            None => {
                let _turn = self.turn()?;
                if !self.known().await?.metadata.authorization_response_iss_parameter_supported {
                    return Ok(());
                }
                Err(Failure::Untrusted("the answer does not say whose it is".into()))
            }
        }
    }

    /// Who came back with a code.
    pub async fn redeem(&self, code: &str, challenge: &Challenge<'_>, now: i64) -> Result<Redeemed, Failure> {
        let _turn = self.turn()?;
        let known = self.known().await?;
        let answer = self.post_code(&known.metadata, code, challenge).await?;
        let TokenAnswer { id_token, access_token } = read("the token endpoint", &answer)?;
        let id_token = id_token.ok_or_else(|| Failure::Untrusted("there is no ID token".into()))?;
        let claims = self.verified(&id_token, known, now).await?;
        if claims.nonce.as_deref() != Some(challenge.nonce) {
            return Err(Failure::Untrusted("the nonce is another".into()));
        }
        Ok(Redeemed { claims, access_token })
    }

    /// Whom an ID token is about that somebody got elsewhere: its nonce is a matter of theirs.
    pub async fn verify(&self, id_token: &str, now: i64) -> Result<Claims, Failure> {
        let _turn = self.turn()?;
        let known = self.known().await?;
        self.verified(id_token, known, now).await
    }

    /// What a newcomer is called: many providers say it there alone, and not in the token.
    pub async fn profile(&self, who: &Redeemed) -> Result<Profile, Failure> {
        let _turn = self.turn()?;
        let said = &who.claims.profile;
        let known = self.known().await?;
        let (endpoint, token) = match (&known.metadata.userinfo_endpoint, &who.access_token) {
            (Some(endpoint), Some(token)) if said.is_silent() => (self.endpoint(endpoint)?, token),
            _ => return Ok(said.clone()),
        };
        let headers = vec![("accept", "application/json".to_owned()), ("authorization", format!("Bearer {token}"))];
        let answer = self.outbound.get(&endpoint, call(headers, Bytes::new())).await.map_err(away)?;
        let told: id_token::UserInfo = read("the userinfo endpoint", &answer)?;
        if told.sub != who.claims.sub {
            return Err(Failure::Untrusted("the userinfo endpoint tells of somebody else".into()));
        }
        Ok(told.profile)
    }

    async fn verified(&self, id_token: &str, known: Arc<Known>, now: i64) -> Result<Claims, Failure> {
        let token = Token::parse(id_token)?;
        let claims = match token.claims(&known.keys)? {
            Some(claims) => claims,
            // Signed by a key that is not among the known ones: it may be new.
            None => {
                let renewed = self.renewed(&known).await?;
                let unknown = || Failure::Untrusted("it is signed by a key that the provider does not have".into());
                token.claims(&renewed.keys)?.ok_or_else(unknown)?
            }
        };
        claims.check(&self.config.issuer, &self.config.client_id, now)?;
        // Not of any other token: strangers bring those. One that has yet to begin counts: the clock may be why.
        self.issued_at.store(claims.issued_at().to_bits(), Ordering::Relaxed);
        if self.is_ahead(now) {
            tracing::warn!(target: "oidc", "an ID token was issued in the future: is this machine's clock behind?");
        }
        claims.check_begun(now)?;
        Ok(claims)
    }

    async fn post_code(&self, metadata: &Metadata, code: &str, challenge: &Challenge<'_>) -> Result<Answer, Failure> {
        let endpoint = self.endpoint(&metadata.token_endpoint)?;
        let Config { client_id, client_secret, .. } = &self.config;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", challenge.redirect_uri),
            ("code_verifier", challenge.verifier),
        ];
        let mut headers = vec![
            ("accept", "application/json".to_owned()),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ];
        if metadata.takes_secret_in_body() {
            form.extend([("client_id", client_id.as_str()), ("client_secret", client_secret)]);
        } else {
            let [id, secret] = [client_id, client_secret]
                .map(|text| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>());
            headers.push(("authorization", format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))));
        }
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let answer = self.outbound.post(&endpoint, call(headers, form.into())).await.map_err(away)?;
        match (answer.status, serde_json::from_str::<TokenRefusal>(&answer.text)) {
            (400 | 401, Ok(refusal)) => {
                Err(Failure::Refused(format!("the token endpoint says {:.100?}", refusal.error)))
            }
            _ => Ok(answer),
        }
    }

    /// Its description and keys: kept ones as long as they are fresh, and longer while it is away.
    async fn known(&self) -> Result<Arc<Known>, Failure> {
        // Held while it is asked, so that many who come at once ask it once.
        let mut cache = self.cache.lock().await;
        let kept = cache.known.clone();
        match &kept {
            Some((known, since)) if since.elapsed() < FRESH => return Ok(Arc::clone(known)),
            _ => {}
        }
        let stale = kept.map(|(known, _)| known);
        if let Some((failure, since)) = &cache.failed
            && since.elapsed() < LEFT_ALONE
        {
            return stale.ok_or_else(|| failure.clone());
        }
        match self.fetch(&mut cache).await {
            Ok(known) => Ok(known),
            Err(failure) => {
                tracing::warn!(target: "oidc", %failure, "the provider's description was not fetched");
                stale.ok_or(failure)
            }
        }
    }

    /// The same as it is now, unless it was asked for a moment ago.
    async fn renewed(&self, before: &Arc<Known>) -> Result<Arc<Known>, Failure> {
        let mut cache = self.cache.lock().await;
        let is_other = |known: &Arc<Known>| !Arc::ptr_eq(known, before);
        match &cache.known {
            Some((known, _)) if is_other(known) || cache.refetched.is_some_and(|at| at.elapsed() < REFETCH_EVERY) => {
                return Ok(Arc::clone(known));
            }
            _ => {}
        }
        cache.refetched = Some(Instant::now());
        self.fetch(&mut cache).await
    }

    async fn fetch(&self, cache: &mut Cache) -> Result<Arc<Known>, Failure> {
        let fetched = Known::fetch(self).await;
        let now = Instant::now();
        match &fetched {
            Ok(known) => (cache.known, cache.failed) = (Some((Arc::clone(known), now)), None),
            Err(failure) => cache.failed = Some((failure.clone(), now)),
        }
        fetched
    }

    /// A URL that the provider names, if it may be called: plain http on this machine alone, where the operator
    /// named it so.
    fn endpoint(&self, url: &str) -> Result<Target, Failure> {
        let target = self.outbound.accepts(url).filter(|target| target.is_https || target.host.is_loopback());
        target.ok_or_else(|| Failure::Untrusted(format!("{url:.200?} is no address that may be asked")))
    }

    fn turn(&self) -> Result<SemaphorePermit<'_>, Failure> {
        self.waiting.try_acquire().map_err(|_| Failure::Busy)
    }
}

fn call(headers: Vec<(&'static str, String)>, body: Bytes) -> Call {
    Call { user: None, headers, body, deadline: DEADLINE, max_answer: MAX_ANSWER }
}

fn away(failure: crate::outbound::Failure) -> Failure {
    Failure::Away(failure.to_string())
}

/// What is said in JSON, with 200: a redirect is no answer.
fn read<T: for<'de> Deserialize<'de>>(what: &str, answer: &Answer) -> Result<T, Failure> {
    if answer.status != 200 {
        return Err(Failure::Away(format!("{what} answers {}", answer.status)));
    }
    serde_json::from_str(&answer.text).map_err(|cause| Failure::Away(format!("{what}: {cause}")))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away(why) => write!(f, "the provider is away: {why}"),
            Self::Refused(why) => write!(f, "the provider refuses: {why}"),
            Self::Untrusted(why) => write!(f, "the provider is not believed: {why}"),
            Self::Busy => f.write_str("too many wait for the provider"),
        }
    }
}

/// Without the secret.
impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.config.issuer).finish_non_exhaustive()
    }
}
