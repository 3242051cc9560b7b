//! `/messenger/api/chatrooms/`: which there are, and a new one with somebody.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{CHATROOMS, Chatroom, MY_CHATROOMS, PLACES};
use crate::world::{Fireside, Person, people};

async fn lists(person: &Person, path: &str) -> Vec<Value> {
    person.get(path).await.is(200).json().as_array().unwrap().clone()
}

#[tokio::test]
async fn a_room_with_somebody_is_made_as_documented() {
    let fireside = Fireside::start().await;
    people!(fireside: user1, user2);
    let made = user2.post(CHATROOMS, &json!({"recipient": "user1"})).await.is(201).json();
    let seen = |display_name: &str| {
        json!({
            "id": made["id"], "name": "user1_user2",
            "members": [user1.id, user2.id], "display_name": display_name,
        })
    };
    assert_eq!(made, seen("user1"));
    for place in PLACES {
        for path in [CHATROOMS, MY_CHATROOMS] {
            user1.through(place).get(path).await.says(200, &json!([seen("user2")]));
            user2.through(place).get(path.trim_end_matches('/')).await.says(200, &json!([seen("user1")]));
        }
    }
    // It is the one direct room of the two in every dialect.
    let rooms = user1.get("/api/rooms/").await.is(200).results();
    assert_eq!((&rooms[0]["id"], &rooms[0]["is_direct"]), (&made["id"], &json!(true)));
}

#[tokio::test]
async fn there_is_one_room_for_two_whoever_asks() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    alice.chatroom_with("bob").await;
    let exists = json!(["Chat room already exists."]);
    alice.post(CHATROOMS, &json!({"recipient": "bob"})).await.says(400, &exists);
    bob.post(CHATROOMS, &json!({"recipient": "ALICE"})).await.says(400, &exists);
    bob.sends_form(CHATROOMS, &[("recipient", "alice")]).await.says(400, &exists);
    assert_eq!(lists(&bob, CHATROOMS).await.len(), 1);
    // To somebody else it is another.
    fireside.registers("carol").await;
    bob.sends_form(CHATROOMS.trim_end_matches('/'), &[("recipient", " Carol ")]).await.is(201);
}

#[tokio::test]
async fn of_many_tries_at_once_one_makes_the_room() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let tries = (0..16).map(|number| {
        let (who, whom) = if number % 2 == 0 { (&alice, "bob") } else { (&bob, "alice") };
        let who = who.clone();
        async move { who.post(CHATROOMS, &json!({"recipient": whom})).await.status }
    });
    let statuses = join_all(tries).await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 15, "{statuses:?}");
    assert_eq!(lists(&alice, MY_CHATROOMS).await.len(), 1);
}

#[tokio::test]
async fn a_room_with_nobody_is_not_made() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let nobody = json!(["Recipient does not exist."]);
    for body in [
        json!({}),
        json!({"recipient": null}),
        json!({"recipient": ""}),
        json!({"recipient": " "}),
        json!({"recipient": "nobody"}),
        json!({"recipient": "alice@example.com"}),
        json!({"username": "alice"}),
    ] {
        alice.post(CHATROOMS, &body).await.says(400, &nobody);
    }
    for wrong in [json!(alice.id), json!(true), json!(["alice"]), json!({})] {
        alice.post(CHATROOMS, &json!({"recipient": wrong})).await.blames("recipient");
    }
    alice.get(CHATROOMS).await.says(200, &json!([]));
    fireside.anyone().post(CHATROOMS, &json!({"recipient": "alice"})).await.refused_with_detail(401);
}

#[tokio::test]
async fn notes_to_self_are_a_room_too() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let made = alice.post(CHATROOMS, &json!({"recipient": "alice"})).await.is(201).json();
    let expected = json!({"id": made["id"], "name": "alice_alice", "members": [alice.id], "display_name": "alice"});
    assert_eq!(made, expected);
    alice.get(MY_CHATROOMS).await.says(200, &json!([expected]));
    let again = alice.post(CHATROOMS, &json!({"recipient": "alice"})).await;
    again.says(400, &json!(["Chat room already exists."]));
    let notes = Chatroom::of(&made);
    alice.says_in(&notes, "remember").await;
    assert_eq!(alice.reads_chatroom(&notes).await, ["remember"]);
}

#[tokio::test]
async fn names_stand_in_byte_order_and_are_each_of_one_room() {
    let fireside = Fireside::start().await;
    let mut people = Vec::new();
    for name in ["a", "a_b", "b_c", "c", "Zoe", "алиса", "боб", "x+y.z"] {
        people.push(fireside.registers(name).await);
    }
    let person = |name: &str| people.iter().find(|person| person.username == name).unwrap();
    let first = person("a_b").chatroom_with("c").await;
    let second = person("b_c").chatroom_with("a").await;
    assert_eq!((first.name.as_str(), second.name.as_str()), ("a_b_c", "a_b_c-2"));
    person("c").says_in(&first, "to a_b").await;
    person("a").says_in(&second, "to b_c").await;
    assert_eq!(person("a_b").reads_chatroom(&first).await, ["to a_b"]);
    assert_eq!(person("b_c").reads_chatroom(&second).await, ["to b_c"]);
    person("a").get(&first.messages()).await.refused_with_detail(404);
    person("c").get(&second.messages()).await.refused_with_detail(404);

    assert_eq!(person("a").chatroom_with("Zoe").await.name, "Zoe_a");
    assert_eq!(person("a").chatroom_with("x+y.z").await.name, "a_x+y.z");
    let russian = person("боб").chatroom_with("алиса").await;
    assert_eq!(russian.name, "алиса_боб");
    let mut listener =
        person("алиса").handshake("/messenger/ws/ws/chat/%D0%B0%D0%BB%D0%B8%D1%81%D0%B0_%D0%B1%D0%BE%D0%B1/");
    listener = listener.with_query("x=1");
    let mut listener = listener.enters().await;
    person("боб").says_in(&russian, "Привет!").await;
    assert_eq!(listener.hears_said("Привет!").await["user"], "боб");
    let plus = Chatroom::named("a_x+y.z");
    person("x+y.z").says_in(&plus, "hi").await;
}

#[tokio::test]
async fn groups_are_known_by_their_number_and_title() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let den = alice.opens_room("The den").await;
    let cellar = alice.opens_room("cellar").await;
    for room in [&den, &cellar] {
        bob.joins(room).await;
    }
    alice.makes_private(&cellar).await;
    let direct = carol.chatroom_with("bob").await;
    let shown = |room: &crate::world::Room, title: &str, members: Value| json!({"id": room.id, "name": format!("room-{}", room.id), "members": members, "display_name": title});
    let both = json!([alice.id, bob.id]);
    let hers = [shown(&den, "The den", both.clone()), shown(&cellar, "cellar", both.clone())];
    assert_eq!(lists(&alice, MY_CHATROOMS).await, hers);
    assert_eq!(lists(&alice, CHATROOMS).await, hers);
    let carols = json!({"id": direct.id, "name": "bob_carol", "members": [bob.id, carol.id], "display_name": "bob"});
    carol.get(MY_CHATROOMS).await.says(200, &json!([carols]));
    // Of a public room that one is not in, one sees that it is there, and not who is in it.
    assert_eq!(lists(&carol, CHATROOMS).await, [shown(&den, "The den", json!([])), carols]);
    let bobs: Vec<Value> = lists(&bob, CHATROOMS).await.iter().map(|room| room["id"].clone()).collect();
    assert_eq!(bobs, [json!(den.id), json!(cellar.id), json!(direct.id)], "by id");

    bob.leaves(&cellar).await;
    let bobs: Vec<Value> = lists(&bob, MY_CHATROOMS).await.iter().map(|room| room["id"].clone()).collect();
    assert_eq!(bobs, [json!(den.id), json!(direct.id)]);
    alice.delete(&den.path()).await.is(204);
    assert_eq!(lists(&carol, CHATROOMS).await.len(), 1);
}
