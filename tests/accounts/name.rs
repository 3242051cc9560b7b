//! Which usernames there are.

use serde_json::json;

use crate::world::{Answer, Fireside};

async fn wants_to_be(fireside: &Fireside, name: &str, number: usize) -> Answer {
    let body = json!({
        "username": name, "email": format!("person{number}@example.com"),
        "password": "password123",
    });
    fireside.anyone().post("/api/auth/register/", &body).await
}

#[tokio::test]
async fn names_of_every_script_are_good() {
    let fireside = Fireside::start().await;
    let long = "a".repeat(64);
    let long_cyrillic = "ж".repeat(64);
    for (number, name) in [
        "a",
        "alice",
        "Alice2",
        "1a",
        "a1",
        "_x_",
        "_",
        "a.b",
        "a+b",
        "a-b",
        "a_b",
        "a..b",
        "user.name+tag-x",
        "алиса",
        "алиса2",
        "李雷",
        "ünal",
        "Ελένη",
        "دانا",
        long.as_str(),
        long_cyrillic.as_str(),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = wants_to_be(&fireside, name, number).await.is(201);
        assert_eq!(answer.json()["user"]["username"], name);
    }
}

#[tokio::test]
async fn names_that_mislead_are_bad() {
    let fireside = Fireside::start().await;
    let long = "a".repeat(65);
    for (number, (name, why)) in [
        ("", "empty"),
        ("   ", "blank"),
        (long.as_str(), "too long"),
        ("1234", "all digits would be an id in a path"),
        ("١٢٣", "digits of another script"),
        ("१२३", "digits of yet another"),
        (".a", "begins with a dot"),
        ("a.", "ends with a dot"),
        ("-a", "begins with a dash"),
        ("a-", "ends with a dash"),
        ("+a", "begins with a plus"),
        ("a+", "ends with a plus"),
        ("a b", "a space"),
        ("a@b", "an address"),
        ("a/b", "a slash"),
        ("a\\b", "a backslash"),
        ("a<b>", "markup"),
        ("a\"b", "a quote"),
        ("a\nb", "a line"),
        ("a\0b", "a NUL"),
        ("\u{430}lice", "a Cyrillic letter among Latin ones"),
        ("p\u{430}ypal", "another"),
        ("a\u{200b}b", "a space without width"),
        ("a\u{200d}b", "a joiner"),
        ("a\u{202e}b", "turned around"),
        ("a\u{ad}b", "a soft hyphen"),
        ("😀", "a picture"),
        ("a😀b", "a picture among letters"),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = wants_to_be(&fireside, name, number).await;
        assert_eq!(answer.status, 400, "{why}: {answer}");
        answer.names("username");
    }
}

#[tokio::test]
async fn a_name_is_trimmed() {
    let fireside = Fireside::start().await;
    let answer = wants_to_be(&fireside, "  carol\n", 1).await.is(201);
    assert_eq!(answer.json()["user"]["username"], "carol");
}

#[tokio::test]
async fn names_that_look_the_same_are_the_same() {
    let fireside = Fireside::start().await;
    for (number, name) in ["bob", "émile", "Жанна"].into_iter().enumerate() {
        wants_to_be(&fireside, name, number).await.is(201);
    }
    for (number, (twin, why)) in [
        ("BOB", "another case"),
        ("Bob", "another case"),
        ("ｂｏｂ", "full width"),
        ("ÉMILE", "another case beyond ASCII"),
        ("e\u{301}mile", "another spelling of é"),
        ("жАННА", "another case of another script"),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = wants_to_be(&fireside, twin, 10 + number).await;
        assert_eq!(answer.status, 400, "{why}: {answer}");
        answer.names("username");
    }
    let login = json!({"username": "жАННА", "password": "password123"});
    let answer = fireside.anyone().post("/api/auth/login/", &login).await.is(200);
    assert_eq!(answer.json()["user"]["username"], "Жанна", "kept as it was written");
}
