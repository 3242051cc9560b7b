//! Reading an export: the archive, or the folder that `tar` made of it.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use super::Import;
use super::check::{MAX_FILE, refused, sha256};
use super::export::{FORMAT, RECORDS};
use super::lines::Lines;
use crate::chat::model::backup::{BackupError as Same, Progress, at};
use crate::chat::model::record::RecordError;
use crate::chat::ops::backup::archive::{CHECKSUM, FILES, MANIFEST, Reader};

type Result<T> = std::result::Result<T, RecordError>;

/// Reads an archive to its end and gives all of it to an import. `name` is what errors
/// call it.
pub fn read_archive(import: &mut Import, from: impl Read, name: &str, progress: Progress<'_>) -> Result<()> {
    let mut reader = Reader::new(from);
    let manifest = reader.text(MANIFEST)?;
    if entry(&manifest, "format") != Some(FORMAT) {
        let why = "it is no export, or one of a version that this Fireside does not know";
        return Err(Same::Archive(why.into()).into());
    }
    let number = |key| entry(&manifest, key).and_then(|value| value.parse().ok()).unwrap_or(0);
    let (all, due): (u64, u64) = (number("bytes"), number("records"));
    let mut done = 0;
    let size = loop {
        let (member, size) = reader.next()?;
        if member == RECORDS {
            break size;
        }
        let Some(sum) = member.strip_prefix(FILES).filter(|sum| sha256("sum", sum).is_ok()) else {
            return Err(Same::Archive(format!("it holds {member:?}, which no export does")).into());
        };
        if size > MAX_FILE {
            return refused(format!("{member} has more than {MAX_FILE} bytes"));
        }
        let stored = import.target.stage(|out| Ok(reader.content(size, out)?))?;
        if stored.sha256 != sum {
            return Err(Same::Archive(format!("{member} has another sum")).into());
        }
        done += size;
        progress(done, all);
    };
    let file = format!("{name}: {RECORDS}");
    let mut lines = Lines::new(import, &file);
    let read = reader.content(size, ProgressReader { out: &mut lines, done, all, progress });
    let found = lines.finish(read.map(drop).map_err(RecordError::from))?;
    if found != due {
        return Err(Same::Archive(format!("it has {found} records, and not {due}")).into());
    }
    let end = reader.expect(CHECKSUM)?;
    Ok(reader.finish(end)?)
}

/// Reads a folder with `records.jsonl` and `files/`, as an archive unpacks to, and gives
/// all of it to an import. Nothing is followed that leads out of it.
pub fn read_folder(import: &mut Import, folder: &Path, progress: Progress<'_>) -> Result<()> {
    let files = folder.join(FILES);
    if files.is_dir() {
        for found in fs::read_dir(&files).map_err(at(&files))? {
            let found = found.map_err(at(&files))?;
            let (name, path) = (found.file_name().to_string_lossy().into_owned(), found.path());
            if !found.file_type().is_ok_and(|kind| kind.is_file()) || sha256("name", &name).is_err() {
                return Err(RecordError::NotThere(format!("{} is nothing that an export has", path.display())));
            }
            let stored = import.content(File::open(&path).map_err(at(&path))?)?;
            if stored.sha256 != name {
                return Err(RecordError::NotThere(format!("{} has another sum", path.display())));
            }
        }
    }
    let path = folder.join(RECORDS);
    let file = File::open(&path).map_err(at(&path))?;
    let all = file.metadata().map_err(at(&path))?.len();
    let name = path.display().to_string();
    let mut lines = Lines::new(import, &name);
    let read = io::copy(&mut BufReader::new(file), &mut ProgressReader { out: &mut lines, done: 0, all, progress });
    lines.finish(read.map(drop).map_err(at(&path)).map_err(RecordError::from))?;
    Ok(())
}

fn entry<'a>(manifest: &'a str, key: &str) -> Option<&'a str> {
    manifest.lines().filter_map(|line| line.split_once(' ')).find(|(found, _)| *found == key).map(|(_, value)| value)
}

/// Tells how far it is.
struct ProgressReader<'a, W> {
    out: W,
    done: u64,
    all: u64,
    progress: Progress<'a>,
}

impl<W: Write> Write for ProgressReader<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.done += written as u64;
        (self.progress)(self.done, self.all);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
