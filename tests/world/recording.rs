//! What a server asked of its disk, call by call, and what the disk may hold if the power
//! goes at any of them: what was synced by then, and any part of what was not.
//!
//! The model is the strict one: a file's bytes are safe when a sync of that file has
//! returned that began after they were written, its name when a sync of its folder has.
//! Of the rest, names are lost from the newest back, and bytes by the sector.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rand::RngExt;
use rand::rngs::StdRng;

use super::Home;
use super::home::PATIENCE;

/// What a disk writes wholly or not at all.
const SECTOR: usize = 512;

/// What the recorder is told to look at: all that changes a file, and what leaves on a line.
/// Of these the model knows those that the server uses; at any other it stops.
const CALLS: &str = "trace=open,openat,openat2,creat,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,\
                     fsync,fdatasync,sync_file_range,rename,renameat,renameat2,link,linkat,symlink,unlink,unlinkat,mkdir,\
                     mkdirat,rmdir,copy_file_range,sendfile,splice,sendto,sendmsg";

/// The words that start a server whose calls are written down here.
pub fn recorder(home: &Home) -> Vec<String> {
    // -D: the server, and not the recorder, is the test's child.
    let words = ["strace", "-D", "-f", "-qq", "-y", "-xx", "-s", "16777216", "-e", CALLS, "-o"];
    let mut words: Vec<_> = words.iter().map(ToString::to_string).collect();
    words.push(lines(home).to_str().unwrap().to_owned());
    words
}

fn lines(home: &Home) -> PathBuf {
    home.data().with_file_name("recording")
}

/// A file, whatever names it has.
type File = usize;

#[derive(Debug)]
enum Step {
    Folder(PathBuf),
    Named(PathBuf, File),
    Renamed(PathBuf, PathBuf),
    Unnamed(PathBuf),
    Written(File, usize, Vec<u8>),
    Resized(File, usize),
    /// All that was written before this step.
    Synced(File, usize),
    FolderSynced(PathBuf, usize),
}

impl Step {
    /// Where it changes a name.
    fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(path) | Self::Named(path, _) | Self::Renamed(_, path) | Self::Unnamed(path) => path.parent(),
            Self::Written(..) | Self::Resized(..) | Self::Synced(..) | Self::FolderSynced(..) => None,
        }
    }
}

/// What a server asked, from its start to its end.
pub struct Recording {
    steps: Vec<Step>,
    /// Every string in what clients were told, and how many steps there were by then.
    told: BTreeMap<String, usize>,
    /// The names at the end.
    names: BTreeMap<PathBuf, File>,
    data: PathBuf,
}

impl Recording {
    /// Of a server that has ended.
    pub fn of(home: &Home, process: u32) -> Self {
        let begun = Instant::now();
        let is_end = |line: &str| {
            line.split_once(' ')
                .is_some_and(|(thread, words)| thread == process.to_string() && words.trim_start().starts_with("+++ "))
        };
        let text = loop {
            let text = fs::read_to_string(lines(home)).unwrap();
            if text.lines().any(is_end) {
                break text;
            }
            assert!(begun.elapsed() < PATIENCE, "the recorder does not notice the end");
            std::thread::sleep(std::time::Duration::from_millis(20));
        };
        let mut reader = Reader { data: home.data(), ..Reader::default() };
        text.lines().for_each(|line| reader.reads(line));
        Self { steps: reader.steps, told: reader.told, names: reader.names, data: home.data() }
    }

    /// The last moment at which the power can go: after so many steps.
    pub fn end(&self) -> usize {
        self.steps.len()
    }

    /// The moment at which a client was told this.
    pub fn moment_of(&self, text: &str) -> usize {
        self.told[text]
    }

    /// How often the file of this name was synced from a moment on.
    pub fn syncs_of(&self, name: &str, from: usize) -> usize {
        let file = self.names[&self.data.join(name)];
        self.steps[from..].iter().filter(|step| matches!(step, Step::Synced(synced, _) if *synced == file)).count()
    }

    /// Whether a client had been told this by then.
    pub fn is_told(&self, text: &str, moment: usize) -> bool {
        self.told.get(text).is_some_and(|told| *told <= moment)
    }

    /// A data folder as the disk may hold it.
    pub fn power_goes(&self, moment: usize, chance: &mut StdRng) -> Home {
        let home = Home::new();
        let disk = Disk::at(&self.steps[..moment], chance);
        let place = |path: &Path| home.data().join(path.strip_prefix(&self.data).unwrap());
        // In a folder that is not there is nothing.
        let is_lost = |place: &Path| !place.parent().unwrap().is_dir();
        for folder in disk.folders.iter().map(|path| place(path)).filter(|place| !is_lost(place)) {
            fs::create_dir(folder).unwrap();
        }
        for (path, file) in &disk.files {
            let place = place(path);
            if !is_lost(&place) {
                fs::write(place, disk.bytes.get(file).map_or(&[][..], Vec::as_slice)).unwrap();
            }
        }
        home
    }
}

#[derive(Default)]
struct Disk {
    folders: Vec<PathBuf>,
    files: BTreeMap<PathBuf, File>,
    bytes: BTreeMap<File, Vec<u8>>,
}

impl Disk {
    fn at(steps: &[Step], chance: &mut StdRng) -> Self {
        let (mut synced, mut folders_synced) = (BTreeMap::new(), BTreeMap::new());
        for step in steps {
            match step {
                Step::Synced(file, before) => drop(synced.insert(*file, *before)),
                Step::FolderSynced(folder, before) => drop(folders_synced.insert(folder.as_path(), *before)),
                _ => {}
            }
        }
        let mut disk = Self::default();
        // One disk had time for most of what waited, another for nothing.
        let luck = chance.random_range(0..5_u32);
        let mut had_time = || chance.random_range(0..4) < luck;
        // Folders of which a name was lost: so are those that came later.
        let mut behind: Vec<&Path> = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            if let Some(folder) = step.folder() {
                let is_safe = folders_synced.get(folder).is_some_and(|before| number < *before);
                if is_safe || (!behind.contains(&folder) && had_time()) {
                    disk.names(step);
                } else {
                    behind.push(folder);
                }
            } else if let Step::Written(file, ..) | Step::Resized(file, _) = step {
                let is_safe = synced.get(file).is_some_and(|before| number < *before);
                write(disk.bytes.entry(*file).or_default(), step, || is_safe || had_time());
            }
        }
        disk
    }

    fn names(&mut self, step: &Step) {
        match step {
            Step::Folder(path) => self.folders.push(path.clone()),
            Step::Named(path, file) => drop(self.files.insert(path.clone(), *file)),
            Step::Unnamed(path) => drop(self.files.remove(path)),
            Step::Renamed(from, to) => {
                if let Some(file) = self.files.remove(from) {
                    self.files.insert(to.clone(), file);
                }
            }
            _ => {}
        }
    }
}

/// Takes over what there was time for.
fn write(bytes: &mut Vec<u8>, step: &Step, mut had_time: impl FnMut() -> bool) {
    match step {
        Step::Resized(_, size) if had_time() => bytes.resize(*size, 0),
        Step::Written(_, offset, new) => {
            let mut at = 0;
            while at < new.len() {
                let sector_ends = (offset + at + 1).next_multiple_of(SECTOR) - offset;
                let end = sector_ends.min(new.len());
                if had_time() {
                    if bytes.len() < offset + end {
                        bytes.resize(offset + end, 0);
                    }
                    bytes[offset + at..offset + end].copy_from_slice(&new[at..end]);
                }
                at = end;
            }
        }
        _ => {}
    }
}

/// Makes steps of the recorder's lines.
#[derive(Default)]
struct Reader {
    data: PathBuf,
    steps: Vec<Step>,
    told: BTreeMap<String, usize>,
    /// Calls that have begun and not returned, by their thread: the words so far, and the
    /// step at which they began.
    begun: BTreeMap<String, (String, usize)>,
    names: BTreeMap<PathBuf, File>,
    files: usize,
    /// Open files, by their descriptor, and where the next bytes of a plain write go.
    open: BTreeMap<i64, (File, usize)>,
}

impl Reader {
    fn reads(&mut self, line: &str) {
        let (thread, words) = line.split_once(' ').unwrap();
        let words = words.trim_start();
        if let Some(words) = words.strip_suffix("<unfinished ...>") {
            self.begun.insert(thread.to_owned(), (words.to_owned(), self.steps.len()));
        } else if let Some((_, rest)) = words.strip_prefix("<... ").and_then(|words| words.split_once(" resumed>")) {
            let (first, step) = self.begun.remove(thread).unwrap();
            self.is_done(&format!("{first}{rest}"), step);
        } else if words.contains('(') {
            self.is_done(words, self.steps.len());
        }
    }

    fn is_done(&mut self, words: &str, begun: usize) {
        let call = Call::of(words);
        if call.returned < 0 {
            return;
        }
        let home = self.data.parent().unwrap();
        let is_ours =
            |path: &Option<PathBuf>| path.as_ref().is_some_and(|path| path == home || path.starts_with(&self.data));
        match call.name {
            "openat" => self.opens(&call),
            "mkdir" if call.path(0).starts_with(&self.data) => self.steps.push(Step::Folder(call.path(0))),
            "rename" | "renameat" | "renameat2" if call.path(1).starts_with(&self.data) => {
                let (from, to) = (call.path(0), call.path(1));
                let file = self.names.remove(&from).unwrap();
                self.names.insert(to.clone(), file);
                self.steps.push(Step::Renamed(from, to));
            }
            "unlink" | "unlinkat" if call.path(0).starts_with(&self.data) => {
                // What has no file of ours behind its name is the socket for commands.
                if self.names.remove(&call.path(0)).is_some() {
                    self.steps.push(Step::Unnamed(call.path(0)));
                }
            }
            "write" | "writev" | "sendto" | "sendmsg" if !is_ours(&call.target) => {
                if call.target.as_ref().is_some_and(|target| target.to_string_lossy().starts_with("socket:")) {
                    let mut bytes = call.strings.concat();
                    bytes.truncate(usize::try_from(call.returned).unwrap());
                    for string in String::from_utf8_lossy(&bytes).split('"') {
                        self.told.entry(string.to_owned()).or_insert(self.steps.len());
                    }
                }
            }
            _ if !is_ours(&call.target) => {}
            "write" => {
                let at = self.open[&call.descriptor].1;
                self.writes(&call, at);
            }
            "pwrite64" => self.writes(&call, usize::try_from(call.numbers[1]).unwrap()),
            "ftruncate" => {
                let (file, _) = self.open[&call.descriptor];
                let size = usize::try_from(call.numbers[0]).unwrap();
                self.steps.push(Step::Resized(file, size));
            }
            "fsync" | "fdatasync" => match self.open.get(&call.descriptor) {
                Some((file, _)) => self.steps.push(Step::Synced(*file, begun)),
                None => self.steps.push(Step::FolderSynced(call.target.unwrap(), begun)),
            },
            _ => panic!("nothing is known of this call: {words}"),
        }
    }

    fn opens(&mut self, call: &Call<'_>) {
        self.open.remove(&call.returned);
        let path = call.path(0);
        if !path.starts_with(&self.data) || path.is_dir() {
            return;
        }
        let (is_made, is_emptied) = (call.words.contains("O_CREAT"), call.words.contains("O_TRUNC"));
        let file = match self.names.get(&path) {
            Some(file) => *file,
            None if is_made => {
                self.files += 1;
                self.names.insert(path.clone(), self.files);
                self.steps.push(Step::Named(path, self.files));
                self.files
            }
            None => panic!("nobody made {}", path.display()),
        };
        if is_emptied {
            self.steps.push(Step::Resized(file, 0));
        }
        assert!(!call.words.contains("O_APPEND"), "nothing is known of where this writes: {}", call.words);
        self.open.insert(call.returned, (file, 0));
    }

    fn writes(&mut self, call: &Call<'_>, at: usize) {
        let taken = usize::try_from(call.returned).unwrap();
        let (file, next) = self.open.get_mut(&call.descriptor).unwrap();
        *next = at + taken;
        self.steps.push(Step::Written(*file, at, call.strings[0][..taken].to_vec()));
    }
}

/// One call, as the recorder wrote it.
struct Call<'a> {
    words: &'a str,
    name: &'a str,
    /// The descriptor that it begins with, and what that is.
    descriptor: i64,
    target: Option<PathBuf>,
    /// Paths and bytes, in their order.
    strings: Vec<Vec<u8>>,
    /// What follows the last of them, or the descriptor.
    numbers: Vec<i64>,
    returned: i64,
}

impl<'a> Call<'a> {
    fn of(words: &'a str) -> Self {
        let (name, rest) = words.split_once('(').unwrap();
        let (arguments, returned) = rest.rsplit_once(" = ").unwrap_or_else(|| panic!("{words}"));
        let number = |word: &str| word.split(|c: char| c != '-' && !c.is_ascii_digit()).next()?.parse().ok();
        let mut strings = Vec::new();
        let mut parts = arguments.split('"');
        let first = parts.next().unwrap();
        let mut last = first;
        while let (Some(string), Some(between)) = (parts.next(), parts.next()) {
            assert!(!between.starts_with("..."), "the recorder left something out");
            strings.push(bytes_of(string));
            last = between;
        }
        let target = first.split_once('<').map(|(_, rest)| rest.split_once('>').unwrap().0);
        Self {
            words,
            name,
            descriptor: number(first).unwrap_or(-1),
            target: target.map(|name| PathBuf::from(String::from_utf8_lossy(&bytes_of(name)).into_owned())),
            strings,
            numbers: last.split(", ").skip(1).filter_map(number).collect(),
            returned: number(returned).unwrap_or(-1),
        }
    }

    /// The path in the arguments' place, which must be a whole one.
    fn path(&self, place: usize) -> PathBuf {
        PathBuf::from(String::from_utf8_lossy(&self.strings[place]).into_owned())
    }
}

/// `\x2f` and so on; what is not written so stands for itself.
fn bytes_of(words: &str) -> Vec<u8> {
    if words.starts_with("\\x") { hex::decode(words.replace("\\x", "")).unwrap() } else { words.as_bytes().to_vec() }
}
