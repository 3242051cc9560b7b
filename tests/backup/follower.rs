//! A copy that follows the log, page by page.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::world::home::PATIENCE;

pub const WAL_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

pub fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

/// A copy that follows the log, page by page.
pub struct Follower {
    log: PathBuf,
    /// Holds the write lock for moments.
    locker: Connection,
    /// Holds the read transaction.
    reader: Connection,
    folder: Connection,
    pub copy: Vec<u8>,
    page: usize,
    salt: Vec<u8>,
    pub read: usize,
    pub starts: usize,
    pub longest: u64,
}

impl Follower {
    /// To be called while nobody writes.
    pub fn begins(data: &Path) -> Self {
        let database = data.join("fireside.db");
        let open = || {
            let connection = Connection::open(&database).unwrap();
            connection.busy_timeout(Duration::from_secs(5)).unwrap();
            connection.execute_batch("PRAGMA wal_autocheckpoint = 0").unwrap();
            connection
        };
        let (locker, reader, folder) = (open(), open(), open());
        locker
            .execute_batch(
                "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER);
                 CREATE TABLE _litestream_lock (id INTEGER);",
            )
            .unwrap();
        folder.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        // By another process: closing the file here would let go of this one's locks on it.
        let copy = Command::new("cat").arg(&database).output().unwrap().stdout;
        let page = usize::from(u16::from_be_bytes(copy[16..18].try_into().unwrap()));
        let log = data.join("fireside.db-wal");
        let follower =
            Self { log, locker, reader, folder, copy, page, salt: Vec::new(), read: 0, starts: 0, longest: 0 };
        follower.marks();
        follower.holds();
        follower
    }

    /// Takes the write lock, whoever is in a hurry beside it.
    fn locks(&self) {
        self.locker.busy_timeout(Duration::ZERO).unwrap();
        let start = Instant::now();
        while self.locker.execute_batch("BEGIN IMMEDIATE").is_err() {
            assert!(start.elapsed() < PATIENCE, "nobody else ever gets the write lock");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// A write of its own, which starts a log anew that is folded. Who wrote before it was
    /// folded cannot: it has to be another transaction.
    fn marks(&self) {
        self.locks();
        let sql = "INSERT INTO _litestream_seq (id, seq) VALUES (1, 1)
                   ON CONFLICT (id) DO UPDATE SET seq = seq + 1; COMMIT";
        self.locker.execute_batch(sql).unwrap();
    }

    /// From here on nobody starts the log anew.
    fn holds(&self) {
        self.reader.execute_batch("BEGIN").unwrap();
        self.reader.query_row("SELECT count(*) FROM _litestream_seq", [], |_| Ok(())).unwrap();
    }

    /// Reads what was added to the log.
    pub fn follows(&mut self) {
        self.locks();
        self.reads(false);
        self.locker.execute_batch("ROLLBACK").unwrap();
    }

    /// The same, and checkpoints the log.
    pub fn follows_and_folds(&mut self) {
        self.locks();
        self.reads(false);
        self.reader.execute_batch("ROLLBACK").unwrap();
        self.folder.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
        self.locker.execute_batch("ROLLBACK").unwrap();
        self.marks();
        self.holds();
        self.locks();
        self.reads(true);
        self.locker.execute_batch("ROLLBACK").unwrap();
    }

    fn reads(&mut self, may_have_begun: bool) {
        self.longest = self.longest.max(size(&self.log));
        let mut log = BufReader::new(File::open(&self.log).unwrap());
        let mut header = [0; WAL_HEADER];
        if log.read_exact(&mut header).is_err() {
            return;
        }
        if header[16..24] != self.salt {
            assert!(self.salt.is_empty() || may_have_begun, "the log began anew while it was held");
            self.salt = header[16..24].to_vec();
            self.read = WAL_HEADER;
            self.starts += 1;
        }
        log.seek(SeekFrom::Start(self.read as u64)).unwrap();
        let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap()) as usize;
        let (mut at, mut pages, mut frame) = (self.read, Vec::new(), vec![0; FRAME_HEADER + self.page]);
        while log.read_exact(&mut frame).is_ok() && frame[8..16] == self.salt {
            at += frame.len();
            let (place, whole) = (number(&frame[..4]), number(&frame[4..8]));
            pages.push((place, frame[FRAME_HEADER..].to_vec()));
            if whole > 0 {
                self.copy.resize(whole * self.page, 0);
                for (place, page) in pages.drain(..).filter(|(place, _)| *place <= whole) {
                    self.copy[(place - 1) * self.page..place * self.page].copy_from_slice(&page);
                }
                self.read = at;
            }
        }
    }
}
