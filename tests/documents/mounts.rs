//! `/c/<name>/`: every API as its own client calls it. What a client's layer adds or changes is
//! tested with its dialect.

use serde_json::json;

use crate::world::caller::Credential;
use crate::world::document::{NAMES, printed, printed_for_client};
use crate::world::{Fireside, Person, id, people};

#[tokio::test]
async fn each_document_says_where_its_client_calls_it() {
    let fireside = Fireside::start().await;
    for name in NAMES {
        let path = format!("/c/{name}/openapi.json");
        let document = fireside.anyone().get(&path).await.is(200).json();
        assert_eq!(document, printed_for_client(name));
        assert_eq!(document["servers"], json!([{"url": format!("/c/{name}")}]));
        for (path, item) in printed(Some(name))["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                assert!(document["paths"][path][method].is_object(), "{name} has no {method} {path}");
            }
        }
    }
    fireside.anyone().get("/c/irc/openapi.json").await.refused(404, "not_found");
}

#[tokio::test]
async fn what_one_client_sends_the_others_read() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let messages = "/api/messages/";
    let sent = alice.through("/c/inbox").post(messages, &json!({"receiver": "bob", "content": "hi"})).await.is(201);
    let chats = bob.through("/c/directs").get("/api/chats/").await.is(200).json();
    let chat = id(&chats[0]);
    let read = bob.through("/c/messaging").get(&format!("/messages/api/chats/{chat}/messages/")).await.is(200);
    assert_eq!(id(&read.results()[0]), id(&sent.json()));
    let mut his = bob.through("/c/directs").handshake(&format!("/ws/chat/{chat}/")).enters().await;
    let mut hers = alice.through("/c/inbox").handshake("/ws/chat/bob/").enters().await;
    let page = bob.through("/c/messenger").get("/messenger/api/chatrooms/alice_bob/messages/").await.is(200);
    assert_eq!(page.json()[0]["content"], "hi");
    his.frame().await;
    his.says(&json!({"body": "ho"})).await;
    assert_eq!(hers.frame().await["message"], "ho");
    assert_eq!(alice.get(messages).await.is(200).results().len(), 2, "at the root, too");
}

#[tokio::test]
async fn strangers_are_refused_there_in_the_words_of_the_api() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let nobody = fireside.anyone();
    let refused = nobody.through("/c/messaging").get("/messages/api/chats/").await.is(401);
    assert_eq!(refused.json().as_object().unwrap().len(), 1, "{refused}");
    let refused = nobody.through("/c/messenger").get("/messenger/api/chatrooms/").await.is(401);
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    nobody.through("/c/inbox").get("/api/messages/").await.refused(401, "authentication_required");
    let carol = fireside.registers("carol").await;
    carol.through("/c/rooms").get(&den.messages()).await.refused(403, "permission_denied");
    assert_eq!(carol.through("/c/messaging").get("/messages/api/x/").await.is(404).json()["detail"], "Not found.");
    // Each knows its own paths alone, and nobody another place.
    carol.through("/c/inbox").get("/api/rooms/").await.refused(404, "not_found");
    for place in ["/c", "/c/irc", "/c/server", "/c/d/rooms"] {
        carol.through(place).get("/api/rooms/").await.refused(404, "not_found");
    }
    carol.showing(Credential::Nothing).through("/c/rooms").handshake(&den.socket()).turned_away().await;
}

#[tokio::test]
async fn a_limit_counts_for_all_places_together() {
    let fireside = Fireside::start_with_limits(&["--limit-api", "4/h"]).await;
    let alice = fireside.registers("alice").await;
    for place in ["/c/rooms", "/d/rooms", "", "/c/rooms"] {
        alice.through(place).get("/api/rooms/").await.is(200);
    }
    for place in ["/c/rooms", "/d/rooms", ""] {
        alice.through(place).get("/api/rooms/").await.refused(429, "rate_limited");
    }
    alice.through("/c/inbox").get("/api/messages/").await.is(200);
}

#[tokio::test]
async fn links_and_documents_stay_below_the_servers_own_path() {
    let fireside = Fireside::start_with(&["--base-path", "/chat"]).await;
    let alice: Person = fireside.registers("alice").await;
    for name in ["den", "hall"] {
        alice.opens_room(name).await;
    }
    let client = alice.through("/c/rooms");
    let page = client.get("/api/rooms/?page_size=1").await.is(200).json();
    let next = page["next"].as_str().unwrap();
    assert!(next.starts_with(&format!("{}/c/rooms/api/rooms/?", fireside.url)), "{next}");
    assert_eq!(client.get(next).await.is(200).results().len(), 1);
    let document = client.get("/openapi.json").await.is(200).json();
    assert_eq!(document["servers"], json!([{"url": "/chat/c/rooms"}]));
}
