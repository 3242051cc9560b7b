//! Sources that mean harm, or are none: told, and nothing half imported.

use std::io::Write;

use super::{Project, moves};
use crate::world::home::{Outcome, snapshot};
use crate::world::{Fireside, Home};

/// Refused in a sentence, and no folder was made.
fn nothing_came(outcome: &Outcome, home: &Home, told: &str) {
    assert!(outcome.failed_with(1).stderr.contains(told), "{told}: {outcome:?}");
    assert!(!home.data().exists(), "{told}");
}

#[tokio::test]
async fn what_is_no_database_is_told() {
    let (project, home) = (Project::of("inbox"), Home::new());
    let whole = snapshot(&project.database());
    std::fs::write(project.database(), b"not a database, but long enough to be looked at ".repeat(20)).unwrap();
    nothing_came(&project.moves_to(&home, &[]).await, &home, "cannot be read");
    std::fs::write(project.database(), &whole[..whole.len() / 2]).unwrap();
    nothing_came(&project.moves_to(&home, &[]).await, &home, "nothing was imported");
    std::fs::write(project.database(), b"").unwrap();
    nothing_came(&project.moves_to(&home, &[]).await, &home, "no table of users was found; there are no tables");
    let missing = project.folder.path().join("no.sqlite3");
    nothing_came(&moves(&home, "django", &missing, &[]).await, &home, "cannot be read");
    nothing_came(&moves(&home, "django", project.folder.path(), &[]).await, &home, "cannot be read");
    assert!(!missing.exists(), "it is not made");
}

#[tokio::test]
async fn a_damaged_database_is_refused_or_comes_and_never_breaks_the_server() {
    let (project, home) = (Project::of("rooms"), Home::new());
    let whole = snapshot(&project.database());
    let mut came = 0;
    for round in 0_usize..40 {
        let mut bytes = whole.clone();
        for step in 0..8 {
            // Spread over the file, another place in each round; the header stays.
            let place = 100 + (round * 7_919 + step * 104_729) % (bytes.len() - 100);
            bytes[place] ^= u8::try_from(round * 37 % 255 + 1).unwrap();
        }
        std::fs::write(project.database(), bytes).unwrap();
        let outcome = project.moves_to(&home, &[]).await;
        match outcome.code {
            Some(0) => came += 1,
            _ => drop(outcome.failed_with(1)),
        }
        if home.data().exists() {
            std::fs::remove_dir_all(home.data()).unwrap();
        }
    }
    assert!(came < 40, "none was damaged enough");
}

/// A page of a table that has pages below it, each of them made the first.
fn repeat_first_child(bytes: &mut [u8], page: u32, page_size: u32) {
    let (page, page_size) = (page as usize, page_size as usize);
    let page = &mut bytes[(page - 1) * page_size..page * page_size];
    assert_eq!(page[0], 5, "it has pages below it");
    let word = |at: usize, page: &[u8]| usize::from(u16::from_be_bytes([page[at], page[at + 1]]));
    let cells: Vec<usize> = (0..word(3, page)).map(|cell| word(12 + 2 * cell, page)).collect();
    let first: [u8; 4] = page[cells[0]..cells[0] + 4].try_into().unwrap();
    cells.iter().for_each(|cell| page[*cell..cell + 4].copy_from_slice(&first));
}

#[tokio::test]
async fn a_database_whose_pages_stand_in_it_many_times_is_refused() {
    let (project, home) = (Project::of("rooms"), Home::new());
    // One message some thousand times, whatever columns it has.
    project.changed(&format!(
        "CREATE TEMP TABLE copies AS SELECT * FROM rooms_message WHERE id = 1; {}
         UPDATE copies SET id = 1000 + rowid; INSERT INTO rooms_message SELECT * FROM copies",
        "INSERT INTO copies SELECT * FROM copies; ".repeat(12)
    ));
    let moved = project.moves_to(&home, &["--dry-run"]).await;
    assert!(moved.succeeded().stdout.contains("messages would come"), "it is a project like others: {moved:?}");
    let db = rusqlite::Connection::open(project.database()).unwrap();
    let root: u32 =
        db.query_row("SELECT rootpage FROM sqlite_master WHERE name = 'rooms_message'", [], |it| it.get(0)).unwrap();
    let page_size: u32 = db.query_row("PRAGMA page_size", [], |it| it.get(0)).unwrap();
    drop(db);
    let mut bytes = snapshot(&project.database());
    repeat_first_child(&mut bytes, root, page_size);
    std::fs::write(project.database(), bytes).unwrap();
    nothing_came(&project.moves_to(&home, &[]).await, &home, "db.sqlite3 is damaged: ");
}

#[tokio::test]
async fn a_dump_whose_rows_grow_when_they_are_read_is_refused() {
    let (folder, home) = (tempfile::TempDir::new().unwrap(), Home::new());
    let path = folder.path().join("dump.json");
    let user = r#"{"model": "auth.user", "pk": 7, "fields": {"username": "anna", "password": "a$b$c"}}"#;
    let row = |model: &str, key: &str, fields: &str| {
        format!(r#"{{"model": "{model}", "pk": "{key}", "fields": {{{fields}}}}}"#)
    };
    let wide = |model: usize| {
        let fields: Vec<String> = (0..299).map(|field| format!(r#""f{field}": 1"#)).collect();
        row(&format!("a.m{model}"), "1", &fields.join(", "))
    };
    let wide: Vec<String> = (0..1_900).map(wide).collect();
    for (rows, told) in [
        (row("a.b", "1", &format!(r#""c": [{}1]"#, "{},".repeat(5_000_000))), "a row has more than 200000 values"),
        (
            row("a.b", &"x".repeat(4_000_000), &format!(r#""c": [{}1]"#, "1,".repeat(90_000))),
            "has a key of more than 64 bytes",
        ),
        (wide.join(",\n"), "all models together have more than 20000 fields"),
    ] {
        std::fs::write(&path, format!("[{user},\n{rows}]")).unwrap();
        let outcome = moves(&home, "django", &path, &[]).await;
        nothing_came(&outcome, &home, told);
        assert!(outcome.stderr.contains("whole rows)"), "where it is: {}", outcome.stderr);
    }
}

#[tokio::test]
async fn hostile_rows_are_told_and_the_others_come() {
    let (project, home) = (Project::of("rooms"), Home::new());
    project.changed(
        "UPDATE rooms_message SET content = replace(hex(zeroblob(300000)), '0', 'ab ') WHERE id = 1;
         UPDATE rooms_message SET author_id = 99 WHERE id = 2;
         UPDATE rooms_message SET created_at = '9999-01-01 00:00:00' WHERE id = 3;
         UPDATE rooms_message SET content = x'ff00fe' WHERE id = 5;
         UPDATE rooms_message SET author_id = 2 WHERE id = 6;
         UPDATE accounts_user SET username = char(8238) || 'evil', display_name = char(8238) || 'x', bio = char(0) WHERE id = 3;
         UPDATE accounts_user SET password = 'pbkdf2_sha256$4294967295$salt$qGeaofq3RvanMLyhsWxG9dUsnI8Se8ObZZdb8xX5oRc=' WHERE id = 1;
         UPDATE rooms_room SET name = '  ' || char(10), max_participants = -7 WHERE id = 1;
         INSERT INTO rooms_roomparticipant (room_id, user_id, joined_at, is_admin) VALUES (1, 77, 'never', 1), (88, 1, '', 0);
         CREATE VIEW chat_reaction AS SELECT 1 AS message_id, 1 AS user_id, load_extension('x') AS emoji;",
    );
    let done = project.moves_to(&home, &[]).await;
    let said = &done.succeeded().stdout;
    for told in [
        "1 accounts that are gone there stand as somebody who left, for the messages (user 99)",
        "1 messages did not come: the time cannot be read, or is still to come (message 3)",
        "1 messages did not come: the sender is none of the two of the direct chat (message 6)",
        "1 messages did not come: there is nothing in them (message 5)",
        "1 messages are longer than they may be, and come in parts (message 1)",
        "2 members did not come",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    assert!(said.contains("the password of anna is kept in a way that cannot be checked here"), "{said}");
    let fireside = Fireside::start_in(home, &[]).await;
    fireside.anyone().get("/healthz").await.is(200);
}

#[tokio::test]
async fn a_zip_that_is_none_or_a_bomb_is_refused() {
    let (folder, home) = (tempfile::TempDir::new().unwrap(), Home::new());
    let path = folder.path().join("export.zip");
    std::fs::write(&path, b"PK\x03\x04 no zip at all").unwrap();
    nothing_came(&moves(&home, "slack", &path, &[]).await, &home, "is no zip archive that can be read");
    zip_of(&path, &[("channels.json", b"[]".to_vec())]);
    nothing_came(&moves(&home, "slack", &path, &[]).await, &home, "has no users.json");
    let users = br#"[{"id": "U1", "name": "anna"}]"#.to_vec();
    let lists = |day: Vec<u8>| {
        let channels = br#"[{"id": "C1", "name": "general", "members": ["U1"]}]"#.to_vec();
        vec![("users.json", users.clone()), ("channels.json", channels), ("general/2024-05-01.json", day)]
    };
    // 80 MB of blanks, which pack into a few KB.
    zip_of(&path, &lists(vec![b' '; 80_000_000]));
    assert!(std::fs::metadata(&path).unwrap().len() < 200_000);
    nothing_came(&moves(&home, "slack", &path, &[]).await, &home, "it unpacks to more than 67108864 bytes");
    let many = format!("[{}]", vec!["{}"; 200_001].join(","));
    zip_of(&path, &lists(many.into_bytes()));
    nothing_came(&moves(&home, "slack", &path, &[]).await, &home, "has 200001 entries");
    let inner = format!(r#"[{{"reactions": [{}1]}}]"#, "{},".repeat(3_000_000));
    zip_of(&path, &lists(inner.into_bytes()));
    nothing_came(&moves(&home, "slack", &path, &[]).await, &home, "has more than 5000000 values");
    zip_of(&path, &lists(b"{\"a\": 1}".to_vec()));
    nothing_came(&moves(&home, "slack", &path, &[]).await, &home, "is no list");
    zip_of(&path, &lists("[".repeat(100_000).into_bytes()));
    nothing_came(&moves(&home, "slack", &path, &[]).await, &home, "is no list");
    let flags = ["--media", folder.path().to_str().unwrap()];
    nothing_came(&moves(&home, "slack", &path, &flags).await, &home, "for `--from django`");
    zip_of(
        &path,
        &lists(b"[null, 7, {\"ts\": 5}, {\"ts\": \"1714550400.0\", \"user\": \"U1\", \"text\": \"Hi\"}]".to_vec()),
    );
    let done = moves(&home, "slack", &path, &[]).await;
    let said = &done.succeeded().stdout;
    assert!(said.contains("1 messages came") && said.contains("3 messages did not come"), "{said}");
}

/// Packs files into an archive.
pub(super) fn zip_of(path: &std::path::Path, files: &[(&str, Vec<u8>)]) {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, bytes) in files {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}
