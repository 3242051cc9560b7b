//! Registering by invitation.

use futures_util::future::join_all;
use serde_json::json;

use super::{invites, knocks, root_of, signs_in};
use crate::world::Fireside;

const BY_INVITATION: &[&str] = &["--registration", "invite"];

#[tokio::test]
async fn only_the_invited_register() {
    let fireside = Fireside::start_with(BY_INVITATION).await;
    let root = root_of(&fireside).await;
    assert_eq!(fireside.anyone().get("/api/server/").await.json()["registration"], "invite");
    knocks(&fireside, "eve", None).await.names("invite");
    knocks(&fireside, "eve", Some("")).await.names("invite");
    knocks(&fireside, "eve", Some("wrong")).await.names("invite");
    let invite = invites(&root, json!({"uses": 2, "label": "friends"})).await;
    let code = invite["code"].as_str().unwrap();
    assert_eq!(invite["url"], format!("{}/invite#{code}", fireside.url));
    assert_eq!(
        (&invite["uses_left"], &invite["created_by"], &invite["is_live"]),
        (&json!(2), &json!("root"), &json!(true))
    );
    knocks(&fireside, "alice", Some(code)).await.is(201);
    knocks(&fireside, "ALICE", Some(code)).await.names("username");
    knocks(&fireside, "bob", Some(code)).await.is(201);
    knocks(&fireside, "eve", Some(code)).await.names("invite");
    signs_in(&fireside, "eve", "correct horse").await.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn the_messenger_document_asks_for_one_too() {
    let fireside = Fireside::start_with(BY_INVITATION).await;
    let root = root_of(&fireside).await;
    let code = invites(&root, json!({})).await["code"].as_str().unwrap().to_owned();
    let mut body = json!({"username": "bob", "email": "b@example.com", "password": "correct horse"});
    let path = "/accounts/api/users/";
    let refused = fireside.anyone().post(path, &body).await.is(400);
    assert!(refused.json()["invite"].is_array(), "{refused}");
    body["invite"] = json!(code);
    fireside.anyone().post(path, &body).await.is(201);
    body["username"] = json!("eve");
    body["email"] = json!("e@example.com");
    let refused = fireside.anyone().post(path, &body).await.is(400);
    assert!(refused.json()["invite"].is_array(), "{refused}");
}

#[tokio::test]
async fn of_twenty_at_once_with_one_use_one_is_let_in() {
    let fireside = Fireside::start_with(BY_INVITATION).await;
    let root = root_of(&fireside).await;
    let invite = invites(&root, json!({})).await;
    let names: Vec<String> = (0..20).map(|number| format!("guest{number}")).collect();
    let answers = join_all(names.iter().map(|name| knocks(&fireside, name, invite["code"].as_str()))).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert_eq!(root.get("/api/server/users/").await.json()["count"], 2);
    let listed = root.get("/api/server/invites/").await.results();
    assert_eq!((&listed[0]["uses_left"], &listed[0]["is_live"]), (&json!(0), &json!(false)));
}

#[tokio::test]
async fn a_code_is_looked_at_by_whoever_has_it() {
    let fireside = Fireside::start_with(BY_INVITATION).await;
    let root = root_of(&fireside).await;
    let invite = invites(&root, json!({"expires_in": 3600})).await;
    let look = async |code: &str| fireside.anyone().post("/api/server/invites/look/", &json!({"code": code})).await;
    let code = invite["code"].as_str().unwrap();
    let seen = look(code).await.is(200).json();
    assert_eq!(seen, json!({"inviter": "root", "expires_at": invite["expires_at"], "uses_left": 1, "chat": null}));
    look("wrong").await.refused(404, "not_found");
    look("").await.refused(404, "not_found");
    fireside.anyone().post("/api/server/invites/look/", &json!({})).await.names("code");
    knocks(&fireside, "bob", Some(code)).await.is(201);
    look(code).await.refused(404, "not_found");
}

#[tokio::test]
async fn an_invitation_is_taken_back() {
    let fireside = Fireside::start_with(BY_INVITATION).await;
    let root = root_of(&fireside).await;
    let invite = invites(&root, json!({"uses": 9})).await;
    let path = format!("/api/server/invites/{}/", invite["id"]);
    root.delete(&path).await.is(204);
    root.delete(&path).await.refused(404, "not_found");
    knocks(&fireside, "eve", invite["code"].as_str()).await.names("invite");
    assert_eq!(root.get("/api/server/invites/").await.json()["count"], 0);
}

#[tokio::test]
async fn an_invitation_is_as_good_as_its_makers_right() {
    let fireside = Fireside::start_with(BY_INVITATION).await;
    let root = root_of(&fireside).await;
    let body = json!({"username": "mallory", "password": "correct horse", "is_admin": true});
    let mallory = root.post("/api/server/users/", &body).await.is(201).json();
    let hers = signs_in(&fireside, "mallory", "correct horse").await.json()["token"].as_str().unwrap().to_owned();
    let hers = fireside.anyone().showing(crate::world::caller::Credential::Token(hers));
    let invite = invites(&hers, json!({"uses": 9})).await;
    knocks(&fireside, "alice", invite["code"].as_str()).await.is(201);
    let path = format!("/api/server/users/{}/", mallory["id"]);
    root.patch(&path, &json!({"is_admin": false})).await.is(200);
    knocks(&fireside, "eve", invite["code"].as_str()).await.names("invite");
    assert_eq!(root.get("/api/server/invites/").await.results()[0]["is_live"], false);
    root.patch(&path, &json!({"is_admin": true})).await.is(200);
    root.patch(&path, &json!({"is_disabled": true})).await.is(200);
    knocks(&fireside, "eve", invite["code"].as_str()).await.names("invite");
}

#[tokio::test]
async fn an_open_door_counts_what_is_shown_and_a_closed_one_stays_closed() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let invite = invites(&root, json!({"uses": 3})).await;
    knocks(&fireside, "alice", invite["code"].as_str()).await.is(201);
    knocks(&fireside, "bob", Some("wrong")).await.is(201);
    knocks(&fireside, "carol", None).await.is(201);
    assert_eq!(root.get("/api/server/invites/").await.results()[0]["uses_left"], 2);
    let fireside = Fireside::start_with(&["--registration", "closed"]).await;
    let root = root_of(&fireside).await;
    let invite = invites(&root, json!({})).await;
    knocks(&fireside, "eve", invite["code"].as_str()).await.refused(403, "permission_denied");
}

#[tokio::test]
async fn wishes_have_bounds() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let path = "/api/server/invites/";
    for uses in [json!(0), json!(-1), json!(1001), json!("many"), json!(i64::MAX)] {
        root.post(path, &json!({"uses": uses})).await.names("uses");
    }
    for span in [json!(0), json!(59), json!(-3600), json!(i64::MAX), json!([])] {
        root.post(path, &json!({"expires_in": span})).await.names("expires_in");
    }
    for label in [json!("l".repeat(101)), json!("two\nlines"), json!(7)] {
        root.post(path, &json!({"label": label})).await.names("label");
    }
    assert_eq!(root.get(path).await.json()["count"], 0);
    invites(&root, json!({"uses": 1000, "expires_in": 60, "label": "l".repeat(100)})).await;
}
