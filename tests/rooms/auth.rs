//! `/api/auth/…`: registering, signing in and out, and who one is.

use serde_json::{Value, json};

use crate::world::Fireside;

const REGISTER: &str = "/api/auth/register/";
const LOGIN: &str = "/api/auth/login/";
const ME: &str = "/api/auth/me/";

fn is_a_token(token: &Value) -> bool {
    let token = token.as_str().unwrap();
    token.len() == 40 && token.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[tokio::test]
async fn a_newcomer_registers_and_is_signed_in() {
    let fireside = Fireside::start().await;
    let answer = fireside
        .anyone()
        .post(
            REGISTER,
            &json!({
                "username": "user", "email": "user@example.com", "password": "password123",
                "display_name": "  The User ",
            }),
        )
        .await
        .is(201);
    assert!(!answer.has("set-cookie"), "an API sets no cookie: {answer}");
    let body = answer.json();
    assert!(is_a_token(&body["token"]), "{body}");
    let user = &body["user"];
    assert_eq!(user["username"], "user");
    assert_eq!(user["email"], "user@example.com");
    assert_eq!(user["display_name"], "The User", "text is trimmed");
    assert_eq!(user["avatar_url"], Value::Null);
    assert!(user["bio"].is_string(), "{user}");
    assert!(user["id"].is_i64());

    let token = format!("Token {}", body["token"].as_str().unwrap());
    let me = fireside.anyone().get(ME).with("Authorization", &token).await;
    assert_eq!(me.is(200).json()["id"], user["id"]);
}

#[tokio::test]
async fn the_documented_login_answers_a_token_and_the_user() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let answer =
        fireside.anyone().post(LOGIN, &json!({"email": alice.email, "password": alice.password})).await.is(200);
    let body = answer.json();
    assert!(is_a_token(&body["token"]), "{body}");
    assert_ne!(body["token"], alice.token.as_str(), "a token for each device");
    assert_eq!(body["user"]["id"], alice.id);
    assert_eq!(body["user"]["email"], alice.email);
    assert_eq!(body["user"]["username"], "alice");
    assert!(!answer.has("set-cookie"), "{answer}");
}

#[tokio::test]
async fn either_field_of_a_login_may_hold_name_or_address_in_any_case() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for place in ["", "/d/rooms"] {
        let anyone = fireside.anyone().through(place);
        for (field, value) in [
            ("username", "alice"),
            ("username", "ALICE"),
            ("username", "alice@example.com"),
            ("email", "Alice@Example.com"),
            ("email", "alice"),
        ] {
            let body = json!({field: value, "password": alice.password});
            let answer = anyone.post(LOGIN, &body).await.is(200);
            assert_eq!(answer.json()["user"]["id"], alice.id, "{field}={value}");
        }
    }
    let form = [("email", "alice"), ("password", alice.password.as_str())];
    fireside.anyone().sends_form(LOGIN, &form).await.is(200);
}

#[tokio::test]
async fn sign_in_failures_are_all_one_answer() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let mut answers = Vec::new();
    for body in [
        json!({"username": "alice", "password": "not her password"}),
        json!({"username": "alice", "password": ""}),
        json!({"username": "nobody", "password": alice.password}),
        json!({"email": "nobody@example.com", "password": alice.password}),
        json!({"username": "nobody", "password": ""}),
    ] {
        let answer = fireside.anyone().post(LOGIN, &body).await;
        let answer = answer.refused(401, "invalid_credentials");
        answers.push(answer.as_seen_by_a_prober());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[tokio::test]
async fn a_password_is_text_and_nothing_else() {
    let fireside = Fireside::start().await;
    fireside.registers("alice").await;
    for password in [json!(true), json!([]), json!({}), json!(12_345_678), json!(null)] {
        let body = json!({"username": "alice", "password": password});
        fireside.anyone().post(LOGIN, &body).await.names("password");
        let body = json!({"username": "bob", "email": "bob@example.com", "password": password});
        fireside.anyone().post(REGISTER, &body).await.names("password");
    }
    fireside.anyone().post(LOGIN, &json!({"username": "alice"})).await.names("password");
}

#[tokio::test]
async fn a_registration_says_what_it_lacks() {
    let fireside = Fireside::start().await;
    let whole = json!({
        "username": "alice", "email": "alice@example.com", "password": "password123",
    });
    for field in ["username", "email", "password"] {
        for wrong in [None, Some(json!(null)), Some(json!(7)), Some(json!(["x"])), Some(json!(" "))] {
            let mut body = whole.clone();
            let fields = body.as_object_mut().unwrap();
            match wrong {
                None => fields.remove(field),
                Some(wrong) => fields.insert(field.to_owned(), wrong),
            };
            fireside.anyone().post(REGISTER, &body).await.names(field);
        }
    }
    fireside.anyone().post(REGISTER, &whole).await.is(201);
}

#[tokio::test]
async fn a_name_and_an_address_are_taken_once_whatever_their_case() {
    let fireside = Fireside::start().await;
    fireside.registers("alice").await;
    let twin = json!({"username": "ALICE", "email": "a@example.com", "password": "password123"});
    fireside.anyone().post(REGISTER, &twin).await.names("username");
    let twin = json!({
        "username": "bob", "email": "Alice@EXAMPLE.com", "password": "password123",
    });
    fireside.anyone().post(REGISTER, &twin).await.names("email");
    fireside.registers("bob").await;
}

#[tokio::test]
async fn lengths_at_registration_end_where_they_are_said_to() {
    let fireside = Fireside::start().await;
    let label = "b".repeat(60);
    let email = format!("{}@{label}.{label}.{label}.exampl", "a".repeat(64));
    assert_eq!(email.len(), 254);
    let long = |field: &str, value: &str| {
        let mut body = json!({
            "username": "alice", "email": "alice@example.com", "password": "password123",
        });
        body[field] = json!(value);
        body
    };
    for (field, value) in [
        ("email", format!("{email}e")),
        ("password", "1234567".to_owned()),
        ("password", "p".repeat(1025)),
        ("password", "é".repeat(513)),
        ("display_name", "ж".repeat(151)),
        ("username", "a".repeat(65)),
    ] {
        fireside.anyone().post(REGISTER, &long(field, &value)).await.names(field);
    }
    for (name, field, value) in [
        ("ann", "email", email),
        ("ben", "password", "12345678".to_owned()),
        ("cem", "password", "é".repeat(4)),
        ("dan", "password", "p".repeat(1024)),
        ("eve", "display_name", "ж".repeat(150)),
    ] {
        let mut body = long(field, &value);
        body["username"] = json!(name);
        if field != "email" {
            body["email"] = json!(format!("{name}@example.com"));
        }
        fireside.anyone().post(REGISTER, &body).await.is(201);
    }
}

#[tokio::test]
async fn a_registration_takes_nothing_but_its_own_fields() {
    let fireside = Fireside::start().await;
    let forged = "f".repeat(40);
    let answer = fireside
        .anyone()
        .post(
            REGISTER,
            &json!({
                "username": "mallory", "email": "mallory@example.com", "password": "password123",
                "id": 4711, "token": forged, "is_admin": true, "is_staff": true,
                "is_superuser": true, "created_at": "1999-01-01T00:00:00.000Z",
            }),
        )
        .await
        .is(201);
    let body = answer.json();
    assert_ne!(body["user"]["id"], 4711);
    assert_ne!(body["token"], forged.as_str());
    let with_forged = fireside.anyone().get(ME).with("Authorization", &format!("Token {forged}"));
    with_forged.await.refused(401, "authentication_required");
    let listed = fireside.home.runs(&["user", "list", "--json"], "").await;
    let users: Value = serde_json::from_str(&listed.succeeded().stdout).unwrap();
    assert_eq!(users[0]["username"], "mallory");
    assert_eq!(users[0]["is_admin"], false, "{users}");
}

#[tokio::test]
async fn a_closed_server_registers_nobody() {
    let fireside = Fireside::start_with(&["--registration", "closed"]).await;
    let body = json!({"username": "bob", "email": "bob@example.com", "password": "password123"});
    let answer = fireside.anyone().post(REGISTER, &body).await;
    answer.refused(403, "permission_denied");
    let login = json!({"username": "bob", "password": "password123"});
    fireside.anyone().post(LOGIN, &login).await.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn me_is_whoever_asks_and_is_kept_by_no_cache() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let answer = alice.get(ME).await.is(200);
    assert!(answer.header("cache-control").contains("no-store"), "{answer}");
    let me = answer.json();
    assert_eq!(me["id"], alice.id);
    assert_eq!(me["username"], "alice");
    assert_eq!(me["email"], "alice@example.com");
    for field in ["display_name", "avatar_url", "bio"] {
        assert!(me.get(field).is_some(), "{field} in {me}");
    }
    assert!(me.get("password").is_none());
    fireside.anyone().get(ME).await.refused(401, "authentication_required");
    assert_eq!(alice.through("/d/rooms").get("/api/auth/me").await.is(200).json(), me);
}

#[tokio::test]
async fn logging_out_ends_this_device_alone() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let phone = alice.signs_in_again().await;
    let den = alice.opens_room("den").await;
    let mut at_desk = alice.listens_in(&den).await;
    let mut on_phone = phone.listens_in(&den).await;

    alice.does("/api/auth/logout/").await.is(204);
    alice.get(ME).await.refused(401, "authentication_required");
    alice.does("/api/auth/logout/").await.refused(401, "authentication_required");

    phone.posts("still here").in_room(&den).await;
    on_phone.hears_message("still here").await;
    at_desk.is_closed_with(4401).await;
}
