//! Worlds that go round, and lines that are no records.

mod hostile;
mod round;
mod world;

use std::path::Path;

use tempfile::TempDir;

use super::{ExportScope, Import, OnConflict, Options, Report, export, read_archive};
use crate::chat::model::record::{Record, RecordError};
use crate::chat::model::session;
use crate::chat::model::time::Timestamp;

/// The time of all imports.
const NOW: Timestamp = Timestamp(1_750_000_000_000);

/// In memory, where the machine has a place for that.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a folder")
}

/// Everything of a folder, as an archive.
fn archive(data: &Path) -> Vec<u8> {
    let shelf = folder();
    let path = shelf.path().join("export.tar");
    export(data, &ExportScope::Server { with_secrets: true }, &path, NOW, &mut |_, _| ()).expect("an export");
    std::fs::read(path).expect("it is there")
}

/// The lines of an archive.
fn records(archive: &[u8]) -> Vec<Record> {
    let mut lines = String::new();
    for member in tar::Archive::new(archive).entries().expect("an archive") {
        let mut member = member.expect("a member");
        if member.path_bytes() == b"records.jsonl".as_slice() {
            std::io::Read::read_to_string(&mut member, &mut lines).expect("text");
        }
    }
    lines.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn imports(archive: &[u8], data: &Path, on_conflict: OnConflict) -> Result<Report, RecordError> {
    let mut import = Import::new(data, Options { on_conflict, is_dry_run: false }, NOW)?;
    read_archive(&mut import, archive, "test.tar", &mut |_, _| ())?;
    import.finish()
}

/// The same records with each id replaced by its place among its kind; without what every
/// server makes anew.
fn without_ids(records: &[Record]) -> Vec<Record> {
    let (mut users, mut chats, mut messages) = (Vec::new(), Vec::new(), Vec::new());
    for record in records {
        match record {
            Record::User(user) => users.push(user.id),
            Record::Chat(chat) => chats.push(chat.id),
            Record::Message(message) => messages.push(message.id),
            _ => {}
        }
    }
    let place = |of: &[i64], id: &mut i64| {
        let found = of.iter().position(|known| known == id).expect("it was there before");
        *id = i64::try_from(found).expect("few");
    };
    let user = |id: &mut i64| place(&users, id);
    let chat = |id: &mut i64| place(&chats, id);
    let message = |id: &mut i64| place(&messages, id);
    let replace = |record: &Record| {
        let mut record = record.clone();
        match &mut record {
            Record::Head(_) => {}
            Record::User(of) => user(&mut of.id),
            Record::Credential(of) => user(&mut of.user),
            Record::Identity(of) => user(&mut of.user),
            Record::Friend(of) => [&mut of.user, &mut of.friend].into_iter().for_each(user),
            Record::Post(of) => user(&mut of.author),
            Record::Chat(of) => {
                chat(&mut of.id);
                user(&mut of.owner);
                of.created_by.iter_mut().chain(of.pair.iter_mut().flatten()).for_each(user);
                of.log.iter_mut().flat_map(|entry| entry.user.iter_mut().chain([&mut entry.actor])).for_each(user);
            }
            Record::Message(of) => {
                chat(&mut of.chat);
                user(&mut of.sender);
                of.mentions.iter_mut().for_each(user);
                of.reply_to.iter_mut().chain([&mut of.id]).for_each(message);
            }
            Record::Reaction(of) => {
                message(&mut of.message);
                user(&mut of.user);
            }
            Record::File(of) => {
                user(&mut of.uploader);
                of.message.iter_mut().for_each(message);
                of.avatar_of_chat.iter_mut().for_each(chat);
            }
            Record::Member(of) => {
                chat(&mut of.chat);
                user(&mut of.user);
                let marks = [&mut of.joined_after, &mut of.read_upto, &mut of.cleared_upto];
                marks.into_iter().flatten().for_each(message);
            }
        }
        record
    };
    records.iter().filter(|record| !is_account_token(record)).map(replace).collect()
}

/// Every server makes its own; the old one's becomes a device's, beside the new one.
fn is_account_token(record: &Record) -> bool {
    let Record::Credential(of) = record else { return false };
    let labels = [session::ACCOUNT_TOKEN_LABEL, session::MOVED_TOKEN_LABEL];
    of.kind == crate::chat::model::record::CredentialKind::Account || labels.contains(&of.label.as_str())
}

/// The first two that are not the same.
fn difference(some: &[Record], others: &[Record]) -> Option<String> {
    let (some, others) = (without_ids(some), without_ids(others));
    let length = some.len().max(others.len());
    // Heads tell who wrote them.
    let place = (1..length).find(|place| some.get(*place) != others.get(*place))?;
    Some(format!("{:?}\n{:?}", some.get(place), others.get(place)))
}
