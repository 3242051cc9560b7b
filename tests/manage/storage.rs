//! What fills the disk, and how long chats keep it.

use serde_json::{Value, json};

use super::{log, root_of};
use crate::world::{Fireside, id, people};

const STORAGE: &str = "/api/server/storage/";

/// One field of each in a list.
fn each<'a>(storage: &'a Value, list: &str, field: &str) -> Vec<&'a Value> {
    storage[list].as_array().unwrap().iter().map(|one| &one[field]).collect()
}

#[tokio::test]
async fn the_largest_are_named_and_the_private_have_no_title() {
    let flags = ["--quota-all", "5GiB", "--retain-messages", "365d", "--min-free", "12345"];
    let fireside = Fireside::start_with(&flags).await;
    let root = root_of(&fireside).await;
    let empty = root.get(STORAGE).await.is(200).json();
    for list in ["chats_by_messages", "chats_by_bytes", "users_by_bytes"] {
        assert_eq!(empty[list], json!([]), "{list}");
    }
    people!(fireside: alice, bob);
    let (talk, files, secret) =
        (alice.opens_room("talk").await, alice.opens_room("files").await, alice.opens_room("secret").await);
    alice.makes_private(&secret).await;
    bob.joins(&files).await;
    for number in 0..5 {
        alice.posts(&format!("words {number}")).in_room(&talk).await;
    }
    let large = bob.uploads("large.bin", &[1; 5000]).await;
    bob.posts("a file").with_file(&large).in_room(&files).await;
    for _ in 0..2 {
        let small = alice.uploads("small.bin", &[1; 700]).await;
        alice.posts("another").with_file(&small).in_room(&secret).await;
    }
    let direct = json!({"receiver": "bob", "content": "between us"});
    alice.post("/d/inbox/api/messages/", &direct).await.is(201);
    std::fs::write(fireside.home.data().join("backup.tar"), vec![0; 4321]).unwrap();

    let storage = root.get(STORAGE).await.is(200).json();
    assert_eq!(each(&storage, "chats_by_messages", "messages"), [5, 2, 1, 1]);
    assert_eq!(each(&storage, "chats_by_messages", "title"), ["talk", "", "files", ""]);
    assert_eq!(each(&storage, "chats_by_messages", "kind"), ["group", "group", "group", "direct"]);
    assert_eq!(each(&storage, "chats_by_messages", "files_bytes"), [0, 1400, 5000, 0]);
    assert_eq!(each(&storage, "chats_by_bytes", "id"), [files.id, secret.id]);
    assert_eq!(each(&storage, "chats_by_bytes", "files_bytes"), [5000, 1400]);
    assert_eq!(each(&storage, "users_by_bytes", "username"), ["bob", "alice"]);
    assert_eq!(each(&storage, "users_by_bytes", "stored_bytes"), [5000, 1400]);
    assert_eq!(each(&storage, "users_by_bytes", "text_bytes"), [6, 5 * 7 + 2 * 7 + 10]);
    for (field, number) in [
        ("files_bytes", json!(6400)),
        ("copies_bytes", json!(4321)),
        ("min_free_bytes", json!(12345)),
        ("quota_user_bytes", json!(1 << 30)),
        ("quota_all_bytes", json!(5_u64 << 30)),
        ("retain_messages_seconds", json!(365 * 24 * 60 * 60)),
        ("retain_uploads_seconds", json!(null)),
    ] {
        assert_eq!(storage[field], number, "{field}");
    }
    for field in ["database_bytes", "wal_bytes", "free_bytes"] {
        assert!(storage[field].as_u64().unwrap() > 0, "{field}");
    }
    assert!(!storage.to_string().contains("secret"), "{storage}");
    assert!(id(&large) > 0);
}

#[tokio::test]
async fn an_admin_says_how_long_a_chat_is_kept() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    alice.posts("young").in_room(&den).await;
    let path = format!("/api/server/chats/{}/", den.id);
    for days in [json!(30), json!("31"), json!(0), json!(36_500), json!(null)] {
        let answer = root.patch(&path, &json!({"retain_days": days})).await.is(200).json();
        let number = days.as_str().map_or(days.clone(), |digits| json!(digits.parse::<i64>().unwrap()));
        assert_eq!(answer, json!({"id": den.id, "retain_days": number}));
        let storage = root.get(STORAGE).await.is(200).json();
        assert_eq!(each(&storage, "chats_by_messages", "retain_days"), [&number]);
    }
    let told = log(&root).await;
    for wrong in [json!(-1), json!(36_501), json!("x"), json!([]), json!(1.5)] {
        root.patch(&path, &json!({"retain_days": wrong})).await.names("retain_days");
    }
    root.patch(&path, &json!({})).await.names("retain_days");
    root.patch("/api/server/chats/999/", &json!({"retain_days": 1})).await.refused(404, "not_found");
    alice.patch(&path, &json!({"retain_days": 1})).await.refused(403, "permission_denied");
    root.patch(&path, &json!({"retain_days": null})).await.is(200);
    assert_eq!(log(&root).await, told, "what is refused, or changes nothing, is not written down");
    let noted = ("root".to_owned(), "retention_set".to_owned(), den.id.to_string());
    assert_eq!(told.iter().filter(|entry| **entry == noted).count(), 5);
    assert_eq!(alice.reads(&den).await, ["young"]);
}
