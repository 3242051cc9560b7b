//! Passwords whose hashes another system made: they sign in as they are, once, and are
//! ours from then on.

use rusqlite::Connection;
use serde_json::json;

use crate::world::{Answer, Fireside, Home};

/// A password, and what Django made of it.
pub const DJANGO_PASSWORD: &str = "correct horse";
pub const DJANGO_PBKDF2: &str =
    "pbkdf2_sha256$200000$SJLLGgtE1dmtEgShHJvHcU$dKIsT7t/3L/KbMIgL3EDMYb4oBTBbaKzKZTYf38zTJE=";
const DJANGO_ARGON2: &str =
    "argon2$argon2id$v=19$m=102400,t=2,p=8$N1BSdU1LOUdscjhXZ1FCN010dEhLZg$BbLhGzV/9oOycXWQWHX0O2pkLnzf8pU/S/9+KXkSiig";

/// The same server, started again with these hashes in the rows of these people.
pub async fn with_hashes(mut fireside: Fireside, hashes: &[(&str, &str)]) -> Fireside {
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let home = fireside.home.clone();
    let database = Connection::open(home.database()).unwrap();
    for (name, hash) in hashes {
        let changed = database.execute("UPDATE users SET password_hash = ?2 WHERE username = ?1", [name, hash]);
        assert_eq!(changed.unwrap(), 1, "{name}");
    }
    drop(database);
    Fireside::start_in(home, &[]).await
}

fn stored_hash(home: &Home, name: &str) -> String {
    let database = Connection::open(home.database()).unwrap();
    database.query_row("SELECT password_hash FROM users WHERE username = ?1", [name], |row| row.get(0)).unwrap()
}

async fn signs_in(fireside: &Fireside, door: &str, name: &str, password: &str) -> Answer {
    fireside.anyone().post(door, &json!({"username": name, "password": password})).await
}

#[tokio::test]
async fn django_s_passwords_sign_in_and_are_ours_from_then_on() {
    let fireside = Fireside::start().await;
    for name in ["alice", "bob"] {
        fireside.registers(name).await;
    }
    let fireside = with_hashes(fireside, &[("alice", DJANGO_PBKDF2), ("bob", DJANGO_ARGON2)]).await;
    for (name, foreign) in [("alice", DJANGO_PBKDF2), ("bob", DJANGO_ARGON2)] {
        signs_in(&fireside, "/api/auth/login/", name, "correct horse alice").await.refused(401, "invalid_credentials");
        assert_eq!(stored_hash(&fireside.home, name), foreign, "a wrong password changes nothing");
        let token =
            signs_in(&fireside, "/api/auth/login/", name, DJANGO_PASSWORD).await.is(200).json()["token"].clone();
        let header = format!("Token {}", token.as_str().unwrap());
        fireside.anyone().get("/api/auth/me/").with("Authorization", &header).await.is(200);
        let ours = stored_hash(&fireside.home, name);
        assert!(ours.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{ours}");
        for door in ["/accounts/api/token/", "/login/"] {
            signs_in(&fireside, door, name, DJANGO_PASSWORD).await.is(200);
            signs_in(&fireside, door, name, "not the password").await.is(401);
        }
        assert_eq!(stored_hash(&fireside.home, name), ours, "once is enough");
    }
}

#[tokio::test]
async fn many_first_sign_ins_at_once_all_succeed() {
    let fireside = Fireside::start().await;
    fireside.registers("alice").await;
    let fireside = with_hashes(fireside, &[("alice", DJANGO_PBKDF2)]).await;
    let doors = ["/api/auth/login/", "/accounts/api/token/", "/login/"];
    let tries = (0..12).map(|number| signs_in(&fireside, doors[number % doors.len()], "alice", DJANGO_PASSWORD));
    for answer in futures_util::future::join_all(tries).await {
        answer.is(200);
    }
    assert!(stored_hash(&fireside.home, "alice").starts_with("$argon2id$"));
}

#[tokio::test]
async fn a_hash_that_is_too_much_work_or_not_known_signs_nobody_in() {
    let fireside = Fireside::start().await;
    let hostile = [
        ("alice", DJANGO_PBKDF2.replace("200000", "4294967295")),
        ("bob", DJANGO_ARGON2.replace("m=102400", "m=4194304")),
        ("carol", DJANGO_ARGON2.replace("t=2", "t=4000000")),
        ("dora", "md5$salt$aae8c7b1bd3a1f7ff8f1b86d4a5bd5f5".to_owned()),
        ("eve", "!cFO5qn0nbLirbsY3Y3vYeBqoqEx9MGldJCgGVz3z".to_owned()),
    ];
    for (name, _) in &hostile {
        fireside.registers(name).await;
    }
    let rows: Vec<(&str, &str)> = hostile.iter().map(|(name, hash)| (*name, hash.as_str())).collect();
    let fireside = with_hashes(fireside, &rows).await;
    for (name, hash) in &hostile {
        for password in [DJANGO_PASSWORD, "!cFO5qn0nbLirbsY3Y3vYeBqoqEx9MGldJCgGVz3z", ""] {
            assert!(matches!(signs_in(&fireside, "/api/auth/login/", name, password).await.status, 400 | 401));
        }
        assert_eq!(stored_hash(&fireside.home, name), *hash);
    }
}
