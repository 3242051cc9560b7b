//! Calling out: what push and hooks send to servers that users name.
//!
//! An [`Outbound`] is a way out with its own rules: which networks beside the public Internet may be reached,
//! whether http may be spoken, how many calls are under way at once. Make one for each feature, when that is
//! switched on, and share it (`Arc`): nothing is opened or read before the first call.
//!
//! - [`Outbound::accepts`] is for when somebody gives a URL: no name is looked up and nobody is called.
//! - [`Outbound::post`] makes a call, and [`Outbound::get`] one without a body. It looks the name up once, and connects to an address that it has judged and
//!   to no other, so that a name which changes its mind in between gains nothing. No redirect is followed: 3xx is
//!   an answer like any other. One connection a call, HTTP/1.1, closed afterwards.
//!
//! ```text
//! let outbound = Outbound::new(Rules { allowed, may_use_http: true, at_once: 32 });
//! let Some(target) = outbound.accepts(&url) else { return Err(refused("url")) }; // 400
//! let headers = vec![("content-type", "application/json".to_owned())];
//! let call = Call { user: Some(actor.user), headers, body, deadline, max_answer };
//! match outbound.post(&target, call).await {
//!     Ok(Answer { status: 200..=299, text, .. }) => …,
//!     Ok(Answer { status, retry_after, .. }) => …,
//!     Err(failure) => …, // a sentence by `Display`
//! }
//! ```
//!
//! Dropping the future of a call ends it and closes its connection.

mod address;
mod exchange;
mod lookup;
mod target;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Body;
use hyper::header::{HOST, HeaderMap, RETRY_AFTER, USER_AGENT};
use hyper::http::response::Parts;
use hyper::{Method, Request};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

pub use address::Network;
pub use exchange::Connection;
#[cfg(test)]
pub use lookup::MAX_LOOKUPS_OF_USER;
pub use target::{Host, Target};

use crate::chat::model::id::UserId;
use lookup::Lookups;

/// Addresses of one name that are tried.
const MAX_TRIED: usize = 4;
/// How long one of several may take to take a connection.
const TRY: Duration = Duration::from_secs(3);

/// What a way out allows.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Networks that may be called beside the public Internet.
    pub allowed: Vec<Network>,
    /// Whether `http://` may be called as `https://` may.
    pub may_use_http: bool,
    /// Calls that are under way at once; further ones wait, and their deadline begins when they begin.
    pub at_once: usize,
}

/// A way out.
pub struct Outbound {
    rules: Rules,
    calls: Semaphore,
    lookups: Lookups,
    /// In place of what the machine trusts.
    trust: Option<TlsConnector>,
}

/// What is sent.
#[derive(Clone, Debug)]
pub struct Call {
    /// Whom it is for, if for anybody: of what can be looked up at once, each user has a share.
    pub user: Option<UserId>,
    /// Names in lower case. `Host`, `Content-Length` and `User-Agent` are added.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
    /// How long all of it may take: the lookup, the connection, TLS, the request and the answer.
    pub deadline: Duration,
    /// Bytes of the answer's body that are read; with 0 it is not waited for.
    pub max_answer: usize,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status: any, redirects too.
    pub status: u16,
    /// How long it asks to be left alone (`Retry-After`, seconds or a date), not bounded here.
    pub retry_after: Option<Duration>,
    /// The beginning of its body, `Call::max_answer` bytes of it; what is no UTF-8 is replaced.
    pub text: String,
}

/// Why there was no answer. Each is a sentence by `Display`, which may be shown to whoever gave the URL.
#[derive(Debug)]
pub enum Failure {
    /// The address, or every address of the name, may not be called.
    Refused,
    /// The name has no address, or nobody knows.
    Unresolved(io::Error),
    /// Nobody listens there, or the deadline passed before the connection stood.
    Unreachable(io::Error),
    /// The certificate is not trusted, or no TLS is spoken there.
    Tls(io::Error),
    /// The deadline passed once the connection stood.
    TimedOut,
    /// What was answered is no HTTP, is too long, or was cut off.
    Broken(String),
}

impl Outbound {
    /// A way out with these rules.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        let calls = Semaphore::new(rules.at_once);
        Self { rules, calls, lookups: Lookups::new(), trust: None }
    }

    /// The same where https is trusted by these authorities alone, in PEM. `None`: there are none.
    #[must_use]
    pub fn trusting(self, authorities: &[u8]) -> Option<Self> {
        Some(Self { trust: Some(exchange::trust_alone(authorities)?), ..self })
    }

    /// The same where names are looked up so.
    #[cfg(test)]
    pub fn resolving_by(self, resolve: lookup::Resolve) -> Self {
        Self { lookups: Lookups::by(resolve), ..self }
    }

    /// The URL taken apart, if it may be called as far as can be told without looking a name up: at most
    /// 2,048 bytes, https (or http, where the rules have it), no credentials, and no address that is
    /// refused, however it is spelt. A name may still turn out to lead to one, which [`post`](Self::post) refuses.
    #[must_use]
    pub fn accepts(&self, url: &str) -> Option<Target> {
        let target = Target::parse(url)?;
        let is_reachable = match &target.host {
            Host::Address(address) => self.may_call(&SocketAddr::new(*address, target.port)),
            // Names of this machine (RFC 6761), which nobody needs to look up.
            Host::Name(_) if target.host.is_loopback() => [[127, 0, 0, 1].into(), std::net::Ipv6Addr::LOCALHOST.into()]
                .into_iter()
                .any(|address| self.may_call(&SocketAddr::new(address, target.port))),
            Host::Name(_) => true,
        };
        ((target.is_https || self.rules.may_use_http) && is_reachable).then_some(target)
    }

    /// POSTs bytes and reads the answer. 1xx answers are skipped.
    pub async fn post(&self, target: &Target, call: Call) -> Result<Answer, Failure> {
        self.ask(Method::POST, target, call).await
    }

    /// GETs and reads the answer; the call's body is left out.
    pub async fn get(&self, target: &Target, call: Call) -> Result<Answer, Failure> {
        self.ask(Method::GET, target, Call { body: Bytes::new(), ..call }).await
    }

    async fn ask(&self, method: Method, target: &Target, call: Call) -> Result<Answer, Failure> {
        if !target.is_https && !self.rules.may_use_http {
            return Err(Failure::Refused);
        }
        let Call { user, headers, body, deadline, max_answer } = call;
        let mut request = Request::builder()
            .method(method)
            .uri(&target.path)
            .header(HOST, &target.authority)
            .header(USER_AGENT, concat!("Fireside/", env!("CARGO_PKG_VERSION")));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body)).map_err(|cause| Failure::Broken(cause.to_string()))?;
        let Ok(_permit) = self.calls.acquire().await else { return Err(Failure::TimedOut) };
        let end = Instant::now() + deadline;
        let opened = timeout_at(end, self.connect_for(user, target)).await;
        let connection = opened.unwrap_or_else(|_| Err(Failure::Unreachable(io::ErrorKind::TimedOut.into())))?;
        let exchanged = timeout_at(end, exchange::exchange(connection, request, max_answer)).await;
        let (head, body) = exchanged.map_err(|_| Failure::TimedOut)??;
        Ok(Answer {
            status: head.status.as_u16(),
            retry_after: retry_after(&head.headers, SystemTime::now()),
            text: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    /// Sends any request, with all its headers, and reads the answer's head and `max_body` bytes of its body.
    /// Bounded in bytes and not in time.
    pub async fn send<B>(
        &self,
        target: &Target,
        request: Request<B>,
        max_body: usize,
    ) -> Result<(Parts, Bytes), Failure>
    where
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        exchange::exchange(self.connect(target).await?, request, max_body).await
    }

    /// Opens a connection to an address that may be called. Not bounded in time.
    pub async fn connect(&self, target: &Target) -> Result<Connection, Failure> {
        self.connect_for(None, target).await
    }

    async fn connect_for(&self, user: Option<UserId>, target: &Target) -> Result<Connection, Failure> {
        let tls = match &self.trust {
            _ if !target.is_https => None,
            Some(alone) => Some(alone.clone()),
            None => Some(exchange::trust_unblocked().await?),
        };
        let addresses = match &target.host {
            Host::Address(address) => vec![SocketAddr::new(address.to_canonical(), target.port)],
            Host::Name(name) => self.lookups.look_up(name.clone(), target.port, user).await?,
        };
        let judged: Vec<SocketAddr> =
            addresses.into_iter().filter(|address| self.may_call(address)).take(MAX_TRIED).collect();
        let tcp = open(&judged).await?;
        match tls {
            Some(tls) => exchange::secure(&tls, &target.host, tcp).await,
            None => Ok(Box::pin(tcp)),
        }
    }

    fn may_call(&self, address: &SocketAddr) -> bool {
        address::may_be_called(address.ip(), &self.rules.allowed)
    }
}

/// The first address that takes a connection; the last is waited for as long as it takes.
async fn open(addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
    let Some((last, first)) = addresses.split_last() else { return Err(Failure::Refused) };
    for address in first {
        if let Ok(Ok(tcp)) = timeout(TRY, TcpStream::connect(address)).await {
            return Ok(tcp);
        }
    }
    TcpStream::connect(last).await.map_err(Failure::Unreachable)
}

/// How long to wait after so many failures, when each doubles the first wait.
pub fn doubled(first: Duration, failures: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(failures))
}

/// `Retry-After`: seconds, or a date.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse().ok().map(Duration::from_secs);
    seconds.or_else(|| Some(httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default()))
}
