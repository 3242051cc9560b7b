//! What the front door cannot bring about: a request that panics.

use std::sync::Arc;

use futures_util::stream;
use http_body_util::BodyExt;
use serde_json::Value;
use warp::http::{HeaderMap, Method, Version};

use super::{Current, Head, Server, answer};
use crate::api::Api;
use crate::api::http::backlog;
use crate::api::http::backlog::Backlog;
use crate::api::http::compression::Compression;
use crate::api::http::forwarded::{PeerAddress, TrustedProxies};
use crate::api::http::trace::RequestTrace;
use crate::api::http::wire::ANSWER_TIMEOUT;
use crate::api::tests::{core_with_alice, settings};
use crate::assets::Assets;

/// A request of somebody who is signed in, and whose body panics when it is read.
fn head(path: &str, token: &str) -> Head {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().expect("a value"));
    headers.insert("authorization", format!("Token {token}").parse().expect("a value"));
    Head {
        method: Method::POST,
        version: Version::HTTP_10,
        path: path.into(),
        query: String::new(),
        client: TrustedProxies::default().client_info(PeerAddress::Unix, false, &headers),
        headers,
        upgrade: None,
        redirect: None,
        trace: Arc::new(RequestTrace::new("the request's number".into())),
    }
}

#[tokio::test]
async fn a_panic_is_answered_in_the_words_of_its_dialect_and_ends_that_request_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let (app, token) = core_with_alice(folder.path()).await;
    let server = Arc::new(Server {
        current: Current::new(Api::new(app, settings())),
        dev: None,
        trusted_proxies: TrustedProxies::default(),
        assets: Assets::new(None),
        backlog: Backlog::new(backlog::MAX_WAITING),
        compression: Compression::default(),
        answer_timeout: ANSWER_TIMEOUT,
    });
    for (path, fields) in [
        ("/api/auth/login/", ["error", "message", "detail"].as_slice()),
        ("/api/rooms/", &["error", "message", "detail"]),
        ("/d/inbox/api/messages/", &["error", "message", "detail"]),
        ("/messages/api/chats/", &["error"]),
        ("/d/messaging/messages/api/chats/", &["error"]),
        ("/accounts/api/token/", &["detail"]),
        ("/d/messenger/messenger/api/chatrooms", &["detail"]),
    ] {
        let body = Box::pin(stream::poll_fn(|_| panic!("on purpose")));
        let response = answer(Arc::clone(&server), head(path, token.as_str()), body).await;
        assert_eq!(response.status(), 500, "{path}");
        assert!(
            response.headers().contains_key("x-request-id")
                && response.headers().contains_key("x-content-type-options")
        );
        let bytes = response.into_body().collect().await.expect("a body").to_bytes();
        let body: Value = serde_json::from_slice(&bytes).expect(path);
        let mut keys: Vec<&str> = body.as_object().expect(path).keys().map(String::as_str).collect();
        let mut fields = fields.to_vec();
        keys.sort_unstable();
        fields.sort_unstable();
        assert_eq!(keys, fields, "{path}: {body}");
        assert!(!body.to_string().contains("on purpose"), "{body}");
    }
}
