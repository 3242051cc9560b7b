//! Hooks of whoever left the group, or may not sign in any more: they are off until an admin says otherwise.

use serde_json::{Value, json};

use super::receiver::Receiver;
use super::{ALL, hooks, path, sends, server, server_with, until};
use crate::manage::root_of;
use crate::messaging::words::{Chat, Line, NOT_FOUND, Refused, group, say, texts};
use crate::world::caller::Credential;
use crate::world::{Caller, Fireside, Person, people};

const LEFT: &str = "Whoever created it left the group.";
const DISABLED: &str = "The account of whoever created it is disabled.";

async fn takes(admin: &Person, chat: Chat) -> Value {
    admin.post(&hooks(chat), &json!({"label": "in"})).await.is(201).json()
}

/// Posts to the URL of a hook that takes what others send: the status.
async fn posts(anyone: &Caller, hook: &Value, text: &str) -> u16 {
    anyone.post(hook["url"].as_str().unwrap(), &json!({"text": text})).await.status
}

/// Whether each hook of a group is on and why not, the newest first.
async fn states(admin: &Person, chat: Chat) -> Vec<(bool, Value)> {
    let listed = admin.get(&hooks(chat)).await.is(200).results();
    listed.iter().map(|hook| (hook["is_on"].as_bool().unwrap(), hook["off_reason"].clone())).collect()
}

/// A group in which two look after the hooks.
async fn of_two_admins(one: &Person, other: &Person) -> Chat {
    let chat = group(one, "Ops", &[other]).await;
    one.patch(&chat.member(other), &json!({"role": "admin"})).await.is(200);
    chat
}

#[tokio::test]
async fn the_hooks_of_an_admin_who_is_removed_neither_send_nor_take_until_another_gives_them_a_secret() {
    let fireside = server().await;
    people!(fireside: alice, mallory);
    let anyone = fireside.anyone();
    let chat = of_two_admins(&alice, &mallory).await;
    let elsewhere = of_two_admins(&mallory, &alice).await;
    let [hers, others, far] = [Receiver::opens().await, Receiver::opens().await, Receiver::opens().await];
    let out = sends(&mallory, chat, &hers, &ALL[..1]).await;
    let into = takes(&mallory, chat).await;
    sends(&alice, chat, &others, &ALL[..1]).await;
    sends(&mallory, elsewhere, &far, &ALL[..1]).await;
    say(&alice, "while she is here", chat).await;
    hers.hears(1).await;
    assert_eq!(posts(&anyone, &into, "and her program").await, 200);

    alice.delete(&chat.remove(&mallory)).await.is(204);
    assert_eq!(posts(&anyone, &into, "from outside").await, 404);
    say(&alice, "she is gone", chat).await;
    say(&alice, "she is here", elsewhere).await;
    others.hears(2).await;
    far.hears(1).await;
    assert_eq!(states(&alice, chat).await, [(true, Value::Null), (false, json!(LEFT)), (false, json!(LEFT))]);
    assert_eq!(hers.heard().len(), 1, "another hook of the group was sent it meanwhile");
    // To come back is no reason to switch them on.
    alice.post(&chat.add(), &json!({"user_ids": [mallory.id]})).await.is(200);
    assert_eq!(posts(&anyone, &into, "back again").await, 404);

    let into = alice.does(&format!("{}rotate/", path(chat, &into))).await.is(200).json();
    let out = alice.does(&format!("{}rotate/", path(chat, &out))).await.is(200).json();
    hers.knows(&out);
    assert_eq!((&into["is_on"], &out["is_on"], &out["off_reason"]), (&json!(true), &json!(true), &Value::Null));
    assert_eq!(posts(&anyone, &into, "by the new address").await, 200);
    say(&alice, "from here on", chat).await;
    hers.hears(2).await;
    assert_eq!(hers.story(), ["message_created while she is here", "message_created from here on"]);
    // The one that takes is alice's now, who knows its address, and goes with her alone.
    alice.patch(&chat.member(&mallory), &json!({"role": "owner"})).await.is(200);
    alice.delete(&chat.remove(&alice)).await.is(204);
    assert_eq!(posts(&anyone, &into, "by nobody").await, 404);
    assert_eq!(states(&mallory, chat).await, [(false, json!(LEFT)), (false, json!(LEFT)), (true, Value::Null)]);
    let said = ["from here on", "by the new address", "she is gone", "and her program", "while she is here"];
    assert_eq!(texts(&mallory, chat).await, said);
}

async fn makes_bot(fireside: &Fireside, maker: &Person) -> (Value, Caller) {
    let made = maker.post("/api/server/bots/", &json!({"username": "spy"})).await.is(201).json();
    let token = made["token"].as_str().unwrap().to_owned();
    (made, fireside.anyone().showing(Credential::Token(token)))
}

#[tokio::test]
async fn what_the_disabled_made_is_silent_and_their_bots_come_back_with_them() {
    let fireside = server_with(&["--bots", "open"]).await;
    let root = root_of(&fireside).await;
    people!(fireside: alice, mallory);
    let anyone = fireside.anyone();
    let (spy, bot) = makes_bot(&fireside, &mallory).await;
    let chat = of_two_admins(&alice, &mallory).await;
    alice.post(&chat.add(), &json!({"user_ids": [spy["id"]]})).await.is(200);
    let [hers, others] = [Receiver::opens().await, Receiver::opens().await];
    let out = sends(&mallory, chat, &hers, &ALL[..1]).await;
    let into = takes(&mallory, chat).await;
    sends(&alice, chat, &others, &ALL[..1]).await;
    let mut line = Line::through(bot.handshake("/messages/ws/")).await;
    bot.post(&chat.messages(), &json!({"content": "as a bot"})).await.is(201);
    line.hears("new_message").await;

    let account = format!("/api/server/users/{}/", mallory.id);
    root.patch(&account, &json!({"is_disabled": true})).await.is(200);
    bot.post(&chat.messages(), &json!({"content": "still there"})).await.is(401);
    bot.handshake("/messages/ws/").turned_away_with(401).await;
    line.is_closed_with(4401).await;
    assert_eq!(posts(&anyone, &into, "from outside").await, 404);
    say(&alice, "without her", chat).await;
    others.hears(1).await;
    assert_eq!(states(&alice, chat).await, [(true, Value::Null), (false, json!(DISABLED)), (false, json!(DISABLED))]);
    assert!(hers.heard().is_empty(), "another hook of the group was sent it meanwhile");

    root.patch(&account, &json!({"is_disabled": false})).await.is(200);
    bot.post(&chat.messages(), &json!({"content": "as before"})).await.is(201);
    assert_eq!(posts(&anyone, &into, "not yet").await, 404);
    // Whoever wants what was missed, too, has it sent again.
    alice.post(&format!("{}replay/", path(chat, &out)), &json!({"since": 0})).await.is(202);
    until(async || hers.told().len() == 1).await;
    assert_eq!(hers.story(), ["message_created without her"]);
    assert_eq!(states(&alice, chat).await[2], (true, Value::Null));
    anyone.post(into["url"].as_str().unwrap(), &json!({"text": "x"})).await.denied(404, NOT_FOUND);
}
