//! How far a Litestream that follows the database has read, as far as its files tell.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::chat::model::storage;

/// Litestream's folder beside the database.
pub const FOLDER: &str = ".fireside.db-litestream/ltx";

/// The latest look, and when the replicator was last seen to have read all there was.
#[derive(Default)]
pub struct Replication(pub Mutex<Checks>);

#[derive(Default)]
pub struct Checks {
    pub latest: Option<(Instant, Option<Duration>)>,
    pub level: Option<SystemTime>,
}

impl Checks {
    pub fn lag(&mut self, data: &Path, now: SystemTime) -> Option<Duration> {
        let read = newest_read(&data.join(FOLDER))?;
        let written = fs::metadata(storage::log(data)).and_then(|log| log.modified()).ok();
        if written.is_none_or(|written| written <= read) {
            self.level = Some(now);
            return Some(Duration::ZERO);
        }
        let level = self.level.map_or(read, |level| level.max(read));
        Some(now.duration_since(level).unwrap_or_default())
    }
}

/// When the newest transaction that it has was read. Files are named `<first>-<last>.ltx`, in a folder
/// for each level; a higher level holds again what lower ones held.
pub fn newest_read(folder: &Path) -> Option<SystemTime> {
    let levels = fs::read_dir(folder).ok()?.flatten();
    let files = levels.filter_map(|level| fs::read_dir(level.path()).ok()).flatten().flatten();
    let named = files.filter_map(|file| {
        let name = file.file_name().into_string().ok()?;
        let (_, last) = name.strip_suffix(".ltx")?.split_once('-')?;
        Some((u64::from_str_radix(last, 16).ok()?, file.metadata().ok()?.modified().ok()?))
    });
    let newest = named.max_by_key(|(last, read)| (*last, std::cmp::Reverse(*read)));
    newest.map(|(_, read)| read)
}

#[cfg(test)]
mod tests {
    use std::fs::{File, create_dir_all};
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use super::{Checks, FOLDER};
    use crate::chat::model::storage::log;

    const NOON: Duration = Duration::from_secs(1_750_000_000);

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + NOON + Duration::from_secs(seconds)
    }

    fn written(path: &Path, seconds: u64) {
        File::create(path).and_then(|file| file.set_modified(at(seconds))).expect("a file");
    }

    #[test]
    fn the_lag_is_since_the_last_moment_that_nothing_waited() {
        let folder = tempfile::tempdir().expect("a folder");
        let (data, mut looks) = (folder.path(), Checks::default());
        let mut lag = |seconds| looks.lag(data, at(seconds)).map(|lag| lag.as_secs());
        assert_eq!(lag(0), None, "nobody follows");
        let (low, high) = (data.join(FOLDER).join("0"), data.join(FOLDER).join("1"));
        create_dir_all(&low).and_then(|()| create_dir_all(&high)).expect("folders");
        assert_eq!(lag(0), None, "nobody has read anything");
        written(&low.join("0000000000000001-0000000000000009.ltx"), 1);
        written(&low.join("000000000000000a-000000000000000a.ltx"), 3);
        assert_eq!(lag(3), Some(0), "there is no log");
        written(&log(data), 2);
        assert_eq!(lag(100), Some(0), "nothing was written since");
        written(&log(data), 104);
        assert_eq!(lag(105), Some(5), "at the last look nothing waited");
        // What is merged is not news, and what is no such file is not looked at.
        written(&high.join("0000000000000001-000000000000000a.ltx"), 200);
        written(&low.join("ffffffffffffffff.ltx.tmp"), 200);
        assert_eq!(lag(110), Some(10));
        written(&low.join("000000000000000b-000000000000000b.ltx"), 106);
        assert_eq!(lag(111), Some(0));
        written(&log(data), 120);
        assert_eq!(lag(90), Some(0), "a clock that goes back makes no lag of centuries");
    }
}
