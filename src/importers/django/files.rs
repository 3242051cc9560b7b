//! Pictures of people and files on messages, from the media folder.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{Read, Seek};

use super::messages::ImportedMessages;
use super::reader::Reader;
use crate::chat::model::file::is_inline;
use crate::chat::model::message::MAX_ATTACHMENTS;
use crate::chat::model::name;
use crate::chat::model::record::{File, Record};
use crate::chat::model::time::Timestamp;
use crate::importers::ImportError;

/// Bytes of a file's beginning by which pictures are known.
const HEAD: u64 = 64;
/// Fields of a message that name a file.
const OWN_FILES: [&str; 4] = ["file", "image", "audio", "video"];

/// A file that the database names.
#[derive(Clone)]
pub(super) struct FileRow {
    pub path: String,
    pub name: String,
    at: Option<Timestamp>,
}

/// The files of messages.
#[derive(Default)]
pub(super) struct Attached {
    /// By the project's id of the message.
    pub by_message: BTreeMap<i64, Vec<FileRow>>,
}

impl Reader<'_> {
    /// Which files belong to which messages, by any of the ways to say so.
    pub(super) fn attached(&mut self) -> Result<Attached, ImportError> {
        let mut attached = Attached::default();
        let mut loose: BTreeMap<i64, FileRow> = BTreeMap::new();
        self.each("files", &["id"], |reader, _, cells| {
            let (Some(id), Some(path)) = (cells.key("id"), cells.text("path").filter(|path| !path.is_empty())) else {
                reader.report.leave_out("files", "their row names none", "");
                return Ok(());
            };
            let called = cells.text("name").filter(|name| !name.trim().is_empty()).unwrap_or(path);
            let file = FileRow { path: path.to_owned(), name: name::file_name(called), at: cells.time("created") };
            match cells.key("message") {
                Some(message) => attached.by_message.entry(message).or_default().push(file),
                None => drop(loose.insert(id, file)),
            }
            Ok(())
        })?;
        let mut used = HashSet::new();
        self.each("attachments", &["message", "id", "file"], |reader, _, cells| {
            let file = cells.key("file").and_then(|id| Some((id, loose.get(&id)?)));
            match (cells.key("message"), file) {
                (Some(message), Some((id, file))) => {
                    attached.by_message.entry(message).or_default().push(file.clone());
                    used.insert(id);
                }
                _ => reader.report.leave_out("files", "the file or the message is not there", ""),
            }
            Ok(())
        })?;
        self.each("messages", &["id"], |_, _, cells| {
            let paths = OWN_FILES.iter().filter_map(|field| cells.text(field)).filter(|path| !path.is_empty());
            for (path, id) in paths.filter_map(|path| Some((path, cells.key("id")?))) {
                let file = FileRow { path: path.to_owned(), name: name::file_name(path), at: None };
                attached.by_message.entry(id).or_default().push(file);
            }
            Ok(())
        })?;
        for (_, file) in loose.into_iter().filter(|(id, _)| !used.contains(id)) {
            self.report.leave_out("files", "no message has them", file.name);
        }
        Ok(attached)
    }

    /// Takes in the files of the messages that came, then everybody's picture.
    pub(super) fn files(&mut self, attached: &Attached, said: &ImportedMessages) -> Result<(), ImportError> {
        for (message, files) in &attached.by_message {
            let Some(placed) = said.origin(*message) else {
                for file in files {
                    self.report.leave_out("files", "their message does not come", file.name.clone());
                }
                continue;
            };
            let mut taken = 0;
            for file in files {
                if taken == MAX_ATTACHMENTS {
                    self.report.leave_out("files", "the message has as many as it may", file.name.clone());
                    continue;
                }
                let record = File {
                    uploader: placed.sender,
                    name: file.name.clone(),
                    size: 0,
                    sha256: String::new(),
                    created_at: file.at.unwrap_or(placed.at),
                    message: Some(placed.id),
                    is_avatar: false,
                    avatar_of_chat: None,
                };
                taken += usize::from(self.file(&file.path, record)?);
            }
        }
        self.avatars()
    }

    fn avatars(&mut self) -> Result<(), ImportError> {
        for (user, path) in std::mem::take(&mut self.people.avatars) {
            let record = File {
                uploader: user,
                name: name::file_name(&path),
                size: 0,
                sha256: String::new(),
                created_at: self.now,
                message: None,
                is_avatar: true,
                avatar_of_chat: None,
            };
            self.file(&path, record)?;
        }
        Ok(())
    }

    /// Takes one file in, if it is there and may come.
    fn file(&mut self, path: &str, record: File) -> Result<bool, ImportError> {
        let opened = self.media.open(path);
        let checked = opened.and_then(|file| if record.is_avatar { picture(file) } else { Ok(file) });
        let file = match checked {
            Ok(file) => file,
            Err(why) => {
                self.report.leave_out("files", why, record.name);
                return Ok(false);
            }
        };
        let stored = self.import.content(file)?;
        self.import.take(Record::File(File { size: stored.size, sha256: stored.sha256, ..record }))?;
        Ok(true)
    }
}

/// The same file, if it begins as a picture that a page may show.
fn picture(mut file: fs::File) -> Result<fs::File, &'static str> {
    let mut head = Vec::new();
    let read = (&mut file).take(HEAD).read_to_end(&mut head).and_then(|_| file.rewind());
    read.map_err(|_| "the file cannot be read")?;
    let is_picture =
        infer::get(&head).is_some_and(|kind| kind.mime_type().starts_with("image/") && is_inline(kind.mime_type()));
    if is_picture { Ok(file) } else { Err("it is no picture that a page may show") }
}
