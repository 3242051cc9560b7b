//! A folder of backups, each named by the time when it was made.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::make::file_name;
use crate::chat::model::time::Timestamp;

/// A backup that lies there. They sort by age, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StoredBackup {
    pub made: Timestamp,
    pub path: PathBuf,
    pub bytes: u64,
}

/// All of them, the oldest first. What has another name is somebody else's. A folder that
/// is not there holds none.
pub(super) fn list(folder: &Path) -> io::Result<Vec<StoredBackup>> {
    let entries = match fs::read_dir(folder) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut all = Vec::new();
    for entry in entries {
        let entry = entry?;
        let Some(made) = entry.file_name().to_str().and_then(time_of) else { continue };
        let found = entry.metadata()?;
        if found.is_file() {
            all.push(StoredBackup { made, path: entry.path(), bytes: found.len() });
        }
    }
    all.sort();
    Ok(all)
}

/// Removes the oldest until `keep` are left. The latest stays in any case: a clock that was
/// set back must not make it the oldest.
pub(super) fn prune(folder: &Path, keep: usize, latest: &Path) -> io::Result<()> {
    let all = list(folder)?;
    let excess = all.len().saturating_sub(keep);
    all.iter().take(excess).filter(|old| old.path != latest).try_for_each(|old| fs::remove_file(&old.path))
}

/// When a backup of this name was made.
fn time_of(name: &str) -> Option<Timestamp> {
    let compact = name.strip_prefix("fireside-")?.strip_suffix("Z.tar")?;
    let (date, time) = compact.split_once('T')?;
    let part = |text: &str, from: usize, to: usize| text.get(from..to).map(str::to_owned);
    let date = [part(date, 0, 4)?, part(date, 4, 6)?, part(date, 6, 8)?].join("-");
    let time = [part(time, 0, 2)?, part(time, 2, 4)?, part(time, 4, 6)?].join(":");
    let moment = humantime::parse_rfc3339(&format!("{date}T{time}Z")).ok()?;
    let millis = moment.duration_since(UNIX_EPOCH).ok()?.as_millis();
    let made = Timestamp(i64::try_from(millis).ok()?);
    (file_name(made) == name).then_some(made)
}

#[cfg(test)]
mod tests {
    use std::fs::{create_dir, write};

    use super::{Timestamp, file_name, list, prune, time_of};

    #[test]
    fn a_name_tells_its_time_and_no_other_name_does() {
        let made = Timestamp(1_735_732_800_000);
        assert_eq!(time_of(&file_name(made)), Some(made));
        for other in [
            "",
            "fireside-.tar",
            "fireside-20250101T120000Z.tar.part",
            "fireside-20251301T120000Z.tar",
            "fireside-20250101T1200000Z.tar",
            "fireside-2025-01-01Z.tar",
            "fireside-ééééTéééZ.tar",
            "x-fireside-20250101T120000Z.tar",
        ] {
            assert_eq!(time_of(other), None, "{other}");
        }
    }

    #[test]
    fn the_oldest_go_and_what_is_not_a_backup_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = |day: i64| folder.path().join(file_name(Timestamp(1_735_732_800_000 + day * 86_400_000)));
        for day in [3, 1, 4, 2] {
            write(place(day), "x").expect("written");
        }
        write(folder.path().join("notes.txt"), "x").expect("written");
        create_dir(place(0)).expect("a folder of such a name");
        prune(folder.path(), 2, &place(4)).expect("pruned");
        let left: Vec<_> = list(folder.path()).expect("listed").into_iter().map(|kept| kept.path).collect();
        assert_eq!(left, [place(3), place(4)]);
        assert!(folder.path().join("notes.txt").exists() && place(0).exists());
        prune(folder.path(), 1, &place(3)).expect("pruned");
        assert!(place(3).exists(), "the latest stays, though its name is not the newest");
    }

    #[test]
    fn a_folder_that_is_not_there_holds_none() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(list(&folder.path().join("nothing")).expect("listed"), []);
    }
}
