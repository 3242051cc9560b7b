//! A group's picture: set, changed and taken away by its admins, and seen like a user's.

use std::path::Path;

use serde_json::{Value, json};

use super::words::{Chat, FORBIDDEN, Line, NOT_FOUND, Refused, dm, group, seen};
use crate::world::bytes::PNG;
use crate::world::{Fireside, Person, id, people};

async fn uploaded(who: &Person) -> i64 {
    id(&who.uploads("group.png", PNG).await)
}

async fn url(who: &Person, chat: Chat) -> Value {
    seen(who, chat).await["avatar_url"].clone()
}

fn files(data: &Path) -> usize {
    std::fs::read_dir(data.join("files")).unwrap().count()
}

#[tokio::test]
async fn its_admins_set_change_and_remove_it_and_everybody_in_it_is_told() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, eve);
    let chat = group(&alice, "Team", &[&bob]).await;
    assert_eq!(url(&bob, chat).await, Value::Null);
    let mut bobs = Line::to(&bob).await;
    let his = json!({"avatar": uploaded(&bob).await});
    bob.patch(&chat.path(), &his).await.denied(403, FORBIDDEN);
    eve.patch(&chat.path(), &his).await.denied(404, NOT_FOUND);
    let words = id(&alice.uploads("words.txt", b"words").await);
    for wrong in [his["avatar"].clone(), json!(words), json!(999_999), json!("x")] {
        alice.patch(&chat.path(), &json!({"avatar": wrong})).await.blames("avatar");
    }
    bobs.hears_nothing().await;

    let first = uploaded(&alice).await;
    let answer = alice.patch(&chat.path(), &json!({"avatar": first})).await.is(200).json();
    let told = bobs.hears("chat_updated").await;
    let shown = url(&bob, chat).await;
    assert_eq!((&told["data"]["avatar_url"], &answer["avatar_url"]), (&shown, &shown));
    let path = shown.as_str().unwrap().to_owned();
    assert_eq!(fireside.anyone().get(&path).await.is(200).body, PNG);
    assert_eq!(fireside.anyone().get(&format!("{path}?size=64")).await.is(200).body, PNG, "it is small already");
    // What is in use is nothing to be sent, nor anybody's own picture.
    alice.post(&chat.messages(), &json!({"content": "", "attachments": [first]})).await.blames("attachments");
    alice.patch(&format!("/api/users/{}/", alice.id), &json!({"avatar": first})).await.names("avatar");
    // A title alone leaves it.
    alice.patch(&chat.path(), &json!({"title": "Crew"})).await.is(200);
    assert_eq!(url(&bob, chat).await, shown);

    let before = files(&fireside.home.data());
    let second = uploaded(&alice).await;
    alice.patch(&chat.path(), &json!({"avatar": second})).await.is(200);
    assert_ne!(url(&bob, chat).await, shown);
    fireside.anyone().get(&path).await.refused(404, "not_found");
    assert_eq!(files(&fireside.home.data()), before, "the old one is erased");
    alice.patch(&chat.path(), &json!({"avatar": null})).await.is(200);
    assert_eq!(url(&bob, chat).await, Value::Null);
    assert_eq!(files(&fireside.home.data()), before - 1);
    let pair = dm(&alice, &bob).await;
    alice.patch(&pair.path(), &json!({"avatar": uploaded(&alice).await})).await.denied(403, FORBIDDEN);
}

#[tokio::test]
async fn it_goes_with_its_group_and_stays_over_a_restart_and_the_check() {
    let mut fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let (kept, deleted) = (group(&alice, "Kept", &[&bob]).await, group(&alice, "Deleted", &[&bob]).await);
    for chat in [kept, deleted] {
        alice.patch(&chat.path(), &json!({"avatar": uploaded(&alice).await})).await.is(200);
    }
    let gone = url(&bob, deleted).await.as_str().unwrap().to_owned();
    alice.delete(&deleted.path()).await.is(204);
    fireside.anyone().get(&gone).await.refused(404, "not_found");
    assert_eq!(files(&fireside.home.data()), 1);
    fireside.is_asked_to_stop().await;
    fireside.home.runs(&["check"], "").await.succeeded();
    let fireside = Fireside::start_in(fireside.home.clone(), &[]).await;
    let bob = bob.back_to(&fireside);
    let path = url(&bob, kept).await.as_str().unwrap().to_owned();
    assert_eq!(fireside.anyone().get(&path).await.is(200).body, PNG);
}
