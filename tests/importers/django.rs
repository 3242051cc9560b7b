//! Projects in the house styles of the five documents.

use std::os::unix::fs::PermissionsExt;

use rusqlite::Connection;
use serde_json::{Value, json};
use sha2::Digest;

use super::{Project, history, room, signs_in, stored_hash, with_token};
use crate::world::home::snapshot;
use crate::world::{Fireside, Home};

const ANNA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const BORIS: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const CLARA: &str = "cccccccccccccccccccccccccccccccccccccccc";
/// A picture of one pixel.
pub(super) const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\xa2\xa9\x85\xf5\0\0\0\0IEND\xaeB`\x82";

fn unread(room: &Value) -> i64 {
    room["unread_count"].as_i64().unwrap()
}

/// The media folder of the rooms project, with a file beside it and a link out of it.
fn media(project: &Project) -> String {
    let media = project.folder.path().join("media");
    for folder in ["avatars", "uploads", "user_images"] {
        std::fs::create_dir_all(media.join(folder)).unwrap();
    }
    std::fs::write(media.join("avatars/anna.png"), PIXEL).unwrap();
    std::fs::write(media.join("user_images/anna.png"), PIXEL).unwrap();
    std::fs::write(media.join("uploads/wood.txt"), "oak and birch").unwrap();
    std::fs::write(project.folder.path().join("make.py"), "print('secret')").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", media.join("uploads/link.txt")).unwrap();
    media.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn people_of_rooms_keep_passwords_tokens_rooms_and_files() {
    let (project, home) = (Project::of("rooms"), Home::new());
    let media = media(&project);
    let done = project.moves_to(&home, &["--media", &media]).await;
    let said = &done.succeeded().stdout;
    for fact in
        ["4 users came", "3 credentials came", "3 chats came", "7 messages came", "2 files came", "7 members came"]
    {
        assert!(said.contains(fact), "{fact}: {said}");
    }
    for told in [
        "1 files did not come: the path leads out of the media folder (stolen.py)",
        "1 files did not come: the file is not there, or a link (link.txt)",
        "\"d@ve\" is d.ve",
        "1 users have no password here",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    let fireside = Fireside::start_in(home, &[]).await;

    assert!(stored_hash(&fireside.home, "anna").starts_with("pbkdf2_sha256$20000$"));
    signs_in(&fireside, "anna", "old password of boris").await.expect_err("another's password");
    let anna = signs_in(&fireside, "anna@example.org", "old password of anna").await.expect("the old password");
    signs_in(&fireside, "boris", "old password of boris").await.expect("by argon2, too");
    for name in ["anna", "boris"] {
        assert!(stored_hash(&fireside.home, name).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{name}");
    }
    signs_in(&fireside, "anna", "old password of anna").await.expect("again");
    signs_in(&fireside, "d.ve", "").await.expect_err("no password");

    let me = with_token(&fireside, ANNA).get("/api/auth/me/").await.is(200).json();
    assert_eq!((&me["username"], &me["display_name"]), (&json!("anna"), &json!("Anna K.")));
    assert_eq!(anna.get(me["avatar_url"].as_str().unwrap()).await.is(200).body, PIXEL);
    with_token(&fireside, &ANNA.replace('a', "d")).get("/api/auth/me/").await.refused(401, "authentication_required");
    anna.get("/api/server/users/").await.is(200);
    let (boris, clara) = (with_token(&fireside, BORIS), with_token(&fireside, CLARA));
    assert_eq!(boris.get("/api/server/users/").await.status, 403);

    let den = room(&boris, "Den").await;
    assert_eq!((&den["description"], &den["owner"]["username"]), (&json!("By the fire"), &json!("anna")));
    assert_eq!(history(&boris, &den).await, ["Who brings wood?", "I do", "Edited twice", ""]);
    let page = boris.get(&format!("/api/rooms/{}/messages/", den["id"])).await.is(200).json();
    let messages = page["results"].as_array().unwrap();
    assert_eq!(messages[3]["created_at"], "2024-05-01T08:20:00.123Z");
    assert_eq!((&messages[1]["is_edited"], &messages[2]["is_edited"]), (&json!(true), &json!(false)));
    let files = messages[0]["attachments"].as_array().unwrap();
    assert_eq!((files.len(), &files[0]["name"]), (1, &json!("Wood, dry.txt")));
    assert_eq!(clara.get(files[0]["url"].as_str().unwrap()).await.is(200).text(), "oak and birch");

    assert_eq!(unread(&den), 1, "boris read until the second message, and wrote the last");
    assert_eq!(unread(&room(&anna, "Den").await), 0);
    assert_eq!(unread(&room(&clara, "Den").await), 3, "and wrote one");
    let vault = room(&boris, "Vault").await;
    assert_eq!(vault["max_participants"], 5);
    clara.get(&format!("/api/rooms/{}/", vault["id"])).await.refused(404, "not_found");
    let pair = room(&clara, "Anna K.").await;
    assert_eq!(pair["is_direct"], true);
    assert_eq!(history(&anna, &pair).await, ["Psst", "Yes?"]);
    assert!(!fireside.home.keeps(ANNA.as_bytes()), "the token is kept as its hash alone");
}

#[tokio::test]
async fn people_of_messenger_keep_rooms_friends_and_posts() {
    let (project, home) = (Project::of("messenger"), Home::new());
    let media = media(&project);
    let done = project.moves_to(&home, &["--media", &media]).await;
    let said = &done.succeeded().stdout;
    assert!(said.contains("1 direct chats are one with another of the same two"), "{said}");
    let fireside = Fireside::start_in(home, &[]).await;
    let jwt = |password: &str| json!({"username": "anna", "password": password});
    fireside.anyone().post("/accounts/api/token/", &jwt("old password of clara")).await.is(401);
    let answer = fireside.anyone().post("/accounts/api/token/", &jwt("old password of anna")).await.is(200).json();
    let access = answer["access"].as_str().unwrap().to_owned();
    let anna = fireside.anyone().showing(crate::world::caller::Credential::Bearer(access));
    assert!(stored_hash(&fireside.home, "anna").starts_with("$argon2id$"));
    assert!(stored_hash(&fireside.home, "clara").starts_with("pbkdf2_sha256$"), "she was not here yet");

    let profile = anna.get("/profiles/api/profile/").await.is(200).json();
    assert_eq!(profile["profile"]["bio"], "Играет на виолончели");
    assert_eq!(profile["profile"]["friends"].as_array().unwrap().len(), 1);
    assert_eq!(anna.get(profile["profile"]["image"].as_str().unwrap()).await.is(200).body, PIXEL);
    let posts = anna.get("/profiles/api/posts/").await.is(200).json();
    assert_eq!((&posts[0]["title"], &posts[1]["title"]), (&json!("Первый"), &json!("Second")));
    assert_eq!(posts[0]["created_at"], "2024-05-01T08:05:00.123Z");
    let befriended = |name: &str| anna.post("/profiles/api/add-friend/", &json!({"username": name}));
    befriended("boris").await.is(400);
    befriended("clara").await.is(200);

    let path = "/messenger/api/chatrooms/anna_boris/messages/";
    let messages = anna.get(path).await.is(200).json();
    assert_eq!(
        crate::world::contents(messages.as_array().unwrap()),
        ["Привет!", "Привет, Анна", "And here again"],
        "both rooms of the two, in the order of time"
    );
    with_token(&fireside, CLARA).get(path).await.is(404);
    let group = room(&with_token(&fireside, CLARA), "friday").await;
    assert_eq!(history(&anna, &group).await, ["Friday as ever?"]);
    assert_eq!(unread(&group), 0, "nothing says what was read");
}

#[tokio::test]
async fn people_of_directs_keep_chats_and_what_was_read() {
    let (project, home) = (Project::of("directs"), Home::new());
    project.moves_to(&home, &[]).await.succeeded();
    let fireside = Fireside::start_in(home, &[]).await;
    let chats = with_token(&fireside, ANNA).get("/d/directs/api/chats/").await.is(200).json();
    let with_boris = chats.as_array().unwrap().iter().find(|chat| chat["other_user"]["username"] == "boris").unwrap();
    assert_eq!((&with_boris["unread_count"], &with_boris["last_message"]["body"]), (&json!(1), &json!("Three")));
    let theirs = with_token(&fireside, BORIS).get("/d/directs/api/chats/").await.is(200).json();
    assert_eq!((theirs.as_array().unwrap().len(), &theirs[0]["unread_count"]), (1, &json!(0)));
    assert_eq!(chats.as_array().unwrap().len(), 2, "the empty one came, too");
}

#[tokio::test]
async fn people_of_messaging_keep_groups_reactions_and_readers() {
    let (project, home) = (Project::of("messaging"), Home::new());
    let done = project.moves_to(&home, &[]).await;
    let said = &done.succeeded().stdout;
    assert!(
        said.contains("1 messages did not come: they were deleted there, as is_deleted says (message 2)"),
        "{said}"
    );
    let fireside = Fireside::start_in(home, &[]).await;
    let clara = with_token(&fireside, CLARA);
    let chats = clara.get("/messages/api/chats/").await.is(200).json();
    let chats = chats["results"].as_array().unwrap();
    let team = chats.iter().find(|chat| chat["title"] == "Project Team").unwrap();
    assert_eq!((&team["chat_type"], &team["unread_count"]), (&json!("group"), &json!(2)));
    let page = clara.get(&format!("/messages/api/chats/{}/messages/", team["id"])).await.is(200).json();
    let messages = page["results"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    let hello = messages.iter().find(|message| message["content"] == "Hello team").unwrap();
    assert_eq!((&hello["reactions"][0]["emoji"], &hello["reactions"][0]["count"]), (&json!("👍"), &json!(2)));
    assert!(chats.iter().any(|chat| chat["chat_type"] == "dm" && chat["last_message"]["content"] == "Just us"));
    assert_eq!(with_token(&fireside, ANNA).get("/messages/api/chats/").await.json()["count"], 1, "not the others' dm");
}

#[tokio::test]
async fn people_of_inbox_keep_letters() {
    let (project, home) = (Project::of("inbox"), Home::new());
    project.moves_to(&home, &[]).await.succeeded();
    let fireside = Fireside::start_in(home, &[]).await;
    let anna = with_token(&fireside, ANNA);
    let all = anna.get("/d/inbox/api/messages/").await.is(200).json();
    let contents = crate::world::contents(all["results"].as_array().unwrap());
    assert_eq!(contents, ["To myself", "Dear Anna", "Hello", "Dear Boris"], "the newest first, of all chats");
    let clara = with_token(&fireside, CLARA).get("/d/inbox/api/messages/").await.is(200).json();
    assert_eq!(crate::world::contents(clara["results"].as_array().unwrap()), ["Hello"]);
    anna.post("/d/inbox/api/messages/", &json!({"receiver": "boris", "content": "And now here"})).await.is(201);
}

#[tokio::test]
async fn a_dry_run_says_all_and_changes_nothing() {
    let (project, home) = (Project::of("rooms"), Home::new());
    let dry = project.moves_to(&home, &["--dry-run"]).await;
    let said = &dry.succeeded().stdout;
    for fact in [
        "4 users would come",
        "7 messages would come",
        "4 files would not come: no media folder was named (--media) (Wood, dry.txt, ",
        "messages from rooms_message",
        "nothing was changed",
    ] {
        assert!(said.contains(fact), "{fact}: {said}");
    }
    assert!(!home.data().exists(), "no folder was made");
    let wet = project.moves_to(&home, &[]).await;
    assert!(wet.succeeded().stdout.contains("7 messages came"));
    let again = project.moves_to(&home, &[]).await;
    assert!(again.failed_with(1).stderr.contains("taken here already: anna, "), "{again:?}");
}

#[tokio::test]
async fn a_mapping_names_what_is_called_otherwise() {
    let (project, home) = (Project::of("inbox"), Home::new());
    project.changed(
        "ALTER TABLE inbox_message RENAME TO post_letters; ALTER TABLE post_letters RENAME COLUMN content TO words;
         ALTER TABLE post_letters RENAME COLUMN sender_id TO writer; CREATE TABLE shop_basket (id INTEGER PRIMARY KEY);",
    );
    let blind = project.moves_to(&home, &["--dry-run"]).await;
    let said = &blind.succeeded().stdout;
    assert!(
        said.contains("not read: post_letters (4 rows)") && said.contains("not read: shop_basket (0 rows)"),
        "{said}"
    );
    let map = project.folder.path().join("map.json");
    let flags = ["--map", map.to_str().unwrap()];
    for (mapping, told) in [
        (r#"{"messages": {"table": "letters"}}"#, "there is no table letters for messages; there are auth_group"),
        (r#"{"messages": {"table": "post_letters"}}"#, "has no column for text (such as content, body, text, message)"),
        (
            r#"{"messages": {"table": "post_letters", "columns": {"text": "word"}}}"#,
            "no column word for text; it has id, ",
        ),
        (r#"{"letters": {}}"#, "there is no kind `letters`"),
        ("{", "map.json: "),
    ] {
        std::fs::write(&map, mapping).unwrap();
        let refused = project.moves_to(&home, &flags).await;
        assert!(refused.failed_with(1).stderr.contains(told), "{told}: {refused:?}");
        assert!(!home.data().exists());
    }
    let mapping =
        r#"{"messages": {"table": "post_letters", "columns": {"text": "words", "sender": "writer"}}, "tokens": null}"#;
    std::fs::write(&map, mapping).unwrap();
    let done = project.moves_to(&home, &flags).await;
    assert!(done.succeeded().stdout.contains("4 messages came"), "{done:?}");
    let fireside = Fireside::start_in(home, &[]).await;
    with_token(&fireside, ANNA).get("/d/inbox/api/messages/").await.is(401);
    let anna = signs_in(&fireside, "anna", "old password of anna").await.expect("signed in");
    assert_eq!(anna.get("/d/inbox/api/messages/").await.is(200).json()["count"], 4);
}

#[tokio::test]
async fn two_tables_that_may_be_meant_are_asked_about() {
    let (project, home) = (Project::of("inbox"), Home::new());
    project.changed("CREATE TABLE old_message AS SELECT * FROM inbox_message;");
    let refused = project.moves_to(&home, &[]).await;
    let told = "messages may be inbox_message or old_message: a mapping says which (--map)";
    assert!(refused.failed_with(1).stderr.contains(told), "{refused:?}");
    let map = project.folder.path().join("map.json");
    std::fs::write(&map, r#"{"messages": {"table": "inbox_message"}}"#).unwrap();
    let done = project.moves_to(&home, &["--map", map.to_str().unwrap()]).await;
    let said = &done.succeeded().stdout;
    assert!(said.contains("4 messages came") && said.contains("not read: old_message (4 rows)"), "{said}");
}

#[tokio::test]
async fn a_project_whose_rows_have_uuids_moves_too() {
    let (project, home) = (Project::of("inbox"), Home::new());
    let uuid = |column: &str| format!("printf('a%031x', {column}) AS {column}");
    let (id, user, sender, receiver) = (uuid("id"), uuid("user_id"), uuid("sender_id"), uuid("receiver_id"));
    project.changed(&format!(
        "CREATE TABLE people AS SELECT {id}, username, password, email, is_active, date_joined FROM auth_user;
         DROP TABLE auth_user; ALTER TABLE people RENAME TO auth_user;
         CREATE TABLE keys AS SELECT key, created, {user} FROM authtoken_token;
         DROP TABLE authtoken_token; ALTER TABLE keys RENAME TO authtoken_token;
         CREATE TABLE letters AS SELECT {id}, {sender}, {receiver}, content, timestamp, is_read FROM inbox_message;
         DROP TABLE inbox_message; ALTER TABLE letters RENAME TO inbox_message;
         PRAGMA journal_mode = WAL;"
    ));
    project.moves_to(&home, &[]).await.succeeded();
    let fireside = Fireside::start_in(home, &[]).await;
    let all = with_token(&fireside, ANNA).get("/d/inbox/api/messages/").await.is(200).json();
    let contents = crate::world::contents(all["results"].as_array().unwrap());
    assert_eq!(contents, ["To myself", "Dear Anna", "Hello", "Dear Boris"]);
    let clara = with_token(&fireside, CLARA).get("/d/inbox/api/messages/").await.is(200).json();
    assert_eq!(clara["count"], 1);
}

/// A project that was stopped in the middle leaves part of its data in the log beside its database.
#[tokio::test]
async fn a_database_with_a_log_is_read_whole_and_nothing_is_left_beside_it() {
    for (is_folder_closed, mode) in [(false, "WAL"), (true, "WAL"), (false, "DELETE")] {
        let (project, home) = (Project::of("inbox"), Home::new());
        project.changed(&format!("PRAGMA journal_mode = {mode};"));
        if mode == "WAL" {
            // As after a kill: what was written last is in the log alone.
            let works = Connection::open(project.database()).unwrap();
            works.execute_batch("PRAGMA wal_autocheckpoint = 0; UPDATE inbox_message SET content = 'Hello from the log' WHERE content = 'Hello'").unwrap();
            let (database, log) = (snapshot(&project.database()), snapshot(&project.beside("-wal")));
            drop(works);
            assert!(!log.is_empty() && !project.beside("-wal").exists());
            std::fs::write(project.database(), database).unwrap();
            std::fs::write(project.beside("-wal"), log).unwrap();
        } else {
            project.changed("UPDATE inbox_message SET content = 'Hello from the log' WHERE content = 'Hello'");
        }
        let folder = project.folder.path();
        let closed = std::fs::Permissions::from_mode(if is_folder_closed { 0o500 } else { 0o700 });
        std::fs::set_permissions(folder, closed).unwrap();
        let done = project.moves_to(&home, &[]).await;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        done.succeeded();
        let fireside = Fireside::start_in(home, &[]).await;
        let all = with_token(&fireside, ANNA).get("/d/inbox/api/messages/").await.is(200).json();
        let contents = crate::world::contents(all["results"].as_array().unwrap());
        assert_eq!(contents, ["To myself", "Dear Anna", "Hello from the log", "Dear Boris"]);
    }
}

/// Who takes another account token has none left from before, whichever way the account came here.
#[tokio::test]
async fn tokens_from_before_end_with_the_account_token() {
    for door in ["/api/token/rotate/", "/api/auth/logout-all/"] {
        let (project, home) = (Project::of("inbox"), Home::new());
        project.moves_to(&home, &[]).await.succeeded();
        // One of an import by an older version, which called it what the account token is called.
        let old = "e".repeat(40);
        let sql = "INSERT INTO credentials (user_id, kind, secret_hash, created_at, used_at, label)
                   SELECT id, 'device', ?1, 1, 1, 'account token' FROM users WHERE username = 'anna'";
        let hash = sha2::Sha256::digest(old.as_bytes()).to_vec();
        Connection::open(home.database()).unwrap().execute(sql, [hash]).unwrap();
        let fireside = Fireside::start_in(home, &[]).await;
        let (anna, boris) = (with_token(&fireside, ANNA), with_token(&fireside, BORIS));
        let device = signs_in(&fireside, "anna", "old password of anna").await.expect("signed in");
        let account = anna.get("/api/token/").await.is(200).json()["token"].as_str().unwrap().to_owned();
        let account = with_token(&fireside, &account);
        let older = with_token(&fireside, &old);
        for caller in [&anna, &account, &older] {
            caller.get("/api/auth/me/").await.is(200);
        }
        let mut socket = anna.handshake("/ws/chat/boris/").enters().await;
        assert!([200, 204].contains(&device.does(door).await.status));
        socket.is_closed_with(4401).await;
        for caller in [&anna, &account, &older] {
            caller.get("/api/auth/me/").await.is(401);
        }
        // Others keep theirs, and a device's token is none of the account's.
        boris.get("/api/auth/me/").await.is(200);
        device.get("/api/auth/me/").await.is(if door.contains("rotate") { 200 } else { 401 });
    }
}
