//! Files of the disk that are open: a bounded number, so that the database never lacks one.

use std::io;
use std::os::unix::fs::FileExt;

use super::disk_error;
use crate::chat::app::App;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::file::File;

impl App {
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
