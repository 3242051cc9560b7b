//! Making an export.

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::chat::folder::{self, erase};
use crate::chat::model::backup::{BackupError as Same, Progress, at};
use crate::chat::model::id::ChatId;
use crate::chat::model::name::rule::fold;
use crate::chat::model::record::{Head, Record, RecordError, Scope, VERSION};
use crate::chat::model::storage;
use crate::chat::model::time::Timestamp;
use crate::chat::model::token::Keys;
use crate::chat::ops::backup::archive::{FILES, MANIFEST, Writer};
use crate::chat::ops::backup::target::{BackupFolder, NewFile};
use crate::chat::store::export::ExportTx;

type Result<T> = std::result::Result<T, RecordError>;

/// The format of the archive.
pub(super) const FORMAT: &str = "export-1";
/// The member with the records.
pub(super) const RECORDS: &str = "records.jsonl";
/// Records between two looks at how far it is.
const LOOK_EVERY: u64 = 256;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportScope {
    Server {
        /// With the hashes of passwords and tokens.
        with_secrets: bool,
    },
    /// One chat, by its id.
    Chat(i64),
    /// One person's own data, by their username.
    User(String),
}

/// An export that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Where it is; `None` for one that was written to a stream.
    pub path: Option<PathBuf>,
    /// Lines in it.
    pub records: u64,
    /// Files in it, each once.
    pub files: u64,
    /// Bytes of the records and of the files.
    pub bytes: u64,
}

/// What an export made at `now` is called: `fireside-export-20250101T120000Z.tar`.
pub fn file_name(now: Timestamp) -> String {
    crate::chat::ops::backup::file_name(now).replacen("fireside-", "fireside-export-", 1)
}

/// Writes an export to `to`, or, where that is a folder, to a new file in it. The file has
/// its name only when it is whole and on the disk.
pub fn export(
    data: &Path,
    subject: &ExportScope,
    to: &Path,
    now: Timestamp,
    progress: Progress<'_>,
) -> Result<Exported> {
    let file = NewFile::at(to, file_name(now))?;
    let source = begin(data, subject)?;
    let (part, out) = file.begin()?;
    let (made, out) = source.write(data, &part.place, out, progress)?;
    part.sync(out)?;
    Ok(Exported { path: Some(part.publish()?), ..made })
}

/// Writes an export to a stream. It counts if this succeeds.
pub fn stream(data: &Path, subject: &ExportScope, out: impl Write, progress: Progress<'_>) -> Result<Exported> {
    let source = begin(data, subject)?;
    let place = BackupFolder::new(data)?;
    source.write(data, &place, out, progress).map(|(made, _)| made)
}

/// A state that is read, and what of it.
struct ExportSource {
    tx: ExportTx,
    head: Head,
    /// What is named in there is not erased before this goes.
    _held: File,
}

fn begin(data: &Path, subject: &ExportScope) -> Result<ExportSource> {
    let database = storage::database(data);
    if !database.exists() {
        return Err(Same::NoData(data.to_owned()).into());
    }
    // Before the reading: what that names must not go before it is copied.
    let held = erase::hold(data).map_err(at(data))?;
    let has_secrets = matches!(subject, ExportScope::Server { with_secrets: true });
    let secrets = has_secrets.then(|| secret_keys(data)).transpose()?;
    let mut tx = ExportTx::begin(&database, secrets)?;
    let scope = match subject {
        ExportScope::Server { .. } => Scope::Server,
        ExportScope::Chat(id) if tx.choose_chat(ChatId(*id))? => Scope::Chat,
        ExportScope::Chat(id) => return Err(RecordError::NotThere(format!("there is no chat {id}"))),
        ExportScope::User(name) if tx.choose_user(&fold(name.trim()))? => Scope::User,
        ExportScope::User(name) => return Err(RecordError::NotThere(format!("there is no user {name}"))),
    };
    let program = format!("fireside {}", env!("CARGO_PKG_VERSION"));
    Ok(ExportSource { tx, head: Head { version: VERSION, program, scope, has_secrets }, _held: held })
}

/// What opens the secrets of second factors.
fn secret_keys(data: &Path) -> Result<Keys> {
    let secret = folder::secret(data, true).map_err(|cause| Same::Data(cause.to_string()))?;
    Ok(Keys::new(&secret))
}

impl ExportSource {
    /// The records are written beside first: an archive says their size before them.
    fn write<W: Write>(
        self,
        data: &Path,
        place: &BackupFolder,
        out: W,
        progress: Progress<'_>,
    ) -> Result<(Exported, W)> {
        let records = place.join(RECORDS);
        let mut made = Exported { path: None, records: 0, files: 0, bytes: 0 };
        made.records = self.write_records(&records, progress)?;
        let size = fs::metadata(&records).map_err(at(&records))?.len();
        self.tx.each_bytes(|bytes| {
            made.files += 1;
            made.bytes += bytes.size;
            Ok(())
        })?;
        made.bytes += size;
        // No time of its own, so that two of one state are the same.
        let mut writer = Writer::new(out, 0);
        let Exported { records: count, files, bytes, .. } = made;
        let manifest = format!(
            "format {FORMAT}\nprogram {}\nrecords {count}\nfiles {files}\nbytes {bytes}\n",
            env!("CARGO_PKG_VERSION"),
        );
        writer.append(MANIFEST, manifest.len() as u64, manifest.as_bytes())?;
        let mut done = 0;
        self.tx.each_bytes(|bytes| {
            let path = data.join("files").join(bytes.storage_name.as_str());
            let file = File::open(&path).map_err(at(&path))?;
            if writer.append(&format!("{FILES}{}", bytes.sha256), bytes.size, file)? != bytes.sha256 {
                return Err(Same::Data(format!("{} is not what was uploaded", path.display())).into());
            }
            done += bytes.size;
            progress(done, made.bytes);
            Ok(())
        })?;
        let file = File::open(&records).map_err(at(&records))?;
        writer.append(RECORDS, size, BufReader::new(file))?;
        progress(made.bytes, made.bytes);
        Ok((made, writer.finish()?))
    }

    fn write_records(&self, path: &Path, progress: Progress<'_>) -> Result<u64> {
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let mut out = BufWriter::new(made.map_err(at(path))?);
        let (mut count, all) = (0, self.tx.count()?);
        let mut put = |record: &Record| {
            let written = serde_json::to_writer(&mut out, record).map_err(std::io::Error::from);
            written.and_then(|()| out.write_all(b"\n")).map_err(at(path))
        };
        put(&Record::Head(self.head.clone()))?;
        self.tx.each_record(|record| {
            count += 1;
            if count % LOOK_EVERY == 0 {
                progress(count.min(all), all);
            }
            Ok(put(&record)?)
        })?;
        out.flush().map_err(at(path))?;
        Ok(count + 1)
    }
}
