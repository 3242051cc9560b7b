//! An archive that is not whole, or not ours, changes nothing.

use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{backed_up, names, restores};
use crate::world::Home;
use crate::world::machine::number;

const BLOCK: usize = 512;

async fn is_refused(bytes: &[u8], shelf: &Path, why: &str) {
    let archive = shelf.join("damaged.tar");
    std::fs::write(&archive, bytes).unwrap();
    let home = Home::new();
    let outcome = restores(&archive, &home).await;
    assert_eq!(outcome.code, Some(1), "{why}: {outcome:?}");
    outcome.failed_with(1);
    let left = names(home.data().parent().unwrap());
    assert!(left.is_empty(), "{why}: {left:?}");
}

/// Copies of an archive with one fault each, and what it is: a flipped bit in some blocks all
/// over it and in the first and last `ends`, a cut, a byte too many.
pub fn damaged(whole: &[u8], ends: usize) -> impl Iterator<Item = (Vec<u8>, String)> {
    let blocks = whole.len() / BLOCK;
    let step = blocks.div_ceil(number("FIRESIDE_FLIPS", 40));
    let flips = (0..blocks).filter(move |block| block % step == 0 || *block < ends || block + ends >= blocks);
    let flipped = flips.map(|block| {
        // Another place in each block, so that every field of a header has its turn.
        let at = block * BLOCK + (block * 97) % BLOCK;
        let mut bytes = whole.to_vec();
        bytes[at] ^= 1 << (block % 8);
        (bytes, format!("byte {at}"))
    });
    let lengths = [0, 1, BLOCK, whole.len() / 2, whole.len() - 3 * BLOCK, whole.len() - 1];
    let cut = lengths.into_iter().map(|length| (whole[..length].to_vec(), format!("cut to {length}")));
    flipped.chain(cut).chain([([whole, b"x"].concat(), "one byte more".to_owned())])
}

#[tokio::test]
async fn a_flipped_bit_anywhere_is_found() {
    let shelf = tempfile::tempdir().unwrap();
    let (_fireside, archive) = backed_up(shelf.path()).await;
    let whole = std::fs::read(&archive).unwrap();
    for (bytes, why) in damaged(&whole, 12) {
        is_refused(&bytes, shelf.path(), &why).await;
    }
    restores(&archive, &Home::new()).await.succeeded();
}

/// The same archive with its members changed, and its checksum right: `change` answers under which names each stands.
pub fn forged(whole: &[u8], mut change: impl FnMut(&str, &mut Vec<u8>) -> Vec<String>) -> Vec<u8> {
    let mut out = Vec::new();
    for member in tar::Archive::new(whole).entries().unwrap() {
        let mut member = member.unwrap();
        let name = String::from_utf8(member.path_bytes().into_owned()).unwrap();
        let mut content = Vec::new();
        member.read_to_end(&mut content).unwrap();
        let names = change(&name, &mut content);
        if name == "checksum" {
            content = format!("{}\n", hex::encode(Sha256::digest(&out))).into_bytes();
        }
        for name in names {
            let mut header = member.header().clone();
            let place = &mut header.as_ustar_mut().unwrap().name;
            place.fill(0);
            place[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(content.len() as u64);
            header.set_cksum();
            out.extend_from_slice(header.as_bytes());
            out.extend_from_slice(&content);
            out.resize(out.len().next_multiple_of(BLOCK), 0);
        }
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    out
}

#[tokio::test]
async fn an_archive_that_somebody_made_up_is_refused() {
    let shelf = tempfile::tempdir().unwrap();
    let (_fireside, archive) = backed_up(shelf.path()).await;
    let whole = std::fs::read(&archive).unwrap();
    let same = |name: &str| vec![name.to_owned()];
    assert!(forged(&whole, |name, _| same(name)) == whole, "a forgery without a change is the same");
    let renames_files = |to: &'static str| {
        forged(&whole, move |name, _| if name.starts_with("files/") { same(to) } else { same(name) })
    };
    for evil in ["files/../../evil", "/tmp/evil", "../evil", "files/evil", "evil", "files/", "lock", "fireside.db"] {
        is_refused(&renames_files(evil), shelf.path(), evil).await;
    }
    let without = |gone: &'static str| {
        forged(&whole, move |name, _| if name.starts_with(gone) { Vec::new() } else { same(name) })
    };
    for gone in ["manifest", "SHA256SUMS", "fireside.db", "secret.key", "files/", "checksum"] {
        is_refused(&without(gone), shelf.path(), &format!("no {gone}")).await;
    }
    let twice = forged(
        &whole,
        |name, _| if name.starts_with("files/") { [same(name), same(name)].concat() } else { same(name) },
    );
    is_refused(&twice, shelf.path(), "a file twice").await;
    for edited in ["manifest", "SHA256SUMS", "fireside.db", "secret.key", "files/"] {
        let bytes = forged(&whole, |name, content| {
            if name.starts_with(edited) {
                let middle = content.len() / 2;
                content[middle] ^= 1;
            }
            same(name)
        });
        if edited != "manifest" {
            is_refused(&bytes, shelf.path(), &format!("{edited} changed")).await;
        }
    }
    is_refused(b"these are no bytes of an archive", shelf.path(), "nonsense").await;
}

#[tokio::test]
async fn a_backup_of_a_newer_version_is_refused_with_what_to_do() {
    let shelf = tempfile::tempdir().unwrap();
    let (mut fireside, archive) = backed_up(shelf.path()).await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let database = fireside.home.data().join("fireside.db");
    let db = rusqlite::Connection::open(&database).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    db.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).unwrap();
    db.close().unwrap();
    let newer = std::fs::read(&database).unwrap();
    let sum = hex::encode(Sha256::digest(&newer));
    let whole = std::fs::read(&archive).unwrap();
    let bytes = forged(&whole, |name, content| {
        match name {
            "fireside.db" => content.clone_from(&newer),
            "SHA256SUMS" => {
                let rest = String::from_utf8(content.clone()).unwrap();
                *content = format!("{sum}{}", &rest[64..]).into_bytes();
            }
            _ => {}
        }
        vec![name.to_owned()]
    });
    let archive = shelf.path().join("newer.tar");
    std::fs::write(&archive, bytes).unwrap();
    let outcome = restores(&archive, &Home::new()).await;
    assert!(outcome.failed_with(78).stderr.contains("newer Fireside"), "{outcome:?}");
}
