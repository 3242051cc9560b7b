//! Who is in a group, and the links that lead into it.

use serde_json::{Value, json};

use super::{Browser, browser_is_here};
use crate::manage::signs_in;
use crate::world::{Fireside, Home, Person, id};

const MEMBERS: usize = 520;
/// The server takes so many in one request.
const AT_ONCE: usize = 100;
const SHOWN: &str = "document.querySelectorAll('dialog ul[aria-label=Members] > .person').length";

/// Everybody of a seeded server: who may speak, and the ids of all others.
async fn crowd() -> (Fireside, Person, Vec<(i64, String)>) {
    let home = Home::new();
    let people = (MEMBERS + 5).to_string();
    home.runs(&["seed", "--people", &people, "--chats", "1", "--messages", "5"], "").await.succeeded();
    let listed = home.runs(&["user", "list", "--json"], "").await;
    let users: Vec<Value> = serde_json::from_str(&listed.succeeded().stdout).unwrap();
    let mut users = users.iter().map(|user| (id(user), user["username"].as_str().unwrap().to_owned()));
    let (_, first) = users.next().unwrap();
    let fireside = Fireside::start_in(home, &[]).await;
    let answer = signs_in(&fireside, &first, "fireside").await.is(200).json();
    let somebody = Person::of(fireside.anyone(), &answer, "fireside".to_owned());
    let others = users.collect();
    (fireside, somebody, others)
}

/// The link that the panel of the open group shows.
async fn asks_for_a_link(page: &Browser) -> String {
    page.clicks(".conversation .about").await;
    page.presses_button("Invite by link").await;
    page.sees("dialog .secret code").await;
    let link = page.asks("document.querySelector('dialog .secret code').textContent").await;
    link.as_str().unwrap().to_owned()
}

async fn makes_group(person: &Person, title: &str) -> i64 {
    let wish = json!({"chat_type": "group", "title": title, "member_ids": []});
    id(&person.post("/messages/api/chats/", &wish).await.is(201).json())
}

async fn members_of(person: &Person, chat: i64) -> Vec<String> {
    let listed = person.get(&format!("/messages/api/chats/{chat}/members/")).await.is(200).results();
    listed.iter().map(|member| member["username"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn five_hundred_members_are_listed_as_far_as_one_looks_and_searched_by_the_server() {
    let Some(_turn) = browser_is_here().await else { return };
    let (fireside, alice, others) = crowd().await;
    let group = makes_group(&alice, "Everybody here").await;
    for some in others[..MEMBERS - 1].chunks(AT_ONCE) {
        let ids: Vec<i64> = some.iter().map(|(id, _)| *id).collect();
        alice.post(&format!("/messages/api/chats/{group}/members/add/"), &json!({"user_ids": ids})).await.is(200);
    }
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(group).await;
    hers.clicks(".conversation .about").await;
    hers.reads("dialog h3", &format!("{MEMBERS} members")).await;
    hers.until(&format!("{SHOWN} > 0")).await;
    assert!(hers.asks(SHOWN).await.as_u64().unwrap() < 300, "not all at once");
    hers.reads("dialog .person", "owner").await;
    // Leaving is not below five hundred lines.
    assert_eq!(
        hers.asks("[...document.querySelectorAll('dialog button')].find((each) => each.textContent === 'Leave group').getBoundingClientRect().bottom < innerHeight").await,
        true
    );
    hers.until(&format!(
        "(() => {{ document.querySelector('dialog .person:last-child').scrollIntoView(); return {SHOWN} === {MEMBERS}; }})()"
    ))
    .await;
    let (_, last) = &others[MEMBERS - 2];
    hers.types("dialog [aria-label='Search members']", last).await;
    hers.until(&format!("{SHOWN} > 0 && {SHOWN} < 20")).await;
    hers.reads("dialog .person", &format!("@{last}")).await;
    let (_, stranger) = &others[MEMBERS];
    hers.does("document.querySelector('dialog [aria-label=\"Search members\"]').value = ''").await;
    hers.types("dialog [aria-label='Search members']", &format!("{stranger}zzz")).await;
    hers.reads("dialog [role=status]", "Nobody found.").await;
    hers.leaves().await;
}

#[tokio::test]
async fn whoever_has_an_account_joins_a_group_by_its_link() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let group = makes_group(&alice, "Garden").await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(group).await;
    let link = asks_for_a_link(&hers).await;
    assert!(link.starts_with(&format!("{}/join#", fireside.url)), "{link}");
    hers.presses_button("Show QR code").await;
    hers.sees("dialog svg.qr path").await;
    let path = link.strip_prefix(&fireside.url).unwrap();

    // Signed in, by the link alone; and what it tells stays nowhere.
    let his = Browser::of(&fireside, &bob).await;
    his.opens_link(path).await;
    his.reads(".conversation h2", "Garden").await;
    assert_eq!(his.asks("location.pathname + location.hash").await, format!("/#chat-{group}"));
    hers.reads(".note", "bob joined").await;
    // The line is there after a reload, too.
    hers.reloads().await;
    hers.reads(".note", "bob joined").await;
    assert_eq!(members_of(&alice, group).await, ["alice", "bob"]);
    his.does("location.hash = ''").await;
    his.reloads().await;
    his.reads(".chat", "Garden").await;
    assert_eq!(his.asks("document.querySelector('.conversation')?.checkVisibility() ?? false").await, false);

    // Signed out, through the door.
    let carols = Browser::at(&fireside).await;
    carols.opens_link(path).await;
    carols.reads(".brand", "You are invited to a group.").await;
    carols.presses_button("New account").await;
    carols.types("[name=username]", "carol").await;
    carols.types("[name=password]", "correct horse").await;
    carols.clicks("[type=submit]").await;
    carols.reads(".conversation h2", "Garden").await;
    assert_eq!(members_of(&alice, group).await, ["alice", "bob", "carol"]);

    // A guest is no admin, and invites nobody.
    his.opens_chat(group).await;
    his.clicks(".conversation .about").await;
    his.reads("dialog h3", "3 members").await;
    assert_eq!(his.asks("document.querySelector('dialog').textContent.includes('Invite by link')").await, false);
    for page in [hers, his, carols] {
        page.leaves().await;
    }
}

#[tokio::test]
async fn a_link_that_was_revoked_leads_nowhere() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let group = makes_group(&alice, "Garden").await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(group).await;
    let first = asks_for_a_link(&hers).await;
    hers.clicks("dialog:last-of-type summary").await;
    hers.presses_button("Create link").await;
    hers.until("document.querySelectorAll('dialog [aria-label^=\"Revoke: \"]').length === 2").await;
    hers.presses_button(&format!("Revoke: {first}")).await;
    hers.until("document.querySelectorAll('dialog [aria-label^=\"Revoke: \"]').length === 1").await;
    let left = hers.asks("document.querySelector('dialog .secret code').textContent").await;
    assert_ne!(left, first);
    // Opened again, it shows the one that works, and makes none.
    hers.does("[...document.querySelectorAll('dialog')].at(-1).close()").await;
    hers.presses_button("Invite by link").await;
    hers.until(&format!("document.querySelector('dialog .secret code')?.textContent === {left}")).await;

    let his = Browser::of(&fireside, &bob).await;
    his.opens_link(first.strip_prefix(&fireside.url).unwrap()).await;
    his.reads("#toasts", "This invitation is no longer valid.").await;
    assert_eq!(members_of(&alice, group).await, ["alice"]);
    his.opens_link(left.as_str().unwrap().strip_prefix(&fireside.url).unwrap()).await;
    his.reads(".conversation h2", "Garden").await;
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn in_the_open_panel_of_a_large_group_roles_change_at_once() {
    let Some(_turn) = browser_is_here().await else { return };
    let (fireside, alice, others) = crowd().await;
    let group = makes_group(&alice, "Everybody here").await;
    for some in others[..AT_ONCE * 2].chunks(AT_ONCE) {
        let ids: Vec<i64> = some.iter().map(|(id, _)| *id).collect();
        alice.post(&format!("/messages/api/chats/{group}/members/add/"), &json!({"user_ids": ids})).await.is(200);
    }
    let (bob, name) = &others[0];
    let answer = signs_in(&fireside, name, "fireside").await.is(200).json();
    let his = Browser::of(&fireside, &Person::of(fireside.anyone(), &answer, "fireside".to_owned())).await;
    his.opens_chat(group).await;
    // The panel asks once for the group as it is.
    his.does(&format!(
        "const real = window.fetch;
         window.fetch = async (url, wish) => {{
             const answer = await real(url, wish);
             if (String(url).endsWith('/chats/{group}/')) window.isAnswered = true;
             return answer;
         }};"
    ))
    .await;
    his.clicks(".conversation .about").await;
    his.until(&format!("window.isAnswered && {SHOWN} > 0")).await;
    let tools = "document.querySelectorAll('dialog summary, dialog [aria-label^=\"More about\"]').length";
    assert_eq!(his.asks(tools).await, 0);
    let role = format!("/messages/api/chats/{group}/members/{bob}/");
    alice.patch(&role, &json!({"role": "admin"})).await.is(200);
    his.reads("dialog button", "Invite by link").await;
    his.until(&format!("{tools} > 2")).await;
    alice.patch(&role, &json!({"role": "member"})).await.is(200);
    his.until(&format!("{tools} === 0 && !document.querySelector('dialog').textContent.includes('Invite by link')"))
        .await;
    // What others become is seen in the open panel, too.
    let (carol, name) = &others[1];
    his.types("dialog [aria-label='Search members']", name).await;
    let line = format!(
        "[...document.querySelectorAll('dialog .person')].filter((each) => /@{name}( |$)/.test(each.textContent))"
    );
    his.until(&format!("{SHOWN} < 20 && ({line}).length === 1 && !({line})[0].textContent.includes('admin')")).await;
    let role = format!("/messages/api/chats/{group}/members/{carol}/");
    for (role_now, says) in [("admin", "true"), ("member", "false")] {
        alice.patch(&role, &json!({"role": role_now})).await.is(200);
        his.until(&format!("({line})[0]?.textContent.includes('admin') === {says}")).await;
    }
    his.leaves().await;
}
