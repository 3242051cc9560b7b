//! A data folder that outlives the servers started on it, and the program
//! run from the command line.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_fireside");
/// Generous, because the machine may be busy; nothing waits for it in vain.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Longer than the thread that writes the log rests when it has written.
const LOG_REST: Duration = Duration::from_millis(10);

/// Variables that reach the program: no test depends on the language, the zone, the home, or
/// the flags in the environment of whoever runs it.
const KEPT_VARIABLES: &[&str] = &["PATH", "TMPDIR", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE"];

/// The program, about to be run in an environment that is the same everywhere.
pub fn program() -> Command {
    with_clean_environment(Command::new(PROGRAM))
}

/// The same for what runs the program.
pub fn with_clean_environment(mut command: Command) -> Command {
    command.env_clear();
    let kept = KEPT_VARIABLES.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    command.envs(kept);
    command
}

/// Cloning shares the folder; the last one to go removes it.
#[derive(Debug, Clone)]
pub struct Home {
    folder: Arc<TempDir>,
    /// The process that serves it, or did so last; 0: none yet.
    server: Arc<AtomicU32>,
}

/// How a run of the program ended.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Home {
    pub fn new() -> Self {
        Self { folder: Arc::new(TempDir::new().unwrap()), server: Arc::default() }
    }

    /// The folder for `--data`; the program makes it.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn log_file(&self) -> PathBuf {
        self.folder.path().join("stderr.log")
    }

    /// All that servers on this folder have written to stderr, up to what was logged before
    /// this is asked.
    pub fn log(&self) -> String {
        // What waits is looked at by then, if the thread that writes it rested when this was asked.
        std::thread::sleep(LOG_REST);
        let start = Instant::now();
        while !self.log_is_written() {
            assert!(start.elapsed() < PATIENCE, "the log is never written");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::fs::read_to_string(self.log_file()).unwrap()
    }

    /// From now on this process serves the folder.
    pub fn is_served_by(&self, process: u32) {
        self.server.store(process, Ordering::Relaxed);
    }

    /// Whether the thread that writes the log has nothing to do: whoever logs wakes it, unless it rests, and
    /// it sleeps again when all is written.
    fn log_is_written(&self) -> bool {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.server.load(Ordering::Relaxed)));
        let stats = threads.into_iter().flatten().flatten();
        let mut stats = stats.filter_map(|thread| std::fs::read_to_string(thread.path().join("stat")).ok());
        // A process that has ended has written all that it ever will.
        stats.find(|stat| stat.contains("(log) ")).is_none_or(|stat| stat.contains("(log) S"))
    }

    /// Every file below the data folder.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.data()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.is_file() {
                    // A socket or a pipe holds nothing that could be read.
                    found.push(path);
                }
            }
        }
        found
    }

    /// Nobody but their owner may open the files of the data folder, wherever it is copied
    /// with its modes.
    #[track_caller]
    pub fn is_its_owners_alone(&self) {
        for file in self.files() {
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", file.display());
        }
    }

    /// Whether any file of the data folder holds these bytes in the clear.
    pub fn keeps(&self, needle: &[u8]) -> bool {
        self.files().iter().any(|path| {
            // A temporary file may go between the listing and the reading.
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes.windows(needle.len()).any(|window| window == needle)
        })
    }

    /// The database, known by its first bytes, wherever it is kept.
    pub fn database(&self) -> PathBuf {
        self.files()
            .into_iter()
            .find(|path| std::fs::read(path).unwrap().starts_with(b"SQLite format 3\0"))
            .expect("a database in the data folder")
    }

    /// `fireside serve` on this folder, which must refuse to start.
    pub async fn refuses_to_serve(&self, flags: &[&str]) -> Outcome {
        let data = self.data();
        let mut words = vec!["serve", "--data", data.to_str().unwrap()];
        words.extend_from_slice(flags);
        if !flags.contains(&"--listen") {
            words.extend_from_slice(&["--listen", "127.0.0.1:0"]);
        }
        run(&words, "").await
    }

    /// A command on this folder, as `fireside user create`.
    pub async fn runs(&self, words: &[&str], input: &str) -> Outcome {
        let data = self.data();
        let mut words = words.to_vec();
        words.extend_from_slice(&["--data", data.to_str().unwrap()]);
        run(&words, input).await
    }
}

/// Runs the program to its end.
pub async fn run(words: &[&str], input: &str) -> Outcome {
    let mut command = program();
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that does not want the input may close it first.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    // Read while it runs: what it says may be more than a pipe holds.
    let (stdout, stderr) = (drained(child.stdout.take().unwrap()), drained(child.stderr.take().unwrap()));
    let ended = wait_for(&mut child).await;
    if ended.is_none() {
        child.kill().unwrap();
    }
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    let Some(status) = ended else { panic!("`{}` did not end:\n{stderr}", words.join(" ")) };
    Outcome { code: status.code(), stdout, stderr }
}

fn drained(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut said = String::new();
        pipe.read_to_string(&mut said).unwrap();
        said
    })
}

/// The end of a process, or nothing if it outlasts our patience.
pub async fn wait_for(child: &mut Child) -> Option<std::process::ExitStatus> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        if start.elapsed() > PATIENCE {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

impl Outcome {
    /// Ended with this code, and with a sentence for whoever typed it.
    #[track_caller]
    pub fn failed_with(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(!self.stderr.trim().is_empty(), "no reason given: {self:?}");
        assert!(!self.stderr.contains("panicked at"), "{self:?}");
        assert!(!self.stdout.contains("listening on"), "{self:?}");
        self
    }

    #[track_caller]
    pub fn succeeded(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }
}

/// A file's bytes, to be compared with what they are later.
pub fn snapshot(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}
