//! Making a backup.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::archive::{DATABASE, FILES, MANIFEST, SECRET, SUMS, Writer};
use super::restore::unpack;
use super::target::{BackupFolder, NewFile};
use crate::chat::folder::{self, erase};
use crate::chat::model::backup::{BackupError, Progress, at};
use crate::chat::model::storage;
use crate::chat::model::time::Timestamp;
use crate::chat::store::copy::{self, FileRow};

/// The format of the archive.
pub(super) const FORMAT: &str = "1";

/// A backup that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeBackup {
    /// Where it is; `None` for one that was written to a stream.
    pub path: Option<PathBuf>,
    /// The number of the last change that is in it.
    pub seq: i64,
    /// Uploaded files in it.
    pub files: u64,
    /// Bytes of the database and of the files.
    pub bytes: u64,
}

/// What a backup made at `now` is called: `fireside-20250101T120000Z.tar`.
pub fn file_name(now: Timestamp) -> String {
    format!("fireside-{}.tar", compact(now))
}

/// `20250101T120000Z`.
pub(super) fn compact(now: Timestamp) -> String {
    let text: String = now.to_string().chars().filter(|c| !matches!(c, '-' | ':')).collect();
    text.split('.').next().map(|seconds| format!("{seconds}Z")).unwrap_or_default()
}

/// Writes a backup of the data folder to `to`, or, where that is a folder, to a new file
/// in it. The file has its name only when it is whole and on the disk.
pub fn make(data: &Path, to: &Path, now: Timestamp, progress: Progress<'_>) -> Result<MadeBackup, BackupError> {
    let (part, out) = NewFile::at(to, file_name(now))?.begin()?;
    let (made, out) = write(data, &part.place, out, now, progress)?;
    part.sync(out)?;
    // What the disk gives back is what counts.
    let again = File::open(part.path()).map_err(at(part.path()))?;
    unpack(BufReader::new(again), |_| Ok(Box::new(std::io::sink())))?;
    Ok(MadeBackup { path: Some(part.publish()?), ..made })
}

/// Writes a backup of the data folder to a stream. It counts if this succeeds: whoever
/// reads the stream has to look at the outcome too.
pub fn stream(data: &Path, out: impl Write, now: Timestamp, progress: Progress<'_>) -> Result<MadeBackup, BackupError> {
    if !folder::has_database(data) {
        return Err(BackupError::NoData(data.to_owned()));
    }
    let place = BackupFolder::new(data)?;
    write(data, &place, out, now, progress).map(|(made, _)| made)
}

fn write<W: Write>(
    data: &Path,
    place: &BackupFolder,
    out: W,
    now: Timestamp,
    progress: Progress<'_>,
) -> Result<(MadeBackup, W), BackupError> {
    let source = storage::database(data);
    if !source.exists() {
        return Err(BackupError::NoData(data.to_owned()));
    }
    // Before the copy: what that names must not go before it is copied.
    let held = erase::hold(data).map_err(at(data))?;
    let database = place.join(DATABASE);
    copy::copy(&source, &database, &mut |_, _| ())?;
    let edition = copy::verify(&database)?;
    let size = fs::metadata(&database).map_err(at(&database))?.len();
    let (files, files_bytes) = copy::files(&database)?;
    let made = MadeBackup { path: None, seq: edition.seq.0, files, bytes: size + files_bytes };
    let secret = data.join(SECRET);
    let secret = fs::read(&secret).map_err(at(&secret))?;
    let seconds = u64::try_from(now.0 / 1000).unwrap_or(0);

    let mut writer = Writer::new(out, seconds);
    let manifest = format!(
        "format {FORMAT}\nprogram {}\nschema {}\nseq {}\ncreated {now}\nfiles {files}\nbytes {}\n",
        env!("CARGO_PKG_VERSION"),
        edition.schema,
        edition.seq.0,
        made.bytes,
    );
    writer.append(MANIFEST, manifest.len() as u64, manifest.as_bytes())?;
    let sums = list_sums(place, &database, &secret)?;
    writer.append(SUMS, fs::metadata(&sums).map_err(at(&sums))?.len(), open(&sums)?)?;
    writer.append(DATABASE, size, open(&database)?)?;
    writer.append(SECRET, secret.len() as u64, secret.as_slice())?;
    let mut done = size;
    copy::each_file(&database, |named| {
        progress(done, made.bytes);
        done += named.size;
        append_file(&mut writer, data, &named)
    })?;
    progress(made.bytes, made.bytes);
    drop(held);
    Ok((made, writer.finish()?))
}

/// The sums of all that follows. Those of the files are the database's; each is compared
/// when the file is copied.
fn list_sums(place: &BackupFolder, database: &Path, secret: &[u8]) -> Result<PathBuf, BackupError> {
    let path = place.join(SUMS);
    let mut sums = BufWriter::new(File::create_new(&path).map_err(at(&path))?);
    let mut put = |sum: &str, name: &str| sums.write_all(sum_line(sum, name).as_bytes()).map_err(at(&path));
    put(&sha256(open(database)?).map_err(at(database))?, DATABASE)?;
    put(&sha256(secret).map_err(at(SECRET))?, SECRET)?;
    copy::each_file(database, |named| put(&named.sha256, &format!("{FILES}{}", named.name.as_str())))?;
    sums.into_inner().map_err(|cause| at(&path)(cause.into_error()))?;
    Ok(path)
}

/// As `sha256sum` writes it.
pub(super) fn sum_line(sum: &str, name: &str) -> String {
    format!("{sum}  {name}\n")
}

fn append_file(writer: &mut Writer<impl Write>, data: &Path, named: &FileRow) -> Result<(), BackupError> {
    let name = format!("{FILES}{}", named.name.as_str());
    let path = data.join(&name);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            return Err(BackupError::Data(format!("{name} is not there")));
        }
        Err(cause) => return Err(BackupError::Io(path, cause)),
    };
    if writer.append(&name, named.size, file)? == named.sha256 {
        Ok(())
    } else {
        Err(BackupError::Data(format!("{name} is not what was uploaded")))
    }
}

fn open(path: &Path) -> Result<BufReader<File>, BackupError> {
    Ok(BufReader::new(File::open(path).map_err(at(path))?))
}

/// The SHA-256 of all that a reader gives, in hex.
pub(in crate::chat) fn sha256(mut from: impl std::io::Read) -> std::io::Result<String> {
    use sha2::{Digest, Sha256};
    let (mut hash, mut chunk) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        match from.read(&mut chunk)? {
            0 => return Ok(hex::encode(hash.finalize())),
            read => hash.update(&chunk[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, file_name};

    #[test]
    fn a_backup_is_named_by_its_time() {
        assert_eq!(file_name(Timestamp(1_735_732_800_123)), "fireside-20250101T120000Z.tar");
    }
}
