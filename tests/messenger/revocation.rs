//! JWTs are bound to what they came from: both of a pair end at once, and with them
//! the sockets that stood on them.

use serde_json::json;

use super::{Jwts, PROFILE, TOKEN, refreshes};
use crate::world::{Caller, Fireside, Person, people};

const ME: &str = "/api/auth/me/";

async fn is_dead(fireside: &Fireside, pair: &Jwts) {
    let bearer = fireside.anyone().bearing(&pair.access);
    bearer.get(PROFILE).await.refused_as_invalid_token();
    bearer.get(ME).await.refused(401, "authentication_required");
    refreshes(fireside, &pair.refresh).await.refused_as_invalid_token();
}

async fn lives(fireside: &Fireside, pair: &Jwts) {
    fireside.anyone().bearing(&pair.access).get(PROFILE).await.is(200);
    refreshes(fireside, &pair.refresh).await.is(200);
}

async fn changes_password(who: &Caller, person: &Person, new: &str) {
    let body = json!({"old_password": person.password, "new_password": new});
    who.post("/api/auth/password/", &body).await.is(204);
}

#[tokio::test]
async fn logging_out_everywhere_ends_every_pair_before_it_answers() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let room = bob.chatroom_with("alice").await;
    let pairs = [alice.takes_jwts().await, alice.takes_jwts().await];
    let bobs = bob.takes_jwts().await;
    let mut listeners = Vec::new();
    for pair in &pairs {
        listeners.push(fireside.anyone().bearing(&pair.access).handshake(&room.socket()).enters().await);
    }
    let mut bobs_ear = fireside.anyone().bearing(&bobs.access).handshake(&room.socket()).enters().await;

    fireside.anyone().bearing(&pairs[0].access).does("/api/auth/logout-all/").await.is(204);
    bob.says_in(&room, "are they gone?").await;
    for pair in &pairs {
        is_dead(&fireside, pair).await;
        let handshake = fireside.anyone().bearing(&pair.access).handshake(&room.socket());
        handshake.turned_away_with(401).await;
    }
    for listener in &mut listeners {
        listener.is_closed_with(4401).await;
    }
    bobs_ear.hears_said("are they gone?").await;
    lives(&fireside, &bobs).await;
    lives(&fireside, &alice.takes_jwts().await).await;
}

#[tokio::test]
async fn a_new_password_ends_every_pair_before_it_answers() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let room = bob.chatroom_with("alice").await;
    let pair = alice.takes_jwts().await;
    let renewed = refreshes(&fireside, &pair.refresh).await.is(200).json();
    let renewed = Jwts { access: renewed["access"].as_str().unwrap().to_owned(), refresh: pair.refresh.clone() };
    let mut listeners = vec![
        fireside.anyone().bearing(&pair.access).handshake(&room.socket()).enters().await,
        fireside.anyone().bearing(&renewed.access).handshake(&room.socket()).enters().await,
    ];

    changes_password(&alice, &alice, "another password").await;
    bob.says_in(&room, "are they gone?").await;
    is_dead(&fireside, &pair).await;
    is_dead(&fireside, &renewed).await;
    for listener in &mut listeners {
        listener.is_closed_with(4401).await;
    }
    let old = json!({"username": "alice", "password": alice.password});
    fireside.anyone().post(TOKEN, &old).await.refused_with_detail(401);
    let new = json!({"username": "alice", "password": "another password"});
    fireside.anyone().post(TOKEN, &new).await.is(200);
}

#[tokio::test]
async fn the_pair_that_sets_the_password_stays() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let room = alice.chatroom_with("alice").await;
    let (mine, other) = (alice.takes_jwts().await, alice.takes_jwts().await);
    let bearer = fireside.anyone().bearing(&mine.access);
    let mut listener = bearer.handshake(&room.socket()).enters().await;
    changes_password(&bearer, &alice, "another password").await;
    is_dead(&fireside, &other).await;
    lives(&fireside, &mine).await;
    alice.get(ME).await.refused(401, "authentication_required");
    bearer.post(&room.messages(), &json!({"content": "still here"})).await.is(201);
    listener.hears_said("still here").await;
}

#[tokio::test]
async fn the_operators_new_password_ends_every_pair() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let room = alice.chatroom_with("alice").await;
    let pair = alice.takes_jwts().await;
    let mut listener = fireside.anyone().bearing(&pair.access).handshake(&room.socket()).enters().await;
    let words = ["user", "passwd", "alice", "--password-file", "-"];
    fireside.home.runs(&words, "another password\n").await.succeeded();
    is_dead(&fireside, &pair).await;
    listener.is_closed_with(4401).await;
}

#[tokio::test]
async fn logging_out_with_a_jwt_revokes_nothing() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let pair = alice.takes_jwts().await;
    fireside.anyone().bearing(&pair.access).does("/api/auth/logout/").await.is(204);
    lives(&fireside, &pair).await;
    alice.get(ME).await.is(200);
    // A device that leaves takes no pair with it.
    alice.does("/api/auth/logout/").await.is(204);
    lives(&fireside, &pair).await;
}

#[tokio::test]
async fn the_hundred_and_first_pair_ends_the_first() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let first = alice.takes_jwts().await;
    let second = alice.takes_jwts().await;
    for _ in 2..100 {
        alice.takes_jwts().await;
    }
    lives(&fireside, &first).await;
    alice.takes_jwts().await;
    is_dead(&fireside, &first).await;
    lives(&fireside, &second).await;
}
