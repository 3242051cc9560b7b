//! Passwords are bytes to be matched exactly.

use serde_json::json;

use crate::world::{Answer, Fireside};

async fn registers_with(fireside: &Fireside, name: &str, password: &str) -> Answer {
    let body = json!({
        "username": name, "email": format!("{name}@example.com"), "password": password,
    });
    fireside.anyone().post("/api/auth/register/", &body).await
}

async fn signs_in_with(fireside: &Fireside, name: &str, password: &str) -> Answer {
    let body = json!({"username": name, "password": password});
    fireside.anyone().post("/api/auth/login/", &body).await
}

#[tokio::test]
async fn a_password_is_matched_to_its_last_byte() {
    let fireside = Fireside::start().await;
    let password = format!("{}x", "p".repeat(1023));
    registers_with(&fireside, "alice", &password).await.is(201);
    signs_in_with(&fireside, "alice", &password).await.is(200);
    for wrong in [
        "p".repeat(1023),
        format!("{}y", "p".repeat(1023)),
        password.to_uppercase(),
        format!("{password}x"),
        "p".repeat(72),
    ] {
        let answer = signs_in_with(&fireside, "alice", &wrong).await;
        answer.refused(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn a_password_may_be_written_in_any_script() {
    let fireside = Fireside::start().await;
    for (name, password) in
        [("anna", "пароль длинный"), ("boris", "🔥🔥"), ("clara", "quote\"back\\slash"), ("dora", "line\nline\u{0}nul")]
    {
        registers_with(&fireside, name, password).await.is(201);
        signs_in_with(&fireside, name, password).await.is(200);
        let shorter: String = password.chars().skip(1).collect();
        assert_eq!(signs_in_with(&fireside, name, &shorter).await.status, 401);
    }
}

#[tokio::test]
async fn nobodys_answer_holds_a_password() {
    let fireside = Fireside::start().await;
    let password = "correct horse battery";
    let registered = registers_with(&fireside, "alice", password).await.is(201);
    let signed_in = signs_in_with(&fireside, "alice", password).await.is(200);
    let token = format!("Token {}", signed_in.json()["token"].as_str().unwrap());
    let me = fireside.anyone().get("/api/auth/me/").with("Authorization", &token).await;
    for answer in [registered, signed_in, me.is(200)] {
        assert!(!answer.text().contains(password), "{answer}");
        assert!(!answer.text().contains("argon2"), "{answer}");
    }
}
