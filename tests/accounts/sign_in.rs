//! What a sign-in has to name, at every door of every document.

use serde_json::{Value, json};

use crate::world::Fireside;

/// Every door that takes a password.
const DOORS: [&str; 7] = [
    "/api/auth/login/",
    "/d/rooms/api/auth/login/",
    "/d/inbox/api/auth/login/",
    "/accounts/api/token/",
    "/d/messenger/accounts/api/token/",
    "/login/",
    "/d/messaging/login/",
];

#[tokio::test]
async fn a_name_that_is_missing_or_null_is_named() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let password = alice.password.as_str();
    let nameless = [
        (json!({"password": password}), "username"),
        (json!({"username": null, "password": password}), "username"),
        (json!({"username": null, "email": null, "password": password}), "username"),
        (json!({"email": null, "password": password}), "email"),
        (json!({"username": "alice", "password": null}), "password"),
        (json!({"username": "alice"}), "password"),
    ];
    for door in DOORS {
        for (body, field) in &nameless {
            let answer = fireside.anyone().post(door, body).await.is(400);
            let is_named = |place: &Value| place[field].as_array().is_some_and(|sentences| !sentences.is_empty());
            let said = answer.json();
            assert!(is_named(&said) || is_named(&said["details"]), "{field} is not named in {answer}");
        }
        // A blank name is a name that nobody has.
        let blank = json!({"username": "", "password": password});
        fireside.anyone().post(door, &blank).await.is(401);
        for named in [json!({"username": "alice"}), json!({"email": alice.email})] {
            let mut body = named;
            body["password"] = password.into();
            fireside.anyone().post(door, &body).await.is(200);
        }
    }
}
