//! Compresses the files of the web client with Brotli, so that the program has them and needs not do it.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use brotli::BrotliCompress;
use brotli::enc::BrotliEncoderParams;

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
            } else if !PICTURES.iter().any(|kind| path.extension().is_some_and(|found| found == *kind)) {
                let name = path.strip_prefix(FOLDER).map_err(io::Error::other)?.to_owned();
                let smaller = out.join(format!("{}.br", name.to_string_lossy().replace('/', "-")));
                compress(&path, &smaller)?;
                writeln!(table, "    ({name:?}, include_bytes!({smaller:?})),").map_err(io::Error::other)?;
            }
        }
    }
    fs::write(out.join("brotli.rs"), table + "]")
}

fn compress(path: &Path, to: &Path) -> io::Result<()> {
    let mut smaller = Vec::new();
    BrotliCompress(&mut fs::read(path)?.as_slice(), &mut smaller, &BrotliEncoderParams::default())?;
    fs::write(to, smaller)
}
