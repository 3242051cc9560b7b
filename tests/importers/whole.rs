//! Nothing is lost and nothing comes back: each project against its own database, in each of its forms.

use serde_json::{Value, json};

use super::checker::{STYLES, Style, came, counted, is_whole, unread_is_counted};
use super::{Project, history, moves, room, signs_in};
use crate::world::{Fireside, Home};

const TAKEN_BACK: &str = "Taken back by whoever wrote it";

/// Ways in which projects say that a message was deleted: the column, what it has where one was, and where not.
const WAYS: &[(&str, &str, &str)] = &[
    ("deleted_at", "\"2024-06-01T08:00:00Z\"", "null"),
    ("removed_at", "\"2024-06-01T08:00:00.5Z\"", "null"),
    ("is_removed", "true", "false"),
    ("deleted", "true", "false"),
    ("isDeleted", "true", "false"),
    ("deleted_for_everyone", "true", "false"),
    ("deletion_date", "\"2024-06-01\"", "null"),
    ("status", "\"deleted\"", "\"sent\""),
    ("is_active", "false", "true"),
    ("expires_at", "\"2024-06-01T08:00:00Z\"", "\"9000-06-01T08:00:00Z\""),
];

/// Deletes the victim of a style in a database, as if by a field of the model.
fn delete(project: &Project, style: &Style, (column, gone, not): (&str, &str, &str)) {
    let (table, text, _) = style.messages;
    let value = |json: &str| json.replace("true", "1").replace("false", "0").replace('"', "'");
    project.changed(&format!(
        "ALTER TABLE {table} ADD COLUMN \"{column}\"; UPDATE {table} SET \"{column}\" = {};
         UPDATE {table} SET \"{column}\" = {}, {text} = '{TAKEN_BACK}' WHERE {text} = '{}'",
        value(not),
        value(gone),
        style.victim
    ));
}

/// The same in a dump.
fn delete_in_dump(dump: &mut Value, style: &Style, (column, gone, not): (&str, &str, &str)) {
    let (_, text, model) = style.messages;
    for row in dump.as_array_mut().unwrap().iter_mut().filter(|row| row["model"] == model) {
        let fields = row["fields"].as_object_mut().unwrap();
        let is_victim = fields[text] == style.victim;
        fields.insert(column.to_owned(), serde_json::from_str(if is_victim { gone } else { not }).unwrap());
        if is_victim {
            fields.insert(text.to_owned(), json!(TAKEN_BACK));
        }
    }
}

#[tokio::test]
async fn every_style_comes_whole_and_nothing_else() {
    for style in STYLES {
        let (project, home) = (Project::of(style.name), Home::new());
        let done = project.moves_to(&home, &[]).await;
        is_whole(style, &project, &home, &done, &[]);
        assert!(unread_is_counted(&project.database(), &done.stdout) >= 1, "{}", done.stdout);
        let again = project.moves_to(&Home::new(), &[]).await;
        assert_eq!(again.stdout, done.stdout, "the same input has the same report");
    }
}

#[tokio::test]
async fn what_a_project_deleted_stays_deleted() {
    for style in STYLES {
        for way in WAYS {
            let (project, home) = (Project::of(style.name), Home::new());
            delete(&project, style, *way);
            let done = project.moves_to(&home, &[]).await;
            is_whole(style, &project, &home, &done, &[TAKEN_BACK]);
            let told = format!(", as {} says", way.0);
            assert_eq!(
                counted(&done.stdout, "messages did not come: "),
                1 + style.gone.len() as i64,
                "{}",
                done.stdout
            );
            assert!(done.stdout.contains(&told), "{told}: {}", done.stdout);
        }
    }
}

#[tokio::test]
async fn a_dump_is_the_same_as_the_database_that_it_was_made_from() {
    for style in STYLES {
        let (project, database, dump) = (Project::of(style.name), Home::new(), Home::new());
        project.moves_to(&database, &[]).await.succeeded();
        let path = project.dump("json");
        let done = moves(&dump, "django", &path, &[]).await;
        is_whole(style, &project, &dump, &done, &[]);
        assert_eq!(came(&dump), came(&database), "{}", style.name);
        for table in ["members", "reactions", "friends", "posts", "credentials", "chats"] {
            let count = |home: &Home| {
                let db = rusqlite::Connection::open(home.database()).unwrap();
                db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0)).unwrap()
            };
            assert_eq!(count(&dump), count(&database), "{}: {table}: {}", style.name, done.stdout);
        }
    }
}

#[tokio::test]
async fn what_a_dump_says_was_deleted_stays_deleted() {
    for style in STYLES {
        for way in WAYS {
            let (project, home) = (Project::of(style.name), Home::new());
            let path = project.dump("json");
            let mut rows: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            delete(&project, style, *way);
            delete_in_dump(&mut rows, style, *way);
            std::fs::write(&path, rows.to_string()).unwrap();
            let done = moves(&home, "django", &path, &[]).await;
            is_whole(style, &project, &home, &done, &[TAKEN_BACK]);
        }
    }
}

#[tokio::test]
async fn a_dump_by_natural_keys_comes_too_and_so_does_one_a_row_a_line() {
    let project = Project::of("messenger");
    let rows: Value = serde_json::from_slice(&std::fs::read(project.dump("json")).unwrap()).unwrap();
    let lines: Vec<String> = rows.as_array().unwrap().iter().map(Value::to_string).collect();
    let by_line = project.folder.path().join("lines.jsonl");
    std::fs::write(&by_line, lines.join("\n")).unwrap();
    for path in [project.dump("natural.json"), by_line] {
        let home = Home::new();
        let done = moves(&home, "django", &path, &[]).await;
        assert!(done.succeeded().stdout.contains("2 posts came") && done.stdout.contains("1 friends came"), "{done:?}");
        let fireside = Fireside::start_in(home, &[]).await;
        let anna = signs_in(&fireside, "anna", "old password of anna").await.expect("signed in");
        let messages = anna.get("/messenger/api/chatrooms/anna_boris/messages/").await.is(200).json();
        assert_eq!(messages.as_array().unwrap().len(), 3);
        let profile = anna.get("/profiles/api/profile/").await.is(200).json();
        assert_eq!(profile["posts"][0]["title"], "Первый", "hers, though profiles have other keys than users");
        assert_eq!(profile["profile"]["bio"], "Играет на виолончели");
    }
}

#[tokio::test]
async fn what_is_no_dump_is_told_with_its_place() {
    let (project, home) = (Project::of("inbox"), Home::new());
    let path = project.dump("json");
    let whole = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
    let place = whole.find("\"username\": \"boris\"").unwrap();
    let line = whole[..place].lines().count();
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00".to_vec();
    let utf16: Vec<u8> = "\u{feff}[{}]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, told) in [
        (whole.as_bytes()[..place].to_vec(), format!("at line {line} column")),
        (whole.replacen("\"username\"", "\"username", 1).into_bytes(), "after ".to_owned()),
        (b"[7]".to_vec(), "at line 1 column".to_owned()),
        (b"{\"users\": []}".to_vec(), "missing field `model` at line 1".to_owned()),
        (b"[]".to_vec(), "no table of users was found; there are no tables".to_owned()),
        (utf16, "is in UTF-16".to_owned()),
        (gzip, "is compressed".to_owned()),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let refused = moves(&home, "django", &path, &[]).await;
        assert!(refused.failed_with(1).stderr.contains(&told), "{told}: {refused:?}");
        assert!(!home.data().exists());
    }
}

#[tokio::test]
async fn rooms_of_the_project_itself_bring_their_files_and_the_other_who_left() {
    let (project, home) = (Project::of("rooms_own"), Home::new());
    let media = project.folder.path().join("media");
    std::fs::create_dir_all(media.join("files/2")).unwrap();
    std::fs::write(media.join("files/2/plans.txt"), "oak, birch").unwrap();
    std::fs::write(media.join("files/2/wet.txt"), "wet").unwrap();
    let done = project.moves_to(&home, &["--media", media.to_str().unwrap()]).await;
    let said = &done.succeeded().stdout;
    for told in [
        "1 files came",
        "1 files did not come: their message does not come (Wet.txt)",
        "1 files did not come: no message has them (Loose.txt)",
        "1 messages did not come: they were deleted there, as is_deleted says (message 2)",
        "1 reactions did not come: the message or the user does not come",
        "1 answers come without what they answered",
        "1 direct chats are with somebody who left: the other account is gone there (chat 4)",
        "not read: rooms_roomban (1 rows)",
        "not read: rooms_roomparticipant.is_pinned (3 rows)",
        "not read: rooms_room.avatar (0 rows)",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    assert!(!home.keeps(b"Wet as a fish"));
    let fireside = Fireside::start_in(home, &[]).await;
    let boris = signs_in(&fireside, "boris", "old password of boris").await.expect("signed in");
    let den = room(&boris, "Den").await;
    assert_eq!(history(&boris, &den).await, ["Is the wood dry?", "", "Really?"]);
    let page = boris.get(&format!("/api/rooms/{}/messages/", den["id"])).await.is(200).json();
    let file = &page["results"][1]["attachments"][0];
    assert_eq!(file["name"], "Plans.txt");
    assert_eq!(boris.get(file["url"].as_str().unwrap()).await.is(200).text(), "oak, birch");
    assert_eq!(room(&boris, "Square").await["is_private"], false);
    let anna = signs_in(&fireside, "anna", "old password of anna").await.expect("signed in");
    room(&anna, "Clara Q.").await;
    let left = room(&anna, "Somebody who left").await;
    assert_eq!((&left["is_direct"], &left["participant_count"]), (&json!(true), &json!(2)));
    assert_eq!(history(&anna, &left).await, ["Are you there, Emil?"]);
}

#[tokio::test]
async fn users_of_any_table_come_with_surnames_and_pictures() {
    let (project, home) = (Project::of("directs_own"), Home::new());
    let media = project.folder.path().join("media");
    std::fs::create_dir_all(media.join("profile_pictures")).unwrap();
    std::fs::write(media.join("profile_pictures/clara.png"), super::django::PIXEL).unwrap();
    let done = project.moves_to(&home, &["--media", media.to_str().unwrap()]).await;
    let said = &done.succeeded().stdout;
    for told in ["users from api_userwithtype", "1 files came", "not read: api_profile.location (1 rows)"] {
        assert!(said.contains(told), "{told}: {said}");
    }
    let fireside = Fireside::start_in(home, &[]).await;
    let clara = signs_in(&fireside, "clara", "old password of clara").await.expect("signed in");
    let me = clara.get("/api/auth/me/").await.is(200).json();
    assert_eq!(me["display_name"], "Clara Quist");
    assert_eq!(clara.get(me["avatar_url"].as_str().unwrap()).await.is(200).body, super::django::PIXEL);
    let chats = clara.get("/d/directs/api/chats/").await.is(200).json();
    assert_eq!(chats[0]["last_message"]["body"], "Do write");
    assert_ne!(chats[0]["other_user"]["username"], "clara", "no notes to oneself");
}

#[tokio::test]
async fn a_receipt_of_delivery_is_none_of_reading() {
    let (project, home) = (Project::of("messaging_own"), Home::new());
    let done = project.moves_to(&home, &[]).await;
    let told = "2 read receipts did not come: they say that it was delivered, and not that it was read, as status says";
    assert!(done.succeeded().stdout.contains(told), "{done:?}");
    let fireside = Fireside::start_in(home, &[]).await;
    for (name, unread) in [("boris", 1), ("clara", 2)] {
        let caller = signs_in(&fireside, name, &format!("old password of {name}")).await.expect("signed in");
        assert_eq!(room(&caller, "Project Team").await["unread_count"], unread, "{name}");
    }
}

/// Rows of other kinds that are kept after their deletion, or count not yet.
#[tokio::test]
async fn those_who_left_and_what_is_no_more_come_back_nowhere() {
    let (project, home) = (Project::of("messenger"), Home::new());
    project.changed(
        "ALTER TABLE messenger_chatroom_members ADD COLUMN left_at; UPDATE messenger_chatroom_members SET left_at = '2024-06-01'
             WHERE chatroom_id = 3 AND user_id = (SELECT id FROM auth_user WHERE username = 'boris');
         ALTER TABLE profiles_post ADD COLUMN is_published DEFAULT 1; UPDATE profiles_post SET is_published = 0 WHERE title = 'Second';
         ALTER TABLE messenger_chatroom ADD COLUMN deleted_at; UPDATE messenger_chatroom SET deleted_at = '2024-06-01' WHERE name = 'boris_anna';
         ALTER TABLE auth_user ADD COLUMN is_deleted DEFAULT 0; UPDATE auth_user SET is_deleted = 1 WHERE username = 'clara'",
    );
    let done = project.moves_to(&home, &[]).await;
    let said = &done.succeeded().stdout;
    for told in [
        "1 members did not come: they left, or had not joined, as left_at says",
        "1 posts did not come: they are drafts or hidden there, as is_published says (post 2)",
        "1 chats did not come: they were deleted there, as deleted_at says (chat 2)",
        "1 messages did not come: their chat does not come",
        "1 users were deleted there",
        "1 credentials did not come: tokens of nobody",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    let fireside = Fireside::start_in(home, &[]).await;
    let boris = signs_in(&fireside, "boris", "old password of boris").await.expect("signed in");
    let rooms = boris.get("/api/rooms/").await.is(200).json();
    assert_eq!(rooms["count"], 1, "his own with anna: {rooms}");
    signs_in(&fireside, "clara", "old password of clara").await.expect_err("a deleted account");
    assert!(!fireside.home.keeps(b"clara@example.org"));
}

/// An operator knows better: a column only looks like a mark of deletion.
#[tokio::test]
async fn a_mapping_says_that_a_column_means_something_else() {
    let (project, home) = (Project::of("inbox"), Home::new());
    project.changed("ALTER TABLE inbox_message ADD COLUMN is_removed DEFAULT 1");
    let map = project.folder.path().join("map.json");
    std::fs::write(&map, r#"{"messages": {"columns": {"is_deleted": null}}}"#).unwrap();
    let none = project.moves_to(&home, &["--dry-run"]).await;
    assert!(none.succeeded().stdout.contains("4 messages would not come: they were deleted there, as is_removed says"));
    let done = project.moves_to(&home, &["--map", map.to_str().unwrap()]).await;
    let said = &done.succeeded().stdout;
    assert!(said.contains("4 messages came") && said.contains("not read: inbox_message.is_removed (4 rows)"), "{said}");
}
