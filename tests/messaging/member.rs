//! Members: added, removed, and who takes over.

use serde_json::json;

use super::words::{Chat, FORBIDDEN, Line, NOT_FOUND, Refused, dm, group, ids, say, seen, texts};
use crate::manage::root_of;
use crate::world::caller::Credential;
use crate::world::{Fireside, Person, id, people};

async fn members(who: &Person, chat: Chat) -> Vec<i64> {
    seen(who, chat).await["members"].as_array().unwrap().iter().map(id).collect()
}

#[tokio::test]
async fn an_admin_adds_members_and_only_new_ones_count() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol, dave);
    let chat = group(&alice, "Team", &[&bob]).await;
    say(&alice, "before", chat).await;
    let mut bobs = Line::to(&bob).await;
    let mut carols = Line::to(&carol).await;
    let both = json!({"user_ids": [bob.id, carol.id, carol.id.to_string(), alice.id]});
    let answer = alice.post(&chat.add(), &both).await.is(200).json();
    assert_eq!(answer, json!({"status": "success", "added_count": 1}));
    let told = json!({"type": "member_added", "chat": chat.id, "user_id": carol.id});
    assert_eq!(bobs.hears("member_added").await, told);
    // The newcomer is shown the chat first.
    let shown = carols.hears("chat_created").await;
    assert_eq!(shown["data"], seen(&carol, chat).await);
    assert_eq!((&shown["chat"], &shown["data"]["last_message"]["content"]), (&json!(chat.id), &json!("before")));
    assert_eq!(carols.hears("member_added").await, told);
    say(&bob, "welcome", chat).await;
    carols.hears_message("welcome").await;
    bobs.hears_message("welcome").await;
    assert_eq!(texts(&carol, chat).await, ["welcome", "before"]);
    assert_eq!(members(&carol, chat).await, ids(&[&alice, &bob, &carol]));

    let again = alice.post(&chat.add(), &json!({"user_ids": [carol.id]})).await.is(200).json();
    assert_eq!(again["added_count"], 0);
    let form = alice.sends_form(&chat.add(), &[("user_ids", &dave.id.to_string())]).await.is(200).json();
    assert_eq!(form["added_count"], 1);
    bobs.hears("member_added").await;
    bobs.hears_nothing().await;
}

#[tokio::test]
async fn who_cannot_be_added_is_named_and_nobody_is() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = group(&alice, "Team", &[&bob]).await;
    for wrong in [
        json!({}),
        json!({"user_ids": null}),
        json!({"user_ids": carol.id}),
        json!({"user_ids": "x"}),
        json!({"user_ids": [carol.id, 999_999]}),
        json!({"user_ids": [carol.id, 0]}),
        json!({"user_ids": ["carol"]}),
        json!({"user_ids": vec![carol.id; 1001]}),
    ] {
        alice.post(&chat.add(), &wrong).await.blames("user_ids");
    }
    let carols = json!({"user_ids": [carol.id]});
    bob.post(&chat.add(), &carols).await.denied(403, FORBIDDEN);
    carol.post(&chat.add(), &carols).await.denied(404, NOT_FOUND);
    assert_eq!(members(&alice, chat).await, ids(&[&alice, &bob]));
    let thousand = json!({"user_ids": vec![carol.id; 1000]});
    assert_eq!(alice.post(&chat.add(), &thousand).await.is(200).json()["added_count"], 1);
}

#[tokio::test]
async fn a_direct_chat_keeps_its_two() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = dm(&alice, &bob).await;
    alice.post(&chat.add(), &json!({"user_ids": [carol.id]})).await.blames("user_ids");
    alice.delete(&chat.remove(&bob)).await.blames("user_id");
    alice.delete(&chat.remove(&alice)).await.blames("user_id");
    carol.delete(&chat.remove(&bob)).await.denied(404, NOT_FOUND);
    assert_eq!(members(&bob, chat).await, ids(&[&alice, &bob]));
}

#[tokio::test]
async fn an_admin_removes_others_and_everybody_oneself() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol, dave);
    let chat = group(&alice, "Team", &[&bob, &carol]).await;
    let mut alices = Line::to(&alice).await;
    let mut bobs = Line::to(&bob).await;
    let mut in_room = bob.handshake(&format!("/ws/room/{}/", chat.id)).enters().await;
    carol.delete(&chat.remove(&bob)).await.denied(403, FORBIDDEN);
    dave.delete(&chat.remove(&bob)).await.denied(404, NOT_FOUND);
    alice.delete(&chat.remove(&dave)).await.denied(404, NOT_FOUND);
    alices.hears_nothing().await;

    alice.delete(&chat.remove(&bob)).await.is(204);
    say(&alice, "without him", chat).await;
    let told = json!({"type": "member_removed", "chat": chat.id, "user_id": bob.id});
    assert_eq!(alices.hears("member_removed").await, told);
    alices.hears_message("without him").await;
    // The socket stays, without the chat; the room's own closes.
    assert_eq!(bobs.hears("member_removed").await, told);
    bobs.hears_nothing().await;
    in_room.is_closed_with(4403).await;
    bob.get(&chat.path()).await.denied(404, NOT_FOUND);
    alice.delete(&chat.remove(&bob)).await.denied(404, NOT_FOUND);

    carol.delete(&chat.remove(&carol)).await.is(204);
    assert_eq!(alices.hears("member_removed").await["user_id"], carol.id);
    assert_eq!(members(&alice, chat).await, ids(&[&alice]));
}

#[tokio::test]
async fn nobody_takes_a_group_by_taking_its_owner_out() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    people!(fireside: alice, mallory);
    let chat = group(&alice, "Team", &[&mallory, &root]).await;
    for admin in [&mallory, &root] {
        alice.patch(&chat.member(admin), &json!({"role": "admin"})).await.is(200);
    }
    let owner = async |who: &Person| seen(who, chat).await["owner"].clone();
    let room = format!("/c/rooms/api/rooms/{}/remove-participant/", chat.id);
    let account = format!("/api/server/users/{}/", alice.id);
    for is_disabled in [false, true] {
        root.patch(&account, &json!({"is_disabled": is_disabled})).await.is(200);
        mallory.delete(&chat.remove(&alice)).await.denied(403, FORBIDDEN);
        mallory.post(&room, &json!({"id": alice.id})).await.is(403);
        assert_eq!(owner(&mallory).await, alice.id);
    }
    // An administrator of the server does, who is an admin there; so does the owner.
    root.delete(&chat.remove(&alice)).await.is(204);
    assert_eq!(owner(&root).await, mallory.id);
    mallory.delete(&chat.remove(&mallory)).await.is(204);
    assert_eq!(owner(&root).await, root.id);
}

#[tokio::test]
async fn when_the_last_admin_may_not_sign_in_any_more_the_longest_standing_looks_after_the_group() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    people!(fireside: alice, bob, carol);
    let chat = group(&alice, "Team", &[&bob, &carol]).await;
    let mut line = Line::to(&bob).await;
    let account = format!("/api/server/users/{}/", alice.id);
    root.patch(&account, &json!({"is_disabled": true})).await.is(200);
    let shown = line.hears("chat_updated").await["data"].clone();
    assert_eq!((&shown["admins"], &shown["owner"]), (&json!([alice.id, bob.id]), &json!(alice.id)));
    bob.patch(&chat.path(), &json!({"title": "b"})).await.is(200);
    // Where one is left who can, nobody is made one.
    root.patch(&account, &json!({"is_disabled": false})).await.is(200);
    root.patch(&account, &json!({"is_disabled": true})).await.is(200);
    assert_eq!(seen(&carol, chat).await["admins"], json!([alice.id, bob.id]));
}

#[tokio::test]
async fn when_the_last_admin_leaves_the_longest_standing_takes_over() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = group(&alice, "Team", &[&carol]).await;
    alice.post(&chat.add(), &json!({"user_ids": [bob.id]})).await.is(200);
    alice.delete(&chat.remove(&alice)).await.is(204);
    assert_eq!(seen(&bob, chat).await["admins"], json!([carol.id]));
    bob.patch(&chat.path(), &json!({"title": "b"})).await.denied(403, FORBIDDEN);
    carol.patch(&chat.path(), &json!({"title": "c"})).await.is(200);
    // Coming back does not bring it back.
    carol.post(&chat.add(), &json!({"user_ids": [alice.id]})).await.is(200);
    alice.patch(&chat.path(), &json!({"title": "a"})).await.denied(403, FORBIDDEN);
}

#[tokio::test]
async fn a_bot_takes_over_after_everybody_else() {
    let fireside = Fireside::start_with(&["--bots", "open"]).await;
    people!(fireside: alice, bob);
    let bot = alice.post("/api/server/bots/", &json!({"username": "news"})).await.is(201).json();
    let chat = group(&alice, "Team", &[]).await;
    // It has been there for longer.
    for member in [id(&bot), bob.id] {
        alice.post(&chat.add(), &json!({"user_ids": [member]})).await.is(200);
    }
    alice.delete(&chat.remove(&alice)).await.is(204);
    let left = seen(&bob, chat).await;
    assert_eq!((&left["owner"], &left["admins"]), (&json!(bob.id), &json!([bob.id])));
}

/// Whoever is taken out would read on by a program of theirs.
#[tokio::test]
async fn who_is_taken_out_goes_with_their_bots() {
    let fireside = Fireside::start_with(&["--bots", "open"]).await;
    people!(fireside: alice, mallory);
    let makes = async |who: &Person, name: &str| {
        let bot = who.post("/api/server/bots/", &json!({"username": name})).await.is(201).json();
        (id(&bot), who.showing(Credential::Token(bot["token"].as_str().unwrap().to_owned())))
    };
    let [(ear, hers), (news, others)] = [makes(&mallory, "ear").await, makes(&alice, "news").await];
    let [chat, elsewhere] = [group(&alice, "Team", &[&mallory]).await, group(&alice, "Other", &[&mallory]).await];
    for place in [chat, elsewhere] {
        alice.post(&place.add(), &json!({"user_ids": [ear, news]})).await.is(200);
    }
    let mut line = Line::to(&alice).await;
    alice.delete(&chat.remove(&mallory)).await.is(204);
    hers.get(&chat.path()).await.denied(404, NOT_FOUND);
    others.get(&chat.path()).await.is(200);
    hers.get(&elsewhere.path()).await.is(200);
    for gone in [mallory.id, ear] {
        assert_eq!(line.hears("member_removed").await["user_id"], gone);
    }
    assert_eq!(seen(&alice, chat).await["member_count"], 2);
    // Who leaves by themselves may leave one behind.
    mallory.delete(&elsewhere.remove(&mallory)).await.is(204);
    hers.get(&elsewhere.path()).await.is(200);
}

#[tokio::test]
async fn who_takes_over_is_told_to_the_others_whichever_way_one_leaves() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    for way in ["messaging", "rooms"] {
        let chat = group(&alice, way, &[&carol, &bob]).await;
        let mut lines = [Line::to(&bob).await, Line::to(&carol).await];
        let mut alices = Line::to(&alice).await;
        match way {
            "rooms" => alice.does(&format!("/api/rooms/{}/leave/", chat.id)).await.is(204),
            _ => alice.delete(&chat.remove(&alice)).await.is(204),
        };
        let views = [seen(&bob, chat).await, seen(&carol, chat).await];
        for (line, view) in lines.iter_mut().zip(views) {
            assert_eq!(view["admins"], json!([carol.id]));
            assert_eq!(line.hears("member_removed").await["user_id"], alice.id);
            assert_eq!(line.hears("chat_updated").await["data"], view);
        }
        alices.hears("member_removed").await;
        alices.hears_nothing().await;
        // Where nothing passes on, nothing is told of it.
        let [bobs, carols] = &mut lines;
        bob.delete(&chat.remove(&bob)).await.is(204);
        bobs.hears("member_removed").await;
        bobs.hears_nothing().await;
        carols.hears("member_removed").await;
        carols.hears_nothing().await;
    }
}

#[tokio::test]
async fn whoever_cannot_sign_in_takes_over_only_from_the_last_who_can() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol, dave);
    let chat = group(&alice, "Team", &[&dave, &carol, &bob]).await;
    fireside.home.runs(&["user", "disable", "dave"], "").await.succeeded();
    alice.delete(&chat.remove(&alice)).await.is(204);
    assert_eq!(seen(&bob, chat).await["admins"], json!([carol.id]));
    let owner = &bob.get(&format!("/api/rooms/{}/", chat.id)).await.is(200).json()["owner"]["id"];
    assert_eq!(owner, carol.id);
    // An admin who cannot sign in stays one, and another looks after the group, whoever else leaves.
    fireside.home.runs(&["user", "disable", "carol"], "").await.succeeded();
    let eve = fireside.registers("eve").await;
    let other = group(&eve, "Other", &[&bob, &alice]).await;
    fireside.home.runs(&["user", "disable", "eve"], "").await.succeeded();
    bob.delete(&other.remove(&bob)).await.is(204);
    assert_eq!(seen(&alice, other).await["admins"], json!([eve.id, alice.id]));
    // Nobody else is left.
    bob.delete(&chat.remove(&bob)).await.is(204);
    fireside.home.runs(&["user", "enable", "dave"], "").await.succeeded();
    let dave = dave.signs_in_again().await;
    assert_eq!(seen(&dave, chat).await["admins"], json!([carol.id]));
    let last = group(&alice, "Last", &[&dave]).await;
    fireside.home.runs(&["user", "disable", "dave"], "").await.succeeded();
    alice.delete(&last.remove(&alice)).await.is(204);
    fireside.home.runs(&["user", "enable", "dave"], "").await.succeeded();
    assert_eq!(seen(&dave.signs_in_again().await, last).await["admins"], json!([dave.id]));
}

#[tokio::test]
async fn a_group_ends_with_its_last_member() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    for way in ["messaging", "rooms"] {
        let chat = group(&alice, way, &[&bob]).await;
        let doors = [format!("/ws/room/{}/", chat.id), format!("/messenger/ws/ws/chat/room-{}/", chat.id)];
        let mut bobs = Line::to(&bob).await;
        let mut line = Line::to(&alice).await;
        // Who leaves others behind is no more in it; it is still there.
        let mut left = bob.handshake(&doors[0]).enters().await;
        bob.delete(&chat.remove(&bob)).await.is(204);
        left.is_closed_with(4403).await;
        bobs.hears("member_removed").await;
        line.hears("member_removed").await;
        let mut listeners = Vec::new();
        for door in &doors {
            listeners.push(alice.handshake(door).enters().await);
        }
        match way {
            "rooms" => alice.does(&format!("/api/rooms/{}/leave/", chat.id)).await.is(204),
            _ => alice.delete(&chat.remove(&alice)).await.is(204),
        };
        for listener in &mut listeners {
            listener.is_closed_with(4404).await;
        }
        let told = line.hears("chat_deleted").await;
        assert_eq!(told, json!({"type": "chat_deleted", "chat": chat.id}));
        line.hears_nothing().await;
        bobs.hears_nothing().await;
        alice.get(&chat.path()).await.denied(404, NOT_FOUND);
        alice.get(&format!("/api/rooms/{}/", chat.id)).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn members_are_listed_in_parts_and_found_by_name() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let crowd = fireside.registers_crowd(6).await;
    let eve = fireside.registers("eve").await;
    let others: Vec<&Person> = crowd.iter().collect();
    let chat = group(&alice, "Team", &others).await;
    let list = format!("{}members/", chat.path());
    let line = Line::to(&crowd[0]).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let part = alice.get(&format!("{list}?limit=3{cursor}")).await.is(200).json();
        seen.extend(part["results"].as_array().unwrap().clone());
        // Who joins meanwhile comes last.
        alice.post(&chat.add(), &json!({"user_ids": [eve.id]})).await.is(200);
        let Some(next) = part["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let expected: Vec<i64> = [&alice].into_iter().chain(&crowd).chain([&eve]).map(|person| person.id).collect();
    assert_eq!(seen.iter().map(id).collect::<Vec<_>>(), expected, "the longest in it first");
    let first = json!({
        "id": alice.id, "username": "alice", "display_name": "alice", "avatar_url": null, "is_bot": false, "is_admin": true,
        "joined_at": seen[0]["joined_at"], "online": false, "last_seen": null,
    });
    assert_eq!(seen[0], first, "and no address");
    assert_eq!((&seen[1]["online"], &seen[1]["is_admin"]), (&json!(true), &json!(false)));
    let found = alice.get(&format!("{list}?q=GUEST5")).await.is(200).results();
    assert_eq!(found.iter().map(id).collect::<Vec<_>>(), [crowd[5].id]);
    assert!(alice.get(&format!("{list}?q=nobody")).await.is(200).results().is_empty());
    alice.get(&format!("{list}?cursor=x")).await.blames("cursor");
    let stranger = fireside.registers("stranger").await;
    stranger.get(&list).await.denied(404, NOT_FOUND);
    stranger.get("/messages/api/chats/999/members/").await.denied(404, NOT_FOUND);
    fireside.anyone().get(&list).await.is(401);
    line.hangs_up().await;
}
