//! Files of the disk that are open: a bounded number, so that the database never lacks one.

use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{File, disk_error};
use crate::chat::Chat;
use crate::chat::error::{Error, Result};

/// Stored files that are open at once to be read, each for one piece. One more waits.
const MAX_READS: usize = 64;
/// Uploads at once; one more is told to come back. With the reads they leave the database most of
/// the files that connections may not take.
const MAX_UPLOADS: usize = 128;

/// How many files of the disk may be open at once.
pub(in crate::chat) struct OpenFiles {
    reads: Semaphore,
    pub(super) uploads: Arc<Semaphore>,
}

impl Default for OpenFiles {
    fn default() -> Self {
        Self { reads: Semaphore::new(MAX_READS), uploads: Arc::new(Semaphore::new(MAX_UPLOADS)) }
    }
}

impl Chat {
    /// Whether a file that was found for somebody is there to be read.
    pub async fn has_bytes(&self, file: &File) -> Result<()> {
        let path = self.files.join(file.storage_name.as_str());
        tokio::fs::metadata(path).await.map(drop).map_err(read_error)
    }

    /// So many bytes of a file that was found for somebody, from `first` on. It is open no longer
    /// than that takes: whoever is slow to read a download holds none of the process's files.
    pub async fn read_file(&self, file: &File, first: u64, length: usize) -> Result<Vec<u8>> {
        let path = self.files.join(file.storage_name.as_str());
        let _permit = self.open_files.reads.acquire().await.map_err(|_| Error::Internal)?;
        let read = tokio::task::spawn_blocking(move || {
            let mut bytes = vec![0; length];
            std::fs::File::open(path)?.read_exact_at(&mut bytes, first)?;
            Ok(bytes)
        });
        read.await.map_err(|_| Error::Internal)?.map_err(read_error)
    }
}

fn read_error(cause: io::Error) -> Error {
    match cause.kind() {
        // Its message was deleted since it was found.
        io::ErrorKind::NotFound => Error::NotFound,
        _ => disk_error(cause),
    }
}
