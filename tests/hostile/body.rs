//! Bodies: too long, too deep, of the wrong kind, in pieces.

use serde_json::json;

use crate::world::{Fireside, Person, Room};

const LIMIT: usize = 256 * 1024;

/// A send of exactly this many bytes, most of them in a key nobody knows.
fn padded(size: usize) -> String {
    let start = r#"{"content":"hi","ignored":""#;
    let end = r#""}"#;
    format!("{start}{}{end}", "x".repeat(size - start.len() - end.len()))
}

/// A send whose ignored key is nested so that the whole is this deep.
fn nested(depth: usize) -> String {
    let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
    format!(r#"{{"content":"hi","ignored":{open}{close}}}"#)
}

fn head(alice: &Person, room: &Room, content_type: &str) -> String {
    format!("POST {} HTTP/1.1\r\nAuthorization: Token {}\r\nContent-Type: {content_type}", room.messages(), alice.token)
}

fn chunked(alice: &Person, room: &Room, chunks: &[&str]) -> String {
    let head = head(alice, room, "application/json");
    let mut request = format!("{head}\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
    for chunk in chunks {
        request.push_str(&format!("{:x}\r\n{chunk}\r\n", chunk.len()));
    }
    request.push_str("0\r\n\r\n");
    request
}

async fn alice_in_den() -> (Fireside, Person, Room) {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    (fireside, alice, den)
}

#[tokio::test]
async fn a_body_ends_at_256_kib() {
    let (fireside, alice, den) = alice_in_den().await;
    let head = head(&alice, &den, "application/json");
    let fits = fireside.hears_request(&head, padded(LIMIT).as_bytes()).await;
    assert_eq!(fits.status(), Some(201), "{}", fits.text());
    for size in [LIMIT + 1, 4 * LIMIT] {
        let over = fireside.hears_request(&head, padded(size).as_bytes()).await;
        over.refused(413, "too_large");
    }
    assert_eq!(alice.reads(&den).await.len(), 1);
}

#[tokio::test]
async fn a_body_that_is_announced_far_too_long_is_not_waited_for() {
    let (fireside, alice, den) = alice_in_den().await;
    let head = head(&alice, &den, "application/json");
    let start = padded(LIMIT + 1);
    let bytes = format!("{head}\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n{start}");
    let answer = fireside.hears_bytes(bytes.as_bytes()).await;
    answer.refused(413, "too_large");
}

/// A client that is still writing when the connection is closed reports a broken pipe and
/// never looks for the answer: the server has to let it finish, within reason.
#[tokio::test]
async fn whoever_sends_too_much_gets_to_read_why() {
    let (_fireside, alice, den) = alice_in_den().await;
    for _ in 0..10 {
        let ask = alice.does(&den.messages()).with("Content-Type", "application/json");
        ask.body(padded(3 * LIMIT)).await.refused(413, "too_large");
    }
    assert!(alice.reads(&den).await.is_empty());
}

#[tokio::test]
async fn a_body_may_come_in_pieces_up_to_the_same_limit() {
    let (fireside, alice, den) = alice_in_den().await;
    let pieces = [r#"{"con"#, r#"tent":"in pie"#, r#"ces"}"#];
    let answer = fireside.hears_bytes(chunked(&alice, &den, &pieces).as_bytes()).await;
    assert_eq!(answer.status(), Some(201), "{}", answer.text());
    assert_eq!(alice.reads(&den).await, ["in pieces"]);
    let over = padded(LIMIT + 1);
    let pieces: Vec<&str> = [&over[..LIMIT / 2], &over[LIMIT / 2..]].to_vec();
    let answer = fireside.hears_bytes(chunked(&alice, &den, &pieces).as_bytes()).await;
    answer.refused(413, "too_large");
    assert_eq!(alice.reads(&den).await.len(), 1);
}

#[tokio::test]
async fn a_body_is_thirty_two_deep_at_most() {
    let (_fireside, alice, den) = alice_in_den().await;
    let send = |body: String| {
        let ask = alice.does(&den.messages()).with("Content-Type", "application/json");
        ask.body(body)
    };
    send(nested(32)).await.is(201);
    // From 34 on, however the outermost pair is counted.
    for depth in [34, 100, 10_000, 100_000] {
        send(nested(depth)).await.refused(400, "validation_error");
    }
    assert_eq!(alice.reads(&den).await.len(), 1);
}

#[tokio::test]
async fn a_body_of_another_kind_is_refused_as_such() {
    let (_fireside, alice, den) = alice_in_den().await;
    let send = |content_type: &str, body: &'static str| {
        let ask = alice.does(&den.messages()).with("Content-Type", content_type);
        ask.body(body)
    };
    let body = r#"{"content":"hi"}"#;
    for content_type in ["text/plain", "text/html", "application/xml", "application/jsonx", "nonsense"] {
        let answer = send(content_type, body).await;
        answer.refused(415, "unsupported_media_type");
    }
    send("application/json", body).await.is(201);
    send("application/json; charset=utf-8", body).await.is(201);
    send("Application/JSON", body).await.is(201);
    send("application/x-www-form-urlencoded", "content=hi").await.is(201);
    assert_eq!(alice.reads(&den).await.len(), 4);
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let (_fireside, alice, den) = alice_in_den().await;
    for body in [
        b"".as_slice(),
        b"{",
        b"{\"content\":\"hi\"",
        b"{\"content\":\"hi\"} trailing",
        b"{'content':'hi'}",
        b"{\"content\":\"\xff\xfe\"}",
        b"{\"content\":\"\\ud800\"}",
        b"{\"content\":NaN}",
        b"content=hi",
        b"\xef\xbb\xbf",
    ] {
        let ask = alice.does(&den.messages()).with("Content-Type", "application/json");
        let answer = ask.body(body.to_vec()).await;
        answer.refused(400, "validation_error");
    }
    assert!(alice.reads(&den).await.is_empty());
}

#[tokio::test]
async fn a_form_that_is_strange_is_text_or_refused() {
    let (_fireside, alice, den) = alice_in_den().await;
    for body in ["", "=", "&&&", "%", "%zz=%zz", "content", "content=", "CONTENT=hi"] {
        let ask = alice.does(&den.messages());
        let ask = ask.with("Content-Type", "application/x-www-form-urlencoded");
        ask.body(body).await.names("content");
    }
    alice.sends_form(&den.messages(), &[("content", "a+b c%d&e=f")]).await.is(201);
    assert_eq!(alice.reads(&den).await, ["a+b c%d&e=f"]);
}

#[tokio::test]
async fn text_that_looks_like_code_is_text() {
    let (_fireside, alice, den) = alice_in_den().await;
    let mut listener = alice.listens_in(&den).await;
    for text in [
        "'; DROP TABLE messages; --",
        "<script>alert(1)</script>",
        "{{7*7}} ${7*7} %s%n",
        "\u{202e}turned",
        "e\u{301}\u{301}\u{301}",
        "\\u0000 \\\" \\",
    ] {
        let message = alice.post(&den.messages(), &json!({"content": text})).await.is(201);
        assert_eq!(message.json()["content"], text);
        listener.hears_message(text).await;
        assert_eq!(alice.reads(&den).await[0], text);
    }
}
