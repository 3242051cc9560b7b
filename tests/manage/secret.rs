//! What opens a door is nowhere in the clear: not in the data folder, not in the log.

use serde_json::json;

use super::{invites, root_of, setup_code};
use crate::world::Fireside;

#[tokio::test]
async fn no_code_and_no_token_is_kept() {
    let fireside = Fireside::start_with(&["--log-level", "trace"]).await;
    let setup = setup_code(&fireside).unwrap();
    let root = root_of(&fireside).await;
    let alice = fireside.registers("alice").await;
    let invite = invites(&root, json!({"uses": 2, "label": "a label that is kept"})).await;
    let invite = invite["code"].as_str().unwrap();
    let reset = root.does(&format!("/api/server/users/{}/reset/", alice.id)).await.is(201).json();
    let reset = reset["code"].as_str().unwrap();
    fireside.anyone().post("/api/server/invites/look/", &json!({"code": invite})).await.is(200);
    fireside.anyone().post("/api/server/reset/look/", &json!({"code": reset})).await.is(200);
    super::knocks(&fireside, "bob", Some(invite)).await.is(201);
    let made = fireside.home.runs(&["token", "create", "alice", "--label", "a bot"], "").await;
    let token = made.succeeded().stdout.trim().to_owned();
    assert_eq!(token.len(), 40);

    let home = fireside.home.clone();
    assert!(home.keeps(b"a label that is kept"), "the search finds what is there");
    for secret in [setup.as_str(), invite, reset, &token, &root.token] {
        assert!(!home.keeps(secret.as_bytes()), "a secret is in the data folder");
        assert!(!home.keeps(&hex::decode(secret).unwrap()), "a secret is in the data folder, in bytes");
        assert!(!home.log().contains(secret), "a secret is in the log");
    }
}
