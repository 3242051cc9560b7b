//! Lines that are no records, archives that are no exports: refused, with a place and a
//! reason, and nothing is changed.

use std::collections::BTreeMap;
use std::path::Path;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::world::World;
use super::{NOW, archive, folder, records};
use crate::chat::model::record::RecordError;
use crate::chat::ops::import_export::lines::Lines;
use crate::chat::ops::import_export::lines::MAX_LINE;
use crate::chat::ops::import_export::{Import, OnConflict, Options, read_folder};

/// Mutated lines of an ordinary run.
const LINES: u64 = 10_000;

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {value:?}")))
}

/// Gives bytes as `records.jsonl` to an import into a folder.
fn reads(world: &World, bytes: &[u8], data: &Path) -> Result<(), RecordError> {
    let options = Options { on_conflict: OnConflict::Rename, is_dry_run: false };
    let mut import = Import::new(data, options, NOW)?;
    for content in &world.contents {
        import.content(content.as_slice())?;
    }
    let mut lines = Lines::new(&mut import, "records.jsonl");
    let read = std::io::copy(&mut &*bytes, &mut lines);
    let read = read.map(drop).map_err(|cause| RecordError::Record(cause.to_string()));
    lines.finish(read)?;
    import.finish().map(drop)
}

fn lines(world: &World) -> Vec<Vec<u8>> {
    world.records.iter().map(|record| serde_json::to_vec(record).expect("a line")).collect()
}

/// Values that stand where others should.
const ODD: &[&str] = &[
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1.5",
    "\"\"",
    "\"x\"",
    "[]",
    "{}",
    "[[[[[[]]]]]]",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"9999-12-31T23:59:59.999Z\"",
    "\"0000-00-00T00:00:00Z\"",
    "\"../../etc/passwd\"",
    "\"\u{202e}\"",
    "\"$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$aGFzaA\"",
];

fn mutate(lines: &mut Vec<Vec<u8>>, rng: &mut StdRng) {
    let place = rng.random_range(0..lines.len());
    let other = lines[rng.random_range(0..lines.len())].clone();
    let line = &mut lines[place];
    let at = rng.random_range(0..line.len().max(1));
    match rng.random_range(0..10) {
        0 => line[at] ^= 1 << rng.random_range(0..8),
        1 => line.truncate(at),
        2 => drop(line.remove(at)),
        3 => line.insert(at, rng.random()),
        4 => {
            // A value becomes another.
            let text = String::from_utf8_lossy(line).into_owned();
            let values: Vec<usize> = text.match_indices(':').map(|(at, _)| at + 1).collect();
            let begin = values[rng.random_range(0..values.len())];
            let end = text[begin..].find([',', '}']).map_or(text.len(), |length| begin + length);
            let odd = ODD[rng.random_range(0..ODD.len())];
            *line = format!("{}{odd}{}", &text[..begin], &text[end..]).into_bytes();
        }
        5 => {
            let digits: Vec<usize> = (0..line.len()).filter(|at| line[*at].is_ascii_digit()).collect();
            if !digits.is_empty() {
                line[digits[rng.random_range(0..digits.len())]] = b'0' + rng.random_range(0..10);
            }
        }
        6 => lines.insert(place, other),
        7 => drop(lines.remove(place)),
        8 => {
            let end = rng.random_range(0..lines.len());
            lines.swap(place, end);
        }
        _ => line.splice(at.., other[at.min(other.len())..].to_vec()).for_each(drop),
    }
}

/// All files of a folder with their bytes.
fn state(data: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for folder in [data.to_owned(), data.join("files")] {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("an entry");
            if entry.path().is_file() {
                found.insert(
                    entry.file_name().to_string_lossy().into_owned(),
                    std::fs::read(entry.path()).expect("bytes"),
                );
            }
        }
    }
    found
}

fn put_back(data: &Path, state: &BTreeMap<String, Vec<u8>>) {
    for folder in [data.to_owned(), data.join("files")] {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("an entry");
            if !state.contains_key(&*entry.file_name().to_string_lossy()) && entry.path().is_file() {
                std::fs::remove_file(entry.path()).expect("it goes");
            }
        }
    }
    std::fs::write(data.join("fireside.db"), &state["fireside.db"]).expect("it is back");
}

/// Each round is a number, so that one can be played alone; how many were refused.
fn plays(seed: u64, rounds: impl Iterator<Item = u64>) -> u64 {
    let shelf = folder();
    let data = shelf.path().join("data");
    let mut import = Import::new(&data, Options::default(), NOW).expect("it begins");
    World::new(3).enters(&mut import).expect("it keeps the rules");
    import.finish().expect("it comes");
    // As every folder has it that somebody worked on.
    std::fs::write(data.join("lock"), "").expect("a lock");
    let (before, world) = (state(&data), World::new(seed % 1_000 + 10));
    let (whole, mut refused) = (lines(&world), 0);
    for round in rounds {
        let mut rng = StdRng::seed_from_u64(seed.wrapping_add(round));
        let mut lines = whole.clone();
        mutate(&mut lines, &mut rng);
        let mut bytes = lines.join(&b"\n"[..]);
        bytes.push(b'\n');
        match reads(&world, &bytes, &data) {
            Ok(()) => {
                records(&archive(&data));
                put_back(&data, &before);
            }
            Err(failure) => {
                refused += 1;
                let after = state(&data);
                let changed: Vec<_> = after.iter().filter(|(name, bytes)| before.get(*name) != Some(bytes)).collect();
                let changed: Vec<_> = changed.into_iter().map(|(name, _)| name).collect();
                assert!(after == before, "FIRESIDE_SEED={seed}, round {round}: {changed:?} is left ({failure})");
            }
        }
    }
    refused
}

#[test]
fn no_line_panics_or_leaves_a_half() {
    let seed = number("FIRESIDE_SEED").unwrap_or_else(rand::random);
    println!("FIRESIDE_SEED={seed}");
    let all = number("FIRESIDE_LINES").unwrap_or(LINES);
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get) as u64;
    let refused: u64 = std::thread::scope(|scope| {
        let rounds = |first| (first..all).step_by(usize::try_from(threads).expect("few"));
        let turns: Vec<_> = (0..threads).map(|first| scope.spawn(move || plays(seed, rounds(first)))).collect();
        turns.into_iter().map(|turn| turn.join().expect("no panic")).sum()
    });
    println!("{refused} of {all} were refused");
    assert!(refused > all / 3 && refused < all, "{refused} of {all} were refused: FIRESIDE_SEED={seed}");
}

fn refusal(world: &World, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> String {
    let mut lines = lines(world);
    change(&mut lines);
    let shelf = folder();
    let data = shelf.path().join("data");
    let mut bytes = lines.join(&b"\n"[..]);
    bytes.push(b'\n');
    let failure = reads(world, &bytes, &data).expect_err("it is refused").to_string();
    assert!(!data.exists(), "{failure}");
    failure
}

#[test]
fn a_refusal_says_where_and_why() {
    let world = World::new(5);
    let replaced = |from: &str, to: &str| {
        refusal(&world, |lines| {
            let line = lines.iter_mut().find(|line| String::from_utf8_lossy(line).contains(from)).expect(from);
            *line = String::from_utf8_lossy(line).replacen(from, to, 1).into_bytes();
        })
    };
    for (from, to, why) in [
        ("\"version\":1", "\"version\":2", "records.jsonl, line 1: it is of version 2"),
        ("\"scope\":\"server\"", "\"scope\":\"user\"", "line 1: it is one person's own data"),
        ("\"username\":\"", "\"username\":\"not a name ", "line 2: username: "),
        ("\"username\":", "\"is_god\":true,\"username\":", "unknown field `is_god`"),
        ("\"type\":\"user\"", "\"type\":\"robot\"", "unknown variant `robot`"),
        ("\"text\":\"", &format!("\"text\":\"{}", "x".repeat(100_001)), "text: Ensure this field has no more than"),
        ("\"text\":\"", &format!("\"text\":\"{}", "x".repeat(MAX_LINE)), "it has more than 2097152 bytes"),
        ("\"created_at\":\"2", "\"created_at\":\"9", "it is still to come"),
        ("\"role\":\"", "\"role\":\"owner of ", "unknown variant"),
        (
            "{\"type\":\"message\"",
            &format!("{{\"x\":{}1{},\"type\":\"message\"", "[".repeat(200), "]".repeat(200)),
            "recursion limit",
        ),
    ] {
        let said = replaced(from, to);
        assert!(said.contains(why) && said.contains("records.jsonl, line "), "{why}: {said}");
    }
    let said = refusal(&world, |lines| drop(lines.remove(0)));
    assert!(said.contains("line 1: the first record is not the head"), "{said}");
    let said = refusal(&world, |lines| lines.insert(1, lines[0].clone()));
    assert!(said.contains("line 2: there is a second head"), "{said}");
    let said = refusal(&world, |lines| lines.push(lines[1].clone()));
    assert!(said.contains("users come before members"), "{said}");
    let said = refusal(&world, |lines| lines.insert(2, lines[1].clone()));
    assert!(said.contains("line 3: there is a second user"), "{said}");
}

#[test]
fn a_folder_is_read_without_being_led_astray() {
    let (world, shelf) = (World::new(5), folder());
    let (source, data) = (shelf.path().join("source"), shelf.path().join("data"));
    std::fs::create_dir_all(source.join("files")).expect("folders");
    for content in &world.contents {
        let sum = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(content));
        std::fs::write(source.join("files").join(sum), content).expect("a file");
    }
    let mut bytes = lines(&world).join(&b"\n"[..]);
    bytes.push(b'\n');
    std::fs::write(source.join("records.jsonl"), &bytes).expect("lines");
    let read = || {
        let mut import = Import::new(&data, Options { is_dry_run: true, ..Options::default() }, NOW)?;
        read_folder(&mut import, &source, &mut |_, _| ())?;
        import.finish()
    };
    read().expect("it is whole");
    let link = source.join("files").join("ab".repeat(32));
    std::os::unix::fs::symlink("/etc/passwd", &link).expect("a link");
    assert!(matches!(read(), Err(RecordError::NotThere(_))), "a link leads out");
    std::fs::remove_file(&link).expect("it goes");
    std::fs::write(&link, "other bytes").expect("a file");
    assert!(matches!(read(), Err(RecordError::NotThere(_))), "another sum");
    std::fs::remove_file(&link).expect("it goes");
    std::fs::write(source.join("records.jsonl"), &bytes[..bytes.len() - 1]).expect("lines");
    assert!(read().expect_err("it is cut").to_string().contains("it is cut short"));
}
