//! The document against the router: the program is asked which methods a path has.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;

use crate::world::Fireside;
use crate::world::document::operations;

/// What stands in a path's parameters while it is asked for its methods.
const SOMETHING: &str = "7";

#[tokio::test]
async fn a_path_has_the_documented_methods_and_no_other() {
    let fireside = Fireside::start().await;
    let mut documented: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, method, _) in operations() {
        let path = path.split('/').map(|part| if part.starts_with('{') { SOMETHING } else { part });
        documented.entry(path.collect::<Vec<_>>().join("/")).or_default().insert(method);
    }
    assert!(documented.len() > 40, "{documented:?}");
    for (path, mut methods) in documented {
        if methods.contains("GET") {
            methods.insert("HEAD".to_owned());
        }
        methods.insert("OPTIONS".to_owned());
        let answer = fireside.anyone().asks(Method::OPTIONS, &path).await.is(204);
        let allowed: BTreeSet<String> = answer.header("allow").split(", ").map(str::to_owned).collect();
        assert_eq!(allowed, methods, "{path}");
    }
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_refused_where_the_document_says_so() {
    let fireside = Fireside::start().await;
    for (path, method, operation) in operations() {
        let is_socket = operation.get("x-websocket").is_some();
        if is_socket || operation["security"].as_array().unwrap().is_empty() {
            continue;
        }
        let path = path.split('/').map(|part| if part.starts_with('{') { SOMETHING } else { part });
        let path = path.collect::<Vec<_>>().join("/");
        fireside.anyone().asks(method.parse().unwrap(), &path).await.is(401);
    }
}
