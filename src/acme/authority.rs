//! Asking a certificate authority: signed requests one after the other, each bounded in time and size.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, DATE, HOST, HeaderMap, LOCATION, USER_AGENT};
use hyper::{Method, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::time::timeout;

use super::Options;
use super::failure::{Failure, Problem, plain};
use super::key::AccountKey;
use crate::outbound::{self, Network, Outbound, Rules, Target};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of an answer.
const MAX_ANSWER: usize = 256 * 1024;
/// How often a request is sent whose nonce the authority does not take.
const MAX_TRIES: u32 = 5;
/// How far this machine's clock and the authority's may be apart before that is worth a word.
const SKEW: Duration = Duration::from_secs(300);

/// An authority, and the account that asks it.
pub(super) struct Authority {
    directory: Target,
    /// The way to where the directory is, which the operator named, whatever its address.
    way: Outbound,
    /// The way to wherever else the directory points.
    public: Outbound,
    pub key: AccountKey,
    email: Option<String>,
    urls: Option<Urls>,
    account: Option<String>,
    nonce: Option<String>,
    /// How far its clock is from this machine's, where that is far.
    pub skew: Option<Duration>,
}

/// What the directory holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Urls {
    new_nonce: String,
    new_account: String,
    new_order: String,
}

/// An answer that is no refusal.
#[derive(Debug)]
pub(super) struct Reply {
    /// Where the thing is that was made.
    pub location: Option<String>,
    /// When to ask again.
    pub retry_after: Option<Duration>,
    /// All of it.
    pub body: Bytes,
}

impl Reply {
    /// As JSON.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|cause| Failure::Broken(plain(&cause.to_string())))
    }

    /// The same, and the URL of what was made.
    pub fn made<T: DeserializeOwned>(&self) -> Result<(String, T), Failure> {
        let location = self.location.clone().ok_or_else(|| Failure::Broken("it made something nameless".to_owned()))?;
        Ok((location, self.read()?))
    }
}

impl Authority {
    /// Nobody is asked yet. `None`: there is no authority among those to trust.
    pub fn new(options: &Options, key: AccountKey) -> Option<Self> {
        let way = |networks: &[&str]| {
            let allowed = networks.iter().filter_map(|network| network.parse::<Network>().ok()).collect();
            let way = Outbound::new(Rules { allowed, may_use_http: false, at_once: 1 });
            match &options.trusted {
                Some(trusted) => way.trusting(trusted),
                None => Some(way),
            }
        };
        Some(Self {
            directory: options.directory.clone(),
            way: way(&["0.0.0.0/0", "::/0"])?,
            public: way(&[])?,
            key,
            email: options.email.clone(),
            urls: None,
            account: None,
            nonce: None,
            skew: None,
        })
    }

    /// Reads the directory, and finds the key's account or makes one. With this every order begins: an authority may
    /// have moved, and may have forgotten everybody.
    pub async fn begin(&mut self) -> Result<(), Failure> {
        (self.account, self.nonce) = (None, None);
        let directory = self.directory.clone();
        let (status, headers, body) = self.send(&directory, Method::GET, Bytes::new()).await?;
        let reply = answered(status, &headers, body)?;
        let urls: Urls = reply.read()?;
        let contact: Vec<String> = self.email.iter().map(|email| format!("mailto:{email}")).collect();
        let mut account = json!({"termsOfServiceAgreed": true});
        if !contact.is_empty() {
            account["contact"] = json!(contact);
        }
        let url = urls.new_account.clone();
        self.urls = Some(urls);
        let reply = self.post(&url, &account.to_string()).await?;
        self.account = Some(reply.location.ok_or_else(|| Failure::Broken("an account has no URL".to_owned()))?);
        Ok(())
    }

    /// Where orders are made.
    pub fn new_order(&self) -> String {
        self.urls.as_ref().map(|urls| urls.new_order.clone()).unwrap_or_default()
    }

    /// Sends a signed request; with an empty payload it only reads.
    pub async fn post(&mut self, url: &str, payload: &str) -> Result<Reply, Failure> {
        let target = self.target(url)?;
        for _ in 0..MAX_TRIES {
            let nonce = match self.nonce.take() {
                Some(nonce) => nonce,
                None => self.new_nonce().await?,
            };
            let body = self.key.sign(url, &nonce, self.account.as_deref(), payload)?;
            let (status, headers, body) = self.send(&target, Method::POST, body.into()).await?;
            if status == 400 && problem(&body).is("badNonce") {
                continue;
            }
            return answered(status, &headers, body);
        }
        Err(Failure::Broken("it takes none of its own nonces".to_owned()))
    }

    async fn new_nonce(&mut self) -> Result<String, Failure> {
        let url = self.urls.as_ref().map(|urls| urls.new_nonce.clone()).unwrap_or_default();
        let target = self.target(&url)?;
        let (status, headers, body) = self.send(&target, Method::HEAD, Bytes::new()).await?;
        answered(status, &headers, body)?;
        self.nonce.take().ok_or_else(|| Failure::Broken("it gives no nonce".to_owned()))
    }

    /// A URL that the authority gave.
    fn target(&self, url: &str) -> Result<Target, Failure> {
        let target = Target::parse(url).and_then(|target| self.way(&target).accepts(url));
        target.ok_or_else(|| Failure::Broken(format!("it names a URL that is not called: {}", plain(url))))
    }

    fn way(&self, target: &Target) -> &Outbound {
        let is_near = target.host == self.directory.host && target.port == self.directory.port;
        if is_near { &self.way } else { &self.public }
    }

    async fn send(&mut self, target: &Target, method: Method, body: Bytes) -> Result<(u16, HeaderMap, Bytes), Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(&target.path)
            .header(HOST, &target.authority)
            .header(USER_AGENT, concat!("Fireside/", env!("CARGO_PKG_VERSION")));
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/jose+json");
        }
        let request = request.body(Full::new(body)).map_err(|cause| Failure::Broken(cause.to_string()))?;
        let answer = timeout(PATIENCE, self.way(target).send(target, request, MAX_ANSWER)).await;
        let (head, body) = answer.unwrap_or(Err(outbound::Failure::TimedOut)).map_err(|cause| unanswered(&cause))?;
        if body.len() >= MAX_ANSWER {
            return Err(Failure::Broken("its answer does not end".to_owned()));
        }
        self.nonce = head.headers.get("replay-nonce").and_then(|nonce| nonce.to_str().ok()).map(str::to_owned);
        self.skew = skew(&head.headers, SystemTime::now());
        Ok((head.status.as_u16(), head.headers, body))
    }
}

fn unanswered(cause: &outbound::Failure) -> Failure {
    let words = plain(&cause.to_string());
    match cause {
        outbound::Failure::Broken(_) => Failure::Broken(words),
        outbound::Failure::Tls(_) if words.contains("expired") || words.contains("not valid yet") => {
            Failure::Away(format!("{words} (is this machine's clock right?)"))
        }
        _ => Failure::Away(words),
    }
}

fn problem(body: &Bytes) -> Problem {
    serde_json::from_slice(body).unwrap_or_default()
}

fn answered(status: u16, headers: &HeaderMap, body: Bytes) -> Result<Reply, Failure> {
    let retry_after = outbound::retry_after(headers, SystemTime::now());
    match status {
        200..=299 => {
            let location = headers.get(LOCATION).and_then(|url| url.to_str().ok()).map(str::to_owned);
            Ok(Reply { location, retry_after, body })
        }
        // Redirects too: nothing in ACME needs them, and they may lead anywhere.
        status => {
            let said = problem(&body).words();
            let words = if said.is_empty() { format!("it answers {status}") } else { said };
            match status {
                400..=499 => Err(Failure::Refused { words, retry_after }),
                _ if retry_after.is_some() => Err(Failure::Refused { words, retry_after }),
                _ => Err(Failure::Broken(words)),
            }
        }
    }
}

fn skew(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let theirs = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let apart = now.duration_since(theirs).or_else(|_| theirs.duration_since(now)).unwrap_or_default();
    Some(apart).filter(|apart| *apart > SKEW)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use hyper::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};

    use super::{answered, skew};
    use crate::acme::failure::Failure;

    #[test]
    fn a_refusal_has_the_authoritys_words_and_its_time() {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("18446744073709551615"))]);
        let refused = answered(429, &headers, r#"{"detail":"slower, please"}"#.into()).expect_err("a refusal");
        assert_eq!(refused.to_string(), "the certificate authority refuses: slower, please");
        assert!(matches!(refused, Failure::Refused { retry_after: Some(time), .. } if time.as_secs() == u64::MAX));
        let garbage = answered(302, &HeaderMap::new(), "<html>".into()).expect_err("no answer");
        assert!(matches!(&garbage, Failure::Broken(words) if words == "it answers 302"), "{garbage}");
    }

    #[test]
    fn a_clock_that_is_far_off_is_seen() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let of = |date| skew(&HeaderMap::from_iter([(DATE, HeaderValue::from_static(date))]), now);
        assert_eq!(of("Sun, 06 Nov 1994 08:49:30 GMT"), None);
        assert_eq!(of("Sun, 06 Nov 1994 09:49:37 GMT"), Some(Duration::from_hours(1)));
        assert_eq!(of("Sun, 06 Nov 1994 07:49:37 GMT"), Some(Duration::from_hours(1)));
        assert_eq!(of("soon"), None);
    }
}
