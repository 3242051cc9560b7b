//! Files on the disk, held against the rows that name them.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{BackupError, CheckProgress, Db, Finding, Findings, Timestamp, Verdict, integrity};
use crate::chat::folder::erase;
use crate::chat::ops::backup::sha256;
use crate::chat::ops::maintenance::SPARE_UNKNOWN_FILES;
use crate::chat::store::copy::FileRow;

/// How long a file whose row is gone may take to go itself.
const SETTLE: Duration = Duration::from_secs(1);
/// Names without a row that are looked at a second time.
const MAX_SUSPECTS: usize = 1_000;
/// Names in a sentence; more would not help.
const MAX_NAMED: usize = 3;

/// Files of one fault.
#[derive(Default)]
struct FileFaults {
    count: u64,
    named: Vec<String>,
}

impl FileFaults {
    fn note(&mut self, name: &str) {
        self.count += 1;
        if self.named.len() < MAX_NAMED {
            self.named.push(name.to_owned());
        }
    }

    fn finding(&self, about: &'static str, good: &str, wrong: &str) -> Finding {
        if self.count == 0 {
            return Finding::new(about, Verdict::Good, good);
        }
        Finding::new(about, Verdict::Found, format!("{} {wrong}: {}", self.count, self.named.join(", ")))
    }
}

enum Fault {
    Missing,
    Size,
    Content,
}

/// Every row's file is there, as large as it was, and with `deep` the same.
pub(super) fn named(db: &Db, data: &Path, deep: bool, way: &mut CheckProgress<'_>) -> Findings {
    let folder = data.join("files");
    let (all, all_bytes) = integrity::files_in_all(db)?;
    let (mut missing, mut size, mut content) = (FileFaults::default(), FileFaults::default(), FileFaults::default());
    let (mut after, mut done) = (0, 0);
    loop {
        let files = integrity::files(db, after)?;
        let Some((last, _)) = files.last() else { break };
        after = *last;
        for (_, file) in files {
            done += if deep { file.size } else { 1 };
            way.at(done, if deep { all_bytes } else { all });
            match fault(&folder, &file, deep)? {
                // Its row may have gone since it was read, and the file with it.
                Some(fault) if integrity::knows_file(db, file.name.as_str())? => match fault {
                    Fault::Missing => missing.note(file.name.as_str()),
                    Fault::Size => size.note(file.name.as_str()),
                    Fault::Content => content.note(file.name.as_str()),
                },
                _ => {}
            }
        }
    }
    way.next_line();
    let mut findings = vec![
        missing.finding("missing-files", "every file of a row is on the disk", "files are not on the disk"),
        size.finding("file-sizes", "files are as large as they were", "files are of another size than they were"),
    ];
    if deep {
        findings.push(content.finding("file-contents", "files hold what was uploaded", "files hold something else"));
    }
    Ok(findings)
}

fn fault(folder: &Path, file: &FileRow, deep: bool) -> Result<Option<Fault>, BackupError> {
    let path = folder.join(file.name.as_str());
    let failed = |cause| BackupError::Io(path.clone(), cause);
    let found = match fs::metadata(&path) {
        Ok(found) => found,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Some(Fault::Missing)),
        Err(cause) => return Err(failed(cause)),
    };
    if found.len() != file.size {
        return Ok(Some(Fault::Size));
    }
    if !deep {
        return Ok(None);
    }
    match File::open(&path).and_then(sha256) {
        Ok(sum) if sum == file.sha256 => Ok(None),
        Ok(_) => Ok(Some(Fault::Content)),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(Some(Fault::Missing)),
        Err(cause) => Err(failed(cause)),
    }
}

/// Files that no row knows. A young one may be an upload whose row is about to be written,
/// and one that was just deleted goes after its row.
pub(super) fn unknown(db: &Db, data: &Path, now: Timestamp, way: &mut CheckProgress<'_>) -> Findings {
    let folder = data.join("files");
    let mut suspects = FileFaults::default();
    let mut names = Vec::new();
    each_unknown(db, &folder, now, |name, _| {
        if names.len() < MAX_SUSPECTS {
            names.push(name.to_owned());
        } else {
            suspects.note(name);
        }
    })?;
    if !names.is_empty() {
        std::thread::sleep(SETTLE);
        names.iter().filter(|name| folder.join(name).exists()).for_each(|name| suspects.note(name));
    }
    way.next_line();
    let about = "unknown-files";
    let wrong = "files belong to nothing; `fireside gc` removes them";
    let finding = suspects.finding(about, "no file on the disk belongs to nothing", wrong);
    let failed = |cause| BackupError::Io(data.to_owned(), cause);
    if suspects.count > 0 && erase::is_held(data).map_err(failed)? {
        let says = "some files belong to nothing, and may go when the backup that is being made is over";
        return Ok(vec![Finding::new(about, Verdict::Note, says)]);
    }
    Ok(vec![finding])
}

/// Tells the name and size of each file that no row knows and that is not young.
pub(in crate::chat) fn each_unknown(
    db: &Db,
    folder: &Path,
    now: Timestamp,
    mut tell: impl FnMut(&str, u64),
) -> Result<(), BackupError> {
    let failed = |cause| BackupError::Io(folder.to_owned(), cause);
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.0).unwrap_or(0));
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(failed(cause)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        // It may go while it is looked at.
        let Ok(found) = entry.metadata() else { continue };
        let age = now.duration_since(found.modified().map_err(failed)?).unwrap_or_default();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if age >= SPARE_UNKNOWN_FILES && !integrity::knows_file(db, &name)? {
            tell(&name, found.len());
        }
    }
    Ok(())
}
