//! After a right has ended, not one more event: while others keep talking, the
//! socket is closed by the time the answer is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::world::{Fireside, Listener, Person, Room, id, people};

const ROUNDS: usize = 8;

/// Someone who does not stop talking until told to.
struct Chatter {
    stop: Arc<AtomicBool>,
    talking: JoinHandle<()>,
}

fn chatter(who: &Person, room: &Room) -> Chatter {
    let stop = Arc::new(AtomicBool::new(false));
    let (who, room, stopped) = (who.clone(), room.clone(), Arc::clone(&stop));
    let talking = tokio::spawn(async move {
        while !stopped.load(Ordering::Relaxed) {
            who.posts("blah").in_room(&room).await;
        }
    });
    Chatter { stop, talking }
}

impl Chatter {
    async fn falls_silent(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.talking.await.unwrap();
    }
}

/// What the socket heard must all have been stored before the marker, which
/// was posted after the answer.
async fn heard_nothing_since(mut listener: Listener, marker: &Value, code: u16) {
    let (heard, closed_with) = listener.hears_until_closed().await;
    assert_eq!(closed_with, code);
    for frame in heard {
        if frame["type"] == "chat_message" {
            assert!(id(&frame["data"]) < id(marker), "{frame} after the answer");
        }
    }
}

#[tokio::test]
async fn who_has_left_hears_nothing_after_the_answer() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    let chatter = chatter(&alice, &den);
    for _ in 0..ROUNDS {
        bob.joins(&den).await;
        let mut listener = bob.listens_in(&den).await;
        listener.hears("chat_message").await;
        bob.leaves(&den).await;
        let marker = alice.posts("marker").in_room(&den).await;
        heard_nothing_since(listener, &marker, 4403).await;
        bob.handshake_in(&den).turned_away_with(403).await;
    }
    chatter.falls_silent().await;
}

#[tokio::test]
async fn who_has_logged_out_hears_nothing_after_the_answer() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let chatter = chatter(&alice, &den);
    for round in 0..ROUNDS {
        let device = bob.signs_in_again().await;
        let mut listener = device.listens_in(&den).await;
        listener.hears("chat_message").await;
        match round % 3 {
            0 => device.does("/api/auth/logout/").await.is(204),
            1 => bob.signs_in_again().await.does("/api/auth/logout-all/").await.is(204),
            _ => {
                let other = bob.signs_in_again().await;
                let same = json!({"old_password": bob.password, "new_password": bob.password});
                other.post("/api/auth/password/", &same).await.is(204)
            }
        };
        let marker = alice.posts("marker").in_room(&den).await;
        heard_nothing_since(listener, &marker, 4401).await;
        device.handshake_in(&den).turned_away_with(401).await;
    }
    chatter.falls_silent().await;
}

#[tokio::test]
async fn a_closed_room_closes_its_sockets_with_the_answer() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    for _ in 0..ROUNDS {
        let den = alice.opens_room("den").await;
        bob.joins(&den).await;
        let mut listeners = vec![alice.listens_in(&den).await, bob.listens_in(&den).await];
        bob.posts("hi").in_room(&den).await;
        alice.delete(&den.path()).await.is(204);
        for listener in &mut listeners {
            listener.hears_message("hi").await;
            listener.is_closed_with(4404).await;
        }
        bob.handshake_in(&den).turned_away_with(404).await;
    }
}

#[tokio::test]
async fn what_is_said_into_a_socket_that_lost_its_right_is_not_said() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut listener = bob.listens_in(&den).await;
    bob.leaves(&den).await;
    let frame = json!({"type": "chat_message", "data": {"content": "one more thing"}});
    // The line may already be cut; then nothing was said either.
    listener.tries_to_say(&frame).await.ok();
    listener.is_closed_with(4403).await;
    alice.posts("marker").in_room(&den).await;
    assert_eq!(alice.reads(&den).await, ["marker"]);
}

#[tokio::test]
async fn other_rooms_go_on() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    let hall = alice.opens_room("hall").await;
    bob.joins(&den).await;
    bob.joins(&hall).await;
    let mut in_den = bob.listens_in(&den).await;
    let mut in_hall = bob.listens_in(&hall).await;
    bob.leaves(&den).await;
    in_den.is_closed_with(4403).await;
    alice.posts("in the hall").in_room(&hall).await;
    in_hall.hears_message("in the hall").await;
}
