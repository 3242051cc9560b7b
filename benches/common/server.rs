//! The release binary as a child process, and what the kernel says it costs.

use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The unit of the times in `/proc/PID/stat`: the kernel shows 100 a second to
/// programs, whatever it counts in itself.
const TICK: Duration = Duration::from_millis(10);

/// A running server; it is killed when this is dropped.
pub struct Server {
    child: Child,
    pub addr: SocketAddr,
}

/// The binary that is measured: that of this commit, unless `benches/compare` measures another.
pub fn program() -> Command {
    Command::new(std::env::var_os("FIRESIDE_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_fireside").into()))
}

/// What the server has used since it started, and the memory it holds now.
pub struct Usage {
    pub cpu: Duration,
    pub resident_bytes: u64,
    /// Of these, what is its own: the rest are pages of its file, which the kernel maps as many at once as lie in its cache.
    pub own_bytes: u64,
    pub written_bytes: u64,
}

impl Server {
    /// Starts the server on a free port with its durability as it ships, and
    /// without the rate limits that no load could get past.
    pub fn start(data: &Path) -> Self {
        Self::start_by(program(), data)
    }

    /// The same under another program, which has the binary as its last argument.
    pub fn start_by(mut command: Command, data: &Path) -> Self {
        let log = data.with_extension("log");
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--limit-auth", "off", "--limit-api", "off"])
            .args(["--limit-upload", "off", "--limit-ws", "off", "--limit-send", "off", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).expect("a log file"))
            .spawn()
            .expect("the server's binary runs");
        let addr = listening_address(&mut child, &log);
        Self { child, addr }
    }

    /// Ends the server as an operator would, and waits until it is gone.
    pub fn stop(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("the server can be told");
        let status = self.child.wait().expect("the server ends");
        assert!(status.success(), "the server ended with {status}");
    }

    pub fn usage(&self) -> Usage {
        Usage::of(self.child.id())
    }
}

impl Usage {
    /// Of any process: a yardstick's is the bench itself.
    pub fn of(process: u32) -> Self {
        let proc = PathBuf::from("/proc").join(process.to_string());
        let status = read(&proc.join("status"));
        Self {
            cpu: cpu_time(&proc),
            resident_bytes: number_after(&status, "VmRSS:") * 1024,
            own_bytes: number_after(&status, "RssAnon:") * 1024,
            written_bytes: number_after(&read(&proc.join("io")), "\nwrite_bytes:"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails when `stop` has ended it already, which is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Reads what the start-up prints until it says where it listens; the rest is
/// read away on a thread, so that the server never writes into a closed pipe.
fn listening_address(child: &mut Child, log: &Path) -> SocketAddr {
    let stdout = child.stdout.take().expect("stdout is piped");
    let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
    let addr = lines
        .find_map(|line| line.strip_prefix("listening on http")?.split_once("://").map(|(_, addr)| addr.to_owned()))
        .unwrap_or_else(|| panic!("the server did not start:\n{}", read(log)));
    std::thread::spawn(move || lines.for_each(drop));
    addr.parse().expect("an address and a port")
}

fn cpu_time(proc: &Path) -> Duration {
    let stat = read(&proc.join("stat"));
    // The second field is the program's name in brackets and may hold blanks.
    let (_, rest) = stat.rsplit_once(')').expect("a name in brackets");
    let ticks: u32 = rest
        .split_whitespace()
        .skip(11)
        .take(2) // utime, stime
        .map(|field| field.parse::<u32>().expect("a number of ticks"))
        .sum();
    TICK * ticks
}

fn number_after(text: &str, key: &str) -> u64 {
    let (_, rest) = text.split_once(key).unwrap_or_else(|| panic!("no {key} in {text}"));
    let number = rest.split_whitespace().next().expect("a value");
    number.parse().expect("a number")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
