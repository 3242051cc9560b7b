//! A request as handlers see it.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use hyper::upgrade::OnUpgrade;
use percent_encoding::percent_decode_str;
use warp::http::{HeaderMap, Method};

use super::Context;
use super::reply::Failure;
use super::wire::Progress;

/// The body as it comes in.
pub type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send + Sync>>;

/// The connection that a request came by.
#[derive(Clone)]
pub struct Peer {
    /// Who is at its other end.
    pub address: IpAddr,
    /// How far its request is.
    pub progress: Progress,
}

/// Of a request that came by no connection.
impl Default for Peer {
    fn default() -> Self {
        Self { address: IpAddr::from([0, 0, 0, 0]), progress: Progress::default() }
    }
}

/// A request whose path was found in some dialect.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path as it came, not decoded.
    pub path: String,
    /// Decoded name-value pairs, in their order.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: HeaderMap,
    /// What stands in the pattern's parameters, decoded, in their order.
    pub params: Vec<String>,
    /// Who asks, by address.
    pub peer: IpAddr,
    /// The body.
    pub body: BodyStream,
    /// Becomes the raw connection once a handshake was answered.
    pub upgrade: Option<OnUpgrade>,
    /// The core and the operator's decisions.
    pub context: Arc<Context>,
}

impl Request {
    /// The last value of a query parameter.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header that is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A parameter of the path.
    #[must_use]
    pub fn param(&self, number: usize) -> &str {
        self.params.get(number).map_or("", String::as_str)
    }

    /// A parameter that is an id. What is no id names nothing, and so is not found.
    pub fn id(&self, number: usize) -> Result<i64, Failure> {
        let digits = self.param(number);
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|id| plain && *id > 0).ok_or(Failure::NOT_FOUND)
    }

    /// Where this server is for whoever asks: the public URL, or what the request says.
    #[must_use]
    pub fn base_url(&self) -> String {
        match &self.context.settings.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.header("host").unwrap_or("localhost")),
        }
    }

    /// Whether the page that sends this (if a browser's page does) is the server's own
    /// or one that the operator listed.
    #[must_use]
    pub fn is_from_own_origin(&self) -> bool {
        let Some(origin) = self.header("origin") else { return true };
        let settings = &self.context.settings;
        let listed = settings.cors_origins.iter().any(|allowed| allowed == origin);
        let public = settings.public_url.as_deref().is_some_and(|url| url.trim_end_matches('/') == origin);
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        listed || public || (authority.is_some() && authority == self.header("host"))
    }

    /// A cookie's value.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        let all = self.headers.get_all("cookie").iter().filter_map(|line| line.to_str().ok());
        all.flat_map(cookie::Cookie::split_parse)
            .filter_map(Result::ok)
            .find(|cookie| cookie.name() == name)
            .map(|cookie| cookie.value().to_owned())
    }
}

/// Percent-decodes; bytes that are no UTF-8 become a character that no name has.
#[must_use]
pub fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Reads a query string or a form's body.
#[must_use]
pub fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}
