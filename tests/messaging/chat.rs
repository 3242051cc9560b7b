//! Chats: made, listed, shown, changed, deleted.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::words::{CHATS, Chat, FORBIDDEN, Line, NOT_FOUND, Refused, dm, group, ids, path, put, say, seen, texts};
use crate::world::{Fireside, Person, id, people};

async fn listed(who: &Person, query: &str) -> Vec<i64> {
    who.get(&format!("{CHATS}{query}")).await.is(200).results().iter().map(id).collect()
}

fn is_time(value: &Value) -> bool {
    value.as_str().is_some_and(|time| time.len() == 24 && time.ends_with('Z'))
}

#[tokio::test]
async fn the_list_is_as_documented() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    bob.patch(&format!("/api/users/{}/", bob.id), &json!({"display_name": "Bob Doe"})).await.is(200);
    let chat = dm(&alice, &bob).await;
    say(&bob, "first", chat).await;
    let message = say(&bob, "Hello!", chat).await;
    let page = alice.get(CHATS).await.is(200);
    assert!(!page.text().contains("@example.com"), "{page}");
    let page = page.json();
    assert_eq!((&page["count"], &page["next"], &page["previous"]), (&json!(1), &Value::Null, &Value::Null));
    let shown = &page["results"][0];
    assert_eq!(shown["id"], chat.id);
    assert_eq!(shown["title"], "Bob Doe");
    assert_eq!(shown["chat_type"], "dm");
    assert!(is_time(&shown["created_at"]), "{shown}");
    assert_eq!(shown["updated_at"], message["created_at"]);
    assert_eq!(shown["unread_count"], 2);
    let last = &shown["last_message"];
    assert_eq!((&last["id"], &last["content"]), (&message["id"], &json!("Hello!")));
    assert_eq!(last["created_at"], message["created_at"]);
    assert_eq!(last["sender"]["id"], bob.id);
    assert_eq!(last["sender"]["username"], "bob");
    assert_eq!(last["sender"]["display_name"], "Bob Doe");
    let members = shown["members"].as_array().unwrap();
    assert_eq!(members.iter().map(id).collect::<Vec<_>>(), ids(&[&alice, &bob]));
    assert_eq!(members[1]["display_name"], "Bob Doe");
    assert_eq!(members[0]["username"], "alice");
    assert_eq!(seen(&bob, chat).await["unread_count"], 0, "one's own are no news");
}

#[tokio::test]
async fn a_group_is_made_as_documented() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let wish = json!({
        "chat_type": "group", "title": "  Project Team ", "member_ids": [bob.id, carol.id.to_string(), bob.id, alice.id],
        "id": 4711, "admins": [bob.id], "created_at": "1999-01-01T00:00:00.000Z", "unread_count": 9,
    });
    let made = alice.post(CHATS, &wish).await.is(201).json();
    assert_ne!(made["id"], 4711);
    assert_eq!(made["title"], "Project Team");
    assert_eq!(made["chat_type"], "group");
    assert!(is_time(&made["created_at"]) && is_time(&made["updated_at"]), "{made}");
    assert!(!made["created_at"].as_str().unwrap().starts_with("1999"));
    assert_eq!(made["admins"], json!([alice.id]));
    assert_eq!(made["last_message"], Value::Null);
    assert_eq!(made["unread_count"], 0);
    let members: Vec<i64> = made["members"].as_array().unwrap().iter().map(id).collect();
    assert_eq!(members, ids(&[&alice, &bob, &carol]));
    let chat = Chat { id: id(&made) };
    for member in [&alice, &bob, &carol] {
        let mut seen = seen(member, chat).await;
        assert_eq!(seen["is_admin"], member.id == alice.id, "{seen}");
        seen["is_admin"] = made["is_admin"].clone();
        assert_eq!(seen, made);
        assert_eq!(listed(member, "").await, [chat.id]);
    }
}

#[tokio::test]
async fn a_direct_chat_is_one_whoever_asks_and_how_often() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let ask = |who: &Person, other: i64| {
        let who = who.clone();
        async move { who.post(CHATS, &json!({"chat_type": "dm", "member_ids": [other], "title": "mine"})).await }
    };
    let tries = (0..12).map(|n| if n % 2 == 0 { ask(&alice, bob.id) } else { ask(&bob, alice.id) });
    let answers = join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 11);
    let first = id(&answers[0].json());
    assert!(answers.iter().all(|answer| id(&answer.json()) == first));
    let chat = Chat { id: first };
    assert_eq!(seen(&alice, chat).await["title"], "bob");
    assert_eq!(seen(&bob, chat).await["title"], "alice");
    assert_eq!(seen(&bob, chat).await["admins"], json!([]), "it has none");
}

#[tokio::test]
async fn a_direct_chat_with_oneself_keeps_notes() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let notes = alice.post(CHATS, &json!({"chat_type": "dm", "member_ids": [alice.id]})).await.is(201).json();
    assert_eq!(notes["title"], "alice");
    assert_eq!(notes["members"].as_array().unwrap().len(), 1);
    let chat = Chat { id: id(&notes) };
    let note = say(&alice, "milk", chat).await;
    assert_eq!(note["read_by"], json!([alice.id]));
    assert_eq!(seen(&alice, chat).await["unread_count"], 0);
    assert_eq!(dm(&alice, &alice).await.id, chat.id);
}

#[tokio::test]
async fn what_cannot_be_made_is_refused_by_the_field() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    for (wish, field) in [
        (json!({}), "chat_type"),
        (json!({"chat_type": null, "title": "x"}), "chat_type"),
        (json!({"chat_type": 5}), "chat_type"),
        (json!({"chat_type": "channel", "title": "x"}), "chat_type"),
        (json!({"chat_type": "dm"}), "member_ids"),
        (json!({"chat_type": "dm", "member_ids": []}), "member_ids"),
        (json!({"chat_type": "dm", "member_ids": bob.id}), "member_ids"),
        (json!({"chat_type": "dm", "member_ids": [bob.id, alice.id]}), "member_ids"),
        (json!({"chat_type": "dm", "member_ids": [999_999]}), "member_ids"),
        (json!({"chat_type": "dm", "member_ids": [0]}), "member_ids"),
        (json!({"chat_type": "dm", "member_ids": ["bob"]}), "member_ids"),
        (json!({"chat_type": "group"}), "title"),
        (json!({"chat_type": "group", "title": null, "member_ids": []}), "title"),
        (json!({"chat_type": "group", "title": "", "member_ids": [bob.id]}), "title"),
        (json!({"chat_type": "group", "title": " \t "}), "title"),
        (json!({"chat_type": "group", "title": 5}), "title"),
        (json!({"chat_type": "group", "title": "x".repeat(256)}), "title"),
        (json!({"chat_type": "group", "title": "x", "member_ids": [bob.id, 999_999]}), "member_ids"),
        (json!({"chat_type": "group", "title": "x", "member_ids": [true]}), "member_ids"),
        (json!({"chat_type": "group", "title": "x", "member_ids": "2"}), "member_ids"),
        (json!({"chat_type": "group", "title": "x", "member_ids": vec![bob.id; 1001]}), "member_ids"),
    ] {
        alice.post(CHATS, &wish).await.blames(field);
    }
    assert!(listed(&alice, "").await.is_empty() && listed(&bob, "").await.is_empty());
    let at_the_limits = json!({"chat_type": "group", "title": "x".repeat(255), "member_ids": vec![bob.id; 1000]});
    alice.post(CHATS, &at_the_limits).await.is(201);
    let untitled = alice.post(CHATS, &json!({"chat_type": "group", "member_ids": [bob.id]})).await.is(201).json();
    assert_eq!(untitled["title"], "");
    assert_eq!(listed(&bob, "").await.len(), 2);
}

#[tokio::test]
async fn forms_and_paths_without_slash_and_the_dialects_own_place_do_as_well() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let (second, third) = (bob.id.to_string(), carol.id.to_string());
    let both = [("chat_type", "group"), ("title", "Team"), ("member_ids", &second), ("member_ids", &third)];
    let made = alice.sends_form(CHATS.trim_end_matches('/'), &both).await.is(201).json();
    assert_eq!(made["members"].as_array().unwrap().len(), 3);
    let next_door = alice.through("/d/messaging");
    let one = [("chat_type", "dm"), ("member_ids", second.as_str())];
    let direct = next_door.sends_form(CHATS, &one).await.is(201).json();
    let chat = Chat { id: id(&direct) };
    for caller in [&*alice, &next_door] {
        for path in [chat.path(), chat.path().trim_end_matches('/').to_owned()] {
            assert_eq!(caller.get(&path).await.is(200).json(), direct);
        }
        assert_eq!(caller.get(CHATS.trim_end_matches('/')).await.is(200).json()["count"], 2);
    }
    let bare = Chat { id: id(&made) }.path().trim_end_matches('/').to_owned();
    next_door.asks(reqwest::Method::PATCH, &bare).form(&[("title", "Crew")]).await.is(200);
    next_door.delete(&bare).await.is(204);
    alice.get(&bare).await.denied(404, NOT_FOUND);
}

#[tokio::test]
async fn the_chat_that_was_last_active_stands_first_in_pages() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let mut chats = Vec::new();
    for number in 0..21 {
        chats.push(group(&alice, &format!("group {number}"), &[]).await);
    }
    say(&alice, "bump", chats[3]).await;
    let all = listed(&alice, "?page_size=100").await;
    assert_eq!(all.len(), 21);
    assert_eq!(all[0], chats[3].id);
    let first = alice.get(CHATS).await.is(200).json();
    assert_eq!((first["count"].as_i64(), first["results"].as_array().unwrap().len()), (Some(21), 20));
    let next = first["next"].as_str().unwrap();
    assert_eq!(next, format!("{}{CHATS}?page=2", fireside.url));
    let second = alice.get(next).await.is(200).json();
    assert_eq!(id(&second["results"][0]), all[20]);
    assert_eq!(second["previous"], format!("{}{CHATS}", fireside.url));
    for wrong in ["0", "3", "x", "-1"] {
        alice.get(&format!("{CHATS}?page={wrong}")).await.denied(404, "Invalid page.");
    }
}

#[tokio::test]
async fn a_search_matches_titles_and_the_names_of_others_in_any_case() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, olga, bob);
    olga.patch(&format!("/api/users/{}/", olga.id), &json!({"display_name": "Ольга"})).await.is(200);
    let team = group(&alice, "Équipe Zürich", &[&bob]).await;
    let with_olga = dm(&alice, &olga).await;
    let hers = group(&olga, "Équipe secrète", &[&bob]).await;
    for (query, expected) in [
        ("ÉQUIPE", vec![team.id]),
        ("zÜr", vec![team.id]),
        ("оЛЬГ", vec![with_olga.id]),
        ("OLG", vec![with_olga.id]),
        ("Bo", vec![team.id]),
        ("alice", vec![]),
        ("%", vec![]),
        ("secr", vec![]),
        (" ", vec![with_olga.id, team.id]),
    ] {
        let page = alice.get(CHATS).await.is(200).json();
        assert_eq!(page["count"], 2);
        let address = format!("{}{CHATS}?search={}", fireside.url, query.replace('%', "%25").replace(' ', "%20"));
        let mut found: Vec<i64> = alice.get(&address).await.is(200).results().iter().map(id).collect();
        found.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
    assert_eq!(listed(&bob, "?search=secr").await, [hers.id]);
    let page = bob.get(&format!("{CHATS}?search=quipe&page_size=1")).await.is(200).json();
    assert_eq!(page["count"], 2);
    assert!(page["next"].as_str().unwrap().contains("search=quipe"), "{page}");
}

#[tokio::test]
async fn an_admin_renames_a_group_and_nothing_else() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = group(&alice, "Team", &[&bob]).await;
    let mut bobs = Line::to(&bob).await;
    let before = seen(&alice, chat).await;
    let change = json!({
        "title": " Crew ", "chat_type": "dm", "admins": [bob.id], "members": [carol.id], "member_ids": [carol.id],
        "id": 1, "unread_count": 7,
    });
    let changed = put(&alice, &chat.path(), &change).await.is(200).json();
    assert_eq!(changed["title"], "Crew");
    for field in ["id", "chat_type", "admins", "members", "unread_count", "created_at"] {
        assert_eq!(changed[field], before[field], "{field}");
    }
    let told = bobs.hears("chat_updated").await;
    assert_eq!(told["chat"], chat.id);
    assert_eq!(told["data"], seen(&bob, chat).await);
    assert_eq!(told["data"]["title"], "Crew");
    alice.patch(&chat.path(), &json!({"title": "x".repeat(255)})).await.is(200);
    bobs.hears("chat_updated").await;
    for wrong in [json!(""), json!("  "), json!(5), json!("x".repeat(256)), json!(["x"])] {
        put(&alice, &chat.path(), &json!({"title": wrong})).await.blames("title");
        alice.patch(&chat.path(), &json!({"title": wrong})).await.blames("title");
    }
    for title in [json!({"title": "Mine"}), json!({"title": "Ours"})] {
        put(&bob, &chat.path(), &title).await.denied(403, FORBIDDEN);
        bob.patch(&chat.path(), &title).await.denied(403, FORBIDDEN);
        put(&carol, &chat.path(), &title).await.denied(404, NOT_FOUND);
    }
    bobs.hears_nothing().await;
    assert_eq!(seen(&bob, chat).await["title"], "x".repeat(255));
}

#[tokio::test]
async fn a_direct_chat_has_no_title_of_its_own() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = dm(&alice, &bob).await;
    for who in [&alice, &bob] {
        put(who, &chat.path(), &json!({"title": "us"})).await.denied(403, FORBIDDEN);
        who.patch(&chat.path(), &json!({"title": "us"})).await.denied(403, FORBIDDEN);
    }
    assert_eq!(seen(&alice, chat).await["title"], "bob");
}

#[tokio::test]
async fn a_deleted_group_is_gone_for_all_with_its_messages() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let message = say(&bob, "secret plan", chat).await;
    let mut bobs = Line::to(&bob).await;
    let mut in_room = bob.handshake(&format!("/ws/room/{}/", chat.id)).enters().await;
    bob.delete(&chat.path()).await.denied(403, FORBIDDEN);
    bobs.hears_nothing().await;
    alice.delete(&chat.path()).await.is(204);
    in_room.is_closed_with(4404).await;
    assert_eq!(bobs.hears("chat_deleted").await, json!({"type": "chat_deleted", "chat": chat.id}));
    bobs.hears_nothing().await;
    for who in [&alice, &bob] {
        who.get(&chat.path()).await.denied(404, NOT_FOUND);
        who.get(&chat.messages()).await.denied(404, NOT_FOUND);
        who.get(&path(&message)).await.denied(404, NOT_FOUND);
        who.delete(&chat.path()).await.denied(404, NOT_FOUND);
        assert!(listed(who, "").await.is_empty());
        let sync = who.get("/messages/api/sync/").await.is(200);
        assert!(!sync.text().contains("secret plan"), "{sync}");
    }
}

#[tokio::test]
async fn a_deleted_direct_chat_is_cleared_and_hidden_for_the_one_who_deletes() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = dm(&alice, &bob).await;
    let old = say(&bob, "old", chat).await;
    let mut desk = Line::to(&alice).await;
    let mut bobs = Line::to(&bob).await;
    alice.delete(&chat.path()).await.is(204);
    assert_eq!(desk.hears("chat_deleted").await["chat"], chat.id);
    bobs.hears_nothing().await;
    assert_eq!(bob.get(&path(&old)).await.is(200).json()["read_by"], json!([bob.id]), "it was put away, and not read");
    assert!(listed(&alice, "").await.is_empty());
    assert!(texts(&alice, chat).await.is_empty());
    alice.get(&path(&old)).await.denied(404, NOT_FOUND);
    let left = seen(&alice, chat).await;
    assert_eq!((&left["last_message"], &left["unread_count"]), (&Value::Null, &json!(0)));
    assert_eq!(listed(&bob, "").await, [chat.id]);
    assert_eq!(texts(&bob, chat).await, ["old"]);
    assert_eq!(dm(&alice, &bob).await.id, chat.id, "it is still the one");

    say(&bob, "new", chat).await;
    desk.hears_message("new").await;
    assert_eq!(listed(&alice, "").await, [chat.id]);
    assert_eq!(texts(&alice, chat).await, ["new"]);
    assert_eq!(seen(&alice, chat).await["unread_count"], 1);
    bob.delete(&path(&old)).await.is(204);
    assert_eq!(seen(&alice, chat).await["unread_count"], 1, "it was counted as seen");
    assert_eq!(alice.does(&chat.read()).await.is(200).json()["marked_count"], 1);
    assert_eq!(texts(&bob, chat).await, ["new"]);
}

/// Whoever has put a chat away sees nothing of what was said before, not even that it changed.
#[tokio::test]
async fn what_was_cleared_stays_silent_when_it_changes() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = dm(&alice, &bob).await;
    let old = say(&bob, "old", chat).await;
    let inbox = "/d/inbox/ws/chat/bob/";
    let mut window = alice.handshake(inbox).enters().await;
    alice.delete(&chat.path()).await.is(204);
    let mut desk = Line::to(&alice).await;
    let mut bobs = Line::to(&bob).await;
    for round in ["once", "twice"] {
        bob.patch(&path(&old), &json!({"content": "old, but changed"})).await.is(200);
        bob.post(&format!("{}reactions/", path(&old)), &json!({"emoji": "👍"})).await.is(200);
        assert_eq!(bobs.hears("message_updated").await["message"]["content"], "old, but changed");
        bobs.hears("reaction_updated").await;
        if round == "once" {
            desk.hears_nothing().await;
            // Back in the list, and what was cleared stays so.
            say(&bob, "new", chat).await;
            desk.hears_message("new").await;
            bobs.hears_message("new").await;
            assert_eq!(window.frame().await["message"], "new");
        }
    }
    desk.hears_nothing().await;
    window.stays_silent().await;
    let new = say(&bob, "newer", chat).await;
    desk.hears_message("newer").await;
    bob.patch(&path(&new), &json!({"content": "newest"})).await.is(200);
    assert_eq!(desk.hears("message_updated").await["message"]["content"], "newest");
    assert_eq!(window.frame().await["message"], "newer");
    assert_eq!(window.frame().await["message"], "newest");
}

#[tokio::test]
async fn the_last_message_is_the_newest_that_remains() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    say(&alice, "one", chat).await;
    let two = say(&alice, "two", chat).await;
    assert_eq!(seen(&bob, chat).await["last_message"]["content"], "two");
    alice.delete(&path(&two)).await.is(204);
    let shown = seen(&bob, chat).await;
    assert_eq!(shown["last_message"]["content"], "one");
    assert_eq!(shown["unread_count"], 1);
}
