//! Plain HTTP beside HTTPS: proofs for certificate authorities, how the server is, and for everybody else the way to
//! HTTPS.

use std::collections::HashMap;

use parking_lot::RwLock;
use warp::http::header::{CONTENT_TYPE, HeaderValue};
use warp::http::{Method, StatusCode};

use crate::api::http::envelope;
use crate::api::http::reply::{self, ApiError, Response};

/// Where an authority looks for a proof (RFC 8555, 8.3).
const PROOFS: &str = "/.well-known/acme-challenge/";
/// What is answered as over HTTPS: whoever watches the server needs no certificate.
const ANSWERED: [&str; 2] = ["/healthz", "/readyz"];

/// Where those are sent who come by plain HTTP, and what authorities find there.
#[derive(Debug)]
pub struct Redirect {
    names: Vec<String>,
    /// Behind the name: nothing, or like `:8443`.
    port: String,
    proofs: RwLock<HashMap<String, String>>,
}

impl Redirect {
    /// To HTTPS at one of these names and this port.
    pub fn new(names: Vec<String>, port: u16) -> Self {
        let port = if port == 443 { String::new() } else { format!(":{port}") };
        Self { names, port, proofs: RwLock::default() }
    }

    /// Shows authorities `proof` where they look for `token`.
    pub fn prove(&self, token: &str, proof: String) {
        self.proofs.write().insert(token.to_owned(), proof);
    }

    pub fn end_proof(&self, token: &str) {
        self.proofs.write().remove(token);
    }

    /// What is answered in place of what HTTPS would answer.
    pub(super) fn answer(
        &self,
        method: &Method,
        (path, inside): (&str, &str),
        query: &str,
        host: Option<&str>,
    ) -> Option<Response> {
        if let Some(token) = path.strip_prefix(PROOFS) {
            return Some(self.proof(method, token));
        }
        if ANSWERED.contains(&inside) {
            return None;
        }
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        Some(reply::moved(&format!("https://{}{}{path}{query}", self.name(host), self.port)))
    }

    fn proof(&self, method: &Method, token: &str) -> Response {
        let proofs = self.proofs.read();
        match proofs.get(token) {
            Some(proof) if matches!(*method, Method::GET | Method::HEAD) => {
                let mut response = reply::written(StatusCode::OK, proof.clone().into_bytes());
                let binary = HeaderValue::from_static("application/octet-stream");
                response.headers_mut().insert(CONTENT_TYPE, binary);
                response
            }
            _ => envelope::envelope(&ApiError::NoSuchPath),
        }
    }

    /// The name that was asked for if it is ours: nobody is sent to a stranger's.
    fn name(&self, host: Option<&str>) -> &str {
        let asked = host.map(|host| host.split(':').next().unwrap_or_default().trim_end_matches('.'));
        let ours = self.names.iter().find(|name| Some(name.as_str()) == asked);
        ours.or(self.names.first()).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use warp::http::header::LOCATION;
    use warp::http::{Method, StatusCode};

    use super::Redirect;

    #[test]
    fn nobody_is_sent_to_a_strangers_name() {
        let names = vec!["chat.example.org".to_owned(), "talk.example.org".to_owned()];
        let leads = |port, path: &str, query: &str, host| {
            let redirect = Redirect::new(names.clone(), port);
            let answer = redirect.answer(&Method::GET, (path, path), query, host).expect("a redirect");
            assert_eq!(answer.status(), StatusCode::PERMANENT_REDIRECT);
            answer.headers().get(LOCATION).expect("a place").to_str().expect("text").to_owned()
        };
        assert_eq!(leads(443, "/a/b", "c=d", Some("talk.example.org:80")), "https://talk.example.org/a/b?c=d");
        assert_eq!(leads(8443, "/", "", Some("chat.example.org")), "https://chat.example.org:8443/");
        for stranger in [Some("evil.example"), Some("chat.example.org.evil.example"), Some("[::1]:80"), None] {
            assert_eq!(leads(443, "//x", "", stranger), "https://chat.example.org//x");
        }
    }

    #[test]
    fn a_proof_is_shown_until_it_is_over_and_health_is_answered() {
        let redirect = Redirect::new(vec!["chat.example.org".to_owned()], 443);
        let status = |path: &str| redirect.answer(&Method::GET, (path, path), "", None).map(|answer| answer.status());
        redirect.prove("t1", "t1.thumb".to_owned());
        assert_eq!(status("/.well-known/acme-challenge/t1"), Some(StatusCode::OK));
        assert_eq!(status("/.well-known/acme-challenge/t2"), Some(StatusCode::NOT_FOUND));
        redirect.end_proof("t1");
        assert_eq!(status("/.well-known/acme-challenge/t1"), Some(StatusCode::NOT_FOUND));
        assert_eq!((status("/healthz"), status("/readyz")), (None, None));
    }
}
