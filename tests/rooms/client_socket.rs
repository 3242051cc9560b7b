//! What the sockets of this system's own client say and hear.

use super::client::{client, den, notifications};
use serde_json::json;

use crate::world::Person;

#[tokio::test]
async fn frames_of_the_client_move_the_read_mark() {
    let den = den().await;
    let first = den.alice.posts("one").in_room(&den.den).await;
    for text in ["two", "three"] {
        den.alice.posts(text).in_room(&den.den).await;
    }
    assert_eq!(den.unread(&den.bob).await, 3);
    let mut bobs = den.opens(&den.bob, "chat").await;
    bobs.says(&json!({"type": "message_read", "data": {"message_id": first["id"]}})).await;
    // What stands behind it in the same socket is done behind it.
    bobs.hears_nothing().await;
    assert_eq!(den.unread(&den.bob).await, 2);
    bobs.says(&json!({"type": "mark_room_as_read"})).await;
    bobs.hears_nothing().await;
    assert_eq!((den.unread(&den.bob).await, den.unread(&den.alice).await), (0, 0));
    for wrong in [json!({"type": "message_read"}), json!({"type": "message_read", "data": {"message_id": "x"}})] {
        bobs.says(&wrong).await;
        let frame = bobs.frame().await;
        assert_eq!((&frame["type"], &frame["data"]["code"]), (&json!("error"), &json!("validation_error")));
        assert_eq!(frame["detail"], frame["data"]["message"], "where the client looks for a sentence");
    }
    // The document's own socket knows neither.
    let mut documented = den.bob.listens_in(&den.den).await;
    documented.says(&json!({"type": "mark_room_as_read"})).await;
    documented.hears_error("validation_error").await;
}

#[tokio::test]
async fn a_call_hears_of_its_own_and_not_of_who_joins_the_room() {
    let den = den().await;
    let (mut alices, mut bobs) = (den.opens(&den.alice, "call").await, den.opens(&den.bob, "call").await);
    let mut chat = den.opens(&den.alice, "chat").await;
    let mut room = den.opens(&den.alice, "room").await;
    let mut sidebar = notifications(&den.bob).await;
    let carol = den.fireside.registers("carol").await;
    carol.joins(&den.den).await;
    for told in [&mut chat, &mut room] {
        assert_eq!(told.hears("user_joined").await["scope"], "room");
    }
    alices.hears_nothing().await;
    alices.says(&json!({"type": "join_call"})).await;
    alices.hears("call_state").await;
    let named = async |person: &Person| client(person).get(&den.den.path()).await.is(200).json();
    assert_eq!(named(&den.bob).await["active_call_participants"], json!(["alice"]), "whoever comes later sees it, too");
    let rooms = client(&den.bob).get("/api/rooms/").await.is(200).results();
    assert_eq!(rooms[0]["active_call_participants"], json!(["alice"]));
    let stranger = den.fireside.registers("dave").await;
    assert_eq!(named(&stranger).await["active_call_participants"], json!([]), "and nobody from outside");
    assert!(den.bob.get(&den.den.path()).await.is(200).json().get("active_call_participants").is_none());
    let frame = sidebar.frame().await;
    let told = json!({"type": "room_presence_update", "room_id": den.den.id, "active_participants": ["alice"]});
    assert_eq!(frame, told, "and nothing of carol, who is in the room alone");
    assert_eq!(bobs.hears("user_joined").await["user"]["id"], den.alice.id);
    bobs.says(&json!({"type": "join_call"})).await;
    bobs.hears("call_state").await;
    alices.hears_all(&["user_joined", "call_state"]).await;
    assert_eq!(sidebar.frame().await["active_participants"], json!(["alice", "bob"]));
    let offer =
        json!({"type": "offer", "data": {"target_user_id": den.bob.id, "sdp": {"type": "offer", "sdp": "v=0"}}});
    alices.says(&offer).await;
    let heard = bobs.hears("offer").await;
    assert_eq!((&heard["from_user_id"], &heard["sdp"]["sdp"]), (&json!(den.alice.id), &json!("v=0")));
    alices.says(&json!({"type": "leave_call"})).await;
    assert_eq!(bobs.hears("user_left").await["user_id"], den.alice.id);
    assert_eq!(sidebar.frame().await["active_participants"], json!(["bob"]));
    bobs.hangs_up().await;
    assert_eq!(sidebar.frame().await["active_participants"], json!([]));
}

#[tokio::test]
async fn notifications_tell_of_new_rooms_and_calls_and_are_else_quiet() {
    let den = den().await;
    let mut alices = notifications(&den.alice).await;
    let mut bobs = notifications(&den.bob).await;
    den.bob.posts("hi").in_room(&den.den).await;
    let hall = den.alice.opens_room("hall").await;
    assert_eq!(alices.frame().await["room"]["name"], "hall");
    den.bob.patch(&format!("/api/users/{}/", den.bob.id), &json!({"display_name": "Bob"})).await.is(200);
    let carol = den.fireside.registers("carol").await;
    carol.joins(&den.den).await;
    den.alice.patch(&den.den.path(), &json!({"name": "lair"})).await.is(200);
    alices.hears_nothing().await;
    bobs.hears_nothing().await;
    den.bob.joins(&hall).await;
    let frame = bobs.frame().await;
    assert_eq!((&frame["type"], &frame["room"]["id"]), (&json!("room_added"), &json!(hall.id)));
    assert_eq!(frame["room"], client(&den.bob).get(&hall.path()).await.is(200).json());
    alices.hears_nothing().await;
    // A call is told to the room's members alone.
    let mut carols = notifications(&carol).await;
    let mut caller = client(&den.alice).handshake(&format!("/ws/call/{}/", hall.id)).enters().await;
    caller.says(&json!({"type": "join_call"})).await;
    assert_eq!(bobs.frame().await["room_id"], hall.id);
    carols.hears_nothing().await;
    alices.frame().await;
    for wrong in [json!({"type": "chat_message", "data": {"content": "x"}}), json!({"no": "type"})] {
        alices.says(&wrong).await;
        alices.hears_error("validation_error").await;
    }
    let gone = den.bob.signs_in_again().await;
    let mut device = notifications(&gone).await;
    gone.does("/api/auth/logout/").await.is(204);
    device.is_closed_with(4401).await;
}

#[tokio::test]
async fn who_may_not_listen_is_turned_away_from_every_path() {
    let den = den().await;
    let carol = den.fireside.registers("carol").await;
    let path = |kind: &str, room: i64| format!("/ws/{kind}/{room}/");
    for kind in ["chat", "call", "room"] {
        client(&carol).handshake(&path(kind, den.den.id)).turned_away_with(403).await;
        client(&carol).handshake(&path(kind, 999_999)).turned_away_with(404).await;
        den.fireside.anyone().through("/c/rooms").handshake(&path(kind, den.den.id)).turned_away_with(401).await;
    }
    den.fireside.anyone().through("/c/rooms").handshake("/ws/notifications/").turned_away_with(401).await;
    den.alice.makes_private(&den.den).await;
    for kind in ["chat", "call", "room"] {
        client(&carol).handshake(&path(kind, den.den.id)).turned_away_with(404).await;
    }
    let mut bobs = den.opens(&den.bob, "call").await;
    let mut told = notifications(&den.bob).await;
    client(&den.alice).post(&den.path("remove-participant/"), &json!({"id": den.bob.id})).await.is(200);
    bobs.is_closed_with(4403).await;
    den.alice.opens_room("another").await;
    told.hears_nothing().await;
}
