//! A page's form, as `FormData` sends it: taken wherever JSON is.

use reqwest::Method;
use serde_json::Value;

use crate::world::bytes::{PNG, Part, multipart, text};
use crate::world::person::cookie;
use crate::world::raw::RawAnswer;
use crate::world::{Answer, Caller, Fireside, Person, contents, people};

/// Every place that signs somebody in.
const SIGN_INS: [&str; 10] = [
    "/login/",
    "/api/login/",
    "/c/directs/api/login/",
    "/c/inbox/api/auth/login/",
    "/c/messenger/accounts/api/token/",
    "/api/auth/login/",
    "/d/inbox/api/auth/login/",
    "/d/rooms/api/auth/login/",
    "/accounts/api/token/",
    "/d/messenger/accounts/api/token/",
];

/// Every place that makes an account.
const REGISTRATIONS: [&str; 7] = [
    "/api/register/",
    "/c/directs/api/register/",
    "/api/auth/register/",
    "/d/rooms/api/auth/register/",
    "/accounts/api/users/",
    "/d/messenger/accounts/api/users/",
    "/api/server/register/",
];

async fn sends(caller: &Caller, path: &str, fields: &[(&str, &str)]) -> Answer {
    let parts: Vec<Part<'_>> = fields.iter().map(|(name, value)| text(name, value)).collect();
    caller.sends_parts(path, &parts).await
}

#[tokio::test]
async fn every_sign_in_takes_a_form() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for path in SIGN_INS {
        let right = [("username", "alice"), ("password", alice.password.as_str())];
        let signed_in = sends(&fireside.anyone(), path, &right).await.is(200);
        if path == "/login/" || path.ends_with("/api/login/") {
            assert_eq!(cookie(&signed_in, "sessionid").len(), 40, "{signed_in}");
        } else {
            let body = signed_in.json();
            let token = body["token"].as_str().or(body["access"].as_str()).unwrap();
            let me = fireside.anyone().get("/api/auth/me/").with("Authorization", &format!("Bearer {token}")).await;
            assert_eq!(me.is(200).json()["username"], "alice");
        }
        if let Some(refresh) = signed_in.json()["refresh"].as_str() {
            sends(&fireside.anyone(), "/accounts/api/token/refresh/", &[("refresh", refresh)]).await.is(200);
        }
        let wrong = [("username", "alice"), ("password", "a wrong password")];
        sends(&fireside.anyone(), path, &wrong).await.is(401);
        sends(&fireside.anyone(), path, &wrong[..1]).await.is(400);
    }
}

#[tokio::test]
async fn every_registration_takes_a_form() {
    let fireside = Fireside::start().await;
    for (number, path) in REGISTRATIONS.into_iter().enumerate() {
        let (name, email) = (format!("guest{number}"), format!("guest{number}@example.com"));
        let fields = [("username", name.as_str()), ("email", email.as_str()), ("password", "пароль на память")];
        sends(&fireside.anyone(), path, &fields).await.is(201);
        sends(&fireside.anyone(), "/api/auth/login/", &[fields[0], fields[2]]).await.is(200);
        sends(&fireside.anyone(), path, &fields).await.is(400);
    }
}

#[tokio::test]
async fn every_document_is_written_to_by_a_form() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let (mine, bobs) = (alice.id.to_string(), bob.id.to_string());
    sends(&alice, "/api/messages/", &[("receiver", "bob"), ("content", " through inbox ")]).await.is(201);
    let chat = sends(&alice, "/d/directs/api/chats/create/", &[("user_id", &bobs)]).await.is(201).json();
    sends(&alice, "/c/directs/chat/create-chat/", &[("user_id", &bobs)]).await.is(201);
    sends(&alice, "/messenger/api/chatrooms/alice_bob/messages/", &[("content", "through messenger")]).await.is(201);
    let path = format!("/messages/api/chats/{}/messages/", chat["id"]);
    sends(&alice, &path, &[("content", "through messaging\r\n--with a line")]).await.is(201);
    let said = contents(&bob.get(&path).await.is(200).results());
    assert_eq!(said, ["through messaging\r\n--with a line", "through messenger", "through inbox"]);

    // A list is its key repeated, and one value a list of one.
    let group = |ids: &'static [&'static str]| {
        let fields = [("chat_type", "group"), ("title", "den")].into_iter();
        fields.chain(ids.iter().map(|id| ("member_ids", *id))).collect::<Vec<_>>()
    };
    assert_eq!((mine.as_str(), bobs.as_str()), ("1", "2"));
    for ids in [&["2"][..], &["1", "2"]] {
        let den = sends(&alice, "/messages/api/chats/", &group(ids)).await.is(201).json();
        assert_eq!(den["members"].as_array().unwrap().len(), 2, "{den}");
    }
    let room = sends(&alice, "/api/rooms/", &[("name", "hall"), ("is_private", "true")]).await.is(201).json();
    assert_eq!(room["is_private"], true);
    let path = format!("/api/rooms/{}/messages/", room["id"]);
    sends(&alice, &path, &[("content", "through rooms")]).await.is(201);
    sends(&alice, &path, &[("text", "through rooms")]).await.names("content");
    let profile = alice.asks(Method::PATCH, &format!("/api/users/{mine}/")).parts(&[text("bio", "warm")]).await;
    assert_eq!(profile.is(200).json()["bio"], "warm");
}

/// What a browser sends for `<input type=file>` with that file, or with none.
fn chosen(name: &'static [u8], bytes: &'static [u8]) -> Part<'static> {
    Part { field: "picture", filename: Some(name), content_type: Some("image/png"), bytes }
}

#[tokio::test]
async fn a_file_is_refused_where_none_is_taken() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let path = den.messages();
    alice.sends_parts(&path, &[text("content", "look"), chosen(b"cat.png", PNG)]).await.names("picture");
    alice.sends_parts(&path, &[chosen(b"cat.png", PNG), text("content", "look")]).await.names("picture");
    alice.sends_parts(&path, &[text("content", "look"), chosen(b"", PNG)]).await.names("picture");
    assert!(alice.reads(&den).await.is_empty());
    // One that nobody chose is none, here as where one is taken.
    alice.sends_parts(&path, &[text("content", "look"), chosen(b"", b"")]).await.is(201);
    let nobody = Part { field: "avatar", ..chosen(b"", b"") };
    let me = format!("/api/users/{}/", alice.id);
    let profile = alice.asks(Method::PATCH, &me).parts(&[text("bio", "warm"), nobody]).await.is(200).json();
    assert_eq!((&profile["bio"], &profile["avatar_url"]), (&"warm".into(), &Value::Null));
    assert_eq!(alice.reads(&den).await, ["look"]);
}

/// What becomes of a form that is written by hand.
async fn posts(fireside: &Fireside, alice: &Person, path: &str, kind: &str, body: &[u8]) -> RawAnswer {
    let head = format!("POST {path} HTTP/1.1\r\nAuthorization: Token {}\r\nContent-Type: {kind}", alice.token);
    fireside.hears_request(&head, body).await
}

#[tokio::test]
async fn a_form_is_bounded_in_bytes_parts_and_heads() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let path = den.messages();
    let filled = |size: usize| vec![b'x'; size];
    let ignored = filled(200 * 1024);
    let part = |field: &'static str, bytes| Part { field, filename: None, content_type: None, bytes };
    alice.sends_parts(&path, &[text("content", "fits"), part("ignored", &ignored)]).await.is(201);
    let (kind, body) = multipart(&[text("content", "too long"), part("ignored", &filled(256 * 1024))]);
    posts(&fireside, &alice, &path, &kind, &body).await.refused(413, "too_large");
    // The same when its length is not announced.
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Token {}\r\nConnection: close", alice.token);
    let head = format!("{head}\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len());
    let chunked = [head.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
    fireside.hears_bytes(&chunked).await.refused(413, "too_large");

    let many = |count: usize| -> Vec<Part<'_>> {
        std::iter::once(text("content", "many")).chain((1..count).map(|_| text("x", ""))).collect()
    };
    alice.sends_parts(&path, &many(1_064)).await.is(201);
    alice.sends_parts(&path, &many(1_065)).await.refused(400, "validation_error");

    let long = "n".repeat(40 * 1024);
    let (kind, body) = multipart(&[text("content", "a long head"), text(&long, "x")]);
    posts(&fireside, &alice, &path, &kind, &body).await.refused(413, "too_large");
    assert_eq!(alice.reads(&den).await, ["many", "fits"]);
}

#[tokio::test]
async fn a_form_that_cannot_be_read_is_refused() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let (kind, whole) = multipart(&[text("content", "hi")]);
    let cut = &whole[..whole.len() - 8];
    let (_, odd) = multipart(&[Part { bytes: b"h\xff\xfei", ..text("content", "") }]);
    for (kind, body) in [
        (kind.as_str(), cut),
        (kind.as_str(), b"content=hi".as_slice()),
        (kind.as_str(), odd.as_slice()),
        ("multipart/form-data", &whole),
        ("multipart/form-data; boundary=", &whole),
        ("multipart/form-data; boundary=other", &whole),
    ] {
        let answer = posts(&fireside, &alice, &den.messages(), kind, body).await;
        answer.refused(400, "validation_error");
    }
    posts(&fireside, &alice, &den.messages(), "multipart/mixed; boundary=b", &whole)
        .await
        .refused(415, "unsupported_media_type");
    assert!(alice.reads(&den).await.is_empty());
    assert_eq!(posts(&fireside, &alice, &den.messages(), &kind, &whole).await.status(), Some(201));
}
