//! The first hour: a server gets a name, and whoever is new lands among people.

use serde_json::{Value, json};

use super::{invites, log, setup_code, signs_in};
use crate::world::person::cookie;
use crate::world::{Fireside, Person, Room, id};

const ABOUT: &str = "/api/server/";
const SETTINGS: &str = "/api/server/settings/";
const REGISTER: &str = "/api/server/register/";

/// The first admin of a server with this name, whose browser reads these languages.
async fn sets_up(fireside: &Fireside, name: &str, languages: &str) -> Person {
    let code = setup_code(fireside).expect("a setup link");
    let body = json!({"code": code, "username": "root", "password": "correct horse root", "name": name, "email": ""});
    let asked = fireside.anyone().post("/api/server/setup/", &body).with("Accept-Language", languages);
    Person::of(fireside.anyone(), &asked.await.is(201).json(), "correct horse root".into())
}

async fn comes(fireside: &Fireside, name: &str) -> Person {
    let body = json!({"username": name, "password": "correct horse"});
    let answer = fireside.anyone().post(REGISTER, &body).await.is(201);
    Person::of(fireside.anyone(), &answer.json(), "correct horse".into())
}

async fn rooms(who: &Person) -> Vec<Value> {
    who.get("/api/rooms/").await.is(200).results()
}

async fn people_in(who: &Person, room: &Room) -> Vec<String> {
    let found = who.get(&format!("{}?page_size=100", room.participants())).await.is(200).results();
    let mut names: Vec<_> = found.iter().map(|one| one["user"]["username"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn setting_up_names_the_server_and_opens_a_room_of_everybody() {
    let fireside = Fireside::start().await;
    let early = fireside.registers("early").await;
    assert!(rooms(&early).await.is_empty(), "nobody has opened one yet");
    let about = early.get(ABOUT).await.is(200).json();
    assert_eq!((&about["name"], &about["needs_setup"]), (&json!("Fireside"), &json!(true)));
    let root = sets_up(&fireside, "  The Hearth ", "en-GB,en;q=0.9").await;
    let about = fireside.anyone().get(ABOUT).await.is(200).json();
    assert_eq!((&about["name"], &about["needs_setup"]), (&json!("The Hearth"), &json!(false)));
    assert_eq!(about["software"], "Fireside");

    let [room] = &rooms(&root).await[..] else { panic!("one room") };
    assert_eq!(
        (&room["name"], &room["is_private"], &room["owner"]["id"]),
        (&json!("Everyone"), &json!(false), &json!(root.id))
    );
    let room = Room::of(room);
    assert_eq!(people_in(&root, &room).await, ["early", "root"], "who was there before is in it, too");
    let fireside = fireside.restarts().await;
    let about = fireside.anyone().get(ABOUT).await.is(200).json();
    assert_eq!((&about["name"], &about["needs_setup"]), (&json!("The Hearth"), &json!(false)));
}

#[tokio::test]
async fn the_room_speaks_the_language_of_whoever_sets_up() {
    let fireside = Fireside::start().await;
    let root = sets_up(&fireside, "", "de, ru-RU;q=0.9, en;q=0.1").await;
    assert_eq!(rooms(&root).await[0]["name"], "Общий чат");
    assert_eq!(root.get(ABOUT).await.json()["name"], "Fireside", "a blank name is none");
    let nothing = json!({"code": "x", "username": "eve", "password": "correct horse", "name": "x".repeat(256)});
    fireside.anyone().post("/api/server/setup/", &nothing).await.names("name");
}

#[tokio::test]
async fn whoever_is_new_is_in_it_however_they_come() {
    let fireside = Fireside::start().await;
    let root = sets_up(&fireside, "Hearth", "en").await;
    let room = Room::of(&rooms(&root).await[0]);
    let mut roots = root.listens_in(&room).await;
    let alice = fireside.registers("alice").await;
    roots.hears("user_joined").await;
    comes(&fireside, "bob").await;
    let messenger = json!({"username": "carol", "email": "c@example.com", "password": "correct horse"});
    fireside.anyone().post("/accounts/api/users/", &messenger).await.is(201);
    let added = json!({"username": "dave", "password": "correct horse"});
    root.post("/api/server/users/", &added).await.is(201);
    fireside.home.runs(&["user", "create", "erin", "--password-file", "-"], "correct horse\n").await.succeeded();
    assert_eq!(people_in(&alice, &room).await, ["alice", "bob", "carol", "dave", "erin", "root"]);
    let said = root.posts("welcome").in_room(&room).await;
    assert_eq!(alice.reads(&room).await, ["welcome"]);
    assert_eq!(said["room"], room.id);
    // What was said before somebody came is no news to them.
    let frank = comes(&fireside, "frank").await;
    assert_eq!(rooms(&frank).await[0]["unread_count"], 0);
    assert_eq!(rooms(&alice).await[0]["unread_count"], 1);
}

#[tokio::test]
async fn a_full_or_deleted_room_keeps_nobody_out() {
    let fireside = Fireside::start().await;
    let root = sets_up(&fireside, "Hearth", "en").await;
    let room = Room::of(&rooms(&root).await[0]);
    comes(&fireside, "alice").await;
    root.patch(&room.path(), &json!({"max_participants": 2})).await.is(200);
    let bob = comes(&fireside, "bob").await;
    assert!(rooms(&bob).await.is_empty());
    assert_eq!(people_in(&root, &room).await, ["alice", "root"]);
    root.delete(&room.path()).await.is(204);
    assert!(rooms(&comes(&fireside, "carol").await).await.is_empty());
    assert_eq!(root.patch(SETTINGS, &json!({})).await.is(200).json()["join_rooms"], json!([]));
}

#[tokio::test]
async fn admins_name_the_server_and_the_rooms_that_newcomers_join() {
    let fireside = Fireside::start().await;
    let root = sets_up(&fireside, "Hearth", "en").await;
    let everyone = Room::of(&rooms(&root).await[0]);
    let alice = fireside.registers("alice").await;
    let (tea, secret, hers) =
        (alice.opens_room("tea").await, root.opens_room("secret").await, alice.opens_room("hers").await);
    root.makes_private(&secret).await;
    alice.makes_private(&hers).await;
    let as_it_is = json!({"name": "Hearth", "join_rooms": [everyone.id]});
    assert_eq!(root.patch(SETTINGS, &json!({})).await.is(200).json(), as_it_is);

    let notes = root.post("/api/rooms/", &json!({"name": "x"})).await.is(201).json();
    root.delete(&Room::of(&notes).path()).await.is(204);
    let direct = alice.post("/api/chats/create/", &json!({"user_id": root.id})).await.is(201).json();
    let (others, unknown) = (json!({"join_rooms": [hers.id]}), json!({"join_rooms": [999]}));
    let private = root.patch(SETTINGS, &others).await.names("join_rooms");
    let never = root.patch(SETTINGS, &unknown).await.names("join_rooms");
    assert_eq!(private.as_seen_by_a_prober(), never.as_seen_by_a_prober(), "another's private room is not there");
    for wrong in
        [json!([id(&direct)]), json!([id(&notes)]), json!("x"), json!(["x"]), json!((1..=21).collect::<Vec<_>>())]
    {
        root.patch(SETTINGS, &json!({"join_rooms": wrong, "name": "Den"})).await.names("join_rooms");
    }
    for wrong in [json!(""), json!("  "), json!("x".repeat(256)), json!(7)] {
        root.patch(SETTINGS, &json!({"name": wrong})).await.names("name");
    }
    assert_eq!(root.patch(SETTINGS, &json!({})).await.json(), as_it_is, "a refusal changes nothing");
    alice.patch(SETTINGS, &json!({"name": "Alice's"})).await.refused(403, "permission_denied");
    fireside.anyone().patch(SETTINGS, &json!({"name": "x"})).await.refused(401, "authentication_required");

    let wish = json!({"name": "Den", "join_rooms": [tea.id, secret.id]});
    assert_eq!(root.patch(SETTINGS, &wish).await.is(200).json(), wish);
    assert_eq!(fireside.anyone().get(ABOUT).await.json()["name"], "Den");
    let bob = comes(&fireside, "bob").await;
    let mut his: Vec<_> = rooms(&bob).await.iter().map(id).collect();
    his.sort_unstable();
    assert_eq!(his, [tea.id, secret.id]);
    root.patch(SETTINGS, &json!({"join_rooms": []})).await.is(200);
    assert!(rooms(&comes(&fireside, "carol").await).await.is_empty());
    let done: Vec<_> = log(&root).await.into_iter().take(3).map(|(_, action, subject)| (action, subject)).collect();
    let expected = [
        ("join_rooms_set", String::new()),
        ("join_rooms_set", format!("{} {}", tea.id, secret.id)),
        ("server_named", "Den".into()),
    ];
    assert_eq!(done, expected.map(|(action, subject)| (action.to_owned(), subject)));
}

#[tokio::test]
async fn nobody_comes_into_a_room_that_its_owner_made_private() {
    let fireside = Fireside::start().await;
    let root = sets_up(&fireside, "Hearth", "en").await;
    let everyone = Room::of(&rooms(&root).await[0]);
    let alice = fireside.registers("alice").await;
    let (tea, mine) = (alice.opens_room("tea").await, root.opens_room("mine").await);
    let wish = json!({"join_rooms": [everyone.id, tea.id, mine.id]});
    assert_eq!(root.patch(SETTINGS, &wish).await.is(200).json()["join_rooms"], wish["join_rooms"]);
    alice.makes_private(&tea).await;
    root.makes_private(&mine).await;
    comes(&fireside, "bob").await;
    assert_eq!(people_in(&alice, &tea).await, ["alice"]);
    assert_eq!(people_in(&root, &mine).await, ["bob", "root"], "an administrator of the server is its admin");
    assert_eq!(root.patch(SETTINGS, &json!({})).await.json()["join_rooms"], json!([everyone.id, mine.id]));
    let unnamed = root.patch(SETTINGS, &json!({"join_rooms": [tea.id]})).await;
    unnamed.names("join_rooms");
    // It was named, and is again what it was; until others are named.
    alice.patch(&tea.path(), &json!({"is_private": false})).await.is(200);
    comes(&fireside, "carol").await;
    assert_eq!(people_in(&alice, &tea).await, ["alice", "carol"]);
    alice.makes_private(&tea).await;
    root.patch(SETTINGS, &json!({"join_rooms": [mine.id]})).await.is(200);
    alice.patch(&tea.path(), &json!({"is_private": false})).await.is(200);
    comes(&fireside, "dave").await;
    assert_eq!(people_in(&alice, &tea).await, ["alice", "carol"]);
}

#[tokio::test]
async fn people_register_without_an_address() {
    let fireside = Fireside::start().await;
    let register = async |body: Value| fireside.anyone().post(REGISTER, &body).await;
    let ann = json!({"username": "ann", "password": "correct horse", "display_name": " Ann ", "email": " "});
    let ann = register(ann).await.is(201).json();
    assert_eq!((&ann["user"]["email"], &ann["user"]["display_name"]), (&json!(""), &json!("Ann")));
    let ann = Person::of(fireside.anyone(), &ann, "correct horse".into());
    let bob = comes(&fireside, "bob").await;
    for field in ["username", "password"] {
        let mut body = json!({"username": "eve", "password": "correct horse"});
        body.as_object_mut().unwrap().remove(field);
        register(body).await.names(field);
    }
    register(json!({"username": "ANN", "password": "correct horse"})).await.names("username");
    register(json!({"username": "eve", "password": "correct horse", "email": "no address"})).await.names("email");
    let with = json!({"username": "carol", "password": "correct horse", "email": "c@example.com", "is_admin": true});
    assert_eq!(register(with).await.is(201).json()["user"]["email"], "c@example.com");
    register(json!({"username": "eve", "password": "correct horse", "email": "C@example.com"})).await.names("email");

    // Nobody signs in as whoever has no address, and every dialect shows them.
    signs_in(&fireside, "", "correct horse").await.refused(401, "invalid_credentials");
    signs_in(&fireside, "ann", "correct horse").await.is(200);
    let by_address = json!({"email": "", "password": "correct horse"});
    fireside.anyone().post("/api/auth/login/", &by_address).await.refused(401, "invalid_credentials");
    assert_eq!(bob.get("/accounts/api/users/").await.is(200).json()[0]["email"], "");
    let found = bob.get("/messages/api/users/search/?q=ann").await.is(200).results();
    assert_eq!((found.len(), &found[0]["email"]), (1, &json!("")));
    assert_eq!(ann.get("/api/auth/me/").await.is(200).json()["email"], "");
    ann.patch(
        &format!("/api/users/{}/", ann.id),
        &json!({"email": "a@example.com", "current_password": "correct horse"}),
    )
    .await
    .is(200);
    signs_in(&fireside, "a@example.com", "correct horse").await.is(200);
    let page = json!({"username": "bob", "password": "correct horse"});
    let session = fireside.anyone().post("/login/", &page).await.is(200);
    assert!(!cookie(&session, "sessionid").is_empty());
}

#[tokio::test]
async fn registering_is_as_open_as_the_server_says() {
    let body = json!({"username": "eve", "password": "correct horse"});
    let closed = Fireside::start_with(&["--registration", "closed"]).await;
    closed.anyone().post(REGISTER, &body).await.refused(403, "permission_denied");
    let invited = Fireside::start_with(&["--registration", "invite"]).await;
    invited.anyone().post(REGISTER, &body).await.names("invite");
    let limited = Fireside::start_with_limits(&[]).await;
    for _ in 0..10 {
        limited.anyone().post(REGISTER, &json!({})).await.names("username");
    }
    limited.anyone().post(REGISTER, &body).await.refused(429, "rate_limited");
    let strange = Fireside::start().await;
    let foreign = strange.anyone().post(REGISTER, &body).with("Origin", "https://evil.example");
    foreign.await.refused(403, "csrf_failed");
    signs_in(&strange, "eve", "correct horse").await.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn an_invitation_leads_into_a_chat() {
    let fireside = Fireside::start_with(&["--registration", "invite"]).await;
    let root = sets_up(&fireside, "Hearth", "en").await;
    let everyone = Room::of(&rooms(&root).await[0]);
    let team = root.opens_room("team").await;
    root.makes_private(&team).await;
    let invite = invites(&root, json!({"uses": 2, "chat": team.id})).await;
    assert_eq!(invite["chat"], team.id);
    let code = invite["code"].as_str().unwrap();
    let look = fireside.anyone().post("/api/server/invites/look/", &json!({"code": code})).await.is(200).json();
    assert_eq!(look["chat"], team.id);
    let guest = async |name: &str, code: &str| -> Person {
        let body = json!({"username": name, "password": "correct horse", "invite": code});
        let answer = fireside.anyone().post(REGISTER, &body).await.is(201).json();
        Person::of(fireside.anyone(), &answer, "correct horse".into())
    };
    let alice = guest("alice", code).await;
    let mut hers: Vec<_> = rooms(&alice).await.iter().map(id).collect();
    hers.sort_unstable();
    assert_eq!(hers, [everyone.id, team.id]);
    root.delete(&team.path()).await.is(204);
    assert_eq!(rooms(&guest("bob", code).await).await.len(), 1, "a chat that is gone keeps nobody out");

    let hers = alice.opens_room("hers").await;
    let public = invites(&root, json!({"chat": hers.id, "uses": 2})).await;
    let public = public["code"].as_str().unwrap();
    assert_eq!(rooms(&guest("dave", public).await).await.len(), 2);
    alice.makes_private(&hers).await;
    assert_eq!(rooms(&guest("eve", public).await).await.len(), 1, "whoever made it may let nobody in any more");
    let others = root.post("/api/server/invites/", &json!({"chat": hers.id})).await.names("chat");
    let unknown = root.post("/api/server/invites/", &json!({"chat": 999})).await.names("chat");
    assert_eq!(others.as_seen_by_a_prober(), unknown.as_seen_by_a_prober());
    root.post("/api/server/invites/", &json!({"chat": "x"})).await.names("chat");
    let plain = invites(&root, json!({"chat": null})).await;
    assert_eq!(plain["chat"], Value::Null);
    assert_eq!(rooms(&guest("carol", plain["code"].as_str().unwrap()).await).await.len(), 1);
}
