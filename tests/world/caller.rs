//! Whoever asks something over HTTP: the address they ask at, and the
//! credential they show.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use reqwest::{Client, Method, RequestBuilder};
use serde::Serialize;
use serde_json::Value;

use super::Answer;
use super::bytes::{Part, multipart};
use super::document::{self, Asked};
use super::socket::Handshake;

#[derive(Debug, Clone)]
pub enum Credential {
    Nothing,
    /// `Authorization: Token …`; `?token=` on a socket.
    Token(String),
    /// `Authorization: Bearer …`, as for a JWT; `?token=` on a socket.
    Bearer(String),
    /// The cookies of a browser that also sends the header against forgery.
    Session(Session),
    /// The cookies alone, as another site could make a browser send them.
    BareCookie(Session),
}

#[derive(Debug, Clone)]
pub struct Session {
    pub id: String,
    pub csrf: String,
}

impl Session {
    pub fn cookie(&self) -> String {
        format!("sessionid={}; csrftoken={}", self.id, self.csrf)
    }
}

#[derive(Debug, Clone)]
pub struct Caller {
    pub client: Client,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// `` for the root, `/d/rooms` for a dialect's own place.
    pub place: &'static str,
    pub credential: Credential,
}

impl Caller {
    /// The same caller at a dialect's own place.
    pub fn through(&self, place: &'static str) -> Self {
        Self { place, ..self.clone() }
    }

    /// The same caller showing something else.
    pub fn showing(&self, credential: Credential) -> Self {
        Self { credential, ..self.clone() }
    }

    /// A request with the caller's credential. A path may be a whole URL, as
    /// the links of a page are.
    pub fn asks(&self, method: Method, path: &str) -> Ask {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{}{path}", self.url, self.place) };
        let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(&method);
        let asked = format!("{method} {path}");
        let path = url.splitn(4, '/').nth(3).unwrap_or_default().split(['?', '#']).next().unwrap_or_default();
        let request_of = Asked { method: method.clone(), path: format!("/{path}"), body: None };
        let mut request = self.client.request(method, url);
        match &self.credential {
            Credential::Nothing => {}
            Credential::Token(token) => {
                request = request.header("Authorization", format!("Token {token}"));
            }
            Credential::Bearer(token) => {
                request = request.header("Authorization", format!("Bearer {token}"));
            }
            Credential::Session(session) => {
                request = request.header("Cookie", session.cookie());
                if !reads {
                    request = request.header("X-CSRFToken", &session.csrf);
                }
            }
            Credential::BareCookie(session) => {
                request = request.header("Cookie", session.cookie());
            }
        }
        Ask { asked, request, request_of }
    }

    pub fn get(&self, path: &str) -> Ask {
        self.asks(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: &Value) -> Ask {
        self.asks(Method::POST, path).json(body)
    }

    pub fn patch(&self, path: &str, body: &Value) -> Ask {
        self.asks(Method::PATCH, path).json(body)
    }

    pub fn delete(&self, path: &str) -> Ask {
        self.asks(Method::DELETE, path)
    }

    /// A POST that carries nothing, as `join` and `logout` are.
    pub fn does(&self, path: &str) -> Ask {
        self.asks(Method::POST, path)
    }

    /// A form as a page would send it.
    pub fn sends_form(&self, path: &str, fields: &[(&str, &str)]) -> Ask {
        self.asks(Method::POST, path).form(fields)
    }

    pub fn sends_parts(&self, path: &str, parts: &[Part<'_>]) -> Ask {
        self.asks(Method::POST, path).parts(parts)
    }

    /// All that a list which begins with its newest has, oldest first, through all its pages.
    pub async fn reads_all(&self, list: &str) -> Vec<Value> {
        let sign = if list.contains('?') { '&' } else { '?' };
        let (mut all, mut next) = (Vec::new(), Some(format!("{list}{sign}page_size=100")));
        while let Some(path) = next {
            let page = self.get(&path).await.is(200);
            all.extend(page.results());
            next = page.json()["next"].as_str().map(ToOwned::to_owned);
        }
        all.reverse();
        all
    }

    /// A knock at a socket's door, not yet opened.
    pub fn handshake(&self, path: &str) -> Handshake {
        let handshake = Handshake::new(&self.url, &format!("{}{path}", self.place));
        match &self.credential {
            Credential::Nothing => handshake,
            Credential::Token(token) | Credential::Bearer(token) => handshake.with_query(&format!("token={token}")),
            Credential::Session(session) | Credential::BareCookie(session) => {
                handshake.with("Cookie", &session.cookie())
            }
        }
    }
}

/// A request that goes out when awaited.
pub struct Ask {
    asked: String,
    request: RequestBuilder,
    request_of: Asked,
}

impl Ask {
    pub fn with(mut self, header: &str, value: &str) -> Self {
        self.request = self.request.header(header, value);
        self
    }

    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.request_of.body = serde_json::to_value(body).ok();
        self.request = self.request.json(body);
        self
    }

    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.request = self.request.form(fields);
        self
    }

    pub fn parts(self, parts: &[Part<'_>]) -> Self {
        let (content_type, body) = multipart(parts);
        self.with("Content-Type", &content_type).body(body)
    }

    pub fn body(mut self, bytes: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.body(bytes);
        self
    }
}

impl Ask {
    /// The answer, or nothing where the line was cut before it was whole: then nobody
    /// can tell what was done.
    pub async fn tried(self) -> Option<Answer> {
        let asked = self.asked;
        let response = self.request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.ok()?.to_vec();
        Some(Answer { asked, status, headers, body })
    }
}

impl IntoFuture for Ask {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (asked, request_of) = (self.asked, self.request_of);
            let response = self.request.send().await.unwrap_or_else(|error| panic!("{asked} got no answer: {error:?}"));
            let status = response.status().as_u16();
            let headers = response.headers().clone();
            let body = response.bytes().await.unwrap_or_else(|error| panic!("{asked} was cut off: {error:?}")).to_vec();
            document::check_answer(&request_of, status, &headers, &body);
            Answer { asked, status, headers, body }
        })
    }
}
