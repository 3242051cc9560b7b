//! Reactions: put on a message and taken back.

use serde_json::{Value, json};

use super::words::{Line, NOT_FOUND, Refused, group, path, reactions, say};
use crate::world::{Fireside, people};

#[tokio::test]
async fn a_reaction_toggles_as_documented() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let message = say(&alice, "tea?", chat).await;
    let mut alices = Line::to(&alice).await;
    let thumb = json!({"emoji": " 👍 "});
    let mut last = message["seq"].as_i64().unwrap();
    for (who, action, emoji, users) in [
        (&bob, "added", "👍", json!([bob.id])),
        (&alice, "added", "👍", json!([bob.id, alice.id])),
        (&bob, "removed", "👍", json!([alice.id])),
        (&bob, "added", "👍", json!([alice.id, bob.id])),
    ] {
        let answer = who.post(&reactions(&message), &thumb).await.is(200).json();
        assert_eq!(answer, json!({"action": action, "emoji": emoji, "message_id": message["id"]}));
        let expected = json!([{"emoji": "👍", "count": users.as_array().unwrap().len(), "users": users}]);
        let told = alices.hears("reaction_updated").await;
        assert_eq!((&told["message_id"], &told["chat"]), (&message["id"], &json!(chat.id)));
        assert_eq!(told["reactions"], expected);
        assert!(told["seq"].as_i64().unwrap() > last, "{told}");
        last = told["seq"].as_i64().unwrap();
        let shown = bob.get(&path(&message)).await.is(200).json();
        assert_eq!(shown["reactions"], expected);
        assert_eq!(shown["seq"], last);
        assert_eq!(shown["is_edited"], false, "a reaction is no edit");
        assert_eq!(bob.get(&chat.messages()).await.results()[0]["reactions"], expected);
    }
    alice.post(&reactions(&message), &thumb).await.is(200);
    bob.post(&reactions(&message), &thumb).await.is(200);
    alices.hears("reaction_updated").await;
    assert_eq!(alices.hears("reaction_updated").await["reactions"], json!([]));
    assert_eq!(bob.get(&path(&message)).await.json()["reactions"], json!([]));
}

#[tokio::test]
async fn an_emoji_is_one_and_there_are_twenty_on_a_message() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let message = say(&alice, "hi", chat).await;
    for wrong in [json!({}), json!({"emoji": null}), json!({"emoji": ""}), json!({"emoji": 5})] {
        bob.post(&reactions(&message), &wrong).await.blames("emoji");
    }
    for wrong in ["ok", "a", "👍👍", "<b>"] {
        bob.post(&reactions(&message), &json!({"emoji": wrong})).await.blames("emoji");
    }
    let zalgo = format!("👍{}", "\u{336}\u{30d}".repeat(9));
    for odd in
        ["\u{202e}", "\u{2066}", "👍\u{202e}", "\u{200d}", "\u{fe0f}", "\u{1160}", "\u{2800}", "\u{fdfd}", &zalgo]
    {
        bob.post(&reactions(&message), &json!({"emoji": odd})).await.blames("emoji");
    }
    let faces: Vec<String> = ('\u{1f600}'..).take(21).map(String::from).collect();
    for face in &faces[..20] {
        bob.post(&reactions(&message), &json!({"emoji": face})).await.is(200);
    }
    bob.post(&reactions(&message), &json!({"emoji": faces[20]})).await.blames("emoji");
    let joined = alice.post(&reactions(&message), &json!({"emoji": faces[0]})).await.is(200).json();
    assert_eq!(joined["action"], "added");
    let shown = bob.get(&path(&message)).await.json();
    let emoji: Vec<&str> =
        shown["reactions"].as_array().unwrap().iter().map(|reaction| reaction["emoji"].as_str().unwrap()).collect();
    assert_eq!(emoji, faces[..20]);
    for composed in ["👩‍👩‍👧‍👦", "🇫🇷", "👍🏽", "❤️", "🏳️‍🌈", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "👩🏿‍❤️‍💋‍👨🏻"]
    {
        let other = say(&alice, "hi", chat).await;
        bob.post(&reactions(&other), &json!({"emoji": composed})).await.is(200);
    }
}

#[tokio::test]
async fn strangers_do_not_react() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, carol);
    let chat = group(&alice, "Team", &[]).await;
    let message = say(&alice, "hi", chat).await;
    carol.post(&reactions(&message), &json!({"emoji": "👍"})).await.denied(404, NOT_FOUND);
    carol.post(&reactions(&json!({"id": 999_999})), &json!({"emoji": "👍"})).await.denied(404, NOT_FOUND);
    assert_eq!(alice.get(&path(&message)).await.json()["reactions"], Value::Array(Vec::new()));
}
