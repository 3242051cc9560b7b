//! The size of all files, summed up now and then.

use std::path::Path;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How long the size of all files stays good: to sum it up, each of them is looked at.
pub const FILES_FRESH: Duration = Duration::from_secs(60);

/// The size of all files, kept for a while.
#[derive(Debug, Default)]
pub struct FilesSize(pub Mutex<Option<(Instant, u64)>>);

impl FilesSize {
    /// Summed up at most once a minute, however many ask.
    pub fn get(&self, folder: &Path) -> u64 {
        let mut kept = self.0.lock();
        match *kept {
            Some((at, size)) if at.elapsed() < FILES_FRESH => size,
            _ => {
                let size = size_of_files(folder);
                *kept = Some((Instant::now(), size));
                size
            }
        }
    }
}

/// A file that goes while it is looked at counts as nothing.
pub fn size_of_files(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).filter(std::fs::Metadata::is_file).map(|file| file.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::FilesSize;

    #[test]
    fn the_files_are_not_summed_up_at_each_asking() {
        let folder = tempfile::tempdir().expect("a folder");
        let size = FilesSize::default();
        std::fs::write(folder.path().join("one"), [0; 100]).expect("written");
        assert_eq!(size.get(folder.path()), 100);
        std::fs::write(folder.path().join("two"), [0; 100]).expect("written");
        assert_eq!(size.get(folder.path()), 100);
        assert_eq!(FilesSize::default().get(folder.path()), 200);
    }
}
