//! Compresses the files of the web client, so that the program carries them small and need not do it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use brotli::BrotliCompress;
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

const FOLDER: &str = "static";
/// Files that are compressed in themselves.
const PICTURES: [&str; 2] = ["png", "jpg"];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={FOLDER}");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
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
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    let gzip = write(out, "gz", &gzip.finish()?)?;
    let mut brotli = Vec::new();
    BrotliCompress(&mut &*bytes, &mut brotli, &BrotliEncoderParams::default())?;
    let brotli = write(out, "br", &brotli)?;
    Ok(format!("Form::Compressed {{ gzip: include_bytes!({gzip:?}), brotli: include_bytes!({brotli:?}) }}"))
}

fn write(out: &Path, extension: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let mut path = out.as_os_str().to_owned();
    path.push(format!(".{extension}"));
    fs::write(&path, bytes)?;
    Ok(path.into())
}
