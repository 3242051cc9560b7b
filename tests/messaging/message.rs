//! Messages: sent, shown, edited, deleted, answered.

use serde_json::{Value, json};

use super::words::{Chat, FORBIDDEN, Line, NOT_FOUND, Refused, dm, group, path, put, say, texts};
use crate::world::bytes::PNG;
use crate::world::{Fireside, Person, id, people};

async fn team() -> (Fireside, Person, Person, Chat) {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    (fireside, alice, bob, chat)
}

#[tokio::test]
async fn a_message_is_as_documented_wherever_it_stands() {
    let (_fireside, alice, bob, chat) = team().await;
    let mut bobs = Line::to(&bob).await;
    let forged = json!({
        "content": " Hello, everyone!\n", "id": 4711, "sender": bob.id, "chat": 4711, "seq": 1, "is_edited": true,
        "read_by": [bob.id], "created_at": "1999-01-01T00:00:00.000Z",
    });
    let message = alice.post(&chat.messages(), &forged).await.is(201).json();
    assert_eq!(message["content"], "Hello, everyone!");
    assert_eq!((&message["chat"], &message["seq"]), (&json!(chat.id), &message["id"]));
    assert_ne!(message["id"], 4711);
    assert_eq!((&message["is_edited"], &message["is_deleted"]), (&json!(false), &json!(false)));
    assert_eq!(message["created_at"], message["updated_at"]);
    let created = message["created_at"].as_str().unwrap();
    assert!(created.ends_with('Z') && created.len() == 24 && !created.starts_with("1999"), "{created}");
    let sender =
        json!({"id": alice.id, "username": "alice", "display_name": "alice", "avatar_url": null, "is_bot": false});
    assert_eq!(message["sender"], sender);
    assert_eq!(message["reactions"], json!([]));
    assert_eq!(message["read_by"], json!([alice.id]));
    assert_eq!(message["attachments"], json!([]));
    assert_eq!(message["reply_to"], Value::Null);
    assert_eq!(message["is_pinned"], false);
    assert_eq!((&message["kind"], &message["call_seconds"]), (&json!("text"), &Value::Null));
    assert_eq!(message.as_object().unwrap().len(), 18, "{message}");
    assert_eq!(bobs.hears_message("Hello, everyone!").await, message);
    assert_eq!(bob.get(&path(&message)).await.is(200).json(), message);
    assert_eq!(bob.get(&chat.messages()).await.is(200).results(), std::slice::from_ref(&message));
    let sync = bob.get("/messages/api/sync/?since=0").await.is(200).json();
    assert_eq!(sync["messages"], json!([message]));
}

#[tokio::test]
async fn a_sender_has_the_face_of_their_profile() {
    let (_fireside, alice, _bob, chat) = team().await;
    let face = alice.uploads("me.png", PNG).await;
    let me = format!("/api/users/{}/", alice.id);
    let profile = alice.patch(&me, &json!({"avatar": id(&face), "display_name": "Alice A."})).await.is(200).json();
    let message = say(&alice, "look", chat).await;
    assert_eq!(message["sender"]["display_name"], "Alice A.");
    assert_eq!(message["sender"]["avatar_url"], profile["avatar_url"]);
    assert!(message["sender"]["avatar_url"].as_str().unwrap().starts_with("/media/user_images/"));
}

#[tokio::test]
async fn text_is_needed_and_is_text_of_ten_thousand_characters() {
    let (_fireside, alice, bob, chat) = team().await;
    let mut bobs = Line::to(&bob).await;
    let over = "🔥".repeat(10_001);
    let wrong = [json!(null), json!(""), json!(" \n"), json!(5), json!(["hi"]), json!({}), json!(over)];
    for content in wrong {
        alice.post(&chat.messages(), &json!({"content": content})).await.blames("content");
    }
    alice.post(&chat.messages(), &json!({})).await.blames("content");
    alice.does(&chat.messages()).await.blames("content");
    for wrong in [json!([]), json!("hi"), json!(null)] {
        alice.post(&chat.messages(), &wrong).await.blames("non_field_errors");
    }
    bobs.hears_nothing().await;
    let fits = "🔥".repeat(10_000);
    say(&alice, &fits, chat).await;
    bobs.hears_message(&fits).await;
}

#[tokio::test]
async fn a_form_is_as_good_as_json() {
    let (_fireside, alice, _bob, chat) = team().await;
    let bare = chat.messages().trim_end_matches('/').to_owned();
    let sent = alice.through("/d/messaging").sends_form(&bare, &[("content", "from a form & more")]).await.is(201);
    assert_eq!(sent.json()["content"], "from a form & more");
    let bare = path(&sent.json()).trim_end_matches('/').to_owned();
    let edit = alice.asks(reqwest::Method::PUT, &bare).form(&[("content", "edited")]).await.is(200);
    assert_eq!(edit.json()["content"], "edited");
    let emoji = format!("{bare}/reactions");
    alice.sends_form(&emoji, &[("emoji", "👍")]).await.is(200);
    alice.sends_form(&chat.typing(), &[("is_typing", "true")]).await.is(200);
    alice.sends_form(&chat.read(), &[("message_id", "1")]).await.is(200);
    alice.delete(&bare).await.is(204);
}

#[tokio::test]
async fn files_hang_on_a_message_as_in_rooms() {
    let (_fireside, alice, bob, chat) = team().await;
    let mut bobs = Line::to(&bob).await;
    let cat = alice.uploads("cat.png", PNG).await;
    let notes = alice.uploads("notes.txt", b"meow").await;
    let body = json!({"content": "look", "attachments": [cat["id"], notes["id"].to_string()]});
    let message = alice.post(&chat.messages(), &body).await.is(201).json();
    let shown = message["attachments"].as_array().unwrap();
    for (attachment, file) in shown.iter().zip([&cat, &notes]) {
        for field in ["id", "name", "size", "content_type", "url"] {
            assert_eq!(attachment[field], file[field], "{field}");
        }
    }
    assert_eq!(bobs.hears_message("look").await, message);
    let url = shown[1]["url"].as_str().unwrap();
    assert_eq!(bob.get(url).await.is(200).body, b"meow");
    let alone = alice.uploads("a.txt", b"a").await;
    let bare = alice.post(&chat.messages(), &json!({"attachments": [alone["id"]]})).await.is(201).json();
    assert_eq!(bare["content"], "");
    for wrong in [json!([cat["id"]]), json!([999_999]), json!("1"), json!(["x"]), json!(vec![1; 11])] {
        let body = json!({"content": "x", "attachments": wrong});
        alice.post(&chat.messages(), &body).await.blames("attachments");
    }
    alice.delete(&path(&message)).await.is(204);
    for who in [&alice, &bob] {
        who.get(url).await.is(404);
    }
}

#[tokio::test]
async fn a_reply_names_a_message_of_its_chat() {
    let (_fireside, alice, bob, chat) = team().await;
    let other = dm(&alice, &bob).await;
    let elsewhere = say(&alice, "elsewhere", other).await;
    let question = say(&alice, "tea?", chat).await;
    let reply = bob.post(&chat.messages(), &json!({"content": "yes", "reply_to": question["id"]})).await.is(201).json();
    assert_eq!(reply["reply_to"], question["id"]);
    assert_eq!(alice.get(&path(&reply)).await.json()["reply_to"], question["id"]);
    for wrong in [elsewhere["id"].clone(), json!(999_999), json!(0), json!("x"), json!([1])] {
        bob.post(&chat.messages(), &json!({"content": "x", "reply_to": wrong})).await.blames("reply_to");
    }
    let unset = bob.post(&chat.messages(), &json!({"content": "x", "reply_to": null})).await.is(201).json();
    assert_eq!(unset["reply_to"], Value::Null);
}

#[tokio::test]
async fn an_author_edits_and_put_is_patch() {
    let (_fireside, alice, bob, chat) = team().await;
    let message = say(&bob, "helo", chat).await;
    let mut alices = Line::to(&alice).await;
    alice.does(&chat.read()).await.is(200);
    alices.hears("read").await;
    for (number, text) in ["hello", "hello!"].into_iter().enumerate() {
        let body = json!({"content": format!(" {text} "), "sender": alice.id, "chat": 4711, "reply_to": 1});
        let answer = match number {
            0 => put(&bob, &path(&message), &body).await,
            _ => bob.patch(&path(&message), &body).await,
        };
        let edited = answer.is(200).json();
        assert_eq!(edited["content"], text);
        assert_eq!(edited["is_edited"], true);
        assert_eq!(edited["created_at"], message["created_at"]);
        assert!(edited["updated_at"].as_str() >= message["updated_at"].as_str(), "{edited}");
        assert!(edited["seq"].as_i64() > message["seq"].as_i64(), "{edited}");
        for field in ["id", "chat", "sender", "reply_to"] {
            assert_eq!(edited[field], message[field], "{field}");
        }
        assert_eq!(edited["read_by"], json!([bob.id, alice.id]));
        let told = alices.hears("message_updated").await;
        assert_eq!(told["message"], edited);
        assert_eq!((&told["chat"], &told["seq"]), (&json!(chat.id), &edited["seq"]));
        assert_eq!(alice.get(&path(&message)).await.is(200).json(), edited);
    }
    for wrong in [json!({}), json!({"content": null}), json!({"content": " "}), json!({"content": 5})] {
        put(&bob, &path(&message), &wrong).await.blames("content");
        bob.patch(&path(&message), &wrong).await.blames("content");
    }
    bob.patch(&path(&message), &json!({"content": "x".repeat(10_001)})).await.blames("content");
    bob.patch(&path(&message), &json!({"content": "x".repeat(10_000)})).await.is(200);
}

#[tokio::test]
async fn the_words_under_a_file_can_be_taken_away() {
    let (_fireside, alice, bob, chat) = team().await;
    let file = alice.uploads("notes.txt", b"meow").await;
    let body = json!({"content": "look", "attachments": [file["id"]]});
    let message = alice.post(&chat.messages(), &body).await.is(201).json();
    let bare = say(&alice, "bare", chat).await;
    let mut alices = Line::to(&alice).await;
    let blank = json!({"content": " "});
    for number in 0..2 {
        let answer = match number {
            0 => put(&alice, &path(&message), &blank).await,
            _ => alice.patch(&path(&message), &blank).await,
        };
        let edited = answer.is(200).json();
        assert_eq!((&edited["content"], &edited["is_edited"]), (&json!(""), &json!(true)));
        assert_eq!(edited["attachments"], message["attachments"]);
        assert_eq!(alices.hears("message_updated").await["message"], edited);
        alice.patch(&path(&message), &json!({"content": "look"})).await.is(200);
        alices.hears("message_updated").await;
    }
    let frame = |message: &Value| json!({"type": "edit_message", "message_id": message["id"], "content": ""});
    alices.says(&frame(&message)).await;
    assert_eq!(alices.hears("message_updated").await["message"]["content"], "");
    assert_eq!(bob.get(&path(&message)).await.is(200).json()["content"], "");

    // One without a file says something.
    alices.says(&frame(&bare)).await;
    let refused = alices.hears("error").await;
    let sentence = "content: This field may not be blank.";
    assert_eq!((&refused["code"], &refused["message"]), (&json!("validation_error"), &json!(sentence)));
    let refused = alice.patch(&path(&bare), &blank).await.blames("content").json();
    assert_eq!(refused["details"], json!({"content": ["This field may not be blank."]}));
    alices.hears_nothing().await;
    // Others have no more say than before.
    bob.patch(&path(&message), &blank).await.denied(403, FORBIDDEN);
    assert_eq!(texts(&bob, chat).await, ["bare", ""]);
}

#[tokio::test]
async fn only_its_author_edits_and_deletes_a_message() {
    let (fireside, alice, bob, chat) = team().await;
    let carol = fireside.registers("carol").await;
    let message = say(&bob, "bob's", chat).await;
    let mut bobs = Line::to(&bob).await;
    let words = json!({"content": "mine"});
    // The admin may not put words into anybody's mouth, nor take them out.
    for (who, status, detail) in [(&alice, 403, FORBIDDEN), (&carol, 404, NOT_FOUND)] {
        put(who, &path(&message), &words).await.denied(status, detail);
        who.patch(&path(&message), &words).await.denied(status, detail);
        who.delete(&path(&message)).await.denied(status, detail);
    }
    bobs.hears_nothing().await;
    assert_eq!(texts(&alice, chat).await, ["bob's"]);
    bob.delete(&path(&message)).await.is(204);
    bobs.hears("message_deleted").await;
}

#[tokio::test]
async fn a_deleted_message_leaves_no_word() {
    let (_fireside, alice, bob, chat) = team().await;
    let stays = say(&alice, "stays", chat).await;
    let message = say(&alice, "goes away", chat).await;
    let mut bobs = Line::to(&bob).await;
    alice.delete(&path(&message)).await.is(204);
    let told = bobs.hears("message_deleted").await;
    assert_eq!((&told["message_id"], &told["chat"]), (&message["id"], &json!(chat.id)));
    assert!(told["seq"].as_i64() > message["seq"].as_i64(), "{told}");
    assert_eq!(told.as_object().unwrap().len(), 4, "{told}");
    for who in [&alice, &bob] {
        who.get(&path(&message)).await.denied(404, NOT_FOUND);
        who.delete(&path(&message)).await.denied(404, NOT_FOUND);
        who.patch(&path(&message), &json!({"content": "x"})).await.denied(404, NOT_FOUND);
        who.post(&format!("{}reactions/", path(&message)), &json!({"emoji": "👍"})).await.denied(404, NOT_FOUND);
        let page = who.get(&chat.messages()).await.is(200);
        assert_eq!(page.json()["count"], 1);
        assert_eq!(id(&page.results()[0]), id(&stays));
        let sync = who.get("/messages/api/sync/").await.is(200);
        assert!(!sync.text().contains("goes away"), "{sync}");
    }
    bobs.hears_nothing().await;
}
