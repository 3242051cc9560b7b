//! One world: what happens in rooms is seen here, and the other way round.

use serde_json::json;

use super::words::{CHATS, Chat, Line, NOT_FOUND, Refused, dm, group, path, reactions, say, seen, texts};
use crate::world::{Fireside, Room, id, people};

#[tokio::test]
async fn a_message_is_one_in_both() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let room = Room { id: chat.id };
    let mut line = Line::to(&bob).await;
    let mut listener = bob.listens_in(&room).await;

    let from_room = alice.posts("from rooms").in_room(&room).await;
    listener.hears_message("from rooms").await;
    let heard = line.hears_message("from rooms").await;
    assert_eq!(heard, bob.get(&path(&from_room)).await.is(200).json());
    let here = say(&alice, "from messaging", chat).await;
    line.hears_message("from messaging").await;
    assert_eq!(id(&listener.hears_message("from messaging").await), id(&here));
    assert_eq!(bob.reads(&room).await, ["from messaging", "from rooms"]);
    assert_eq!(texts(&bob, chat).await, ["from messaging", "from rooms"]);

    alice.patch(&path(&from_room), &json!({"content": "edited here"})).await.is(200);
    assert_eq!(listener.hears("message_updated").await["content"], "edited here");
    line.hears("message_updated").await;
    alice.post(&reactions(&here), &json!({"emoji": "👍"})).await.is(200);
    line.hears("reaction_updated").await;
    alice.deletes(&here).await;
    assert_eq!(line.hears("message_deleted").await["message_id"], here["id"]);
    listener.hears("message_deleted").await;
    assert_eq!(texts(&bob, chat).await, ["edited here"]);
    line.says(&json!({"type": "send_message", "chat": chat.id, "content": "by frame"})).await;
    listener.hears_message("by frame").await;
    listener.says_message("by room").await;
    line.hears_message("by frame").await;
    line.hears_message("by room").await;
}

#[tokio::test]
async fn a_room_is_a_group_to_those_who_are_in_it() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let mut alices = Line::to(&alice).await;
    let mut bobs = Line::to(&bob).await;
    let den = alice.opens_room("den").await;
    let chat = Chat { id: den.id };
    assert_eq!(alices.hears("chat_created").await["data"]["title"], "den");
    let before = seen(&alice, chat).await;
    assert_eq!((&before["chat_type"], &before["admins"]), (&json!("group"), &json!([alice.id])));
    bob.joins(&den).await;
    assert_eq!(bobs.hears("chat_created").await["data"], seen(&bob, chat).await);
    assert_eq!(bobs.hears("member_added").await["user_id"], bob.id);
    assert_eq!(alices.hears("member_added").await["user_id"], bob.id);
    alice.patch(&den.path(), &json!({"name": "cave"})).await.is(200);
    assert_eq!(bobs.hears("chat_updated").await["data"]["title"], "cave");
    alices.hears("chat_updated").await;
    bob.leaves(&den).await;
    assert_eq!(bobs.hears("member_removed").await["user_id"], bob.id);
    alices.hears("member_removed").await;
    alice.delete(&den.path()).await.is(204);
    alices.hears("chat_deleted").await;
    bobs.hears_nothing().await;
}

#[tokio::test]
async fn a_group_made_here_is_a_private_room_there() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = group(&alice, "Team", &[&bob]).await;
    let room = Room { id: chat.id };
    let shown = bob.get(&room.path()).await.is(200).json();
    assert_eq!((&shown["name"], &shown["is_private"]), (&json!("Team"), &json!(true)));
    carol.get(&room.path()).await.refused(404, "not_found");
    let direct = dm(&alice, &bob).await;
    let shown = alice.get(&Room { id: direct.id }.path()).await.is(200).json();
    assert_eq!((&shown["name"], &shown["is_direct"]), (&json!("bob"), &json!(true)));
}

#[tokio::test]
async fn a_public_room_is_not_there_from_outside() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    let message = alice.posts("hi").in_room(&den).await;
    // Rooms shows it, and says that bob is not in it.
    bob.get(&den.path()).await.is(200);
    bob.get(&den.messages()).await.refused(403, "permission_denied");
    let (public, never) = (Chat { id: den.id }, Chat { id: 999_999 });
    let words = json!({"content": "x"});
    for chat in [public, never] {
        bob.get(&chat.path()).await.denied(404, NOT_FOUND);
        bob.patch(&chat.path(), &json!({"title": "x"})).await.denied(404, NOT_FOUND);
        bob.delete(&chat.path()).await.denied(404, NOT_FOUND);
        bob.get(&chat.messages()).await.denied(404, NOT_FOUND);
        bob.post(&chat.messages(), &words).await.denied(404, NOT_FOUND);
        bob.does(&chat.read()).await.denied(404, NOT_FOUND);
        bob.post(&chat.typing(), &json!({"is_typing": true})).await.denied(404, NOT_FOUND);
        bob.post(&chat.add(), &json!({"user_ids": [bob.id]})).await.denied(404, NOT_FOUND);
        bob.delete(&chat.remove(&alice)).await.denied(404, NOT_FOUND);
        bob.delete(&chat.remove(&bob)).await.denied(404, NOT_FOUND);
    }
    let (here, nowhere) = (bob.get(&public.path()).await, bob.get(&never.path()).await);
    assert_eq!(here.as_seen_by_a_prober(), nowhere.as_seen_by_a_prober());
    bob.get(&path(&message)).await.denied(404, NOT_FOUND);
    assert_eq!(bob.get(CHATS).await.is(200).json()["count"], 0);
    assert_eq!(alice.reads(&den).await, ["hi"]);
}
