//! Links that set a password.

use serde_json::{Value, json};

use super::{ME, log, root_of, signs_in};
use crate::world::caller::Credential;
use crate::world::{Answer, Caller, Fireside, Person, people};

async fn link_for(admin: &Caller, person: &Person) -> Value {
    admin.does(&format!("/api/server/users/{}/reset/", person.id)).await.is(201).json()
}

async fn resets(fireside: &Fireside, link: &Value, password: &str) -> Answer {
    fireside.anyone().post("/api/server/reset/", &json!({"code": link["code"], "password": password})).await
}

#[tokio::test]
async fn the_link_sets_the_password_once_and_ends_everything() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    people!(fireside: alice, bob);
    let browser = alice.showing(Credential::Session(alice.signs_in_by_page().await));
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut listener = alice.listens_in(&den).await;

    let link = link_for(&root, &alice).await;
    let code = link["code"].as_str().unwrap();
    assert_eq!(link["url"], format!("{}/reset#{code}", fireside.url));
    let look = fireside.anyone().post("/api/server/reset/look/", &json!({"code": code})).await.is(200);
    assert_eq!(look.json(), json!({"username": "alice", "expires_at": link["expires_at"]}));
    alice.get(ME).await.is(200);
    resets(&fireside, &link, "short").await.names("password");
    resets(&fireside, &link, "another password").await.is(204);
    bob.posts("is she gone?").in_room(&den).await;
    listener.is_closed_with(4401).await;
    for who in [&*alice, &browser] {
        who.get(ME).await.refused(401, "authentication_required");
    }
    signs_in(&fireside, "alice", &alice.password).await.refused(401, "invalid_credentials");
    signs_in(&fireside, "alice", "another password").await.is(200);
    resets(&fireside, &link, "a third password").await.refused(404, "not_found");
    fireside.anyone().post("/api/server/reset/look/", &json!({"code": code})).await.refused(404, "not_found");
    let signed_in = signs_in(&fireside, "alice", "another password").await.is(200).json();
    bob.get(ME).await.is(200);
    let log = log(&root).await;
    assert_eq!(log[0], ("alice".into(), "password_set".into(), "alice".into()));
    assert_eq!(log[1], ("root".into(), "reset_link_created".into(), "alice".into()));
    // Whoever signs out everywhere ends the link, too.
    let link = link_for(&root, &alice).await;
    let alice_again = alice.showing(Credential::Token(signed_in["token"].as_str().unwrap().to_owned()));
    alice_again.does("/api/auth/logout-all/").await.is(204);
    resets(&fireside, &link, "a fourth password").await.refused(404, "not_found");
}

/// Whoever has found an administrator's credential gets nothing by it that outlives it: not that account itself, and
/// nobody else's by a link that waits.
#[tokio::test]
async fn a_found_credential_opens_no_account_for_longer_than_it_lasts() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await.turns_on_second_factor().await.person;
    let alice = fireside.registers("alice").await.turns_on_second_factor().await.person;
    let path = |person: &Person, what: &str| format!("/api/server/users/{}/{what}/", person.id);
    root.does(&path(&root, "reset")).await.refused(403, "permission_denied");
    root.delete(&path(&root, "second-factor")).await.refused(403, "permission_denied");
    let made = fireside.home.runs(&["token", "create", "root", "--label", "ci"], "").await;
    let program = root.showing(Credential::Token(made.succeeded().stdout.trim().to_owned()));
    program.get("/api/server/users/").await.is(200);
    program.does(&path(&alice, "reset")).await.refused(403, "permission_denied");
    program.delete(&path(&alice, "second-factor")).await.refused(403, "permission_denied");
    root.delete(&path(&alice, "second-factor")).await.is(204);

    let link = link_for(&root, &alice).await;
    let look = json!({"code": link["code"]});
    fireside.anyone().post("/api/server/reset/look/", &look).await.is(200);
    root.does("/api/auth/logout-all/").await.is(204);
    fireside.anyone().post("/api/server/reset/look/", &look).await.refused(404, "not_found");
    resets(&fireside, &link, "another password").await.refused(404, "not_found");
    signs_in(&fireside, "alice", &alice.password).await.is(200);
}

#[tokio::test]
async fn a_new_link_ends_the_older() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    people!(fireside: alice, bob);
    let bobs = link_for(&root, &bob).await;
    let old = link_for(&root, &alice).await;
    let new = link_for(&root, &alice).await;
    resets(&fireside, &old, "another password").await.refused(404, "not_found");
    resets(&fireside, &new, "another password").await.is(204);
    resets(&fireside, &bobs, "another password").await.is(204);
}

#[tokio::test]
async fn of_ten_at_once_one_sets_it() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let alice = fireside.registers("alice").await;
    let link = link_for(&root, &alice).await;
    let passwords: Vec<String> = (0..10).map(|number| format!("password number {number}")).collect();
    let answers =
        futures_util::future::join_all(passwords.iter().map(|password| resets(&fireside, &link, password))).await;
    let winners: Vec<usize> = (0..10).filter(|number| answers[*number].status == 204).collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    for (number, password) in passwords.iter().enumerate() {
        let status = if number == winners[0] { 200 } else { 401 };
        signs_in(&fireside, "alice", password).await.is(status);
    }
}

#[tokio::test]
async fn a_link_ends_with_its_makers_right_and_with_disabling() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    people!(fireside: alice, mallory);
    let hers = format!("/api/server/users/{}/", mallory.id);
    root.patch(&hers, &json!({"is_admin": true})).await.is(200);
    let link = link_for(&mallory, &root).await;
    root.patch(&hers, &json!({"is_disabled": true})).await.is(200);
    resets(&fireside, &link, "another password").await.refused(404, "not_found");
    root.get(ME).await.is(200);

    let link = link_for(&root, &alice).await;
    for is_disabled in [true, false] {
        let body = json!({"is_disabled": is_disabled});
        root.patch(&format!("/api/server/users/{}/", alice.id), &body).await.is(200);
    }
    resets(&fireside, &link, "another password").await.refused(404, "not_found");
    signs_in(&fireside, "alice", &alice.password).await.is(200);
}
