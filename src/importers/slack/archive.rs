//! The zip archive, read with suspicion.
//!
//! Sizes that the archive claims are not believed: bytes are counted as they come out,
//! of each file and of all. Names are only looked up, never made paths.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufReader, Error, Read, Result as IoResult, Seek, SeekFrom};
use std::path::Path;

use zip::ZipArchive;

use crate::importers::{ImportError, failed};

/// Bytes of the archive's own list of files at most.
const MAX_DIRECTORY: u64 = 32 * 1_024 * 1_024;
/// Files in it at most.
const MAX_ENTRIES: usize = 500_000;
/// Bytes of one file at most, unpacked.
pub(super) const MAX_FILE: u64 = 64 * 1_024 * 1_024;
/// Bytes of all files at most, unpacked, each time that they are read.
const MAX_UNPACKED: u64 = 64 * 1_024 * 1_024 * 1_024;

pub(super) struct Archive {
    zip: ZipArchive<BoundedFile>,
    /// By name, the place in the list.
    places: HashMap<String, usize>,
    /// The folder that all is in: some people pack that too.
    prefix: String,
    unpacked: u64,
}

impl Archive {
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let wrong = |cause: &dyn std::fmt::Display| {
            ImportError::Source(format!("{} is no zip archive that can be read: {cause}", path.display()))
        };
        let file = File::open(path).map_err(|cause| ImportError::Source(format!("{}: {cause}", path.display())))?;
        let bounded = BoundedFile { file: BufReader::new(file), left: MAX_DIRECTORY };
        let mut zip = ZipArchive::new(bounded).map_err(|cause| wrong(&cause))?;
        if zip.len() > MAX_ENTRIES {
            return Err(wrong(&format!("it has {} files; at most {MAX_ENTRIES} are read", zip.len())));
        }
        let names: Vec<String> = zip.file_names().map(ToOwned::to_owned).collect();
        let mut places = HashMap::new();
        for name in names {
            if let Some(place) = zip.index_for_name(&name) {
                places.insert(name, place);
            }
        }
        let is_list = |name: &&String| *name == "users.json" || name.ends_with("/users.json");
        let Some(list) = places.keys().filter(is_list).min_by_key(|name| name.len()) else {
            return failed(format!("{} has no users.json: it is no export of Slack", path.display()));
        };
        let prefix = list.trim_end_matches("users.json").to_owned();
        // From now on what comes out is what counts.
        zip = ZipArchive::new(BoundedFile { left: MAX_UNPACKED, ..zip.into_inner() }).map_err(|cause| wrong(&cause))?;
        Ok(Self { zip, places, prefix, unpacked: 0 })
    }

    /// A file's bytes, if there is such a file.
    pub fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>, ImportError> {
        let Some(place) = self.places.get(&format!("{}{name}", self.prefix)) else { return Ok(None) };
        let wrong = |cause: &dyn std::fmt::Display| ImportError::Source(format!("{name} in the archive: {cause}"));
        let file = self.zip.by_index(*place).map_err(|cause| wrong(&cause))?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|cause| wrong(&cause))?;
        let size = bytes.len() as u64;
        self.unpacked += size;
        if size > MAX_FILE {
            return Err(wrong(&format!("it unpacks to more than {MAX_FILE} bytes")));
        }
        if self.unpacked > MAX_UNPACKED {
            return Err(wrong(&format!("the archive unpacks to more than {MAX_UNPACKED} bytes")));
        }
        Ok(Some(bytes))
    }

    /// The days of each folder: by date, the folders that have something of it.
    pub fn days(&self) -> BTreeMap<String, Vec<String>> {
        let mut days: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in self.places.keys() {
            let day = name.strip_prefix(&self.prefix).and_then(|name| name.split_once('/'));
            let Some((folder, file)) = day else { continue };
            if let Some(date) = file.strip_suffix(".json").filter(|date| is_date(date)) {
                days.entry(date.to_owned()).or_default().push(folder.to_owned());
            }
        }
        days.values_mut().for_each(|folders| folders.sort_unstable());
        days
    }
}

fn is_date(text: &str) -> bool {
    let form = text
        .bytes()
        .enumerate()
        .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    text.len() == 10 && form
}

/// A file of which only so much is read.
struct BoundedFile {
    file: BufReader<File>,
    left: u64,
}

impl Read for BoundedFile {
    fn read(&mut self, into: &mut [u8]) -> IoResult<usize> {
        let read = self.file.read(into)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| Error::other("its list of files is too long"))?;
        Ok(read)
    }
}

impl Seek for BoundedFile {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::{Archive, is_date};

    fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            zip.start_file(*name, SimpleFileOptions::default()).expect("a name");
            zip.write_all(bytes).expect("in memory");
        }
        zip.finish().expect("in memory").into_inner()
    }

    fn opened(folder: &std::path::Path, bytes: &[u8]) -> Option<Archive> {
        let path = folder.join("export.zip");
        std::fs::write(&path, bytes).expect("written");
        Archive::open(&path).ok()
    }

    #[test]
    fn any_archive_is_read_as_it_was_written_or_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        proptest!(ProptestConfig::with_cases(64), |(
            users in proptest::collection::vec(any::<u8>(), 0..300), day in proptest::collection::vec(any::<u8>(), 0..300),
            at in any::<usize>(), noise in proptest::collection::vec(any::<u8>(), 1..9),
        )| {
            let archive = packed(&[("acme/users.json", &users), ("acme/general/2024-05-01.json", &day), ("acme/x/y.json", b"")]);
            let mut whole = opened(folder.path(), &archive).expect("an archive");
            prop_assert_eq!(whole.read("users.json").ok().flatten(), Some(users));
            prop_assert_eq!(whole.read("general/2024-05-01.json").ok().flatten(), Some(day));
            prop_assert_eq!(whole.days().into_iter().collect::<Vec<_>>(), [("2024-05-01".to_owned(), vec!["general".to_owned()])]);
            prop_assert!(whole.read("other.json").is_ok_and(|file| file.is_none()));
            let at = at % archive.len();
            let written_over: Vec<u8> = archive.iter().take(at).chain(&noise).chain(archive.iter().skip(at + noise.len())).copied().collect();
            for spoiled in [&written_over, &archive[..at], &noise] {
                let Some(mut spoiled) = opened(folder.path(), spoiled) else { continue };
                drop(spoiled.read("users.json"));
                prop_assert!(spoiled.days().keys().all(|date| is_date(date)));
            }
        });
    }
}
