//! The archive: a tar file of a few kinds of members in a fixed order.
//!
//! | member | what it is |
//! |---|---|
//! | `manifest` | `key value` lines: format, program, schema, seq, created, files, bytes |
//! | `SHA256SUMS` | a line for each of the next three, as `sha256sum -c` reads it |
//! | `fireside.db` | the database as it was at one commit |
//! | `secret.key` | what tokens are derived from |
//! | `files/<name>` | each uploaded file that the database names, in the order of the names |
//! | `checksum` | SHA-256 of every byte before its header |
//!
//! Any `tar` unpacks it. This reader takes nothing else than that: a header has to be
//! byte for byte the one that the writer would make of its name and size, so there are
//! no links, no paths, and no byte of the archive that may change unnoticed.

use std::io::{Read, Write};

use sha2::{Digest, Sha256};
use tar::{EntryType, Header};

use crate::chat::model::backup::BackupError;
pub use crate::chat::model::storage::DATABASE;

pub const MANIFEST: &str = "manifest";
pub const SUMS: &str = "SHA256SUMS";
pub const SECRET: &str = "secret.key";
pub const FILES: &str = "files/";
pub const CHECKSUM: &str = "checksum";

const BLOCK: usize = 512;
/// Bytes moved at once.
const CHUNK: usize = 64 * 1024;
/// Longest member that is read into memory, in bytes.
const MAX_SMALL: u64 = 4 * 1024;

/// Bytes after a member, up to the next block.
fn padding(size: u64) -> usize {
    const BLOCK_SIZE: u64 = BLOCK as u64;
    usize::try_from((BLOCK_SIZE - size % BLOCK_SIZE) % BLOCK_SIZE).unwrap_or(0)
}

fn header(name: &str, size: u64, made: u64) -> Result<Header, BackupError> {
    let mut header = Header::new_ustar();
    header.set_path(name).map_err(|cause| BackupError::Archive(format!("the name {name}: {cause}")))?;
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o600);
    header.set_size(size);
    header.set_mtime(made);
    header.set_cksum();
    Ok(header)
}

/// Writes an archive, member by member.
pub struct Writer<W> {
    out: W,
    hash: Sha256,
    made: u64,
}

impl<W: Write> Writer<W> {
    /// `made`: seconds since 1970, the time of all members.
    pub fn new(out: W, made: u64) -> Self {
        Self { out, hash: Sha256::new(), made }
    }

    /// Appends `size` bytes of `content`, which must be all of it; their SHA-256 in hex.
    pub fn append(&mut self, name: &str, size: u64, mut content: impl Read) -> Result<String, BackupError> {
        self.write(header(name, size, self.made)?.as_bytes())?;
        let (mut hash, mut chunk, mut left) = (Sha256::new(), vec![0; CHUNK], size);
        loop {
            let read = content.read(&mut chunk).map_err(|cause| BackupError::Archive(format!("{name}: {cause}")))?;
            if read == 0 {
                break;
            }
            let Some(rest) = left.checked_sub(read as u64) else { return Err(changed(name)) };
            left = rest;
            hash.update(&chunk[..read]);
            self.write(&chunk[..read])?;
        }
        if left > 0 {
            return Err(changed(name));
        }
        self.write(&[0; BLOCK][..padding(size)])?;
        Ok(hex::encode(hash.finalize()))
    }

    /// Appends the checksum and the end.
    pub fn finish(mut self) -> Result<W, BackupError> {
        let sum = format!("{}\n", hex::encode(self.hash.clone().finalize()));
        self.append(CHECKSUM, sum.len() as u64, sum.as_bytes())?;
        self.write(&[0; 2 * BLOCK])?;
        self.out.flush().map_err(not_written)?;
        Ok(self.out)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.hash.update(bytes);
        self.out.write_all(bytes).map_err(not_written)
    }
}

fn not_written(cause: std::io::Error) -> BackupError {
    BackupError::Archive(format!("it was not written: {cause}"))
}

fn changed(name: &str) -> BackupError {
    BackupError::Data(format!("{name} has not the size that it should have"))
}

/// Reads an archive, member by member.
pub struct Reader<R> {
    input: R,
    hash: Sha256,
    /// Of everything before the latest header.
    before: Sha256,
    made: Option<u64>,
}

impl<R: Read> Reader<R> {
    pub fn new(input: R) -> Self {
        Self { input, hash: Sha256::new(), before: Sha256::new(), made: None }
    }

    /// The next member's name and size.
    pub fn next(&mut self) -> Result<(String, u64), BackupError> {
        self.before = self.hash.clone();
        let mut block = [0; BLOCK];
        self.read(&mut block)?;
        let found = Header::from_byte_slice(&block);
        let damaged = |_| BackupError::Archive("a header is damaged".into());
        let name = String::from_utf8(found.path_bytes().into_owned()).map_err(|_| strange())?;
        let size = found.entry_size().map_err(damaged)?;
        let made = match self.made {
            Some(made) => made,
            None => *self.made.insert(found.mtime().map_err(damaged)?),
        };
        // The same name, size and time make the same header; anything else is not ours.
        if header(&name, size, made)?.as_bytes() != found.as_bytes() { Err(strange()) } else { Ok((name, size)) }
    }

    /// The next member, which must be this one.
    pub fn expect(&mut self, name: &str) -> Result<u64, BackupError> {
        match self.next()? {
            (found, size) if found == name => Ok(size),
            (found, _) => Err(BackupError::Archive(format!("{name} should come where {found:?} stands"))),
        }
    }

    /// Moves the member's bytes to `out`; their SHA-256 in hex.
    pub fn content(&mut self, size: u64, mut out: impl Write) -> Result<String, BackupError> {
        let (mut hash, mut chunk, mut left) = (Sha256::new(), vec![0; CHUNK], size);
        while left > 0 {
            let part = &mut chunk[..usize::try_from(left).unwrap_or(CHUNK).min(CHUNK)];
            self.read(part)?;
            hash.update(&*part);
            out.write_all(part).map_err(|cause| BackupError::Archive(format!("it was not unpacked: {cause}")))?;
            left -= part.len() as u64;
        }
        self.zeros(padding(size))?;
        Ok(hex::encode(hash.finalize()))
    }

    /// A member that is short, as text.
    pub fn text(&mut self, name: &str) -> Result<String, BackupError> {
        let size = self.expect(name)?;
        self.short(size)
    }

    fn short(&mut self, size: u64) -> Result<String, BackupError> {
        if size > MAX_SMALL {
            return Err(strange());
        }
        let mut bytes = Vec::new();
        self.content(size, &mut bytes)?;
        String::from_utf8(bytes).map_err(|_| strange())
    }

    /// Reads the checksum, whose header was just read, and the end.
    pub fn finish(mut self, size: u64) -> Result<(), BackupError> {
        let due = format!("{}\n", hex::encode(self.before.clone().finalize()));
        if self.short(size)? != due {
            return Err(BackupError::Archive("it is damaged: its checksum is another".into()));
        }
        self.zeros(2 * BLOCK)?;
        match self.input.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(BackupError::Archive("something follows its end".into())),
            Err(cause) => Err(BackupError::Archive(cause.to_string())),
        }
    }

    fn zeros(&mut self, count: usize) -> Result<(), BackupError> {
        let mut bytes = vec![0; count];
        self.read(&mut bytes)?;
        if bytes.iter().any(|byte| *byte != 0) { Err(strange()) } else { Ok(()) }
    }

    fn read(&mut self, bytes: &mut [u8]) -> Result<(), BackupError> {
        self.input.read_exact(bytes).map_err(|cause| match cause.kind() {
            std::io::ErrorKind::UnexpectedEof => BackupError::Archive("it is cut short".into()),
            _ => BackupError::Archive(cause.to_string()),
        })?;
        self.hash.update(&*bytes);
        Ok(())
    }
}

fn strange() -> BackupError {
    BackupError::Archive("it is damaged, or not one that Fireside made".into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{BackupError, CHECKSUM, Reader, Writer};

    type Members = Vec<(String, Vec<u8>)>;

    fn packed(members: &Members) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), 1_750_000_000);
        for (name, content) in members {
            writer.append(name, content.len() as u64, content.as_slice()).expect("in memory");
        }
        writer.finish().expect("in memory")
    }

    fn unpacked(archive: &[u8]) -> Result<Members, BackupError> {
        let (mut reader, mut members) = (Reader::new(archive), Members::new());
        loop {
            let (name, size) = reader.next()?;
            if name == CHECKSUM {
                return reader.finish(size).map(|()| members);
            }
            let mut content = Vec::new();
            reader.content(size, &mut content)?;
            members.push((name, content));
        }
    }

    proptest! {
        /// What goes in comes out, and no bit of it may change.
        #[test]
        fn an_archive_is_read_as_it_was_written_or_refused(
            members in proptest::collection::vec(("[a-z]{1,7}(/[a-z0-9]{1,9})?", proptest::collection::vec(any::<u8>(), 0..1_500)), 0..4),
            at in any::<usize>(), bit in 0_u32..8, noise in proptest::collection::vec(any::<u8>(), 1..1_100),
        ) {
            let archive = packed(&members);
            prop_assert_eq!(unpacked(&archive).ok(), Some(members));
            let mut spoiled = archive.clone();
            let at = at % spoiled.len();
            spoiled[at] ^= 1 << bit;
            prop_assert!(unpacked(&spoiled).is_err(), "bit {bit} of byte {at}");
            prop_assert!(unpacked(&archive[..at]).is_err(), "cut at {at}");
            prop_assert!(unpacked(&[archive.as_slice(), &noise].concat()).is_err() && unpacked(&noise).is_err());
        }
    }
}
