//! `/c/rooms/`: what this system's own client calls beside the document or otherwise. Here it is
//! called as that client does; in a browser it runs in `client_page`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::bytes::{PNG, Part, file};
use crate::world::{Caller, Fireside, Listener, Person, Room, id};

/// Alice's den, with bob in it.
pub struct Den {
    pub fireside: Fireside,
    pub alice: Person,
    pub bob: Person,
    pub den: Room,
}

pub async fn den() -> Den {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    Den { fireside, alice, bob, den }
}

/// Somebody with the client in place of the document.
pub fn client(person: &Person) -> Caller {
    person.through("/c/rooms")
}

impl Den {
    pub fn path(&self, rest: &str) -> String {
        format!("/api/rooms/{}/{rest}", self.den.id)
    }

    /// The client's messages.
    pub fn messages(&self) -> String {
        format!("/api/chat/{}/messages/", self.den.id)
    }

    pub async fn opens(&self, person: &Person, socket: &str) -> Listener {
        client(person).handshake(&format!("/ws/{socket}/{}/", self.den.id)).enters().await
    }

    pub async fn unread(&self, person: &Person) -> i64 {
        person.get(&self.den.path()).await.is(200).json()["unread_count"].as_i64().unwrap()
    }
}

pub async fn notifications(person: &Person) -> Listener {
    client(person).handshake("/ws/notifications/").enters().await
}

#[tokio::test]
async fn messages_are_sent_and_read_by_the_clients_path() {
    let den = den().await;
    let sent = client(&den.alice).post(&den.messages(), &json!({"content": "hi", "attachment_ids": []})).await.is(201);
    let page = client(&den.bob).get(&den.messages()).await.is(200);
    assert_eq!(page.results(), [sent.json()]);
    assert_eq!(page.json()["count"], 1);
    assert_eq!(den.bob.reads(&den.den).await, ["hi"], "as the document has it, too");
    den.bob.get(&den.messages()).await.refused(404, "not_found");
    den.bob.through("/d/rooms").get(&den.messages()).await.refused(404, "not_found");
    let carol = den.fireside.registers("carol").await;
    client(&carol).get(&den.messages()).await.refused(403, "permission_denied");
    client(&carol).post(&den.messages(), &json!({"content": "me too"})).await.refused(403, "permission_denied");
    den.alice.makes_private(&den.den).await;
    client(&carol).get(&den.messages()).await.refused(404, "not_found");
    client(&carol).post(&den.messages(), &json!({"content": "me too"})).await.refused(404, "not_found");
    assert_eq!(den.bob.reads(&den.den).await, ["hi"]);
}

/// As the client reads a file on a message; where its bytes are.
fn reads_file(message: &Value, uploaded: &Value) -> String {
    let attachment = &message["attachments"][0];
    assert_eq!(attachment["id"], uploaded["id"], "{message}");
    let read = &attachment["file"];
    for name in ["id", "name", "size", "content_type", "created_at"] {
        assert_eq!(read[name], uploaded[name], "{message}");
    }
    read["file"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_file_on_a_message_has_the_clients_shape_in_answers_and_frames() {
    let den = den().await;
    let mut bobs = den.opens(&den.bob, "chat").await;
    let mut documented = den.bob.listens_in(&den.den).await;
    let dot = client(&den.alice).sends_parts("/api/files/upload/", &[file("dot.png", "image/png", PNG)]).await.is(201);
    let dot = dot.json();
    let mut alices = den.opens(&den.alice, "chat").await;
    let frame =
        json!({"type": "chat_message", "data": {"content": "look", "attachment_ids": [dot["id"]], "client_id": "k"}});
    alices.says(&frame).await;
    let heard = bobs.hears_message("look").await;
    let address = reads_file(&heard, &dot);
    reads_file(&alices.hears_message("look").await, &dot);
    alices.says(&frame).await;
    reads_file(&alices.hears_message("look").await, &dot);
    let plain = documented.hears_message("look").await;
    assert_eq!((&plain["attachments"][0]["id"], &plain["attachments"][0]["name"]), (&dot["id"], &dot["name"]));
    let message = id(&heard);
    let one = client(&den.bob).get(&format!("/api/messages/{message}/")).await.is(200).json();
    for read in [&one, &client(&den.bob).get(&den.messages()).await.is(200).results()[0]] {
        assert_eq!(reads_file(read, &dot), address);
    }
    // Whoever read the newest page last, everybody gets it in the words of their own place.
    let page = den.bob.through("/d/rooms").get(&den.den.messages()).await.is(200).results();
    assert_eq!(page[0]["attachments"][0]["size"], dot["size"]);
    reads_file(&client(&den.bob).get(&den.den.messages()).await.is(200).results()[0], &dot);
    assert_eq!(den.bob.get(&address).await.is(200).body, PNG);
    den.fireside.registers("carol").await.get(&address).await.refused(404, "not_found");
}

#[tokio::test]
async fn fields_that_are_wrong_stand_at_the_top_and_nothing_else_does() {
    let den = den().await;
    let anyone = den.fireside.anyone().through("/c/rooms");
    let taken = json!({"username": "alice", "email": "a@example.com", "password": "correct horse"});
    let refusal = anyone.post("/api/auth/register/", &taken).await.is(400).json();
    assert_eq!(refusal.as_object().unwrap().keys().collect::<Vec<_>>(), ["username"], "{refusal}");
    assert!(refusal["username"][0].as_str().is_some_and(|sentence| !sentence.is_empty()), "{refusal}");
    let refusal = anyone.post("/api/auth/register/", &json!({"username": "", "password": "x"})).await.is(400).json();
    assert_eq!(refusal.as_object().unwrap().keys().collect::<Vec<_>>(), ["email", "password", "username"]);
    // What no field is to blame for stays as it is, and so does the document's own place.
    let wrong = json!({"username": "alice", "password": "not the password"});
    anyone.post("/api/auth/login/", &wrong).await.refused(401, "invalid_credentials");
    anyone.get("/api/auth/me/").await.refused(401, "authentication_required");
    let refusal = den.fireside.anyone().through("/d/rooms").post("/api/auth/register/", &taken).await;
    refusal.refused(400, "validation_error").names("username");
}

#[tokio::test]
async fn all_participants_come_at_once() {
    let den = den().await;
    for number in 0..25 {
        den.fireside.registers(&format!("guest{number}")).await.joins(&den.den).await;
    }
    let list = client(&den.bob).get(&den.den.participants()).await.is(200).json();
    let names: Vec<&str> =
        list.as_array().unwrap().iter().map(|member| member["user"]["username"].as_str().unwrap()).collect();
    assert_eq!((names.len(), &names[..2]), (27, &["alice", "bob"][..]));
    assert_eq!(list[0]["is_admin"], true);
    assert_eq!(den.bob.get(&den.den.participants()).await.is(200).results().len(), 20, "pages in the document");
    let carol = den.fireside.registers("carol").await;
    client(&carol).get(&den.den.participants()).await.refused(403, "permission_denied");
    den.alice.makes_private(&den.den).await;
    client(&carol).get(&den.den.participants()).await.refused(404, "not_found");
}

#[tokio::test]
async fn admins_add_and_remove_by_id_name_or_address() {
    let den = den().await;
    den.alice.makes_private(&den.den).await;
    let carol = den.fireside.registers("carol").await;
    let (add, remove) = (den.path("add-participant/"), den.path("remove-participant/"));
    let by = [json!({"id": carol.id}), json!({"username": "CAROL"}), json!({"email": carol.email})];
    let mut carols = notifications(&carol).await;
    for who in &by {
        assert_eq!(client(&den.alice).post(&add, who).await.is(200).json()["username"], "carol");
        let frame = carols.frame().await;
        assert_eq!((&frame["type"], &frame["room"]["id"]), (&json!("room_added"), &json!(den.den.id)));
        // Again: she is in it, and nothing is told.
        client(&den.alice).post(&add, who).await.is(200);
        carol.get(&den.den.path()).await.is(200);
        client(&den.alice).post(&remove, who).await.is(200);
        carol.get(&den.den.path()).await.is(404);
        client(&den.alice).post(&remove, who).await.refused(404, "not_found");
    }
    carols.hears_nothing().await;
    for (field, who) in [("id", json!({"id": 999_999})), ("username", json!({"username": "nobody"}))] {
        let refusal = client(&den.alice).post(&add, &who).await.is(400).json();
        assert_eq!(refusal.as_object().unwrap().keys().collect::<Vec<_>>(), [field]);
    }
    client(&den.alice).post(&add, &json!({})).await.is(400);
    // Nobody else adds, removes, or learns whose address it is.
    for who in by.iter().chain([&json!({"email": "nobody@example.com"})]) {
        for path in [&add, &remove] {
            client(&den.bob).post(path, who).await.refused(403, "permission_denied");
            client(&carol).post(path, who).await.refused(404, "not_found");
        }
    }
    let direct = den.alice.post("/c/rooms/api/rooms/direct/", &json!({"user_id": den.bob.id})).await.is(201).json();
    let path = format!("/api/rooms/{}/add-participant/", id(&direct));
    client(&den.alice).post(&path, &json!({"id": carol.id})).await.refused(403, "permission_denied");
    den.bob.get(&den.den.path()).await.is(200);
}

#[tokio::test]
async fn where_addresses_are_hidden_nobody_is_found_by_one() {
    let fireside = Fireside::start_with(&["--hide-emails"]).await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let den = alice.opens_room("den").await;
    let mut answers = Vec::new();
    for act in ["add", "remove"] {
        let path = format!("/api/rooms/{}/{act}-participant/", den.id);
        for email in ["bob@example.com", "nobody@example.com"] {
            let refusal = client(&alice).post(&path, &json!({"email": email})).await.is(400);
            assert!(refusal.json()["email"][0].is_string(), "{refusal}");
            answers.push(refusal.as_seen_by_a_prober());
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let add = format!("/api/rooms/{}/add-participant/", den.id);
    client(&alice).post(&add, &json!({"username": "bob"})).await.is(200);
    bob.get(&den.path()).await.is(200);
}

#[tokio::test]
async fn a_direct_room_is_one_for_both() {
    let den = den().await;
    let mut bobs = notifications(&den.bob).await;
    let room = client(&den.alice).post("/api/rooms/direct/", &json!({"user_id": den.bob.id})).await.is(201).json();
    assert_eq!((&room["is_direct"], &room["name"]), (&json!(true), &json!("bob")));
    let frame = bobs.frame().await;
    assert_eq!((&frame["type"], &frame["room"]["name"]), (&json!("room_added"), &json!("alice")), "as bob reads it");
    let again = client(&den.bob).post("/api/rooms/direct/", &json!({"user_id": den.alice.id})).await.is(200).json();
    assert_eq!(again["id"], room["id"]);
    bobs.hears_nothing().await;
    for wrong in [json!({}), json!({"user_id": 999_999}), json!({"user_id": "x"})] {
        let refusal = client(&den.alice).post("/api/rooms/direct/", &wrong).await.is(400).json();
        assert!(refusal["user_id"][0].is_string(), "{refusal}");
    }
}

#[tokio::test]
async fn ones_profile_is_changed_by_a_form_with_a_picture() {
    let den = den().await;
    let profile = "/api/auth/profile/";
    let name = Part { field: "display_name", filename: None, content_type: None, bytes: b"Alice L." };
    let picture = Part { field: "avatar", ..file("me.png", "image/png", PNG) };
    let me = client(&den.alice).asks(Method::PATCH, profile).parts(&[name, picture]).await.is(200).json();
    assert_eq!((&me["id"], &me["display_name"]), (&json!(den.alice.id), &json!("Alice L.")));
    let avatar = me["avatar_url"].as_str().unwrap();
    assert_eq!(client(&den.bob).get(avatar).await.is(200).body, PNG, "below the base that the client puts before it");
    let me = client(&den.alice).patch(profile, &json!({"bio": "hi"})).await.is(200).json();
    assert_eq!((&me["bio"], &me["avatar_url"]), (&json!("hi"), &json!(avatar)));
    let refusal = client(&den.alice).patch(profile, &json!({"display_name": "x".repeat(151)})).await.is(400).json();
    assert!(refusal["display_name"][0].is_string(), "{refusal}");
    den.fireside.anyone().through("/c/rooms").patch(profile, &json!({"bio": "x"})).await.is(401);
    den.alice.patch(profile, &json!({"bio": "x"})).await.refused(404, "not_found");
}

#[tokio::test]
async fn an_invitation_leads_into_a_private_room() {
    let den = den().await;
    den.alice.makes_private(&den.den).await;
    let carol = den.fireside.registers("carol").await;
    let invite = den.path("invite/");
    client(&den.bob).post(&invite, &json!({})).await.refused(403, "permission_denied");
    client(&carol).post(&invite, &json!({})).await.refused(404, "not_found");
    let made = client(&den.alice).post(&invite, &json!({"expires_in_hours": 24, "uses": 2})).await.is(201).json();
    let code = made["code"].as_str().unwrap();
    assert!(made["url"].as_str().unwrap().ends_with(&format!("/join#{code}")), "{made}");
    assert_eq!(made["token"], code, "the name that the client asks for");
    let list = den.alice.get(&format!("/messages/api/chats/{}/invite/", den.den.id)).await.is(200).results();
    assert_eq!((list.len(), &list[0]["code"]), (1, &made["code"]), "one and the same as in messaging");
    let join = format!("/api/rooms/join/{code}/");
    den.fireside.anyone().through("/c/rooms").does(&join).await.refused(401, "authentication_required");
    let room = client(&carol).does(&join).await.is(200).json();
    assert_eq!(room, client(&carol).get(&den.den.path()).await.is(200).json());
    // She is in it already, and takes no second use of it.
    client(&carol).does(&join).await.is(200);
    let [dave, erin] = [den.fireside.registers("dave").await, den.fireside.registers("erin").await];
    client(&dave).does(&join).await.is(200);
    // It is used up, and an unknown one looks the same.
    let spent = client(&erin).does(&join).await.refused(404, "not_found");
    let unknown = client(&erin).does("/api/rooms/join/no-such-code/").await.refused(404, "not_found");
    assert_eq!(spent.as_seen_by_a_prober(), unknown.as_seen_by_a_prober());
    // `null` is how the client asks for one that does not end.
    client(&den.alice).post(&invite, &json!({"expires_in_hours": null})).await.is(201);
    let refusal = client(&den.alice).post(&invite, &json!({"expires_in_hours": 0})).await.is(400).json();
    assert!(refusal["expires"][0].is_string(), "{refusal}");
}

#[tokio::test]
async fn a_message_is_pinned_and_its_pin_taken_off_by_the_same_path() {
    let den = den().await;
    let message = id(&den.bob.posts("keep this").in_room(&den.den).await);
    let pin = den.path(&format!("messages/{message}/pin/"));
    let pins = format!("/messages/api/chats/{}/pins/", den.den.id);
    let carol = den.fireside.registers("carol").await;
    client(&den.bob).does(&pin).await.refused(403, "permission_denied");
    client(&carol).does(&pin).await.refused(404, "not_found");
    for (is_pinned, count) in [(true, 1), (false, 0), (true, 1)] {
        assert_eq!(client(&den.alice).does(&pin).await.is(200).json(), json!({"is_pinned": is_pinned}));
        assert_eq!(den.bob.get(&pins).await.is(200).results().len(), count);
    }
    // A message is found in its own room alone.
    let hall = den.alice.opens_room("hall").await;
    let elsewhere = format!("/api/rooms/{}/messages/{message}/pin/", hall.id);
    client(&den.alice).does(&elsewhere).await.refused(404, "not_found");
    assert_eq!(den.bob.get(&pins).await.is(200).results().len(), 1);
}
