//! Leaving with everything, and arriving elsewhere.

mod command;
mod conflict;
mod killed;
mod memory;
mod old_names;
mod person;
mod round;
mod tampered;
mod told;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::world::home::{Outcome, run};
use crate::world::{Answer, Fireside, Home, Person};

async fn exports(home: &Home, to: &Path, flags: &[&str]) -> Outcome {
    home.runs(&[&["export", to.to_str().unwrap()], flags].concat(), "").await
}

async fn imports(from: &Path, home: &Home, flags: &[&str]) -> Outcome {
    let data = home.data();
    run(&[&["import", from.to_str().unwrap(), "--data", data.to_str().unwrap()], flags].concat(), "").await
}

/// The archive as any `tar` unpacks it, in a folder beside.
fn unpacked(archive: &Path) -> PathBuf {
    let folder = archive.with_extension("d");
    std::fs::create_dir(&folder).unwrap();
    let status = Command::new("tar").arg("xf").arg(archive).arg("-C").arg(&folder).status().unwrap();
    assert!(status.success());
    folder
}

/// The lines of an unpacked archive.
fn records(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("records.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of_type<'a>(records: &'a [Value], kind: &str) -> Vec<&'a Value> {
    records.iter().filter(|record| record["type"] == kind).collect()
}

async fn tries_to_sign_in(fireside: &Fireside, username: &str, password: &str) -> Answer {
    fireside.anyone().post("/api/auth/login/", &json!({"username": username, "password": password})).await
}

async fn signs_in(fireside: &Fireside, username: &str, password: &str) -> Person {
    let answer = tries_to_sign_in(fireside, username, password).await.is(200).json();
    Person::of(fireside.anyone(), &answer, password.to_owned())
}
