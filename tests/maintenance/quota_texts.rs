//! A user's quota holds texts as it holds files: in bytes, through every document, until they go.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::across::pair::{ALL, Dialect, Pair, WITH_POSTS, hears_news};
use crate::world::caller::Credential;
use crate::world::checker::books_balance;
use crate::world::{Answer, Fireside, Home, Listener, Person, id};

const NO_SPACE: &str = "There is no space left to store this.";

/// Bytes of somebody's texts.
fn texts(home: &Home, user: i64) -> i64 {
    super::number(home, &format!("SELECT coalesce((SELECT bytes FROM text_bytes WHERE user_id = {user}), 0)"))
}

/// As the document has it.
#[track_caller]
fn has_no_space(answer: Answer, dialect: Dialect) {
    match dialect {
        Dialect::Inbox | Dialect::Directs | Dialect::Rooms => drop(answer.refused(507, "insufficient_storage")),
        Dialect::Messaging | Dialect::Messenger => {
            assert_eq!(answer.is(507).json(), json!({"detail": NO_SPACE}), "{dialect:?}");
        }
    }
}

async fn hears_of_no_space(listener: &mut Listener, dialect: Dialect) {
    let frame = listener.frame().await;
    let (code, message) = ("insufficient_storage", NO_SPACE);
    let expected = match dialect {
        Dialect::Rooms => json!({"type": "error", "data": {"code": code, "message": message}}),
        Dialect::Messaging => json!({"type": "error", "code": code, "message": message}),
        Dialect::Directs => json!({"error": "An error occurred while processing your message"}),
        Dialect::Inbox | Dialect::Messenger => json!({"error": message}),
    };
    assert_eq!(frame, expected, "{dialect:?}");
}

async fn tries_to_edit(person: &Person, message: &Value, text: &str) -> Answer {
    let path = format!("/messages/api/messages/{}/", id(message));
    person.patch(&path, &json!({"content": text})).await
}

#[tokio::test]
async fn a_full_quota_is_told_through_every_document_and_on_every_socket() {
    let fireside = Fireside::start_with(&["--quota-user", "1KiB"]).await;
    let pair = Pair::meets(&fireside).await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let mut listener = pair.opens(bob, Dialect::Messenger).await;
    // 1,020 bytes, which are 510 letters.
    let (path, body) = Dialect::Messaging.post(&pair, alice, &"é".repeat(510));
    let first = alice.post(&path, &json!({"content": body["content"], "client_id": "first"})).await.is(201).json();
    hears_news(&mut listener, Dialect::Messenger).await;
    for dialect in WITH_POSTS {
        let (path, body) = dialect.post(&pair, alice, "five!");
        has_no_space(alice.post(&path, &body).await, dialect);
    }
    for dialect in ALL {
        let mut mouth = alice.handshake(&dialect.socket(&pair, alice)).enters().await;
        match dialect {
            Dialect::Messaging => assert_eq!(mouth.frame().await["type"], "hello"),
            Dialect::Directs => drop(mouth.frame().await),
            _ => {}
        }
        mouth.says(&dialect.say(&pair, "five!")).await;
        hears_of_no_space(&mut mouth, dialect).await;
    }
    has_no_space(
        alice.post("/profiles/api/posts/", &json!({"title": "a", "content": "post"})).await,
        Dialect::Messenger,
    );
    let edit = format!("/api/messages/{}/update_message/", first["id"]);
    has_no_space(alice.post(&edit, &json!({"content": "é".repeat(513)})).await, Dialect::Inbox);
    has_no_space(tries_to_edit(alice, &first, &"é".repeat(513)).await, Dialect::Messaging);
    listener.stays_silent().await;
    assert_eq!(texts(&fireside.home, alice.id), 1020);
    // What was sent is answered again, and others have room of their own.
    let again = alice.post(&path, &json!({"content": body["content"], "client_id": "first"})).await.is(200).json();
    assert_eq!(again["id"], first["id"]);
    bob.post(&path, &json!({"content": "five!"})).await.is(201);
    // It holds to the byte.
    alice.post(&path, &json!({"content": "four"})).await.is(201);
    has_no_space(alice.post(&path, &json!({"content": "1"})).await, Dialect::Messaging);
    assert_eq!(texts(&fireside.home, alice.id), 1024);
}

#[tokio::test]
async fn what_is_shortened_or_deleted_gives_its_room_back() {
    let fireside = Fireside::start_with(&["--quota-user", "1KiB"]).await;
    let alice = fireside.registers("alice").await;
    let (den, hall) = (alice.opens_room("den").await, alice.opens_room("hall").await);
    let one = alice.posts(&"1".repeat(600)).in_room(&den).await;
    alice.posts(&"2".repeat(400)).in_room(&hall).await;
    tries_to_edit(&alice, &one, &"1".repeat(625)).await.is(507);
    tries_to_edit(&alice, &one, &"1".repeat(624)).await.is(200);
    alice.posts("x").tried_in(&den).await.refused(507, "insufficient_storage");
    tries_to_edit(&alice, &one, &"1".repeat(100)).await.is(200);
    assert_eq!(texts(&fireside.home, alice.id), 500);
    let post = json!({"title": "t".repeat(100), "content": "c".repeat(400)});
    alice.post("/profiles/api/posts/", &post).await.is(201);
    alice.post("/profiles/api/posts/", &json!({"title": "t", "content": "c".repeat(24)})).await.is(507);
    alice.deletes(&one).await;
    assert_eq!(texts(&fireside.home, alice.id), 900);
    alice.posts(&"3".repeat(124)).in_room(&den).await;
    // A room that is deleted is erased soon after.
    alice.delete(&hall.path()).await.is(204);
    for attempt in 0.. {
        if alice.posts(&"4".repeat(400)).tried_in(&den).await.status == 201 {
            break;
        }
        assert!(attempt < 500, "the texts of a deleted room take room for ever");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(texts(&fireside.home, alice.id), 1024);
    fireside.home.runs(&["check", "--min-free", "0"], "").await.succeeded();
}

#[tokio::test]
async fn files_and_texts_share_one_quota_and_sends_at_once_do_not_pass_it() {
    let fireside = Fireside::start_with(&["--quota-user", "2KiB"]).await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let file = alice.uploads("some.bin", &[7; 1024]).await;
    let mut sends = JoinSet::new();
    for number in 0..20 {
        let (alice, den) = (alice.clone(), den.clone());
        sends.spawn(async move { alice.posts(&format!("{number:0>100}")).tried_in(&den).await });
    }
    let mut sent = 0;
    while let Some(answer) = sends.join_next().await {
        match answer.unwrap() {
            answer if answer.status == 201 => sent += 1,
            answer => drop(answer.refused(507, "insufficient_storage")),
        }
    }
    assert_eq!((sent, texts(&fireside.home, alice.id)), (10, 1000), "of 1,024 bytes that are left");
    let small = |bytes| alice.tries_to_upload("more.bin", "application/octet-stream", &[7; 25][..bytes]);
    small(25).await.refused(507, "insufficient_storage");
    small(24).await.is(201);
    // Files that have their room already may be sent without a word, and with none more.
    alice.posts("x").with_file(&file).tried_in(&den).await.refused(507, "insufficient_storage");
    alice.posts("").with_file(&file).in_room(&den).await;
}

#[tokio::test]
async fn a_bots_texts_are_its_users() {
    let fireside = Fireside::start_with(&["--quota-user", "100"]).await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let made = fireside.home.runs(&["token", "create", "alice", "--label", "bot"], "").await;
    let token = made.succeeded().stdout.lines().last().unwrap().trim().to_owned();
    let bot = fireside.anyone().showing(Credential::Token(token));
    bot.post(&den.messages(), &json!({"content": "b".repeat(60)})).await.is(201);
    bot.post(&den.messages(), &json!({"content": "b".repeat(60)})).await.refused(507, "insufficient_storage");
    alice.posts(&"a".repeat(60)).tried_in(&den).await.refused(507, "insufficient_storage");
    alice.posts(&"a".repeat(40)).in_room(&den).await;
}

#[tokio::test]
async fn what_came_by_an_import_counts() {
    let mut fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    alice.posts(&"w".repeat(700)).in_room(&den).await;
    alice.post("/profiles/api/posts/", &json!({"title": "t".repeat(100), "content": "c".repeat(200)})).await.is(201);
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let archive = fireside.home.data().with_file_name("all.tar");
    let archive = archive.to_str().unwrap();
    fireside.home.runs(&["export", archive], "").await.succeeded();
    let home = Home::new();
    home.runs(&["import", archive], "").await.succeeded();
    assert_eq!(texts(&home, 1), 1000);
    books_balance(&home.data());
}
