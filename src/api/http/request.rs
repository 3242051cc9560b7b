//! A request as handlers see it.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use hyper::upgrade::OnUpgrade;
use percent_encoding::percent_decode_str;
use warp::http::{HeaderMap, Method, Version};

use super::base::BasePath;
use super::context::Context;
use super::forwarded::{ClientInfo, PeerAddress, is_loopback};
use super::reply::ApiError;
use super::trace::{Permit, RequestTrace};
use super::wire::Progress;
use crate::chat::model::session::Actor;

/// The body as it comes in.
pub type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send + Sync>>;

/// The connection that a request came by.
#[derive(Clone)]
pub struct Peer {
    /// Who is at its other end.
    pub address: PeerAddress,
    /// Whether it speaks TLS.
    pub is_tls: bool,
    /// How far its request is.
    pub progress: Progress,
    /// The connection's permit, one of all there may be.
    pub permit: Option<Permit>,
    /// The version of HTTP that it asks by.
    pub version: Version,
}

/// Of a request that came by no connection.
impl Default for Peer {
    fn default() -> Self {
        let address = PeerAddress::Ip(IpAddr::from([0, 0, 0, 0]));
        Self { address, is_tls: false, progress: Progress::default(), permit: None, version: Version::HTTP_11 }
    }
}

/// A request whose path was found in some dialect.
pub struct Request {
    pub method: Method,
    /// The path below the server's own place, not decoded.
    pub path: String,
    /// Decoded name-value pairs, in their order.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    /// What stands in the pattern's parameters, decoded, in their order.
    pub params: Vec<String>,
    /// Who asks, by address, as told by a proxy if that is trusted.
    pub peer: IpAddr,
    /// How the request was made, before any trusted proxy.
    pub client: ClientInfo,
    /// Whom a trusted proxy names, where it may, or why that is nobody.
    pub named: Option<Result<Actor, ApiError>>,
    pub body: BodyStream,
    /// Becomes the raw connection once a handshake was answered.
    pub upgrade: Option<OnUpgrade>,
    /// What is noted of it for the log and the metrics.
    pub trace: Arc<RequestTrace>,
    /// The number of the dialect that answers it.
    pub dialect: usize,
    /// The number of its codec, if it opens a socket.
    pub codec: usize,
    /// The core and the operator's decisions.
    pub context: Arc<Context>,
}

impl Request {
    /// The last value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header that is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A parameter of the path.
    pub fn param(&self, number: usize) -> &str {
        self.params.get(number).map_or("", String::as_str)
    }

    /// A parameter that is an id. What is no id names nothing, and so is not found.
    pub fn id(&self, number: usize) -> Result<i64, ApiError> {
        let digits = self.param(number);
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|id| plain && *id > 0).ok_or(ApiError::NOT_FOUND)
    }

    /// The path below which the server lives, for links.
    pub fn base(&self) -> &BasePath {
        self.context.base()
    }

    /// Where this server is for whoever asks: the public URL, or what the request says.
    pub fn base_url(&self) -> String {
        match &self.context.settings.public_url {
            Some(url) => self.base().at_origin(url),
            None => {
                let scheme = if self.client.is_https { "https" } else { "http" };
                self.base().at_origin(&format!("{scheme}://{}", self.client.host.as_deref().unwrap_or("localhost")))
            }
        }
    }

    /// Whether the page that sends this (if a browser's page does) is the server's own
    /// or one that the operator listed.
    pub fn is_from_own_origin(&self) -> bool {
        // What is said twice or cannot be read is no browser's, and not taken for silence.
        self.headers.get_all("origin").iter().all(|origin| origin.to_str().is_ok_and(|origin| self.is_own(origin)))
    }

    /// Where the operator says what the server's origin is, that is it; a request's own word for its host would
    /// make a stranger's name that leads here, or the same host without TLS, as good. Else there is nothing to go by
    /// but that word; with everybody's tokens known (`--dev`), it has to be a name that no stranger can have.
    fn is_own(&self, origin: &str) -> bool {
        let settings = &self.context.settings;
        if settings.cors_origins.iter().any(|allowed| allowed == origin) {
            return true;
        }
        if let Some(public) = &settings.public_url {
            return public == origin;
        }
        let (https, http) = (origin.strip_prefix("https://"), origin.strip_prefix("http://"));
        let authority = https.or(http.filter(|_| !self.client.is_https));
        let host = self.client.host.as_deref().filter(|host| !settings.any_origin || is_loopback(host));
        authority.is_some() && authority == host
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        let all = self.headers.get_all("cookie").iter().filter_map(|line| line.to_str().ok());
        all.flat_map(cookie::Cookie::split_parse)
            .filter_map(Result::ok)
            .find(|cookie| cookie.name() == name)
            .map(|cookie| cookie.value().to_owned())
    }
}

/// Percent-decodes; bytes that are no UTF-8 become a character that no name has.
pub fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Reads a query string or a form's body.
pub fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}

#[cfg(test)]
pub(in crate::api) mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use warp::http::Method;

    use super::{HeaderMap, Request, RequestTrace, decode, pairs};
    use crate::api::http::reply::ApiError;
    use crate::chat::model::time::Clock;
    use crate::chat::{App, Config, Durability};

    /// A request with this parameter, cookie line and query, over a server that was just made.
    fn request(server: &Server, param: &str, cookie: &[u8], query: &str) -> Request {
        let mut headers = HeaderMap::new();
        if let Ok(value) = warp::http::HeaderValue::from_bytes(cookie) {
            headers.insert("cookie", value);
        }
        Request { query: pairs(query.as_bytes()), headers, params: vec![param.into()], ..bare(&server.api) }
    }

    /// A request for nothing.
    pub fn bare(api: &crate::api::Api) -> Request {
        Request {
            method: Method::GET,
            path: "/".into(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            params: Vec::new(),
            peer: [127, 0, 0, 1].into(),
            named: None,
            body: Box::pin(futures_util::stream::empty()),
            client: crate::api::http::forwarded::TrustedProxies::default().client_info(
                crate::api::http::forwarded::PeerAddress::Unix,
                false,
                &HeaderMap::new(),
            ),
            upgrade: None,
            trace: std::sync::Arc::new(RequestTrace::new("a test".into())),
            dialect: 0,
            codec: 0,
            context: std::sync::Arc::clone(api.context()),
        }
    }

    struct Server {
        api: crate::api::Api,
        _folder: tempfile::TempDir,
        _runtime: tokio::runtime::Runtime,
    }

    fn server() -> Server {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let _guard = runtime.enter();
        let config = Config { durability: Durability::Normal, clock: Clock::system(), ..Config::of(folder.path()) };
        let app = App::open(config).expect("opened");
        Server {
            api: crate::api::Api::new(app, crate::api::tests::settings(), crate::api::all_routes()),
            _folder: folder,
            _runtime: runtime,
        }
    }

    #[test]
    fn ids_cookies_and_pages_are_taken_or_refused() {
        let server = server();
        proptest!(|(id in any::<i64>(), noise in ".{0,30}", line in proptest::collection::vec(any::<u8>(), 0..80),
                    value in "[a-z0-9]{0,40}", number in any::<u64>(), size in any::<u64>(), text in "[0-9+ -]{0,22}")| {
            let asked = request(&server, &id.to_string(), b"", "").id(0);
            prop_assert_eq!(asked.ok(), Some(id).filter(|id| *id > 0));
            for odd in [noise.clone(), format!("+{id}"), format!(" {id}"), format!("{id}.0"), format!("0x{id}")] {
                let is_number = odd.bytes().all(|byte| byte.is_ascii_digit()) && odd.parse::<i64>().is_ok_and(|id| id > 0);
                prop_assert_eq!(request(&server, &odd, b"", "").id(0).is_ok(), is_number);
            }
            drop(request(&server, "", &line, "").cookie("sessionid"));
            let cookies = format!("{}; sessionid={value}; a=b", noise.replace(|c: char| !c.is_ascii_alphanumeric(), ""));
            prop_assert_eq!(request(&server, "", cookies.as_bytes(), "").cookie("sessionid"), Some(value));
            for query in [format!("page={number}&page_size={size}"), format!("page={text}&page_size={noise}")] {
                let asked = request(&server, "", b"", &query);
                match crate::api::http::page::asked(&asked, 20) {
                    Ok(page) => {
                        prop_assert!(page.number > 0 && (1..=crate::api::http::page::MAX_PAGE_SIZE).contains(&page.size));
                        prop_assert!(page.offset() >= 0 && page.offset().checked_add(page.limit()).is_some());
                    }
                    Err(failure) => prop_assert!(matches!(failure, ApiError::InvalidPage)),
                }
            }
        });
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded(bytes in proptest::collection::vec(any::<u8>(), 0..60), text in any::<String>()) {
            drop(pairs(&bytes));
            let encoded = percent_encoding::percent_encode(text.as_bytes(), percent_encoding::NON_ALPHANUMERIC);
            prop_assert_eq!(decode(&encoded.to_string()), text);
        }
    }
}
