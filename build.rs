//! What the program carries ready-made: the files of the web client, compressed, and the database of a new folder.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use brotli::BrotliCompress;
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;
use rusqlite::Connection;
use sha2::{Digest, Sha256};

const FOLDER: &str = "static";
const SCHEMA: &str = "schema.sql";
/// Files that are compressed in themselves.
const PICTURES: [&str; 2] = ["png", "jpg"];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={FOLDER}");
    println!("cargo::rerun-if-changed={SCHEMA}");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    make_database(&out.join("new.db"))?;
    let mut table = String::from("&[\n");
    let mut folders = vec![PathBuf::from(FOLDER)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(FOLDER).map_err(io::Error::other)?.to_string_lossy().into_owned();
                let bytes = fs::read(&path)?;
                let hash = hex::encode(Sha256::digest(&bytes));
                let form = form(&path, &bytes, &out.join(name.replace('/', "-")))?;
                writeln!(table, "    Embedded {{ name: {name:?}, hash: {hash:?}, form: {form} }},")
                    .map_err(io::Error::other)?;
            }
        }
    }
    fs::write(out.join("embedded.rs"), table + "]")
}

/// The expression of a file's bytes; what is made of them is written to `out` and an extension.
fn form(path: &Path, bytes: &[u8], out: &Path) -> io::Result<String> {
    if PICTURES.iter().any(|kind| path.extension().is_some_and(|found| found == *kind)) {
        let path = fs::canonicalize(path)?;
        return Ok(format!("Form::Plain(include_bytes!({path:?}))"));
    }
    let gzip = write_gzip(out, bytes)?;
    let mut brotli = Vec::new();
    BrotliCompress(&mut &*bytes, &mut brotli, &BrotliEncoderParams::default())?;
    let brotli = write(out, "br", &brotli)?;
    Ok(format!("Form::Compressed {{ gzip: include_bytes!({gzip:?}), brotli: include_bytes!({brotli:?}) }}"))
}

/// An empty database with every table. To make a hundred of them takes SQLite as long as all else of a start.
fn make_database(path: &Path) -> io::Result<()> {
    if path.exists() {
        fs::remove_file(path)?;
    }
    let schema = fs::read_to_string(SCHEMA)?;
    let made = Connection::open(path).and_then(|database| {
        database.execute_batch("PRAGMA journal_mode = OFF")?;
        database.execute_batch(&schema)?;
        database.execute_batch("PRAGMA journal_mode = WAL")?;
        database.close().map_err(|(_, cause)| cause)
    });
    made.map_err(io::Error::other)?;
    write_gzip(path, &fs::read(path)?).map(drop)
}

fn write_gzip(out: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    write(out, "gz", &gzip.finish()?)
}

fn write(out: &Path, extension: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let mut path = out.as_os_str().to_owned();
    path.push(format!(".{extension}"));
    fs::write(&path, bytes)?;
    Ok(path.into())
}
