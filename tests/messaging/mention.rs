//! Mentions and answers: whom a message calls, and where they are counted and listed.

use serde_json::{Value, json};

use super::words::{Chat, Line, NOT_SIGNED_IN, Refused, comes_true, dm, group, ids, path, say, seen, texts};
use crate::across::pair::{ALL, Pair, hears_news};
use crate::world::{Caller, Fireside, Person, contents, people};

const MENTIONS: &str = "/messages/api/mentions/";

async fn count(who: &Person, chat: Chat) -> i64 {
    seen(who, chat).await["mention_count"].as_i64().unwrap()
}

/// What calls somebody, the newest first.
async fn called(who: &Caller) -> Vec<String> {
    let found = who.get(&format!("{MENTIONS}?limit=100")).await.is(200).json();
    assert!(found["next"].is_null(), "{found}");
    contents(&found["results"].as_array().unwrap().iter().map(|found| found["message"].clone()).collect::<Vec<_>>())
}

fn named(message: &Value) -> (Vec<i64>, bool) {
    let ids = message["mentions"].as_array().unwrap().iter().map(|id| id.as_i64().unwrap()).collect();
    (ids, message["mentions_all"].as_bool().unwrap())
}

#[tokio::test]
async fn those_who_are_named_are_told_of_everywhere_and_nobody_else() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol, eve);
    let chat = group(&alice, "Team", &[&bob, &carol]).await;
    let mut bobs = Line::to(&bob).await;
    let message = say(&alice, "hi @Bob, (@CAROL) and @eve, says @alice", chat).await;
    let expected = (ids(&[&alice, &bob, &carol]), false);
    assert_eq!(named(&message), expected, "who is in the chat, oneself too");
    assert_eq!(named(&bobs.hears_message("hi @Bob, (@CAROL) and @eve, says @alice").await), expected);
    assert_eq!(named(&bob.get(&path(&message)).await.is(200).json()), expected);
    assert_eq!(named(&bob.get(&chat.messages()).await.results()[0]), expected);
    assert_eq!(named(&bob.get("/messages/api/sync/").await.json()["messages"][0]), expected);
    assert_eq!((count(&bob, chat).await, count(&carol, chat).await), (1, 1));
    assert_eq!(count(&alice, chat).await, 0, "one's own never counts");
    for text in ["bob", "bob@example.org", "@bob@host", "@bob.lee", "`@bob`", "```\n@bob\n```", "http://a.org/@bob"] {
        assert_eq!(named(&say(&alice, text, chat).await), (vec![], false), "{text}");
        bobs.hears_message(text).await;
    }
    assert_eq!(count(&bob, chat).await, 1);
    assert_eq!(seen(&bob, chat).await["unread_count"], 8);
    let listed = bob.get("/messages/api/chats/").await.is(200).results();
    assert_eq!(listed[0]["mention_count"], 1);
    assert!(called(&eve).await.is_empty() && called(&alice).await.is_empty());
    assert_eq!(called(&carol).await.len(), 1);

    // Who is read, is read: and what is unread again counts again.
    bob.does(&chat.read()).await.is(200);
    assert_eq!(count(&bob, chat).await, 0);
    bob.post(&format!("{}mark-as-unread/", chat.path()), &json!({"message_id": message["id"]})).await.is(200);
    assert_eq!(bobs.hears("read").await["user_id"], bob.id);
    // The other mark waits, if that was within a second.
    let mut told = [bobs.frame().await, bobs.frame().await];
    told.sort_by_key(|frame| frame["type"] == "read");
    assert_eq!(told[1]["user_id"], bob.id);
    let told = &told[0];
    assert_eq!((&told["data"]["mention_count"], &told["data"]["unread_count"]), (&json!(1), &json!(8)));
    let fireside = fireside.restarts().await;
    let bob = bob.back_to(&fireside);
    assert_eq!(count(&bob, chat).await, 1);
    assert_eq!(named(&bob.get(&path(&message)).await.json()), expected);
    fireside.home.runs(&["check"], "").await.succeeded();
}

#[tokio::test]
async fn a_mention_counts_whichever_document_it_is_sent_or_read_through() {
    let fireside = Fireside::start().await;
    let pair = Pair::meets(&fireside).await;
    let (chat, bob) = (Chat { id: pair.chat }, &pair.bob);
    for (before, dialect) in ALL.into_iter().enumerate() {
        let mut mouth = pair.opens(&pair.alice, dialect).await;
        let text = format!("{before}: come, @bob!");
        mouth.says(&dialect.say(&pair, &text)).await;
        while hears_news(&mut mouth, dialect).await.1 != text {}
        assert_eq!(count(bob, chat).await, i64::try_from(before + 1).unwrap(), "sent through {dialect:?}");
    }
    let history = bob.get(&chat.messages()).await.results();
    assert!(history.iter().all(|message| named(message) == (vec![bob.id], false)), "{history:?}");
    assert_eq!(count(bob, chat).await, 5, "looking at the history reads nothing");

    // An edit through another, and its deletion.
    let message = &history[4];
    let (old, new) = (path(message), json!({"content": "never mind"}));
    pair.alice.post(&format!("/api/messages/{}/update_message/", message["id"]), &new).await.is(200);
    assert_eq!(named(&bob.get(&old).await.json()), (vec![], false));
    assert_eq!(count(bob, chat).await, 4);
    pair.alice.delete(&format!("/api/messages/{}/delete_message/", history[3]["id"])).await.is(204);
    assert_eq!(count(bob, chat).await, 3);

    // Reading up to one, in messaging; and all, as directs reads: by opening the chat.
    bob.post(&chat.read(), &json!({"message_id": history[2]["id"]})).await.is(200);
    assert_eq!(count(bob, chat).await, 2);
    let mut rooms = bob.through("/c/rooms").handshake(&format!("/ws/room/{}/", chat.id)).enters().await;
    rooms.says(&json!({"type": "message_read", "data": {"message_id": history[1]["id"]}})).await;
    rooms.says(&json!({"type": "ping"})).await;
    while rooms.frame().await["type"] != "pong" {}
    assert_eq!(count(bob, chat).await, 1);
    let mut directs = bob.handshake(&format!("/ws/chat/{}/", chat.id)).enters().await;
    for _ in 0..4 {
        directs.frame().await;
    }
    comes_true(async || count(bob, chat).await == 0).await;
}

#[tokio::test]
async fn an_edit_mentions_anew_and_a_deletion_no_more() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = group(&alice, "Team", &[&bob, &carol]).await;
    let message = say(&alice, "hi @bob", chat).await;
    let mut carols = Line::to(&carol).await;
    let edited = alice.patch(&path(&message), &json!({"content": "hi @carol, @all"})).await.is(200).json();
    assert_eq!(named(&edited), (vec![carol.id], true));
    assert_eq!(named(&carols.hears("message_updated").await["message"]), (vec![carol.id], true));
    assert_eq!((count(&bob, chat).await, count(&carol, chat).await), (1, 1), "by name and by all counts once");
    alice.patch(&path(&message), &json!({"content": "hi @carol"})).await.is(200);
    assert_eq!((count(&bob, chat).await, count(&carol, chat).await), (0, 1));
    assert_eq!((called(&bob).await.len(), called(&carol).await.len()), (0, 1));
    // What is read stays read, whatever an edit names.
    bob.does(&chat.read()).await.is(200);
    alice.patch(&path(&message), &json!({"content": "hi @bob"})).await.is(200);
    assert_eq!((count(&bob, chat).await, count(&carol, chat).await), (0, 0));
    assert_eq!(called(&bob).await, ["hi @bob"]);
    // A reaction and a pin change nothing of it.
    alice.does(&format!("{}pin/", path(&message))).await.is(200);
    assert_eq!(named(&bob.get(&path(&message)).await.json()), (vec![bob.id], false));
    say(&alice, "again @carol", chat).await;
    assert_eq!(count(&carol, chat).await, 1);
    let newest = alice.get(&chat.messages()).await.results()[0].clone();
    alice.delete(&path(&newest)).await.is(204);
    assert_eq!(count(&carol, chat).await, 0);
    assert!(called(&carol).await.is_empty());
    fireside.home.runs(&["check"], "").await.succeeded();
}

#[tokio::test]
async fn an_answer_calls_whom_it_answers() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = group(&alice, "Team", &[&bob, &carol]).await;
    let asked = say(&bob, "where?", chat).await;
    let answers = async |who: &Person, text: &str| {
        let body = json!({"content": text, "reply_to": asked["id"]});
        who.post(&chat.messages(), &body).await.is(201).json()
    };
    let answer = answers(&alice, "here").await;
    assert_eq!(named(&answer), (vec![], false), "an answer is no mention");
    assert_eq!((count(&bob, chat).await, count(&carol, chat).await), (1, 0));
    answers(&alice, "@bob, there").await;
    assert_eq!(count(&bob, chat).await, 2, "an answer that names one counts once");
    answers(&bob, "found it").await;
    assert_eq!(count(&bob, chat).await, 2, "one's own never");
    assert_eq!(called(&bob).await, ["@bob, there", "here"]);
    // An edit of the words leaves what it answers.
    alice.patch(&path(&answer), &json!({"content": "here, @carol"})).await.is(200);
    assert_eq!((count(&bob, chat).await, count(&carol, chat).await), (2, 1));
    bob.delete(&path(&asked)).await.is(204);
    assert_eq!(called(&bob).await, ["@bob, there", "here, @carol"]);
}

#[tokio::test]
async fn all_are_everybody_in_a_group() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = group(&alice, "Team", &[&bob]).await;
    assert_eq!(named(&say(&bob, "lunch, @ALL!", chat).await), (vec![], true));
    assert_eq!((count(&alice, chat).await, count(&bob, chat).await), (1, 0));
    // Whoever comes later was not called.
    alice.post(&chat.add(), &json!({"user_ids": [carol.id]})).await.is(200);
    let first = bob.get(&chat.messages()).await.results()[0].clone();
    carol.post(&format!("{}mark-as-unread/", chat.path()), &json!({"message_id": first["id"]})).await.is(200);
    assert_eq!((count(&carol, chat).await, called(&carol).await.len()), (0, 0));
    assert_eq!(texts(&carol, chat).await, ["lunch, @ALL!"], "though it can be read");
    assert_eq!(called(&alice).await, ["lunch, @ALL!"]);
    let direct = dm(&alice, &bob).await;
    assert_eq!(named(&say(&alice, "@all", direct).await), (vec![], false), "text in a direct chat");
    assert_eq!(count(&bob, direct).await, 0);
    assert_eq!(named(&say(&alice, "note: @alice", dm(&alice, &alice).await).await), (vec![alice.id], false));

    // In a large group it is an admin's word.
    let mut crowd = Vec::new();
    for number in 0..18 {
        crowd.push(fireside.registers(&format!("guest{number}")).await.id);
    }
    alice.post(&chat.add(), &json!({"user_ids": &crowd[..17]})).await.is(200);
    assert_eq!(named(&say(&bob, "@all 20", chat).await), (vec![], true));
    alice.post(&chat.add(), &json!({"user_ids": [crowd[17]]})).await.is(200);
    let text = say(&bob, "@all 21, @alice", chat).await;
    assert_eq!(named(&text), (vec![alice.id], false));
    assert_eq!(named(&say(&alice, "@all 21", chat).await), (vec![], true));
    alice.delete(&chat.remove(&carol)).await.is(204);
    assert_eq!(named(&bob.patch(&path(&text), &json!({"content": "@all 20"})).await.json()), (vec![], true));
}

#[tokio::test]
async fn nobody_new_is_called_all() {
    let fireside = Fireside::start().await;
    let password = "correct horse";
    for name in ["all", "ALL", " All ", "ａｌｌ"] {
        let body = json!({"username": name, "email": "all@example.org", "password": password});
        for path in ["/api/auth/register/", "/accounts/api/users/", "/api/server/register/", "/api/register/"] {
            let answer = fireside.anyone().post(path, &body).await.is(400);
            assert!(answer.text().contains("username") && answer.text().contains("all"), "{answer}");
        }
    }
    let added = fireside.home.runs(&["user", "create", "all"], password).await;
    added.failed_with(1);
    fireside.registers("allan").await;
}

#[tokio::test]
async fn what_one_cannot_read_calls_nobody() {
    let fireside = Fireside::start_with(&["--search", "off"]).await;
    people!(fireside: alice, bob);
    let (chat, direct) = (group(&alice, "Team", &[&bob]).await, dm(&alice, &bob).await);
    say(&alice, "team: @bob", chat).await;
    say(&alice, "between us: @bob", direct).await;
    assert_eq!(called(&bob).await, ["between us: @bob", "team: @bob"], "with search off, too");
    let found = bob.get(&format!("{MENTIONS}?limit=1")).await.json()["results"][0].clone();
    assert_eq!(found["chat"], json!({"id": direct.id, "title": "alice", "chat_type": "dm"}));
    assert_eq!((&found["snippet"], &found["highlights"]), (&json!("between us: @bob"), &json!([])));

    bob.delete(&direct.path()).await.is(204);
    assert_eq!(called(&bob).await, ["team: @bob"], "a clearing");
    assert_eq!(count(&bob, direct).await, 0);
    say(&alice, "@bob again", direct).await;
    assert_eq!((count(&bob, direct).await, called(&bob).await.len()), (1, 2));
    alice.delete(&chat.remove(&bob)).await.is(204);
    assert_eq!(called(&bob).await, ["@bob again"], "a chat that one is out of");
    assert_eq!(named(&say(&alice, "@bob is gone", chat).await), (vec![], false));
    alice.post(&chat.add(), &json!({"user_ids": [bob.id]})).await.is(200);
    assert_eq!(called(&bob).await, ["@bob again", "team: @bob"], "who is back reads what was said");
    assert_eq!(count(&bob, chat).await, 0);
    alice.delete(&chat.path()).await.is(204);
    assert_eq!(called(&bob).await, ["@bob again"]);
    fireside.anyone().get(MENTIONS).await.denied(401, NOT_SIGNED_IN);
}

#[tokio::test]
async fn mentions_are_listed_in_parts_while_others_write() {
    let fireside = Fireside::start_with(&["--durability", "normal"]).await;
    people!(fireside: alice, bob);
    let chats = [group(&alice, "One", &[&bob]).await, group(&alice, "Two", &[&bob]).await, dm(&alice, &bob).await];
    let mut said = Vec::new();
    for number in 0..30 {
        let text = match number % 3 {
            0 => format!("@bob {number}"),
            1 => format!("@all {number}"),
            _ => format!("nobody {number}"),
        };
        say(&alice, &text, chats[number / 2 % 3]).await;
        if number % 3 == 0 || number % 3 == 1 && number / 2 % 3 != 2 {
            said.push(text);
        }
    }
    said.reverse();
    let (mut heard, mut cursor) = (Vec::new(), String::new());
    loop {
        let part = bob.get(&format!("{MENTIONS}?limit=4{cursor}")).await.is(200).json();
        for _ in 0..2 {
            say(&alice, "@bob meanwhile", chats[0]).await;
        }
        heard.extend(part["results"].as_array().unwrap().iter().map(|found| found["message"]["content"].clone()));
        let Some(next) = part["next"].as_str() else { break };
        bob.get(&format!("/messages/api/search/?q=bob&cursor={next}")).await.blames("cursor");
        cursor = format!("&cursor={next}");
    }
    assert_eq!(heard, said);
    bob.get(&format!("{MENTIONS}?cursor=nonsense")).await.blames("cursor");
    assert_eq!(bob.get(&format!("{MENTIONS}?limit=nonsense")).await.is(200).results().len(), 20);
}
