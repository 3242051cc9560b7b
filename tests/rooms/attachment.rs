//! Attachments: which files a message may carry, and how it shows them.

use serde_json::{Value, json};

use crate::world::bytes::PNG;
use crate::world::{Fireside, Person, id};

async fn uploads_many(person: &Person, count: usize) -> Vec<i64> {
    let mut files = Vec::new();
    for number in 0..count {
        files.push(id(&person.uploads(&format!("{number}.txt"), b"x").await));
    }
    files
}

#[tokio::test]
async fn a_message_shows_the_files_it_carries() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut listener = bob.listens_in(&den).await;
    let cat = alice.uploads("cat.png", PNG).await;
    let notes = alice.uploads("notes.txt", b"meow").await;
    let message = alice.posts("look").with_file(&cat).with_file(&notes).in_room(&den).await;

    let shown = message["attachments"].as_array().unwrap();
    assert_eq!(shown.len(), 2);
    for (attachment, file) in shown.iter().zip([&cat, &notes]) {
        for field in ["id", "name", "size", "content_type", "url"] {
            assert_eq!(attachment[field], file[field], "{field}");
        }
    }
    assert_eq!(shown[0]["content_type"], "image/png");
    assert_eq!(listener.hears_message("look").await["attachments"], message["attachments"]);
    let read = bob.get(&den.messages()).await.results();
    assert_eq!(read[0]["attachments"], message["attachments"]);
    let url = shown[1]["url"].as_str().unwrap();
    assert_eq!(bob.get(url).await.is(200).body, b"meow");
}

#[tokio::test]
async fn files_alone_are_a_message() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let files = uploads_many(&alice, 3).await;
    for body in [
        json!({"attachments": [files[0]]}),
        json!({"content": " ", "attachments": [files[1].to_string()]}),
        json!({"content": null, "attachment_ids": [files[2]]}),
    ] {
        let message = alice.post(&den.messages(), &body).await.is(201).json();
        assert_eq!(message["content"], "");
        assert_eq!(message["attachments"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn no_attachments_may_be_said_in_several_ways() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    for nothing in [json!(null), json!([])] {
        let body = json!({"content": "hi", "attachments": nothing, "attachment_ids": null});
        let message = alice.post(&den.messages(), &body).await.is(201).json();
        assert_eq!(message["attachments"], json!([]));
    }
}

#[tokio::test]
async fn in_a_form_a_list_is_its_key_repeated() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let files: Vec<String> = uploads_many(&alice, 3).await.iter().map(ToString::to_string).collect();
    let two = [("content", "two"), ("attachments", &files[0]), ("attachments", &files[1])];
    let message = alice.sends_form(&den.messages(), &two).await.is(201).json();
    assert_eq!(message["attachments"].as_array().unwrap().len(), 2);
    let one = [("content", "one"), ("attachments", files[2].as_str())];
    let message = alice.sends_form(&den.messages(), &one).await.is(201).json();
    assert_eq!(message["attachments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn only_ones_own_unused_files_can_be_attached() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut listener = bob.listens_in(&den).await;
    let alices = alice.uploads("a.txt", b"alice's").await;

    bob.posts("mine now").with_file(&alices).tried_in(&den).await.names("attachments");
    let unknown = json!({"id": 999_999});
    bob.posts("guess").with_file(&unknown).tried_in(&den).await.names("attachments");
    listener.hears_nothing().await;
    alice.posts("first").with_file(&alices).in_room(&den).await;
    listener.hears_message("first").await;
    alice.posts("again").with_file(&alices).tried_in(&den).await.names("attachments");
    bob.posts("seen it").with_file(&alices).tried_in(&den).await.names("attachments");
    assert_eq!(alice.reads(&den).await, ["first"]);
}

#[tokio::test]
async fn a_foreign_file_and_an_unknown_one_are_refused_alike() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = bob.opens_room("den").await;
    let alices = alice.uploads("a.txt", b"alice's").await;
    let foreign = bob.posts("x").with_file(&alices).tried_in(&den).await;
    let unknown = bob.posts("x").with_file(&json!({"id": 999_999})).tried_in(&den).await;
    let told = |answer: &crate::world::Answer, file: &str| {
        let (status, headers, body) = answer.as_seen_by_a_prober();
        (status, headers.len(), body.replace(file, "N"))
    };
    assert_eq!(told(&foreign, &alices["id"].to_string()), told(&unknown, "999999"));
}

#[tokio::test]
async fn attachments_that_are_no_list_of_ids_are_named() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    for wrong in [
        json!("a.txt"),
        json!({"id": 1}),
        json!([{"id": 1}]),
        json!(["one"]),
        json!([1.5]),
        json!([true]),
        json!([null]),
        json!([[1]]),
        json!([-1]),
        json!([0]),
    ] {
        let body = json!({"content": "hi", "attachments": wrong});
        alice.post(&den.messages(), &body).await.names("attachments");
    }
    assert!(alice.reads(&den).await.is_empty());
}

#[tokio::test]
async fn a_message_carries_ten_files_and_not_eleven() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let files = uploads_many(&alice, 11).await;
    let eleven = json!({"content": "11", "attachments": files});
    alice.post(&den.messages(), &eleven).await.names("attachments");
    let ten = json!({"content": "10", "attachments": files[..10]});
    let message = alice.post(&den.messages(), &ten).await.is(201).json();
    assert_eq!(message["attachments"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn a_file_is_attached_once_however_many_try() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let file = alice.uploads("a.txt", b"once").await;
    let tries = (0..8).map(|number| {
        let text = format!("try {number}");
        let (alice, den, file) = (&alice, &den, &file);
        async move { alice.posts(&text).with_file(file).tried_in(den).await }
    });
    let answers = futures_util::future::join_all(tries).await;
    let taken = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(taken, 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        answer.names("attachments");
    }
    assert_eq!(alice.reads(&den).await.len(), 1, "a refused send stores nothing");
}

#[tokio::test]
async fn a_socket_attaches_as_documented_and_refuses_alike() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let files = uploads_many(&alice, 2).await;
    let mut alices = alice.listens_in(&den).await;
    let mut bobs = bob.listens_in(&den).await;
    let send = |attachments: Value| {
        json!({
            "type": "chat_message",
            "data": {"content": "Hello, world!", "attachments": attachments},
        })
    };
    bobs.says(&send(json!(files))).await;
    bobs.hears_error("validation_error").await;
    alices.says(&send(json!(files))).await;
    for listener in [&mut alices, &mut bobs] {
        let message = listener.hears_message("Hello, world!").await;
        let shown = message["attachments"].as_array().unwrap();
        assert_eq!(shown.iter().map(id).collect::<Vec<_>>(), files);
    }
    alices.says(&send(json!([files[0]]))).await;
    alices.hears_error("validation_error").await;
    bobs.hears_nothing().await;
}
