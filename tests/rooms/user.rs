//! `/api/users/…`: who is here, and what one may change about oneself.

use serde_json::{Value, json};

use crate::world::{Fireside, Person};

fn path(person: &Person) -> String {
    format!("/api/users/{}/", person.id)
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

const PUBLIC: [&str; 5] = ["avatar_url", "bio", "display_name", "id", "username"];

#[tokio::test]
async fn the_list_shows_people_without_their_addresses() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    fireside.registers("carol").await;
    for list in [
        alice.get("/api/users/?page=1").await,
        alice.get("/api/users/?page_size=20").await,
        alice.through("/d/rooms").get("/api/users/").await,
    ] {
        let list = list.is(200);
        let results = list.results();
        let listed = results.iter().find(|user| user["id"] == bob.id).unwrap();
        assert_eq!(keys(listed), PUBLIC, "{listed}");
        assert_eq!(listed["username"], "bob");
        assert!(!list.text().contains("bob@example.com"), "{list}");
        assert!(!list.text().contains("carol@example.com"), "{list}");
    }
    let anyone = fireside.anyone();
    anyone.get("/api/users/?page=1").await.refused(401, "authentication_required");
}

#[tokio::test]
async fn a_person_is_seen_by_others_without_the_address_they_see_themselves() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let seen = alice.get(&path(&bob)).await.is(200).json();
    assert_eq!(keys(&seen), PUBLIC, "{seen}");
    let own = bob.get(&path(&bob)).await.is(200).json();
    assert_eq!(own["email"], "bob@example.com");
    alice.get("/api/users/999999/").await.refused(404, "not_found");
    fireside.anyone().get(&path(&bob)).await.refused(401, "authentication_required");
}

#[tokio::test]
async fn a_profile_is_its_owners_to_change() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let change = json!({"display_name": " Alice L. ", "bio": " Reads a lot. "});
    let changed = alice.patch(&path(&alice), &change).await.is(200).json();
    assert_eq!(changed["display_name"], "Alice L.");
    assert_eq!(changed["bio"], "Reads a lot.");

    bob.patch(&path(&alice), &json!({"bio": "Owned."})).await.refused(403, "permission_denied");
    let seen = bob.get(&path(&alice)).await.is(200).json();
    assert_eq!(seen["display_name"], "Alice L.");
    assert_eq!(seen["bio"], "Reads a lot.");
    // One field leaves the other as it was.
    alice.patch(&path(&alice), &json!({"bio": ""})).await.is(200);
    let seen = bob.get(&path(&alice)).await.is(200).json();
    assert_eq!(seen["display_name"], "Alice L.");
    assert_eq!(seen["bio"], "");
}

#[tokio::test]
async fn a_profile_takes_a_form_and_no_slash() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bare = path(&alice).trim_end_matches('/').to_owned();
    let form = alice.asks(reqwest::Method::PATCH, &bare).form(&[("bio", "From a form.")]);
    assert_eq!(form.await.is(200).json()["bio"], "From a form.");
}

#[tokio::test]
async fn what_a_profile_says_has_an_end() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for (field, limit) in [("display_name", 150), ("bio", 1000)] {
        let fits = json!({field: "ж".repeat(limit)});
        alice.patch(&path(&alice), &fits).await.is(200);
        let over = json!({field: "ж".repeat(limit + 1)});
        alice.patch(&path(&alice), &over).await.names(field);
        for wrong in [json!(1), json!(["x"]), json!({}), json!(true)] {
            alice.patch(&path(&alice), &json!({field: wrong})).await.names(field);
        }
        let kept = alice.get(&path(&alice)).await.json();
        assert_eq!(kept[field], "ж".repeat(limit));
    }
}

#[tokio::test]
async fn a_new_address_asks_for_the_password() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    fireside.registers("bob").await;
    let mine = path(&alice);
    let without = json!({"email": "new@example.com"});
    alice.patch(&mine, &without).await.names("current_password");
    for wrong in [json!("wrong password"), json!(""), json!(true), json!([]), json!(null)] {
        let body = json!({"email": "new@example.com", "current_password": wrong});
        alice.patch(&mine, &body).await.names("current_password");
    }
    let taken = json!({"email": "BOB@example.com", "current_password": alice.password});
    alice.patch(&mine, &taken).await.names("email");
    assert_eq!(alice.get(&mine).await.json()["email"], "alice@example.com");

    let right = json!({"email": "new@example.com", "current_password": alice.password});
    let changed = alice.patch(&mine, &right).await.is(200).json();
    assert_eq!(changed["email"], "new@example.com");
    let login = |email: &str| json!({"email": email, "password": alice.password});
    let anyone = fireside.anyone();
    anyone.post("/api/auth/login/", &login("new@example.com")).await.is(200);
    let old = anyone.post("/api/auth/login/", &login("alice@example.com")).await;
    old.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn a_profile_takes_nothing_but_its_own_fields() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let before = alice.get("/api/auth/me/").await.json();
    let change = json!({
        "id": 1000, "username": "root", "is_admin": true, "is_staff": true, "token": "t",
        "password": "another password", "avatar_url": "https://evil.example/x.png",
    });
    alice.patch(&path(&alice), &change).await.is(200);
    assert_eq!(alice.get("/api/auth/me/").await.json(), before);
    alice.signs_in_again().await;
    let listed = fireside.home.runs(&["user", "list", "--json"], "").await;
    let users: Value = serde_json::from_str(&listed.succeeded().stdout).unwrap();
    assert_eq!(users[0]["is_admin"], false, "{users}");
}
