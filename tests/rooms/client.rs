//! `/c/rooms/`: what this system's own client calls beside the document or otherwise. Here it is
//! called as that client does; in a browser it runs in `client_page`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::bytes::{PNG, Part, file};
use crate::world::{Caller, Fireside, Listener, Person, Room, id};

/// Alice's den, with bob in it.
struct Den {
    fireside: Fireside,
    alice: Person,
    bob: Person,
    den: Room,
}

async fn den() -> Den {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    Den { fireside, alice, bob, den }
}

/// Somebody with the client in place of the document.
fn client(person: &Person) -> Caller {
    person.through("/c/rooms")
}

impl Den {
    fn path(&self, rest: &str) -> String {
        format!("/api/rooms/{}/{rest}", self.den.id)
    }

    /// The client's messages.
    fn messages(&self) -> String {
        format!("/api/chat/{}/messages/", self.den.id)
    }

    async fn opens(&self, person: &Person, socket: &str) -> Listener {
        client(person).handshake(&format!("/ws/{socket}/{}/", self.den.id)).enters().await
    }

    async fn unread(&self, person: &Person) -> i64 {
        person.get(&self.den.path()).await.is(200).json()["unread_count"].as_i64().unwrap()
    }
}

async fn notifications(person: &Person) -> Listener {
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
async fn frames_of_the_client_move_the_read_mark() {
    let den = den().await;
    let first = den.alice.posts("one").in_room(&den.den).await;
    for text in ["two", "three"] {
        den.alice.posts(text).in_room(&den.den).await;
    }
    assert_eq!(den.unread(&den.bob).await, 3);
    let mut bobs = den.opens(&den.bob, "chat").await;
    bobs.says(&json!({"type": "message_read", "data": {"message_id": first["id"]}})).await;
    // What stands behind it in the same socket is done behind it.
    bobs.hears_nothing().await;
    assert_eq!(den.unread(&den.bob).await, 2);
    bobs.says(&json!({"type": "mark_room_as_read"})).await;
    bobs.hears_nothing().await;
    assert_eq!((den.unread(&den.bob).await, den.unread(&den.alice).await), (0, 0));
    for wrong in [json!({"type": "message_read"}), json!({"type": "message_read", "data": {"message_id": "x"}})] {
        bobs.says(&wrong).await;
        let frame = bobs.frame().await;
        assert_eq!((&frame["type"], &frame["data"]["code"]), (&json!("error"), &json!("validation_error")));
        assert_eq!(frame["detail"], frame["data"]["message"], "where the client looks for a sentence");
    }
    // The document's own socket knows neither.
    let mut documented = den.bob.listens_in(&den.den).await;
    documented.says(&json!({"type": "mark_room_as_read"})).await;
    documented.hears_error("validation_error").await;
}

#[tokio::test]
async fn a_call_hears_of_its_own_and_not_of_who_joins_the_room() {
    let den = den().await;
    let (mut alices, mut bobs) = (den.opens(&den.alice, "call").await, den.opens(&den.bob, "call").await);
    let mut chat = den.opens(&den.alice, "chat").await;
    let mut room = den.opens(&den.alice, "room").await;
    let mut sidebar = notifications(&den.bob).await;
    let carol = den.fireside.registers("carol").await;
    carol.joins(&den.den).await;
    for told in [&mut chat, &mut room] {
        assert_eq!(told.hears("user_joined").await["scope"], "room");
    }
    alices.hears_nothing().await;
    alices.says(&json!({"type": "join_call"})).await;
    alices.hears("call_state").await;
    let named = async |person: &Person| client(person).get(&den.den.path()).await.is(200).json();
    assert_eq!(named(&den.bob).await["active_call_participants"], json!(["alice"]), "whoever comes later sees it, too");
    let rooms = client(&den.bob).get("/api/rooms/").await.is(200).results();
    assert_eq!(rooms[0]["active_call_participants"], json!(["alice"]));
    let stranger = den.fireside.registers("dave").await;
    assert_eq!(named(&stranger).await["active_call_participants"], json!([]), "and nobody from outside");
    assert!(den.bob.get(&den.den.path()).await.is(200).json().get("active_call_participants").is_none());
    let frame = sidebar.frame().await;
    let told = json!({"type": "room_presence_update", "room_id": den.den.id, "active_participants": ["alice"]});
    assert_eq!(frame, told, "and nothing of carol, who is in the room alone");
    assert_eq!(bobs.hears("user_joined").await["user"]["id"], den.alice.id);
    bobs.says(&json!({"type": "join_call"})).await;
    bobs.hears("call_state").await;
    alices.hears_all(&["user_joined", "call_state"]).await;
    assert_eq!(sidebar.frame().await["active_participants"], json!(["alice", "bob"]));
    let offer =
        json!({"type": "offer", "data": {"target_user_id": den.bob.id, "sdp": {"type": "offer", "sdp": "v=0"}}});
    alices.says(&offer).await;
    let heard = bobs.hears("offer").await;
    assert_eq!((&heard["from_user_id"], &heard["sdp"]["sdp"]), (&json!(den.alice.id), &json!("v=0")));
    alices.says(&json!({"type": "leave_call"})).await;
    assert_eq!(bobs.hears("user_left").await["user_id"], den.alice.id);
    assert_eq!(sidebar.frame().await["active_participants"], json!(["bob"]));
    bobs.hangs_up().await;
    assert_eq!(sidebar.frame().await["active_participants"], json!([]));
}

#[tokio::test]
async fn notifications_tell_of_new_rooms_and_calls_and_are_else_quiet() {
    let den = den().await;
    let mut alices = notifications(&den.alice).await;
    let mut bobs = notifications(&den.bob).await;
    den.bob.posts("hi").in_room(&den.den).await;
    let hall = den.alice.opens_room("hall").await;
    assert_eq!(alices.frame().await["room"]["name"], "hall");
    den.bob.patch(&format!("/api/users/{}/", den.bob.id), &json!({"display_name": "Bob"})).await.is(200);
    let carol = den.fireside.registers("carol").await;
    carol.joins(&den.den).await;
    den.alice.patch(&den.den.path(), &json!({"name": "lair"})).await.is(200);
    alices.hears_nothing().await;
    bobs.hears_nothing().await;
    den.bob.joins(&hall).await;
    let frame = bobs.frame().await;
    assert_eq!((&frame["type"], &frame["room"]["id"]), (&json!("room_added"), &json!(hall.id)));
    assert_eq!(frame["room"], client(&den.bob).get(&hall.path()).await.is(200).json());
    alices.hears_nothing().await;
    // A call is told to the room's members alone.
    let mut carols = notifications(&carol).await;
    let mut caller = client(&den.alice).handshake(&format!("/ws/call/{}/", hall.id)).enters().await;
    caller.says(&json!({"type": "join_call"})).await;
    assert_eq!(bobs.frame().await["room_id"], hall.id);
    carols.hears_nothing().await;
    alices.frame().await;
    for wrong in [json!({"type": "chat_message", "data": {"content": "x"}}), json!({"no": "type"})] {
        alices.says(&wrong).await;
        alices.hears_error("validation_error").await;
    }
    let gone = den.bob.signs_in_again().await;
    let mut device = notifications(&gone).await;
    gone.does("/api/auth/logout/").await.is(204);
    device.is_closed_with(4401).await;
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

#[tokio::test]
async fn who_may_not_listen_is_turned_away_from_every_path() {
    let den = den().await;
    let carol = den.fireside.registers("carol").await;
    let path = |kind: &str, room: i64| format!("/ws/{kind}/{room}/");
    for kind in ["chat", "call", "room"] {
        client(&carol).handshake(&path(kind, den.den.id)).turned_away_with(403).await;
        client(&carol).handshake(&path(kind, 999_999)).turned_away_with(404).await;
        den.fireside.anyone().through("/c/rooms").handshake(&path(kind, den.den.id)).turned_away_with(401).await;
    }
    den.fireside.anyone().through("/c/rooms").handshake("/ws/notifications/").turned_away_with(401).await;
    den.alice.makes_private(&den.den).await;
    for kind in ["chat", "call", "room"] {
        client(&carol).handshake(&path(kind, den.den.id)).turned_away_with(404).await;
    }
    let mut bobs = den.opens(&den.bob, "call").await;
    let mut told = notifications(&den.bob).await;
    client(&den.alice).post(&den.path("remove-participant/"), &json!({"id": den.bob.id})).await.is(200);
    bobs.is_closed_with(4403).await;
    den.alice.opens_room("another").await;
    told.hears_nothing().await;
}
