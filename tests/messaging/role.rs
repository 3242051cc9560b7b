//! Roles in a group: who gives them, and what they let one do.

use serde_json::{Value, json};

use super::words::{Chat, FORBIDDEN, Line, NOT_FOUND, Refused, dm, group, seen};
use crate::world::{Answer, Fireside, Person, people};

async fn makes(who: &Person, chat: Chat, whom: &Person, role: &str) -> Answer {
    who.patch(&chat.member(whom), &json!({"role": role})).await
}

async fn roles(who: &Person, chat: Chat) -> (Value, Value) {
    let chat = seen(who, chat).await;
    (chat["owner"].clone(), chat["admins"].clone())
}

#[tokio::test]
async fn an_admin_makes_admins_and_unmakes_them() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol, eve);
    let chat = group(&alice, "Team", &[&bob, &carol]).await;
    let mut carols = Line::to(&carol).await;
    makes(&bob, chat, &bob, "admin").await.denied(403, FORBIDDEN);
    makes(&eve, chat, &bob, "admin").await.denied(404, NOT_FOUND);
    makes(&alice, chat, &eve, "admin").await.denied(404, NOT_FOUND);
    for wrong in [json!({}), json!({"role": "king"}), json!({"role": null}), json!({"role": 1})] {
        alice.patch(&chat.member(&bob), &wrong).await.blames("role");
    }
    carols.hears_nothing().await;

    let answer = makes(&alice, chat, &bob, "admin").await.is(200).json();
    assert_eq!(answer, seen(&alice, chat).await);
    assert_eq!(roles(&carol, chat).await, (json!(alice.id), json!([alice.id, bob.id])));
    assert_eq!(carols.hears("chat_updated").await["data"], seen(&carol, chat).await);
    // It is one at once, and may do the same; what is so already is told to nobody.
    makes(&bob, chat, &bob, "admin").await.is(200);
    carols.hears_nothing().await;
    makes(&bob, chat, &carol, "admin").await.is(200);
    carols.hears("chat_updated").await;
    makes(&carol, chat, &bob, "member").await.is(200);
    bob.patch(&chat.path(), &json!({"title": "b"})).await.denied(403, FORBIDDEN);
    assert_eq!(roles(&bob, chat).await, (json!(alice.id), json!([alice.id, carol.id])));
    // One may step down where another is left.
    makes(&carol, chat, &carol, "member").await.is(200);
    assert_eq!(roles(&bob, chat).await.1, json!([alice.id]));
}

#[tokio::test]
async fn the_owner_stays_one_until_they_name_another() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = group(&alice, "Team", &[&bob, &carol]).await;
    makes(&alice, chat, &bob, "admin").await.is(200);
    for who in [&alice, &bob] {
        for role in ["member", "admin"] {
            makes(who, chat, &alice, role).await.blames("role");
        }
    }
    makes(&bob, chat, &bob, "owner").await.denied(403, FORBIDDEN);
    makes(&bob, chat, &carol, "owner").await.denied(403, FORBIDDEN);
    assert_eq!(roles(&bob, chat).await, (json!(alice.id), json!([alice.id, bob.id])));

    makes(&alice, chat, &carol, "owner").await.is(200);
    assert_eq!(roles(&bob, chat).await.0, carol.id);
    assert_eq!(roles(&bob, chat).await.1.as_array().unwrap().len(), 3, "and the old one is still an admin");
    alice.patch(&format!("/api/rooms/{}/", chat.id), &json!({"description": "mine"})).await.is(403);
    carol.patch(&format!("/api/rooms/{}/", chat.id), &json!({"description": "hers"})).await.is(200);
    makes(&alice, chat, &alice, "member").await.is(200);

    // The last admin is the owner, as soon as all others are none.
    makes(&carol, chat, &bob, "member").await.is(200);
    makes(&carol, chat, &carol, "member").await.blames("role");
    let pair = dm(&alice, &bob).await;
    makes(&alice, pair, &bob, "admin").await.blames("role");
}

#[tokio::test]
async fn a_bot_has_no_role_and_a_demoted_admins_links_end() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = group(&alice, "Team", &[&bob]).await;
    let hook = alice.post(&format!("{}hooks/", chat.path()), &json!({"label": "Weather"})).await.is(201).json();
    let bot = format!("{}members/{}/", chat.path(), hook["bot"]["id"]);
    alice.patch(&bot, &json!({"role": "admin"})).await.denied(403, FORBIDDEN);

    makes(&alice, chat, &bob, "admin").await.is(200);
    let link = bob.post(&format!("{}invite/", chat.path()), &json!({})).await.is(201).json();
    makes(&alice, chat, &bob, "member").await.is(200);
    let join = format!("/messages/api/join/{}/", link["code"].as_str().unwrap());
    carol.post(&join, &json!({})).await.denied(404, NOT_FOUND);
}
