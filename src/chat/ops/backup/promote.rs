//! A copy of a data folder that becomes the one that people go on with, on a second machine.
//!
//! What replicates a database knows nothing of numbers that people have seen and that came to
//! it too late; nor of files and the secret, which lie beside the database.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::archive::{DATABASE, SECRET};
use super::restore::claim;
use crate::chat::folder;
use crate::chat::model::backup::{BackupError, at};
use crate::chat::store::{copy, id_sequence};

/// What was found in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promoted {
    /// The number of the last change that is in it. The next has one far above.
    pub seq: i64,
    /// The version of the database's layout.
    pub schema: usize,
    /// Files that the database names.
    pub files: u64,
    /// Those of them that are not there, or not all of their bytes.
    pub missing: u64,
}

/// Makes sure that the folder is whole but for uploads, and that no number comes again that was
/// given out after the database was copied. Uploads may still be copied into it later.
pub fn promote(data: &Path) -> Result<Promoted, BackupError> {
    let database = data.join(DATABASE);
    if !database.exists() {
        return Err(BackupError::NoData(data.to_owned()));
    }
    let _lock = claim(data)?;
    let secret = data.join(SECRET);
    let size = fs::metadata(&secret).map_err(at(&secret))?.len();
    if size < folder::SECRET_BYTES as u64 {
        return Err(BackupError::Data(format!("{} is too short", secret.display())));
    }
    let edition = copy::verify(&database)?;
    let (mut files, mut missing) = (0, 0);
    copy::each_file(&database, |file| {
        let found = fs::metadata(data.join("files").join(file.name.as_str()));
        files += 1;
        missing += u64::from(!found.is_ok_and(|found| found.is_file() && found.len() == file.size));
        Ok(())
    })?;
    // A replicator makes it for everybody to read.
    fs::set_permissions(&database, Permissions::from_mode(0o600)).map_err(at(&database))?;
    id_sequence::leave_gap(&database, &database)?;
    folder::sync(data).map_err(at(data))?;
    Ok(Promoted { seq: edition.seq.0, schema: edition.schema, files, missing })
}
