//! Who administered what: a line for each act, and none for what did not happen.

use serde_json::json;

use super::{log, root_of};
use crate::world::Fireside;

#[tokio::test]
async fn every_act_is_written_down_once() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let bob = fireside.registers("bob").await;
    let his = format!("/api/server/users/{}/", bob.id);
    let invite = super::invites(&root, json!({"label": "friends"})).await;
    root.delete(&format!("/api/server/invites/{}/", invite["id"])).await.is(204);
    root.patch(&his, &json!({"is_disabled": true})).await.is(200);
    root.patch(&his, &json!({"is_disabled": true})).await.is(200);
    root.patch(&his, &json!({"is_disabled": false, "is_admin": true})).await.is(200);
    root.patch(&his, &json!({"is_admin": false})).await.is(200);
    root.patch(&his, &json!({})).await.is(200);
    root.does(&format!("{his}sign-out/")).await.is(204);
    root.does(&format!("{his}reset/")).await.is(201);
    let carol = json!({"username": "carol", "password": "correct horse"});
    root.post("/api/server/users/", &carol).await.is(201);
    root.post("/api/server/users/", &carol).await.names("username");
    root.patch(&format!("/api/server/users/{}/", root.id), &json!({"is_admin": false})).await.is(400);
    fireside.home.runs(&["user", "passwd", "bob", "--password-file", "-"], "another password\n").await.succeeded();

    let id = invite["id"].to_string();
    let expected = [
        ("command line", "password_set", "bob"),
        ("root", "user_created", "carol"),
        ("root", "reset_link_created", "bob"),
        ("root", "sessions_ended", "bob"),
        ("root", "admin_revoked", "bob"),
        ("root", "user_enabled", "bob"),
        ("root", "admin_granted", "bob"),
        ("root", "user_disabled", "bob"),
        ("root", "invite_revoked", &id),
        ("root", "invite_created", &id),
        ("root", "setup", "root"),
    ];
    let log = log(&root).await;
    let seen: Vec<_> = log.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    assert_eq!(seen, expected);
    let page = root.get("/api/server/audit/?page_size=2").await.is(200).json();
    assert_eq!((&page["count"], page["results"].as_array().unwrap().len()), (&json!(11), 2));

    let printed = fireside.home.runs(&["audit", "--json", "--limit", "3"], "").await;
    let lines: Vec<serde_json::Value> = serde_json::from_str(&printed.succeeded().stdout).unwrap();
    assert_eq!((lines.len(), &lines[0]["actor"]), (3, &json!("command line")));
    let printed = fireside.home.runs(&["audit"], "").await;
    assert_eq!(printed.succeeded().stdout.lines().count(), 11);
}
