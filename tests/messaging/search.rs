//! Finding users to add.

use serde_json::{Value, json};

use super::words::Refused;
use crate::world::{Answer, Caller, Fireside};

async fn search(who: &Caller, part: &str) -> Answer {
    let part: String = reqwest::Url::parse_with_params("http://x/", [("q", part)]).unwrap().query().unwrap().to_owned();
    who.get(&format!("/messages/api/users/search/?{part}")).await
}

async fn found(who: &Caller, part: &str) -> Vec<String> {
    let answer = search(who, part).await.is(200).json();
    assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
    let results = answer["results"].as_array().unwrap();
    results.iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn users_are_found_as_documented() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let jane = fireside.registers("janedoe").await;
    jane.patch(&format!("/api/users/{}/", jane.id), &json!({"display_name": "Jane Döe"})).await.is(200);
    let answer = search(&alice, "NEDO").await.is(200).json();
    let shown = json!({
        "id": jane.id, "username": "janedoe", "display_name": "Jane Döe", "email": "janedoe@example.com",
        "avatar_url": null,
        "is_bot": false,
    });
    assert_eq!(answer, json!({"results": [shown]}));
    for part in ["jane", "JANE DÖE", " döe ", "janedoe@example.com", "JaneDoe@Example.COM"] {
        assert_eq!(found(&alice, part).await, ["janedoe"], "{part}");
    }
    for part in ["example.com", "janedoe@example.co", "@", "alice", "alice@example.com", "nobody", "%", "_"] {
        assert!(found(&alice, part).await.is_empty(), "{part}");
    }
    assert_eq!(found(&alice.through("/d/messaging"), "jane").await, ["janedoe"]);
    alice.get("/messages/api/users/search?q=jane").await.is(200);
}

#[tokio::test]
async fn a_search_needs_something_to_search_for() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for query in ["", "?q=", "?q=%20%09", "?query=x"] {
        alice.get(&format!("/messages/api/users/search/{query}")).await.blames("q");
    }
}

#[tokio::test]
async fn twenty_are_found_at_most() {
    let fireside = Fireside::start().await;
    let crowd = fireside.registers_crowd(22).await;
    assert_eq!(found(&crowd[0], "guest").await.len(), 20);
    assert_eq!(found(&crowd[0], "guest21").await, ["guest21"]);
}

#[tokio::test]
async fn addresses_can_be_hidden() {
    let fireside = Fireside::start_with(&["--hide-emails"]).await;
    let alice = fireside.registers("alice").await;
    fireside.registers("bob").await;
    let answer = search(&alice, "bob").await.is(200);
    assert_eq!(answer.json()["results"][0]["email"], Value::from(""));
    assert!(!answer.text().contains("example.com"), "{answer}");
    // Whoever has an address does not learn whose it is, nor that it is anybody's.
    let guessed = search(&alice, "bob@example.com").await.is(200);
    let unknown = search(&alice, "nobody@example.com").await.is(200);
    assert_eq!(guessed.as_seen_by_a_prober(), unknown.as_seen_by_a_prober());
    assert_eq!(guessed.json()["results"], serde_json::json!([]));
}
