//! `/accounts/api/users/`: who there is, and registering.

use std::time::Instant;

use serde_json::{Value, json};

use super::{PLACES, TOKEN, USERS, keys};
use crate::world::{Fireside, id, people};

fn newcomer(name: &str) -> Value {
    json!({"username": name, "email": format!("{name}@example.com"), "password": "yourpassword"})
}

#[tokio::test]
async fn a_newcomer_registers_as_documented() {
    let fireside = Fireside::start().await;
    let answer = fireside.anyone().post(USERS, &newcomer("newuser")).await.is(201);
    let user = answer.json();
    let expected = json!({"id": id(&user), "username": "newuser", "email": "newuser@example.com"});
    assert_eq!(user, expected);
    assert!(!answer.has("set-cookie"), "{answer}");

    let login = json!({"username": "newuser", "password": "yourpassword"});
    fireside.anyone().post(TOKEN, &login).await.is(200);
    let elsewhere = fireside.anyone().post("/api/auth/login/", &login).await.is(200);
    assert_eq!(elsewhere.json()["user"]["id"], user["id"], "one world");
}

#[tokio::test]
async fn a_form_and_a_path_without_slash_do_as_well() {
    let fireside = Fireside::start().await;
    for (place, name) in PLACES.into_iter().zip(["ann", "ben"]) {
        let anyone = fireside.anyone().through(place);
        let email = format!("{name}@example.com");
        let form = [("username", name), ("email", email.as_str()), ("password", "yourpassword")];
        let user = anyone.sends_form(USERS.trim_end_matches('/'), &form).await.is(201).json();
        assert_eq!(user["username"], name);
    }
}

#[tokio::test]
async fn the_list_has_everybody_with_their_address() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let everybody = json!([
        {"id": alice.id, "username": "alice", "email": "alice@example.com"},
        {"id": bob.id, "username": "bob", "email": "bob@example.com"},
    ]);
    for place in PLACES {
        alice.through(place).get(USERS).await.says(200, &everybody);
        bob.through(place).get(USERS.trim_end_matches('/')).await.says(200, &everybody);
    }
    fireside.anyone().get(USERS).await.refused_with_detail(401);
}

#[tokio::test]
async fn addresses_of_others_can_be_hidden() {
    let fireside = Fireside::start_with(&["--hide-emails"]).await;
    let alice = fireside.registers("alice").await;
    fireside.registers("bob").await;
    let users = alice.get(USERS).await.is(200).json();
    assert_eq!(users[0]["email"], "alice@example.com", "one's own is no secret");
    assert_eq!(users[1]["email"], "");
    let found = alice.get("/profiles/api/search-user/?username=bob").await.is(200);
    assert_eq!(found.json()["email"], "");
    assert!(!found.text().contains("bob@"), "{found}");
    let mine = alice.get("/profiles/api/profile/").await.is(200).json();
    assert_eq!(mine["email"], "alice@example.com");
    // Whoever registers sees what they typed.
    let carol = fireside.anyone().post(USERS, &newcomer("carol")).await.is(201).json();
    assert_eq!(carol["email"], "carol@example.com");
}

#[tokio::test]
async fn a_registration_says_what_it_lacks() {
    let fireside = Fireside::start().await;
    for field in ["username", "email", "password"] {
        for wrong in [None, Some(json!(null)), Some(json!(7)), Some(json!(["x"])), Some(json!(" ")), Some(json!(true))]
        {
            let mut body = newcomer("alice");
            let fields = body.as_object_mut().unwrap();
            match wrong {
                None => fields.remove(field),
                Some(wrong) => fields.insert(field.to_owned(), wrong),
            };
            fireside.anyone().post(USERS, &body).await.blames(field);
        }
    }
    let nothing = fireside.anyone().post(USERS, &json!({})).await.is(400).json();
    assert_eq!(keys(&nothing), ["email", "password", "username"]);
    assert_eq!(nothing["username"], json!(["This field is required."]));
    for no_object in [json!([]), json!("x"), json!(null)] {
        fireside.anyone().post(USERS, &no_object).await.refused_with_detail(400);
    }
    let not_json = fireside.anyone().asks(reqwest::Method::POST, USERS).with("Content-Type", "application/json");
    not_json.body("{").await.refused_with_detail(400);
    let xml = fireside.anyone().asks(reqwest::Method::POST, USERS).with("Content-Type", "text/xml");
    xml.body("<x/>").await.refused_with_detail(415);
    let huge = json!({"username": "x".repeat(256 * 1024)});
    fireside.anyone().post(USERS, &huge).await.refused_with_detail(413);
    fireside.anyone().post(USERS, &newcomer("alice")).await.is(201);
}

#[tokio::test]
async fn a_name_and_an_address_are_taken_once_whatever_their_case() {
    let fireside = Fireside::start().await;
    fireside.registers("alice").await;
    let twin = json!({"username": "ALICE", "email": "a@example.com", "password": "yourpassword"});
    let answer = fireside.anyone().post(USERS, &twin).await.blames("username");
    assert_eq!(answer.json(), json!({"username": ["A user with that username already exists."]}));
    let twin = json!({"username": "bob", "email": "Alice@EXAMPLE.com", "password": "yourpassword"});
    fireside.anyone().post(USERS, &twin).await.blames("email");
    fireside.anyone().post(USERS, &newcomer("bob")).await.is(201);
}

#[tokio::test]
async fn lengths_end_where_they_are_said_to() {
    let fireside = Fireside::start().await;
    let label = "b".repeat(60);
    let email = format!("{}@{label}.{label}.{label}.exampl", "a".repeat(64));
    let changed = |name: &str, field: &str, value: &str| {
        let mut body = newcomer(name);
        body[field] = json!(value);
        body
    };
    for (field, value) in [
        ("username", "a".repeat(65)),
        ("email", format!("{email}e")),
        ("password", "1234567".to_owned()),
        ("password", "p".repeat(1025)),
    ] {
        fireside.anyone().post(USERS, &changed("over", field, &value)).await.blames(field);
    }
    for (name, field, value) in [
        ("ann", "username", "a".repeat(64)),
        ("ben", "email", email),
        ("cem", "password", "12345678".to_owned()),
        ("dan", "password", "p".repeat(1024)),
    ] {
        fireside.anyone().post(USERS, &changed(name, field, &value)).await.is(201);
    }
}

#[tokio::test]
async fn nothing_but_the_documented_fields_is_taken_or_given() {
    let fireside = Fireside::start().await;
    let mut body = newcomer("mallory");
    for (field, value) in [("id", json!(4711)), ("is_staff", json!(true)), ("is_superuser", json!(true))] {
        body[field] = value;
    }
    body["is_admin"] = json!(true);
    let answer = fireside.anyone().post(USERS, &body).await.is(201);
    assert_eq!(keys(&answer.json()), ["email", "id", "username"]);
    assert_ne!(answer.json()["id"], 4711);
    let listed = fireside.home.runs(&["user", "list", "--json"], "").await;
    let users: Value = serde_json::from_str(&listed.succeeded().stdout).unwrap();
    assert_eq!(users[0]["is_admin"], false, "{users}");
}

#[tokio::test]
async fn a_closed_server_registers_nobody() {
    let fireside = Fireside::start_with(&["--registration", "closed"]).await;
    fireside.anyone().post(USERS, &newcomer("bob")).await.refused_with_detail(403);
    let login = json!({"username": "bob", "password": "yourpassword"});
    fireside.anyone().post(TOKEN, &login).await.refused_with_detail(401);
}

#[tokio::test]
async fn an_address_registers_ten_a_minute() {
    let fireside = Fireside::start_with_limits(&[]).await;
    let start = Instant::now();
    let mut taken = 0;
    while fireside.anyone().post(USERS, &newcomer(&format!("guest{taken}"))).await.status == 201 {
        taken += 1;
        assert!(taken < 40);
    }
    let back = start.elapsed().as_secs_f64() / 60.0 * 10.0;
    assert!((10.0..=11.0 + back).contains(&f64::from(taken)), "{taken}");
    // It is one limit for all dialects.
    let elsewhere = fireside.anyone().post("/api/auth/register/", &newcomer("late")).await;
    elsewhere.refused(429, "rate_limited");
    fireside.anyone().post(USERS, &newcomer("later")).await.refused_with_detail(429);
}

#[tokio::test]
async fn what_is_not_there_is_refused_in_this_documents_words() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for path in ["/accounts/api/nothing/", "/profiles/", "/messenger/api/chatrooms/a/b/c/", "/d/messenger/nothing/"] {
        alice.get(path).await.refused_with_detail(404);
    }
    for place in PLACES {
        let refused = alice.through(place).delete(USERS).await.refused_with_detail(405);
        assert_eq!(refused.header("allow"), "GET, HEAD, POST");
    }
    alice.get(TOKEN).await.refused_with_detail(405);
    let no_handshake = alice.get("/messenger/ws/ws/chat/alice_bob/").await;
    no_handshake.refused_with_detail(426);
}
