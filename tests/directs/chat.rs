//! `/api/chats/…`: making a direct chat, and the list of them.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{CHATS, CREATE, PLACES, chat_of, chats, enters, hears_body};
use crate::world::{Fireside, id, people};

fn is_a_moment(time: &Value) -> bool {
    let time = time.as_str().unwrap();
    time.len() == "2025-01-01T12:00:00.123Z".len() && time.as_bytes()[10] == b'T' && time.ends_with('Z')
}

#[tokio::test]
async fn a_chat_is_made_as_documented_and_made_once() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let (a, b) = (json!({"id": alice.id, "username": "alice"}), json!({"id": bob.id, "username": "bob"}));
    let made = alice.post(CREATE, &json!({"user_id": bob.id})).await.is(201).json();
    let mut expected = json!({
        "id": id(&made), "participants": [a, b], "other_user": b, "created": made["created"],
        "last_message": null, "unread_count": 0,
    });
    assert_eq!(made, expected);
    assert!(is_a_moment(&made["created"]), "{made}");
    for place in PLACES {
        let here = alice.through(place);
        for body in [json!({"user_id": bob.id}), json!({"user_id": bob.id.to_string()})] {
            assert_eq!(here.post(CREATE, &body).await.is(201).json(), expected);
        }
        let form = [("user_id", bob.id.to_string())];
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(here.sends_form("/api/chats/create", &form).await.is(201).json(), expected);
    }
    // From the other side it is the same chat.
    let his = bob.post(CREATE, &json!({"user_id": alice.id})).await.is(201).json();
    expected["other_user"] = a;
    assert_eq!(his, expected);
}

#[tokio::test]
async fn a_chat_is_with_somebody_else_who_exists() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for place in PLACES {
        let here = alice.through(place);
        let answer = here.post(CREATE, &json!({"user_id": alice.id})).await.names("user_id").json();
        assert_eq!(answer["details"], json!({"user_id": ["Cannot create a chat with yourself"]}));
        for nobody in [json!(999_999), json!("999999"), json!(0), json!(-1)] {
            let answer = here.post(CREATE, &json!({"user_id": nobody})).await.names("user_id").json();
            assert_eq!(answer["details"], json!({"user_id": ["User does not exist"]}));
        }
        for wrong in [json!(null), json!("x"), json!(""), json!(1.5), json!(true), json!([1]), json!({})] {
            here.post(CREATE, &json!({"user_id": wrong})).await.names("user_id");
        }
        here.post(CREATE, &json!({})).await.names("user_id");
        here.does(CREATE).await.names("user_id");
    }
    assert_eq!(chats(&alice).await, [] as [Value; 0]);
}

#[tokio::test]
async fn thirty_two_who_make_it_at_once_make_one_chat() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let tries = (0..32).map(|number| {
        let (me, other) = if number % 2 == 0 { (&alice, &bob) } else { (&bob, &alice) };
        let place = PLACES[number / 2 % 2];
        me.through(place).post(CREATE, &json!({"user_id": other.id})).into_future()
    });
    let answers = join_all(tries).await;
    let first = id(&answers[0].clone().is(201).json());
    assert!(answers.iter().all(|answer| answer.status == 201 && id(&answer.json()) == first));
    for who in [&alice, &bob] {
        assert_eq!(chats(who).await.len(), 1);
        assert_eq!(who.get("/api/rooms/").await.json()["count"], 1);
    }
}

#[tokio::test]
async fn chats_are_listed_newest_created_first() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let others = fireside.registers_crowd(23).await;
    let mut made = Vec::new();
    for other in &others {
        made.push(chat_of(&alice, other).await.id);
    }
    made.reverse();
    // Activity does not reorder them.
    others[0].posts("hi").in_room(&crate::world::Room { id: made[22] }).await;
    for path in [CHATS, "/api/chats", "/d/directs/api/chats/", "/d/directs/api/chats/?page=2&page_size=3"] {
        let list = alice.get(path).await.is(200).json();
        assert_eq!(list.as_array().unwrap().iter().map(id).collect::<Vec<_>>(), made, "{path}");
    }
    assert_eq!(chats(&others[5]).await.len(), 1, "everybody sees their own");
}

#[tokio::test]
async fn the_list_shows_the_newest_message_and_what_is_unread() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    let first = alice.posts("Hello there!").in_room(&chat).await;
    let second = alice.posts("Anybody?").in_room(&chat).await;
    let (a, b) = (json!({"id": alice.id, "username": "alice"}), json!({"id": bob.id, "username": "bob"}));
    let his = chats(&bob).await;
    let expected = json!([{
        "id": chat.id, "participants": [a, b], "other_user": a, "created": his[0]["created"],
        "last_message": {"body": "Anybody?", "created": second["created_at"], "sender": "alice"}, "unread_count": 2,
    }]);
    assert_eq!(json!(his), expected);
    assert!(is_a_moment(&his[0]["last_message"]["created"]));
    assert_eq!(chats(&alice).await[0]["unread_count"], 0, "one's own words are no news");
    // What is deleted is neither the newest nor unread.
    alice.deletes(&second).await;
    let his = &chats(&bob).await[0];
    assert_eq!((&his["last_message"]["body"], &his["unread_count"]), (&json!("Hello there!"), &json!(1)));
    alice.deletes(&first).await;
    let his = &chats(&bob).await[0];
    assert_eq!((&his["last_message"], &his["unread_count"]), (&json!(null), &json!(0)));
    // Making it again shows it as it is.
    alice.posts("again").in_room(&chat).await;
    let made = bob.post(CREATE, &json!({"user_id": alice.id})).await.is(201).json();
    assert_eq!((&made["last_message"]["body"], &made["unread_count"]), (&json!("again"), &json!(1)));
}

#[tokio::test]
async fn connecting_reads_and_what_arrives_meanwhile_stays_unread() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    alice.posts("one").in_room(&chat).await;
    alice.posts("two").in_room(&chat).await;
    assert_eq!(chats(&bob).await[0]["unread_count"], 2);
    let mut listener = enters(&bob, &chat).await;
    hears_body(&mut listener, "one", false).await;
    hears_body(&mut listener, "two", false).await;
    listener.stays_silent().await;
    assert_eq!(chats(&bob).await[0]["unread_count"], 0);
    alice.posts("three").in_room(&chat).await;
    hears_body(&mut listener, "three", false).await;
    listener.stays_silent().await;
    assert_eq!(chats(&bob).await[0]["unread_count"], 1);
    let mut again = enters(&bob, &chat).await;
    hears_body(&mut again, "one", true).await;
    hears_body(&mut again, "two", true).await;
    hears_body(&mut again, "three", false).await;
    again.stays_silent().await;
    assert_eq!(chats(&bob).await[0]["unread_count"], 0);
}

#[tokio::test]
async fn groups_are_not_listed() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    alice.posts("hi").in_room(&den).await;
    assert_eq!(chats(&alice).await, [] as [Value; 0]);
    let answer = alice.delete("/d/directs/api/chats/").await.refused(405, "method_not_allowed");
    assert!(answer.header("allow").contains("GET"), "{answer}");
    let chat = chat_of(&alice, &bob).await;
    assert_eq!(chats(&alice).await.iter().map(id).collect::<Vec<_>>(), [chat.id]);
}
