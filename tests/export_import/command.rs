//! The two commands: what they make, what they refuse, what they leave.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use super::{exports, imports, of_type, records, signs_in, unpacked};
use crate::world::home::program;
use crate::world::{Fireside, Home, people};

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A server with a room, words and a file in it.
async fn furnished() -> Fireside {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let file = alice.uploads("notes.txt", b"words to keep").await;
    alice.posts("kept").with_file(&file).in_room(&den).await;
    alice.opens_room("attic").await;
    fireside
}

#[tokio::test]
async fn an_archive_is_private_has_its_name_when_it_is_whole_and_overwrites_nothing() {
    let shelf = tempfile::tempdir().unwrap();
    let fireside = furnished().await;
    exports(&fireside.home, shelf.path(), &[]).await.succeeded();
    let made = names(shelf.path());
    assert_eq!(made.len(), 1, "{made:?}");
    assert!(made[0].starts_with("fireside-export-2") && made[0].ends_with(".tar"), "{made:?}");
    let path = shelf.path().join(&made[0]);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    exports(&fireside.home, &path, &[]).await.failed_with(1);
    let folder = unpacked(&path);
    assert_eq!(names(&folder), ["checksum", "files", "manifest", "records.jsonl"]);
    let sums = names(&folder.join("files"));
    let bytes = std::fs::read(folder.join("files").join(&sums[0])).unwrap();
    assert_eq!((sums.len(), bytes.as_slice()), (1, b"words to keep".as_slice()));
    let nothing = Home::new();
    exports(&nothing, &shelf.path().join("nothing.tar"), &[]).await.failed_with(78);
    assert!(!nothing.data().exists() && !shelf.path().join("nothing.tar").exists());
}

#[tokio::test]
async fn it_passes_through_pipes_and_an_unpacked_folder_is_read_too() {
    let shelf = tempfile::tempdir().unwrap();
    let fireside = furnished().await;
    let home = Home::new();
    let mut writer = program();
    writer.args(["export", "-", "--with-secrets", "--data"]).arg(fireside.home.data());
    let mut writer = writer.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut reader = program();
    reader.args(["import", "-", "--data"]).arg(home.data()).stdin(writer.stdout.take().unwrap());
    let read = tokio::task::spawn_blocking(move || reader.output().unwrap()).await.unwrap();
    assert!(read.status.success(), "{read:?}");
    let written = writer.wait_with_output().unwrap();
    assert!(written.status.success() && String::from_utf8(written.stderr).unwrap().contains("standard output"));
    assert_eq!(names(&home.data().join("files")).len(), 1);
    home.is_its_owners_alone();
    assert!(!names(&home.data()).iter().any(|name| name.contains("work")), "{:?}", names(&home.data()));

    let path = shelf.path().join("world.tar");
    exports(&fireside.home, &path, &[]).await.succeeded();
    let folder = unpacked(&path);
    // What a rule of here forbids can be put right by hand.
    let lines = std::fs::read_to_string(folder.join("records.jsonl")).unwrap();
    std::fs::write(folder.join("records.jsonl"), lines.replace("\"kept\"", "\"kept by hand\"")).unwrap();
    let other = Home::new();
    imports(&folder, &other, &[]).await.succeeded();
    let again = shelf.path().join("again.tar");
    exports(&other, &again, &[]).await.succeeded();
    assert_eq!(of_type(&records(&unpacked(&again)), "message")[0]["text"], "kept by hand");
}

#[tokio::test]
async fn one_chat_leaves_alone_with_the_names_of_its_people() {
    let shelf = tempfile::tempdir().unwrap();
    let fireside = furnished().await;
    let alice = signs_in(&fireside, "alice", "correct horse alice").await;
    let bob = fireside.registers("bob").await;
    fireside.registers("stranger").await;
    let attic = alice.opens_room("cellar").await;
    bob.joins(&attic).await;
    bob.posts("from bob").in_room(&attic).await;
    let path = shelf.path().join("chat.tar");
    exports(&fireside.home, &path, &["--chat", &attic.id.to_string()]).await.succeeded();
    let text = std::fs::read_to_string(unpacked(&path).join("records.jsonl")).unwrap();
    for gone in ["example.org", "stranger", "kept", "argon2", "\"type\":\"credential\""] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    assert!(text.contains("from bob") && text.contains("cellar"), "{text}");
    let home = Home::new();
    let said = imports(&path, &home, &[]).await.succeeded().stdout.clone();
    assert!(said.contains("1 chats came") && said.contains("2 users came"), "{said}");
    for (flag, none) in [("--chat", "999"), ("--user", "nobody")] {
        let path = shelf.path().join("none.tar");
        let refused = exports(&fireside.home, &path, &[flag, none]).await;
        assert!(refused.failed_with(1).stderr.contains(none), "{refused:?}");
        assert!(!path.exists());
    }
    exports(&fireside.home, &path, &["--chat", "1", "--user", "alice"]).await.failed_with(2);
    exports(&fireside.home, &path, &["--user", "alice", "--with-secrets"]).await.failed_with(2);
}

#[tokio::test]
async fn who_made_a_chat_is_told_where_another_owns_it() {
    let shelf = tempfile::tempdir().unwrap();
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let (den, attic) = (alice.opens_room("den").await, bob.opens_room("attic").await);
    bob.joins(&den).await;
    alice.leaves(&den).await;
    let makers = |archive: &Path| {
        let records = records(&unpacked(archive));
        let people = of_type(&records, "user").into_iter().map(|user| (user["id"].clone(), user["username"].clone()));
        let people: Vec<_> = people.collect();
        let name = |id: &Value| people.iter().find(|(known, _)| known == id).map(|(_, name)| name.clone());
        let chats = of_type(&records, "chat");
        chats.into_iter().map(|chat| (name(&chat["owner"]), name(&chat["created_by"]))).collect::<Vec<_>>()
    };
    let (alices, bobs) = (Some(json!("alice")), Some(json!("bob")));
    let told = [(bobs.clone(), alices.clone()), (bobs, None)];
    let path = |name: &str| shelf.path().join(name);
    exports(&fireside.home, &path("all.tar"), &[]).await.succeeded();
    assert_eq!(makers(&path("all.tar")), told);
    // She is not in it any more and said nothing there: it names her all the same.
    exports(&fireside.home, &path("den.tar"), &["--chat", &den.id.to_string()]).await.succeeded();
    assert_eq!(makers(&path("den.tar")), told[..1]);
    exports(&fireside.home, &path("attic.tar"), &["--chat", &attic.id.to_string()]).await.succeeded();
    assert_eq!(makers(&path("attic.tar")), told[1..]);
    exports(&fireside.home, &path("bob.tar"), &["--user", "bob"]).await.succeeded();
    assert_eq!(makers(&path("bob.tar")), told);
    for (from, again, told) in [("all.tar", "all-again.tar", &told[..]), ("den.tar", "den-again.tar", &told[..1])] {
        let home = Home::new();
        imports(&path(from), &home, &[]).await.succeeded();
        exports(&home, &path(again), &[]).await.succeeded();
        assert_eq!(makers(&path(again)), told);
    }
}

#[tokio::test]
async fn a_running_server_and_a_foreign_folder_are_left_alone() {
    let shelf = tempfile::tempdir().unwrap();
    let fireside = furnished().await;
    let path = shelf.path().join("world.tar");
    exports(&fireside.home, &path, &[]).await.succeeded();
    let refused = imports(&path, &fireside.home, &["--on-conflict", "rename"]).await;
    assert!(refused.failed_with(75).stderr.contains("stop it first"), "{refused:?}");
    let home = Home::new();
    std::fs::create_dir(home.data()).unwrap();
    std::fs::write(home.data().join("novel.txt"), "chapter one").unwrap();
    imports(&path, &home, &[]).await.failed_with(78);
    assert_eq!(names(&home.data()), ["novel.txt"]);
    // An empty one is taken.
    std::fs::remove_file(home.data().join("novel.txt")).unwrap();
    imports(&path, &home, &[]).await.succeeded();
    imports(Path::new("/nowhere/at-all.tar"), &Home::new(), &[]).await.failed_with(1);
    let backup = shelf.path().join("backup.tar");
    fireside.home.runs(&["backup", backup.to_str().unwrap()], "").await.succeeded();
    let refused = imports(&backup, &Home::new(), &[]).await;
    assert!(refused.failed_with(1).stderr.contains("it is no export"), "{refused:?}");
    let data = Home::new();
    let restored = data.runs(&["restore", path.to_str().unwrap()], "").await;
    assert!(restored.failed_with(1).stderr.contains("format"), "{restored:?}");
}

#[tokio::test]
async fn a_dry_run_says_what_would_come_and_changes_nothing() {
    let shelf = tempfile::tempdir().unwrap();
    let fireside = furnished().await;
    let path = shelf.path().join("world.tar");
    exports(&fireside.home, &path, &[]).await.succeeded();
    let home = Home::new();
    let said = imports(&path, &home, &["--dry-run"]).await.succeeded().stdout.clone();
    for line in ["2 chats would come", "1 files would come", "1 messages would come", "nothing was changed"] {
        assert!(said.lines().any(|found| found == line), "{line}: {said}");
    }
    assert!(!home.data().exists() && names(home.data().parent().unwrap()).is_empty());
}
