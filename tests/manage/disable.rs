//! Somebody is let in no more: by nothing, from the answer on.

use serde_json::json;

use super::{ME, root_of, signs_in};
use crate::world::caller::Credential;
use crate::world::{Fireside, people};

#[tokio::test]
async fn the_disabled_are_out_before_the_answer_and_back_by_signing_in() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    people!(fireside: alice, bob);
    let path = format!("/api/server/users/{}/", alice.id);
    let account_token = alice.get("/api/token/").await.json()["token"].as_str().unwrap().to_owned();
    let login = json!({"username": "alice", "password": alice.password});
    let jwt = fireside.anyone().post("/accounts/api/token/", &login).await.is(200).json();
    let everything = [
        (*alice).clone(),
        alice.showing(Credential::Session(alice.signs_in_by_page().await)),
        alice.showing(Credential::Token(account_token)),
        alice.showing(Credential::Bearer(jwt["access"].as_str().unwrap().to_owned())),
    ];
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut listeners = Vec::new();
    for who in &everything {
        listeners.push(who.handshake(&den.socket()).enters().await);
    }
    let mut bobs = bob.listens_in(&den).await;

    let answer = root.patch(&path, &json!({"is_disabled": true})).await.is(200).json();
    assert_eq!((&answer["username"], &answer["is_disabled"]), (&json!("alice"), &json!(true)));
    bob.posts("is she gone?").in_room(&den).await;
    for listener in &mut listeners {
        listener.is_closed_with(4401).await;
    }
    bobs.hears_message("is she gone?").await;
    for who in &everything {
        who.get(ME).await.refused(401, "authentication_required");
        who.handshake(&den.socket()).turned_away_with(401).await;
    }
    let refresh = json!({"refresh": jwt["refresh"]});
    fireside.anyone().post("/accounts/api/token/refresh/", &refresh).await.is(401);
    let disabled = signs_in(&fireside, "alice", &alice.password).await.refused(401, "invalid_credentials");
    let wrong = signs_in(&fireside, "bob", "wrong password").await;
    assert_eq!(disabled.as_seen_by_a_prober(), wrong.as_seen_by_a_prober());
    let listed = bob.get("/api/users/?page=1").await.json();
    assert_eq!((&listed["count"], listed["results"].as_array().unwrap().len()), (&json!(2), 2), "root and bob");

    root.patch(&path, &json!({"is_disabled": false})).await.is(200);
    for who in &everything {
        who.get(ME).await.refused(401, "authentication_required");
    }
    signs_in(&fireside, "alice", &alice.password).await.is(200);
}

#[tokio::test]
async fn the_last_admin_stays() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let bob = fireside.registers("bob").await;
    let (hers, his) = (format!("/api/server/users/{}/", root.id), format!("/api/server/users/{}/", bob.id));
    for change in [json!({"is_disabled": true}), json!({"is_admin": false})] {
        root.patch(&hers, &change).await.refused(400, "validation_error");
    }
    root.patch(&his, &json!({"is_admin": true, "is_disabled": true})).await.is(200);
    root.patch(&hers, &json!({"is_admin": false})).await.refused(400, "validation_error");
    root.patch(&his, &json!({"is_disabled": false})).await.is(200);
    root.patch(&hers, &json!({"is_admin": false})).await.is(200);
    root.get("/api/server/status/").await.refused(403, "permission_denied");
    root.get(ME).await.is(200);
}

#[tokio::test]
async fn two_admins_who_disable_each_other_leave_one() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let bob = fireside.registers("bob").await;
    let (hers, his) = (format!("/api/server/users/{}/", root.id), format!("/api/server/users/{}/", bob.id));
    root.patch(&his, &json!({"is_admin": true})).await.is(200);
    let no_more = json!({"is_disabled": true});
    let (first, second) =
        tokio::join!(root.patch(&his, &no_more).into_future(), bob.patch(&hers, &no_more).into_future());
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200, "{first}\n{second}");
    assert!([400, 401, 403].contains(&statuses[1]), "{first}\n{second}");
}
