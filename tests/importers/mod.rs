//! Moving in from another system: people keep their passwords, their tokens and all that
//! was said, and find it through the dialect that they speak.

mod checker;
mod django;
mod hidden;
mod hostile;
mod names;
mod slack;
mod whole;

use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::caller::Credential;
use crate::world::home::{Outcome, snapshot};
use crate::world::{Caller, Fireside, Home};

/// A project's database, as `tests/fixtures/django/make.py` made it.
struct Project {
    folder: TempDir,
    style: String,
}

fn unpacked(name: &str) -> Vec<u8> {
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/django/{name}.gz"));
    let mut bytes = Vec::new();
    GzDecoder::new(std::fs::File::open(packed).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

impl Project {
    fn of(style: &str) -> Self {
        let project = Self { folder: TempDir::new().unwrap(), style: style.to_owned() };
        std::fs::write(project.database(), unpacked(&format!("{style}.sqlite3"))).unwrap();
        project
    }

    /// What `manage.py dumpdata` wrote of it, in one of its forms.
    fn dump(&self, ending: &str) -> PathBuf {
        let path = self.folder.path().join(format!("dump.{ending}"));
        std::fs::write(&path, unpacked(&format!("{}.{ending}", self.style))).unwrap();
        path
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("db.sqlite3")
    }

    /// What SQLite keeps beside it.
    fn beside(&self, ending: &str) -> PathBuf {
        self.folder.path().join(format!("db.sqlite3{ending}"))
    }

    fn changed(&self, sql: &str) {
        let sql = format!("PRAGMA foreign_keys = OFF; {sql}");
        Connection::open(self.database()).unwrap().execute_batch(&sql).unwrap();
    }

    /// Every file of the project's folder.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let files = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> =
            files.filter(|path| path.is_file()).map(|path| (path.clone(), snapshot(&path))).collect();
        files.sort();
        files
    }

    /// Imports it, with more flags.
    async fn moves_to(&self, home: &Home, flags: &[&str]) -> Outcome {
        let before = self.files();
        let outcome = moves(home, "django", &self.database(), flags).await;
        assert!(self.files() == before, "the project's files are as they were, and there are no others");
        outcome
    }
}

/// `fireside import --from SYSTEM SOURCE`.
async fn moves(home: &Home, system: &str, source: &Path, flags: &[&str]) -> Outcome {
    let mut words = vec!["import", "--from", system, source.to_str().unwrap()];
    words.extend_from_slice(flags);
    home.runs(&words, "").await
}

fn with_token(fireside: &Fireside, token: &str) -> Caller {
    fireside.anyone().showing(Credential::Token(token.to_owned()))
}

/// The hash that is stored for somebody.
fn stored_hash(home: &Home, name: &str) -> String {
    let database = Connection::open(home.database()).unwrap();
    database.query_row("SELECT password_hash FROM users WHERE username = ?1", [name], |row| row.get(0)).unwrap()
}

/// Signs in as a client of `rooms` or `inbox` does.
async fn signs_in(fireside: &Fireside, login: &str, password: &str) -> Result<Caller, Value> {
    let body = json!({"username": login, "password": password});
    let answer = fireside.anyone().post("/api/auth/login/", &body).await;
    match answer.status {
        200 => Ok(with_token(fireside, answer.json()["token"].as_str().unwrap())),
        _ => Err(answer.refused(401, "invalid_credentials").json()),
    }
}

/// The contents of the newest messages of a room, the oldest of them first.
async fn history(caller: &Caller, room: &Value) -> Vec<String> {
    let page = caller.get(&format!("/api/rooms/{}/messages/", room["id"])).await.is(200).json();
    let mut contents = crate::world::contents(page["results"].as_array().unwrap());
    contents.reverse();
    contents
}

/// One of the actor's rooms, by the name that it has for them.
async fn room(caller: &Caller, name: &str) -> Value {
    let rooms = caller.get("/api/rooms/").await.is(200).json();
    let found = rooms["results"].as_array().unwrap().iter().find(|room| room["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {rooms}")).clone()
}
