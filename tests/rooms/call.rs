//! Calls: who is in one, and signalling that reaches its target alone.

use serde_json::{Value, json};

use crate::world::{Fireside, Listener, Person, Room};

/// Alice and bob in one room, each with an open socket.
struct Pair {
    fireside: Fireside,
    alice: Person,
    bob: Person,
    den: Room,
    alices: Listener,
    bobs: Listener,
}

async fn pair() -> Pair {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let alices = alice.listens_in(&den).await;
    let bobs = bob.listens_in(&den).await;
    Pair { fireside, alice, bob, den, alices, bobs }
}

impl Pair {
    /// Both join the call, alice first, and hear of it.
    async fn in_call(mut self) -> Self {
        self.alices.says(&join()).await;
        self.alices.hears("call_state").await;
        self.bobs.hears("user_joined").await;
        self.bobs.says(&join()).await;
        self.bobs.hears("call_state").await;
        self.alices.hears_all(&["user_joined", "call_state"]).await;
        self
    }
}

fn join() -> Value {
    json!({"type": "join_call", "data": {}})
}

fn leave() -> Value {
    json!({"type": "leave_call", "data": {}})
}

fn offer(target: i64) -> Value {
    json!({"type": "offer", "data": {"target_user_id": target, "sdp": "v=0\r\no=- ..."}})
}

fn members(state: &Value) -> Vec<(i64, String)> {
    let mut members: Vec<_> = state["participants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| (member["user_id"].as_i64().unwrap(), member["username"].as_str().unwrap().to_owned()))
        .collect();
    members.sort();
    members
}

#[tokio::test]
async fn joining_a_call_tells_the_room_and_every_member_who_is_in_it() {
    let mut pair = pair().await;
    let (alice, bob) = (pair.alice.id, pair.bob.id);
    pair.alices.says(&join()).await;
    let state = pair.alices.hears("call_state").await;
    assert_eq!(members(&state), [(alice, "alice".to_owned())]);
    let told = pair.bobs.hears("user_joined").await;
    assert_eq!(told["scope"], "call");
    assert_eq!(told["user"]["id"], alice);
    assert_eq!(told["user"]["username"], "alice");
    // He is in the room, not in the call: the state is not for him.
    pair.bobs.hears_nothing().await;

    pair.bobs.says(&join()).await;
    let both = [(alice, "alice".to_owned()), (bob, "bob".to_owned())];
    let state = pair.bobs.hears("call_state").await;
    assert_eq!(members(&state), both);
    let told = pair.alices.hears_all(&["user_joined", "call_state"]).await;
    assert_eq!(told[0]["user"]["id"], bob);
    assert_eq!(told[0]["scope"], "call");
    assert_eq!(members(&told[1]), both);
}

#[tokio::test]
async fn signalling_reaches_its_target_with_the_senders_name() {
    let mut pair = pair().await.in_call().await;
    let (alice, bob) = (pair.alice.id, pair.bob.id);
    pair.alices.says(&offer(bob)).await;
    let heard = pair.bobs.hears("offer").await;
    assert_eq!(heard["sdp"], "v=0\r\no=- ...");
    assert_eq!(heard["from_user_id"], alice);
    assert_eq!(heard["from_username"], "alice");

    let sdp = json!({"type": "answer", "sdp": "v=0\r\no=- ..."});
    let data = json!({"target_user_id": alice.to_string(), "sdp": sdp});
    pair.bobs.says(&json!({"type": "answer", "data": data})).await;
    let heard = pair.alices.hears("answer").await;
    assert_eq!(heard["sdp"], sdp, "any JSON passes as it is");
    assert_eq!(heard["from_user_id"], bob);
    assert_eq!(heard["from_username"], "bob");

    let candidate = json!({"candidate": "candidate:...", "sdpMid": "0", "sdpMLineIndex": 0});
    let data = json!({"target_user_id": bob, "candidate": candidate});
    pair.alices.says(&json!({"type": "ice_candidate", "data": data})).await;
    let heard = pair.bobs.hears("ice_candidate").await;
    assert_eq!(heard["candidate"], candidate);
    assert_eq!(heard["from_user_id"], alice);
    pair.alices.hears_nothing().await;
}

#[tokio::test]
async fn the_sender_cannot_pretend_to_be_another() {
    let mut pair = pair().await.in_call().await;
    let (alice, bob) = (pair.alice.id, pair.bob.id);
    let data = json!({
        "target_user_id": alice, "sdp": "x", "from_user_id": alice, "from_username": "alice",
    });
    pair.bobs.says(&json!({"type": "offer", "data": data})).await;
    let heard = pair.alices.hears("offer").await;
    assert_eq!(heard["from_user_id"], bob);
    assert_eq!(heard["from_username"], "bob");
}

#[tokio::test]
async fn signalling_is_for_the_targets_sockets_in_the_call_alone() {
    let mut pair = pair().await.in_call().await;
    let carol = pair.fireside.registers("carol").await;
    carol.joins(&pair.den).await;
    pair.alices.hears("user_joined").await;
    pair.bobs.hears("user_joined").await;
    let mut carols = carol.listens_in(&pair.den).await;
    carols.says(&join()).await;
    carols.hears("call_state").await;
    let mut tab = pair.bob.listens_in(&pair.den).await;
    pair.alices.hears_all(&["user_joined", "call_state"]).await;
    pair.bobs.hears_all(&["user_joined", "call_state"]).await;

    pair.alices.says(&offer(pair.bob.id)).await;
    pair.bobs.hears("offer").await;
    carols.hears_nothing().await;
    tab.hears_nothing().await;
}

#[tokio::test]
async fn only_those_in_the_call_signal_and_are_signalled() {
    let mut pair = pair().await;
    let (alice, bob) = (pair.alice.id, pair.bob.id);
    pair.alices.says(&join()).await;
    pair.alices.hears("call_state").await;
    pair.bobs.hears("user_joined").await;
    let candidate = |target: i64| {
        let data = json!({"target_user_id": target, "candidate": {"candidate": "x"}});
        json!({"type": "ice_candidate", "data": data})
    };
    for frame in [offer(bob), offer(999_999), candidate(bob)] {
        pair.alices.says(&frame).await;
        pair.alices.hears_error("not_in_call").await;
    }
    pair.bobs.says(&offer(alice)).await;
    pair.bobs.hears_error("not_in_call").await;
    pair.alices.hears_nothing().await;
    pair.bobs.hears_nothing().await;
}

#[tokio::test]
async fn a_call_in_another_room_is_another_call() {
    let mut pair = pair().await.in_call().await;
    let hall = pair.alice.opens_room("hall").await;
    let mut in_hall = pair.alice.listens_in(&hall).await;
    in_hall.says(&join()).await;
    let state = in_hall.hears("call_state").await;
    assert_eq!(members(&state).len(), 1);
    in_hall.says(&offer(pair.bob.id)).await;
    in_hall.hears_error("not_in_call").await;
    pair.bobs.hears_nothing().await;
}

#[tokio::test]
async fn leaving_a_call_is_told_and_ends_signalling() {
    let mut pair = pair().await.in_call().await;
    pair.bobs.says(&leave()).await;
    let told = pair.alices.hears("user_left").await;
    assert_eq!(told["user_id"], pair.bob.id);
    assert_eq!(told["scope"], "call");
    pair.alices.says(&offer(pair.bob.id)).await;
    pair.alices.hears_error("not_in_call").await;
    pair.bobs.hears_nothing().await;
    // He is still in the room.
    pair.bobs.says_message("bye").await;
    pair.alices.hears_message("bye").await;
}

#[tokio::test]
async fn a_closed_socket_leaves_the_call() {
    let mut pair = pair().await.in_call().await;
    pair.bobs.hangs_up().await;
    let told = pair.alices.hears("user_left").await;
    assert_eq!(told["user_id"], pair.bob.id);
    assert_eq!(told["scope"], "call");
    pair.alices.says(&offer(pair.bob.id)).await;
    pair.alices.hears_error("not_in_call").await;
    pair.alices.hears_nothing().await;
}

#[tokio::test]
async fn leaving_the_room_leaves_its_call() {
    let mut pair = pair().await.in_call().await;
    pair.bob.leaves(&pair.den).await;
    pair.bobs.is_closed_with(4403).await;
    // Whether the call is told apart or not, the room is told.
    loop {
        let told = pair.alices.hears("user_left").await;
        assert_eq!(told["user_id"], pair.bob.id);
        if told["scope"] == "room" {
            break;
        }
    }
    pair.alices.says(&offer(pair.bob.id)).await;
    while pair.alices.frame().await["type"] != "error" {}
}

#[tokio::test]
async fn a_signal_says_whom_and_what() {
    let mut pair = pair().await.in_call().await;
    let bob = pair.bob.id;
    for (kind, data) in [
        ("offer", json!({})),
        ("offer", json!({"target_user_id": bob})),
        ("offer", json!({"sdp": "x"})),
        ("offer", json!({"target_user_id": "bob", "sdp": "x"})),
        ("offer", json!({"target_user_id": [bob], "sdp": "x"})),
        ("answer", json!({"target_user_id": bob})),
        ("ice_candidate", json!({"target_user_id": bob})),
        ("offer", json!({"target_user_id": bob, "sdp": "x".repeat(64 * 1024 + 1)})),
        ("ice_candidate", json!({"target_user_id": bob, "candidate": "x".repeat(4097)})),
    ] {
        pair.alices.says(&json!({"type": kind, "data": data})).await;
        pair.alices.hears_error("validation_error").await;
    }
    pair.bobs.hears_nothing().await;
}

/// A browser says with `null` that it has no more candidates.
#[tokio::test]
async fn null_is_json_and_is_passed_on() {
    let mut pair = pair().await.in_call().await;
    let bob = pair.bob.id;
    for (kind, field) in [("offer", "sdp"), ("answer", "sdp"), ("ice_candidate", "candidate")] {
        pair.alices.says(&json!({"type": kind, "data": {"target_user_id": bob, field: null}})).await;
        let heard = pair.bobs.hears(kind).await;
        assert_eq!(heard.get(field), Some(&Value::Null), "{heard}");
        pair.alices.says(&json!({"type": kind, "data": {"target_user_id": bob}})).await;
        let refused = pair.alices.hears_error("validation_error").await;
        assert_eq!(refused["message"], format!("{field}: This field is required."));
    }
    pair.bobs.hears_nothing().await;
}

#[tokio::test]
async fn what_is_too_long_is_named() {
    let mut pair = pair().await.in_call().await;
    let bob = pair.bob.id;
    for (kind, field, max) in
        [("offer", "sdp", 64 * 1024), ("answer", "sdp", 64 * 1024), ("ice_candidate", "candidate", 4096)]
    {
        // Two of them are its quotation marks.
        let signal =
            |length: usize| json!({"type": kind, "data": {"target_user_id": bob, field: "x".repeat(length - 2)}});
        pair.alices.says(&signal(max)).await;
        pair.bobs.hears(kind).await;
        pair.alices.says(&signal(max + 1)).await;
        let refused = pair.alices.hears_error("validation_error").await;
        assert_eq!(refused["message"], format!("{field}: This signal is too long."));
    }
    pair.bobs.hears_nothing().await;
}

#[tokio::test]
async fn a_call_takes_sixteen() {
    let fireside = Fireside::start().await;
    let crowd = fireside.registers_crowd(17).await;
    let den = crowd[0].opens_room("den").await;
    for guest in &crowd[1..] {
        guest.joins(&den).await;
    }
    let mut listeners = Vec::new();
    for guest in &crowd[..16] {
        let mut listener = guest.listens_in(&den).await;
        listener.says(&join()).await;
        let state = listener.hears("call_state").await;
        listeners.push(listener);
        assert_eq!(members(&state).len(), listeners.len());
    }
    let mut late = crowd[16].listens_in(&den).await;
    late.says(&join()).await;
    late.hears("error").await;
    listeners[0].says(&offer(crowd[16].id)).await;
    loop {
        let frame = listeners[0].frame().await;
        if frame["type"] == "error" {
            assert_eq!(frame["data"]["code"], "not_in_call");
            break;
        }
    }
}
