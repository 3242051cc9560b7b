//! What is read of dumps, and what is refused.

use proptest::prelude::{any, prop_assert, proptest};
use rusqlite::Connection;

use super::bounded::MAX_ROW;
use super::{Dump, ImportError, copy, is_one, load};

fn loaded(text: &[u8]) -> Result<Dump, ImportError> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    load(file.path())
}

fn value(dump: &Dump, sql: &str) -> String {
    let db = Connection::open(dump.folder.path().join(copy::NAME)).expect("a database");
    db.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0).map(|value| format!("{value:?}"))).expect(sql)
}

const USERS: &str =
    r#"{"model": "auth.user", "pk": 7, "fields": {"username": "anna", "password": "a$b$c", "groups": []}}"#;

#[test]
fn rows_become_tables_and_lists_tables_of_their_own() {
    let chat =
        r#"{"model": "messenger.chatroom", "pk": 2, "fields": {"name": "den", "members": [7, 8], "is_open": true}}"#;
    let message =
        r#"{"model": "messenger.Message", "pk": 3, "fields": {"room": 2, "user": ["anna"], "content": "Hi"}}"#;
    for text in [format!("\u{feff}[{USERS},\n{chat}, {message}]\n"), format!("{USERS}\n{chat}\n{message}")] {
        let dump = loaded(text.as_bytes()).expect("read");
        assert_eq!(value(&dump, "SELECT id FROM auth_user WHERE username = 'anna'"), "Integer(7)");
        assert_eq!(value(&dump, "SELECT is_open FROM messenger_chatroom"), "Integer(1)");
        let members = "SELECT group_concat(chatroom_id || ':' || user_id) FROM messenger_chatroom_members";
        assert_eq!(value(&dump, members), "Text(\"2:7,2:8\")");
        assert_eq!(value(&dump, "SELECT user_id FROM messenger_message"), "Integer(7)", "by a natural key");
        assert_eq!(value(&dump, "SELECT room_id FROM messenger_message"), "Integer(2)");
        let of = &dump.references["messenger_chatroom_members"];
        assert!(of.contains(&("chatroom_id".into(), "messenger_chatroom".into())), "{of:?}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let large = format!(
        r#"[{USERS}, {{"model": "a.b", "fields": {{"c": "{}"}}}}]"#,
        "x".repeat(usize::try_from(MAX_ROW).expect("small"))
    );
    let objects = format!(r#"[{USERS}, {{"model": "a.b", "fields": {{"c": [{}1]}}}}]"#, "{},".repeat(100_001));
    let amplified = format!(r#"[{USERS}, {{"model": "a.b", "pk": "{}", "fields": {{"c": [7, 8]}}}}]"#, "x".repeat(65));
    let fields = |model: usize, from: usize, to: usize| {
        let fields: Vec<String> = (from..to).map(|field| format!(r#""f{field}": 1"#)).collect();
        format!(r#"{{"model": "a.m{model}", "pk": 1, "fields": {{{}}}}}"#, fields.join(", "))
    };
    let wide = (0..70).map(|model| fields(model, 0, 299)).collect::<Vec<_>>().join("\n");
    // Each field in a row of its own.
    let narrow = (0..1_100).map(|row| fields(row % 70, row / 70, row / 70 + 1)).collect::<Vec<_>>().join("\n");
    for (text, told) in [
        ("[", "EOF while parsing a list at line 1 column 1 (after 0 whole rows)"),
        ("[\n {\"model\": 5}]", "invalid type: integer `5`, expected a string at line 2 column"),
        ("[{\"model\": \"a.b\"}]", "missing field `fields` at line 1 column"),
        ("[{\"model\": \"user\", \"fields\": {}}]", "`user` is no model at line 1"),
        ("[{\"model\": \"a.b\", \"fields\": {\"\\u0000\": 1}}]", "is no field at line 1"),
        (format!("[{USERS},\n{USERS}").as_str(), "EOF while parsing a list at line 2"),
        (format!("[{USERS}] x").as_str(), "trailing characters at line 1"),
        (format!("[{USERS},]").as_str(), "(after 1 whole rows)"),
        ("[7]", "invalid type: integer `7`, expected struct Row at line 1 column"),
        (large.as_str(), "a row has more than 16777216 bytes at line 1 column"),
        (objects.as_str(), "a row has more than 200000 values at line 1 column"),
        (amplified.as_str(), "the a_b with a list of c has a key of more than 64 bytes at line 1 column"),
        (wide.as_str(), "all models together have more than 20000 fields (after 66 whole rows)"),
        (narrow.as_str(), "more than 1000 fields are in no first row of their model (after 1070 whole rows)"),
    ] {
        let why = loaded(text.as_bytes()).err().map(|why| why.to_string()).unwrap_or_default();
        assert!(why.contains(told), "{told}: {}", &why[..why.len().min(400)]);
    }
}

proptest! {
    /// Whatever somebody calls a dump is read or refused.
    #[test]
    fn any_file_is_a_dump_or_refused(
        noise in any::<Vec<u8>>(),
        field in "(user|members|friends|id|x|\")",
        value in "(null|7|\\[\\]|\\[7\\]|\\[\"a\"\\]|\\[\\[\"a\"\\]\\]|\\{\\}|1e99|99999999999999999999)",
        pk in "(null|7|\"a\"|\\[\\]|true)",
    ) {
        let text = format!(r#"[{USERS}, {{"model": "a.profile", "pk": {pk}, "fields": {{"{field}": {value}}}}}]"#);
        prop_assert!(loaded(text.as_bytes()).is_ok() || field == "\"", "{text}");
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), &noise).expect("written");
        drop(is_one(file.path()));
        drop(loaded(&noise));
    }
}
