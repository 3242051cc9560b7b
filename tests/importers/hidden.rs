//! What some have deleted for themselves alone: it stays hidden as far as a view can be cleared here, comes
//! not at all where everybody had deleted it, and of the rest the report says how much is seen again.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Project, moves, signs_in};
use crate::world::{Fireside, Home};

/// Who has deleted what for themselves, by ids: anna is 1, boris 2, clara 3. The letters of anna and boris are
/// 1 and 2, that of clara to anna 3; 4 are anna's words to herself.
const DELETIONS: [(i64, i64); 5] = [(1, 2), (2, 1), (3, 1), (3, 3), (4, 2)];

const HIDDEN: &str = "1 messages stay hidden from one who had deleted them for themselves (message 1)";
const SEEN: &str = "1 messages are seen again by one who had deleted them for themselves (message 2)";
const GONE: &str = "1 messages did not come: everybody in the chat had deleted them for themselves (message 3)";

/// A database with a table of them.
fn with_table(sql: &str) -> (Project, PathBuf) {
    let project = Project::of("inbox");
    let rows = DELETIONS.map(|(message, user)| format!("({message}, {user})")).join(", ");
    project.changed(&sql.replace("{rows}", &rows));
    let path = project.database();
    (project, path)
}

/// A dump whose rows are changed.
fn dumped(change: impl Fn(&mut Vec<Value>)) -> (Project, PathBuf) {
    let project = Project::of("inbox");
    let path = project.dump("json");
    let mut rows: Vec<Value> = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut rows);
    std::fs::write(&path, json!(rows).to_string()).unwrap();
    (project, path)
}

fn ways() -> [(Project, PathBuf); 4] {
    let key = |column: &str, of: &str| format!("{column} INTEGER REFERENCES {of} (id)");
    let [message, user] = [key("message_id", "inbox_message"), key("user_id", "auth_user")];
    let links = format!(
        "CREATE TABLE inbox_message_hidden_for (id INTEGER PRIMARY KEY, {message}, {user});
         INSERT INTO inbox_message_hidden_for (message_id, user_id) VALUES {{rows}}"
    );
    let through = format!(
        "CREATE TABLE inbox_messagedeletion (id INTEGER PRIMARY KEY, {message}, {user}, deleted_at TEXT);
         INSERT INTO inbox_messagedeletion (message_id, user_id) VALUES {{rows}};
         UPDATE inbox_messagedeletion SET deleted_at = '2024-06-01 08:00:00'"
    );
    let of = |message: &Value| -> Vec<i64> {
        DELETIONS.iter().filter(|(of, _)| message["pk"] == *of).map(|(_, user)| *user).collect()
    };
    [
        with_table(&links),
        with_table(&through),
        dumped(|rows| {
            for message in rows.iter_mut().filter(|row| row["model"] == "inbox.message") {
                message["fields"]["deleted_by"] = json!(of(message));
            }
        }),
        dumped(|rows| {
            rows.extend(DELETIONS.iter().enumerate().map(|(pk, (message, user))| {
                json!({"model": "inbox.messagedeletion", "pk": pk + 1,
                       "fields": {"message": message, "user": user, "deleted_at": "2024-06-01T08:00:00Z"}})
            }));
        }),
    ]
}

/// What somebody reads through inbox, the newest first.
async fn letters(fireside: &Fireside, name: &str) -> Vec<String> {
    let caller = signs_in(fireside, name, &format!("old password of {name}")).await.expect("signed in");
    let page = caller.get("/d/inbox/api/messages/").await.is(200).json();
    crate::world::contents(page["results"].as_array().unwrap())
}

#[tokio::test]
async fn what_one_deleted_for_oneself_is_not_shown_to_one_again_where_that_can_be() {
    for (project, path) in ways() {
        let home = Home::new();
        let done = moves(&home, "django", &path, &[]).await;
        let said = &done.succeeded().stdout;
        for told in [HIDDEN, SEEN, GONE, "3 messages came", "different here: what somebody had deleted for themselves"]
        {
            assert!(said.contains(told), "{told}: {said}");
        }
        assert!(!home.keeps(b"Hello"), "both had deleted it");
        let fireside = Fireside::start_in(home, &[]).await;
        assert_eq!(letters(&fireside, "anna").await, ["To myself", "Dear Anna", "Dear Boris"]);
        assert_eq!(letters(&fireside, "boris").await, ["Dear Anna"], "the oldest of theirs he had deleted");
        assert_eq!(letters(&fireside, "clara").await, [""; 0]);
        drop(project);
    }
}

/// A row that says it is none, and a project without such a table.
#[tokio::test]
async fn nothing_is_hidden_that_nobody_hid() {
    let (project, path) = with_table(
        "CREATE TABLE inbox_messagehidden (message_id INTEGER REFERENCES inbox_message (id),
             user_id INTEGER REFERENCES auth_user (id), is_hidden INTEGER DEFAULT 0);
         INSERT INTO inbox_messagehidden (message_id, user_id) VALUES {rows}",
    );
    for source in [path, Project::of("inbox").dump("json")] {
        let done = moves(&Home::new(), "django", &source, &[]).await;
        let said = &done.succeeded().stdout;
        assert!(said.contains("4 messages came") && !said.contains("for themselves ("), "{said}");
    }
    drop(project);
}

#[tokio::test]
async fn the_report_is_one_object_of_json_if_that_is_asked_for() {
    let (project, path) = with_table(
        "CREATE TABLE inbox_message_hidden_for (message_id INTEGER REFERENCES inbox_message (id),
             user_id INTEGER REFERENCES auth_user (id)); INSERT INTO inbox_message_hidden_for VALUES {rows}",
    );
    let home = Home::new();
    for dry in [true, false] {
        let flags: &[&str] = if dry { &["--json", "--dry-run"] } else { &["--json"] };
        let done = moves(&home, "django", &path, flags).await;
        let report: Value = serde_json::from_str(&done.succeeded().stdout).expect("one object");
        assert_eq!(report["dry_run"], dry);
        assert_eq!((&report["came"]["users"], &report["came"]["messages"]), (&json!(4), &json!(3)));
        let gone = "everybody in the chat had deleted them for themselves (message 3)";
        assert_eq!(report["left_out"], json!([{"kind": "messages", "why": gone, "count": 1}]));
        let notes: Vec<&str> = report["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect();
        assert!(notes.contains(&HIDDEN) && notes.contains(&SEEN), "{notes:?}");
        assert_eq!((&report["merged"], &report["more_notes"]), (&json!(0), &json!(0)));
        assert!(report["without_password"].is_u64(), "{report}");
        assert_eq!(home.data().exists(), !dry);
    }
    drop(project);
}
