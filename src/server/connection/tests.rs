//! What the front door cannot bring about: a request that panics.

use std::sync::Arc;

use futures_util::stream;
use http_body_util::BodyExt;
use serde_json::Value;
use warp::http::{HeaderMap, Method, Version};

use super::{Current, Head, Server, answer};
use crate::api::http::backlog;
use crate::api::http::backlog::Backlog;
use crate::api::http::compression::Compression;
use crate::api::http::context::Settings;
use crate::api::http::forwarded::{PeerAddress, TrustedProxies};
use crate::api::http::trace::RequestTrace;
use crate::api::http::wire::ANSWER_TIMEOUT;
use crate::api::tests::{core_with_alice, settings};
use crate::api::{Api, all_routes};
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

fn server(api: Api) -> Arc<Server> {
    Arc::new(Server {
        current: Current::new(api),
        dev: None,
        trusted_proxies: TrustedProxies::default(),
        assets: Assets::new(None),
        backlog: Backlog::new(backlog::MAX_WAITING),
        compression: Compression::default(),
        answer_timeout: ANSWER_TIMEOUT,
    })
}

#[tokio::test]
async fn a_panic_is_answered_in_the_words_of_its_dialect_and_ends_that_request_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let (app, token) = core_with_alice(folder.path()).await;
    let server = server(Api::new(app, settings(), all_routes()));
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

#[tokio::test]
async fn two_servers_of_one_process_each_link_to_where_they_live() {
    for (base, own, beside) in [("/team", "/team", "/other"), ("/other", "/other", "/team")] {
        let folder = tempfile::tempdir().expect("a folder");
        let (app, token) = core_with_alice(folder.path()).await;
        let at = Settings { base_path: base.parse().expect("a path"), ..settings() };
        let server = server(Api::new(app, at, all_routes()));
        let ask = async |path: String| {
            let head = Head { method: Method::GET, ..head(&path, token.as_str()) };
            let response = answer(Arc::clone(&server), head, Box::pin(stream::empty())).await;
            let status = response.status();
            (status, response.into_body().collect().await.expect("a body").to_bytes())
        };
        let (status, document) = ask(format!("{own}/openapi.json")).await;
        let document: Value = serde_json::from_slice(&document).expect("JSON");
        assert_eq!((status.as_u16(), &document["servers"][0]["url"]), (200, &Value::from(own)));
        let (status, profile) = ask(format!("{own}/profiles/api/profile/")).await;
        let profile: Value = serde_json::from_slice(&profile).expect("JSON");
        let image = Value::from(format!("{own}/media/user_images/default.jpg"));
        assert_eq!((status.as_u16(), &profile["profile"]["image"]), (200, &image));
        assert_eq!(ask(format!("{beside}/openapi.json")).await.0, 404);
    }
}
