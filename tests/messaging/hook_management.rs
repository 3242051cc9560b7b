//! Who looks after hooks, who finds them, and how they end.

use super::hook::{hooks, hooks_into, sends, url};
use serde_json::{Value, json};

use super::words::{CHATS, FORBIDDEN, NOT_FOUND, Refused, dm, group, texts};
use crate::world::{Fireside, Home, id, people};

#[tokio::test]
async fn a_groups_admins_alone_look_after_its_hooks() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, eve);
    let chat = group(&alice, "Ops", &[&bob]).await;
    let hook = hooks_into(&alice, chat, "ci").await;
    let one = format!("{}{}/", hooks(chat), id(&hook));
    let label = json!({"label": "mine"});
    for (who, status, sentence) in [(&bob, 403, FORBIDDEN), (&eve, 404, NOT_FOUND)] {
        who.get(&hooks(chat)).await.denied(status, sentence);
        who.post(&hooks(chat), &label).await.denied(status, sentence);
        who.does(&format!("{one}rotate/")).await.denied(status, sentence);
        who.delete(&one).await.denied(status, sentence);
    }
    fireside.anyone().get(&hooks(chat)).await.is(401);
    let direct = dm(&alice, &bob).await;
    alice.get(&hooks(direct)).await.is(400);
    alice.post(&hooks(direct), &label).await.is(400);
    eve.post(&hooks(direct), &label).await.denied(404, NOT_FOUND);
    for wrong in [json!({}), json!({"label": " "}), json!({"label": "two\nlines"}), json!({"label": "x".repeat(151)})] {
        let refused = alice.post(&hooks(chat), &wrong).await.is(400).json();
        assert!(refused["details"]["label"].is_array(), "{refused}");
    }
    // A hook is one of its own group alone.
    let elsewhere = group(&alice, "Elsewhere", &[]).await;
    alice.delete(&format!("{}{}/", hooks(elsewhere), id(&hook))).await.denied(404, NOT_FOUND);
    alice.does(&format!("{}{}/rotate/", hooks(elsewhere), id(&hook))).await.denied(404, NOT_FOUND);
    assert_eq!(alice.get(&hooks(chat)).await.results().len(), 1, "nothing of that changed anything");
    for number in 1..20 {
        hooks_into(&alice, chat, &format!("hook {number}")).await;
    }
    alice.post(&hooks(chat), &label).await.is(400);
    let part = alice.get(&format!("{}?limit=15", hooks(chat))).await.is(200).json();
    let rest = format!("{}?limit=15&cursor={}", hooks(chat), part["next"].as_str().unwrap());
    assert_eq!(alice.get(&rest).await.is(200).results().len(), 5);
}

#[tokio::test]
async fn outside_its_group_nobody_finds_a_hook_by_any_list_name_or_number() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, eve);
    let chat = group(&alice, "Ops", &[&bob]).await;
    let hook = hooks_into(&alice, chat, "Layoffs plan").await;
    let (bot, name) = (id(&hook["bot"]), hook["bot"]["username"].as_str().unwrap().to_owned());
    let counted = eve.get("/api/users/?page=1").await.is(200).json()["count"].clone();
    assert_eq!(counted, 3, "of people alone");
    let one = format!("/api/users/{bot}/");
    let profile = format!("/profiles/api/search-user/?username={name}");
    let find = "/messages/api/users/search/?q=";
    let lists = [
        "/api/users/?page=1",
        "/api/users/",
        "/accounts/api/users/",
        "/api/server/people/",
        &format!("{find}Layoffs"),
        &format!("{find}{name}"),
        &format!("/api/server/people/?q={name}"),
    ];
    for list in lists {
        let listed = eve.get(list).await.is(200).text();
        assert!(!listed.contains("Layoffs") && !listed.contains(&name), "{list}: {listed}");
    }
    let nobody = eve.get("/api/users/999999/").await.is(404).text();
    assert_eq!(eve.get(&one).await.is(404).text(), nobody, "as an unused number");
    let found = eve.get(&profile).await.text();
    assert_eq!(found, eve.get("/profiles/api/search-user/?username=nobody").await.text());
    bob.get(&one).await.is(200);
    // Nor can it be written to or taken elsewhere, by those who know it either.
    for person in [&eve, &alice] {
        person.post(CHATS, &json!({"chat_type": "dm", "member_ids": [bot]})).await.is(400);
        person.post(CHATS, &json!({"chat_type": "group", "title": "Trap", "member_ids": [bot]})).await.is(400);
        let own = group(person, "Trap", &[]).await;
        person.post(&own.add(), &json!({"user_ids": [bot]})).await.is(400);
    }
    // Not when it is over, either.
    alice.delete(&format!("{}{}/", hooks(chat), id(&hook))).await.is(204);
    assert_eq!(eve.get(&one).await.is(404).text(), nobody);
    eve.post(CHATS, &json!({"chat_type": "group", "title": "Trap", "member_ids": [bot]})).await.is(400);
    for list in lists {
        assert!(!eve.get(list).await.is(200).text().contains("Layoffs"), "{list}");
    }
}

#[tokio::test]
async fn an_old_url_ends_with_a_new_one_and_all_end_with_the_hook() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Ops", &[&bob]).await;
    let hook = hooks_into(&alice, chat, "ci").await;
    let one = format!("{}{}/", hooks(chat), id(&hook));
    let anyone = fireside.anyone();
    sends(&anyone, url(&hook), "text/plain", "first").await.is(200);
    let rotated = alice.does(&format!("{one}rotate/")).await.is(200).json();
    assert_eq!(rotated["bot"], hook["bot"]);
    sends(&anyone, url(&hook), "text/plain", "by the old one").await.denied(404, NOT_FOUND);
    sends(&anyone, url(&rotated), "text/plain", "second").await.is(200);
    alice.delete(&one).await.is(204);
    alice.delete(&one).await.denied(404, NOT_FOUND);
    sends(&anyone, url(&rotated), "text/plain", "by none").await.denied(404, NOT_FOUND);
    assert_eq!(texts(&bob, chat).await, ["second", "first"], "what it said stays");
    let members = bob.get(&format!("{}members/", chat.path())).await.is(200).results();
    assert_eq!(members.len(), 2, "its bot is gone: {members:?}");
    // Whoever takes the bot out ends the hook.
    let other = hooks_into(&alice, chat, "other").await;
    let path = format!("{}members/{}/remove/", chat.path(), id(&other["bot"]));
    bob.delete(&path).await.denied(403, FORBIDDEN);
    sends(&anyone, url(&other), "text/plain", "third").await.is(200);
    alice.delete(&path).await.is(204);
    sends(&anyone, url(&other), "text/plain", "fourth").await.denied(404, NOT_FOUND);
    assert!(alice.get(&hooks(chat)).await.results().is_empty());
    // A group that only bots of hooks are left in is gone.
    let last = hooks_into(&alice, chat, "last").await;
    for person in [&alice, &bob] {
        person.delete(&chat.remove(person)).await.is(204);
    }
    sends(&anyone, url(&last), "text/plain", "anybody?").await.denied(404, NOT_FOUND);
}

#[tokio::test]
async fn hooks_outlive_a_restart_and_are_looked_after_at_the_command_line() {
    let fireside = Fireside::start().await;
    people!(fireside: alice);
    let chat = group(&alice, "Ops", &[]).await;
    let home: Home = fireside.home.clone();
    let number = chat.id.to_string();
    let made = home.runs(&["hook", "create", &number, "from cron"], "").await;
    let made = made.succeeded().stdout.trim().to_owned();
    assert!(made.starts_with(&format!("{}/hooks/", fireside.url)), "{made}");
    sends(&fireside.anyone(), &made, "text/plain", "before").await.is(200);
    let fireside = fireside.restarts().await;
    let alice = alice.back_to(&fireside);
    let path = made.split_once("/hooks/").unwrap().1;
    sends(&fireside.anyone(), &format!("/hooks/{path}"), "text/plain", "after").await.is(200);
    assert_eq!(texts(&alice, chat).await, ["after", "before"]);
    let listed = home.runs(&["hook", "list", &number, "--json"], "").await.succeeded().stdout.clone();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["label"], "from cron");
    let hook = id(&listed[0]).to_string();
    let rotated = home.runs(&["hook", "rotate", &number, &hook], "").await.succeeded().stdout.trim().to_owned();
    assert_ne!(rotated, made);
    sends(&fireside.anyone(), &rotated, "text/plain", "anew").await.is(200);
    sends(&fireside.anyone(), &format!("/hooks/{path}"), "text/plain", "old").await.is(404);
    home.runs(&["hook", "delete", &number, &hook], "").await.succeeded();
    sends(&fireside.anyone(), &rotated, "text/plain", "gone").await.is(404);
    home.runs(&["hook", "delete", &number, &hook], "").await.failed_with(1);
    home.runs(&["hook", "create", "999999", "nowhere"], "").await.failed_with(1);
    assert_eq!(texts(&alice, chat).await[0], "anew");
}
