//! What is kept in the data folder: `acme/<authority>/account.pem`, and `<name>.pem` with a key and its certificate.
//! Each authority has a folder of its own, so that trying one out leaves the other's alone. Nobody else may read them,
//! and they are in no backup: whoever restores one gets new ones.

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::NamedTempFile;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::failure::Failure;
use super::key::AccountKey;
use crate::outbound::Target;
use crate::server::{Certificate, Unfit};

/// What the folder is called.
const FOLDER: &str = "acme";
/// What the account's key is called in it. No name that has a certificate has an underscore.
const ACCOUNT: &str = "_account.pem";
/// Bytes that one of the files may have.
const MAX_FILE: u64 = 1024 * 1024;
/// Characters of a line in PEM.
const LINE: usize = 64;

/// What an authority gave, and the key that goes with it.
#[derive(Debug)]
pub(super) struct Given {
    /// Both in PEM.
    pem: Vec<u8>,
    /// The same, to be served.
    pub certificate: Certificate,
}

/// Why that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    /// It is none.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// It is another's.
    #[error("the certificate is not for {0}")]
    OtherName(String),
}

impl Given {
    /// A key in PKCS#8, and a chain in PEM for `name`.
    pub fn new(name: &str, key: &[u8], chain: &[u8]) -> Result<Self, Unusable> {
        Self::read(name, [pem(key).as_bytes(), chain].concat())
    }

    /// Both in PEM.
    fn read(name: &str, pem: Vec<u8>) -> Result<Self, Unusable> {
        let certificate = Certificate::from_pem(&pem, &pem)?;
        if !certificate.is_for(name) {
            return Err(Unusable::OtherName(name.to_owned()));
        }
        Ok(Self { pem, certificate })
    }
}

/// A private key in PEM.
fn pem(pkcs8: &[u8]) -> String {
    let encoded = STANDARD.encode(pkcs8);
    let mut text = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text + "-----END PRIVATE KEY-----\n"
}

/// The folder of one authority.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes it where it is not there.
    pub fn open(data: &Path, directory: &Target) -> io::Result<Self> {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' };
        let name: String = format!("{}{}", directory.authority, directory.path).chars().map(plain).collect();
        let path = data.join(FOLDER).join(name.trim_end_matches('-').trim_start_matches('.'));
        DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    /// The account's key, made anew where there is none.
    pub fn account_key(&self) -> Result<AccountKey, Failure> {
        let path = self.0.join(ACCOUNT);
        let failed = |cause: &dyn std::fmt::Display| Failure::Own(format!("{}: {cause}", path.display()));
        let pkcs8 = match read(&path) {
            Ok(pem) => match PrivateKeyDer::from_pem_slice(&pem) {
                Ok(key) => key.secret_der().to_vec(),
                Err(_) => return Err(failed(&"it holds no private key in PEM")),
            },
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                let key = AccountKey::generate()?;
                self.write(ACCOUNT, pem(&key).as_bytes()).map_err(|cause| failed(&cause))?;
                key
            }
            Err(cause) => return Err(failed(&cause)),
        };
        AccountKey::read(&pkcs8).ok_or_else(|| failed(&"it holds a key that is not of P-256"))
    }

    /// What was given for `name`, if anything was.
    pub fn given(&self, name: &str) -> Option<Given> {
        let path = self.path(name);
        let pem = match read(&path) {
            Ok(pem) => pem,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return None,
            Err(cause) => {
                tracing::warn!(%cause, path = %path.display(), "a stored certificate cannot be read");
                return None;
            }
        };
        Given::read(name, pem)
            .inspect_err(|cause| tracing::warn!(%cause, path = %path.display(), "a stored certificate cannot be used"))
            .ok()
    }

    /// Keeps what was given for `name`.
    pub fn keep(&self, name: &str, given: &Given) -> io::Result<()> {
        self.write(&file(name), &given.pem)
    }

    /// Where that is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(file(name))
    }

    /// At once whole, and for the owner alone.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(&self.0)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(self.0.join(name))?;
        File::open(&self.0)?.sync_all()
    }
}

fn file(name: &str) -> String {
    format!("{name}.pem")
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}
