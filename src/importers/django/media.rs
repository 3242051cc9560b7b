//! Files beneath a project's media folder, and nothing beside it.
//!
//! The database names them, and the database may be hostile: a name has no `..` and no
//! beginning of its own, no link is followed on the way, and only ordinary files of a
//! bounded size are opened.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};

use crate::chat::ops::import_export::MAX_FILE;
use crate::importers::{ImportError, failed};

/// Folders on the way to a file at most.
const MAX_DEPTH: usize = 32;

/// The folder, if one was named.
pub(super) struct Media(Option<PathBuf>);

impl Media {
    /// Checks that the folder is there.
    pub fn new(folder: Option<&Path>) -> Result<Self, ImportError> {
        match folder {
            Some(folder) if !folder.is_dir() => failed(format!("{} is no folder (--media)", folder.display())),
            folder => Ok(Self(folder.map(Path::to_owned))),
        }
    }

    /// Opens a file by the name that the database has, or says why not.
    pub fn open(&self, name: &str) -> Result<File, &'static str> {
        let folder = self.0.as_ref().ok_or("no media folder was named (--media)")?;
        let parts: Vec<&str> = name.split('/').collect();
        let is_plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\0', '\\']);
        if parts.len() > MAX_DEPTH || !parts.iter().all(|part| is_plain(part)) {
            return Err("the path leads out of the media folder");
        }
        let not_there = |_| "the file is not there, or a link";
        let folders = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut place = openat(CWD, folder, folders, Mode::empty()).map_err(not_there)?;
        let Some((last, before)) = parts.split_last() else { return Err("the path is empty") };
        for part in before {
            place = openat(&place, *part, folders | OFlags::NOFOLLOW, Mode::empty()).map_err(not_there)?;
        }
        // A pipe would keep whoever opens it waiting.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&place, *last, flags, Mode::empty()).map_err(not_there)?);
        let about = file.metadata().map_err(|_| "the file cannot be read")?;
        match about.len() {
            _ if !about.is_file() => Err("it is not a file"),
            0 => Err("the file is empty"),
            1..=MAX_FILE => Ok(file),
            _ => Err("the file is larger than it may be"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{MAX_FILE, Media};

    #[test]
    fn only_files_beneath_the_folder_are_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        let media = folder.path().join("media");
        std::fs::create_dir_all(media.join("a/b")).expect("folders");
        std::fs::write(media.join("a/b/c.txt"), "inside").expect("written");
        std::fs::write(folder.path().join("secret"), "outside").expect("written");
        std::fs::write(media.join("empty"), "").expect("written");
        std::os::unix::fs::symlink(folder.path().join("secret"), media.join("link")).expect("linked");
        std::os::unix::fs::symlink(folder.path(), media.join("up")).expect("linked");
        let large = std::fs::File::create(media.join("large")).expect("made");
        large.set_len(MAX_FILE + 1).expect("grown");
        let media = Media::new(Some(&media)).expect("there");
        let mut text = String::new();
        media.open("a/b/c.txt").expect("opened").read_to_string(&mut text).expect("read");
        assert_eq!(text, "inside");
        let absolute = folder.path().join("secret");
        for wrong in [
            "../secret",
            "a/../../secret",
            absolute.to_str().expect("text"),
            "link",
            "up/secret",
            "a/b",
            "a",
            "large",
            "empty",
            "",
            ".",
            "a//b/c.txt",
            "a/./b/c.txt",
            "no",
            "a/b/c.txt/d",
            "a\\b",
            "a\0",
        ] {
            assert!(media.open(wrong).is_err(), "{wrong:?}");
        }
        assert!(Media::new(None).expect("none").open("a/b/c.txt").is_err());
        assert!(Media::new(Some(&folder.path().join("no"))).is_err());
    }
}
