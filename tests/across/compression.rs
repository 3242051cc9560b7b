//! Lists sent smaller to whoever takes it, and never a credential.

use std::io::Read;

use serde_json::json;

use crate::world::{Answer, Fireside, Person};

fn unzipped(answer: &Answer) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(answer.body.as_slice()).read_to_end(&mut bytes).expect("gzip");
    bytes
}

async fn asked(who: &Person, path: &str, coding: &str) -> Answer {
    who.get(path).with("Accept-Encoding", coding).await.is(200)
}

#[tokio::test]
async fn long_lists_are_compressed_for_whoever_takes_it() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    for number in 0..20 {
        alice.posts(&format!("message {number}")).in_room(&den).await;
    }
    let lists = [
        format!("/messages/api/chats/{}/messages/", den.id),
        format!("/api/rooms/{}/messages/", den.id),
        format!("/messenger/api/chatrooms/room-{}/messages/", den.id),
        "/messages/api/sync/".to_owned(),
    ];
    for list in &lists {
        let plain = alice.get(list).await.is(200);
        assert!(!plain.has("content-encoding"), "nobody asked: {plain}");
        assert!(plain.header("vary").contains("Accept-Encoding"), "a cache must know: {plain}");
        for taken in ["gzip", "gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.8"] {
            let small = asked(&alice, list, taken).await;
            assert_eq!(small.header("content-encoding"), "gzip", "{list}");
            assert!(small.body.len() * 3 < plain.body.len(), "{} of {} bytes", small.body.len(), plain.body.len());
            assert_eq!(unzipped(&small), plain.body, "{list}");
        }
        for not_taken in ["identity", "gzip;q=0", "br"] {
            let whole = asked(&alice, list, not_taken).await;
            assert!(!whole.has("content-encoding") && whole.body == plain.body, "{not_taken}: {whole}");
        }
    }
    // What is short, a refusal and the answer to a write go as they are.
    assert!(!asked(&alice, "/api/auth/me/", "gzip").await.has("content-encoding"));
    let long = json!({"content": "a".repeat(5_000)});
    let said = alice.post(&lists[0], &long).with("Accept-Encoding", "gzip").await.is(201);
    assert!(!said.has("content-encoding"), "{said}");
}

#[tokio::test]
async fn an_answer_with_a_credential_is_never_compressed() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let invite = format!("/messages/api/chats/{}/invite/", den.id);
    for _ in 0..10 {
        alice.post(&invite, &json!({})).await.is(201);
    }
    let listed = asked(&alice, &invite, "gzip, br").await;
    assert!(listed.body.len() > 2_048, "long enough: {listed}");
    assert!(!listed.has("content-encoding"), "{listed}");
    assert!(!asked(&alice, "/api/token/", "gzip, br").await.has("content-encoding"));
}

/// What is the same for everybody is compressed, and with the password of a relay in it, it is not.
#[tokio::test]
async fn the_password_of_a_relay_is_never_compressed() {
    let folder = tempfile::TempDir::new().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "north").unwrap();
    let relay = |number: usize| format!("turn:turn-{number}.example.org?transport=udp");
    let relays: Vec<String> = (0..30).flat_map(|number| ["--turn-url".to_owned(), relay(number)]).collect();
    let mut flags = vec!["--turn-secret-file", secret.to_str().unwrap(), "--stun", "stun:stun.example.org"];
    flags.extend(relays.iter().map(String::as_str));
    let fireside = Fireside::start_with(&flags).await;
    let alice = fireside.registers("alice").await;
    let hers = asked(&alice, "/api/server/", "gzip").await;
    assert!(hers.text().contains("\"credential\":") && hers.body.len() > 1_500, "{hers}");
    assert!(!hers.has("content-encoding") && !hers.has("etag"), "{hers}");
    assert!(fireside.anyone().get("/api/server/").await.is(200).has("etag"));
}
