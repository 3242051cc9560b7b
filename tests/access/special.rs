//! The second number of a cell: the same operation where something special is the
//! case, and what must be so before the first.

use reqwest::Method;
use serde_json::json;

use super::cast::{Actor, Cast, KINDS};
use super::matrix::{Role, Row};
use super::scene::Sort;
use super::walk::Walk;

/// What an operation needs before it can succeed.
pub async fn prepares(row: &Row, asker: &Actor, cast: &Cast) {
    if row.op == "messenger-10" {
        let friend = json!({"username": cast.frank.person.username});
        asker.person.post("/profiles/api/add-friend/", &friend).await.is(200);
    }
}

pub async fn asks(walk: &mut Walk<'_>) {
    match walk.row.op.as_str() {
        "messaging-6" => hides_a_direct_chat(walk).await,
        "messaging-16" => leaves(walk).await,
        "rooms-31" => tells_a_wrong_password(walk).await,
        "messenger-12" => makes_it_twice(walk).await,
        _ => {}
    }
}

async fn hides_a_direct_chat(walk: &mut Walk<'_>) {
    for kind in KINDS {
        let scene = walk.cast.scene(Sort::Direct).await;
        let answer = walk.cast.erin.with(kind).asks(Method::DELETE, &walk.path(&scene)).await;
        walk.sees(Role::Member, answer.status);
        let kept = walk.cast.bob.person.reads(&scene.room()).await;
        assert_eq!(kept[0], "bob's unheard-of words", "the other's copy stays");
    }
}

async fn leaves(walk: &mut Walk<'_>) {
    for kind in KINDS {
        let scene = walk.cast.scene(Sort::Private).await;
        let erin = &walk.cast.erin;
        let path = format!("/messages/api/chats/{}/members/{}/remove/", scene.chat, erin.person.id);
        let answer = erin.with(kind).asks(Method::DELETE, &path).await;
        walk.sees(Role::Member, answer.status);
        erin.person.get(&scene.room().path()).await.is(404);
    }
}

async fn tells_a_wrong_password(walk: &mut Walk<'_>) {
    let body = json!({"old_password": "not the password", "new_password": "another password"});
    for role in [Role::Outsider, Role::Member] {
        for kind in KINDS {
            let actor = walk.cast.actor(role);
            let answer = actor.with(kind).asks(Method::POST, "/api/auth/password/").json(&body).await;
            assert_eq!(answer.status, 400, "{answer}");
            walk.sees(role, answer.status);
            actor.person.signs_in_again().await;
        }
    }
}

async fn makes_it_twice(walk: &mut Walk<'_>) {
    for kind in KINDS {
        let guest = walk.cast.guest().await;
        for status in [201, 400] {
            let ask = guest.with(kind).asks(Method::POST, "/messenger/api/chatrooms/");
            let answer = ask.json(&json!({"recipient": "erin"})).await;
            assert_eq!(answer.status, status, "{answer}");
            walk.sees(Role::Member, answer.status);
        }
    }
}
