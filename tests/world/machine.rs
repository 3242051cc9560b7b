//! The machine under the server: its memory, its disk, its system calls, its clock; and
//! how much of it a test run wants to use.

use std::io::{BufRead, BufReader};
use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Fireside, Home};

/// What whoever runs the tests must see: a figure that was measured, or what was not tested.
#[expect(clippy::print_stdout, reason = "figures and what was skipped are told to whoever runs the tests")]
pub fn say(words: &str) {
    println!("{words}");
}

/// A number from a variable, or the one of an ordinary run.
pub fn number(variable: &str, ordinary: usize) -> usize {
    std::env::var(variable).ok().and_then(|value| value.parse().ok()).unwrap_or(ordinary)
}

/// The first number in an ordinary run, the second with `FIRESIDE_SCALE=full`.
pub fn scale(ordinary: usize, full: usize) -> usize {
    if std::env::var("FIRESIDE_SCALE").is_ok_and(|scale| scale == "full") { full } else { ordinary }
}

/// Whether the machine has what a test needs. Without it the test passes and says so,
/// unless `FIRESIDE_REQUIRE_<NAME>=1` demands it.
fn has(what: &str, found: bool) -> bool {
    if !found {
        let demanded = std::env::var(format!("FIRESIDE_REQUIRE_{}", what.to_uppercase()));
        assert!(demanded.as_deref() != Ok("1"), "{what} is required");
        say(&format!("skipped: no {what}"));
    }
    found
}

/// The replicator, from the path or from where CI puts it.
pub fn litestream() -> Option<PathBuf> {
    let works = |path: &PathBuf| Command::new(path).arg("version").output().is_ok_and(|run| run.status.success());
    let places = [PathBuf::from("litestream"), PathBuf::from("target/litestream/bin/litestream")];
    let found = places.into_iter().find(works);
    has("litestream", found.is_some());
    found
}

/// A certificate authority to try things with.
pub fn has_pebble() -> bool {
    let found = Command::new("pebble").arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status();
    has("pebble", found.is_ok())
}

/// What copies files to another machine.
pub fn has_rsync() -> bool {
    let found = Command::new("rsync").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    has("rsync", found.is_ok_and(|status| status.success()))
}

pub fn has_strace() -> bool {
    let found = Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    has("strace", found.is_ok_and(|status| status.success()))
}

/// Bytes of memory that the server holds.
pub fn resident_bytes(fireside: &Fireside) -> u64 {
    status_bytes(fireside, "VmRSS:")
}

/// The same without the pages of the program's own file, which the kernel maps as they are run and takes back itself.
pub fn allocated_bytes(fireside: &Fireside) -> u64 {
    status_bytes(fireside, "RssAnon:")
}

fn status_bytes(fireside: &Fireside, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", fireside.process())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// How much more than before the server may hold when a storm is over: caches that it fills.
pub const SLACK: u64 = 24 * 1024 * 1024;
/// How long it may take until it has given back the rest: it looks every 10 s.
const SETTLES_WITHIN: Duration = Duration::from_secs(40);

/// Bytes that the server holds when a storm is over, which are what it held before.
pub async fn settles(fireside: &Fireside, before: u64) -> u64 {
    let begun = Instant::now();
    loop {
        let held = resident_bytes(fireside);
        if held <= before + SLACK {
            return held;
        }
        let (held, before) = (mebibytes(held), mebibytes(before));
        assert!(begun.elapsed() < SETTLES_WITHIN, "{held} MiB are held, {before} MiB were before");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Connections that the server holds open.
pub fn open_connections(fireside: &Fireside) -> usize {
    let files = std::fs::read_dir(format!("/proc/{}/fd", fireside.process())).unwrap();
    // A file may be closed between the listing and the look.
    let targets = files.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
}

/// Files and connections that the server holds open.
pub fn open_files(fireside: &Fireside) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", fireside.process())).unwrap().count()
}

/// Whole mebibytes, for figures.
pub fn mebibytes(bytes: u64) -> u64 {
    bytes / (1024 * 1024)
}

/// The time below which this many of a hundred were.
pub fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// A disk of its own for a data folder, as small as the test wants it.
pub struct SmallDisk {
    pub home: Home,
}

impl SmallDisk {
    /// Mounted where the data goes; nothing without the right to mount.
    pub fn mounted(mebibytes: u32) -> Option<Self> {
        let home = Home::new();
        std::fs::create_dir(home.data()).unwrap();
        let size = format!("size={mebibytes}m,mode=700");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(home.data()).output();
        has("root", mount.is_ok_and(|mount| mount.status.success())).then_some(Self { home })
    }

    pub fn free_bytes(&self) -> u64 {
        let disk = rustix::fs::statvfs(self.home.data()).unwrap();
        disk.f_bavail * disk.f_frsize
    }

    /// Takes all the space there is, but for so many bytes.
    pub fn fills_up(&self, but_for: u64) -> PathBuf {
        let ballast = self.home.data().join("ballast");
        let bytes = usize::try_from(self.free_bytes().saturating_sub(but_for)).unwrap();
        // The last page may not fit any more, which is what is wanted.
        std::fs::write(&ballast, vec![b'x'; bytes]).ok();
        ballast
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.home.data()).status().ok();
    }
}

/// Addresses of IPv6 in two networks that this machine has as long as this is held.
pub struct OwnNetworks {
    prefix: String,
}

impl OwnNetworks {
    const HOSTS: [(u8, u8); 3] = [(1, 1), (1, 2), (2, 1)];

    /// Nothing without the right to give the machine addresses.
    pub fn on_this_machine() -> Option<Self> {
        // Others run the same test beside this one.
        let own = std::process::id();
        let networks = Self { prefix: format!("fdf1:{:x}:{:x}", own >> 16, own & 0xffff) };
        let is_done = Self::HOSTS.iter().all(|(network, host)| networks.tells("add", *network, *host));
        has("root", is_done).then_some(networks)
    }

    pub fn address(&self, network: u8, host: u8) -> Ipv6Addr {
        format!("{}:{network}::{host}", self.prefix).parse().unwrap()
    }

    fn tells(&self, what: &str, network: u8, host: u8) -> bool {
        let address = format!("{}/128", self.address(network, host));
        let told = Command::new("ip").args(["-6", "address", what, &address, "dev", "lo"]).output();
        told.is_ok_and(|told| told.status.success())
    }
}

impl Drop for OwnNetworks {
    fn drop(&mut self) {
        for (network, host) in Self::HOSTS {
            self.tells("del", network, host);
        }
    }
}

/// `strace` on a running server, until it is dropped.
pub struct Strace {
    child: Child,
    lines: PathBuf,
}

impl Strace {
    /// Attaches with these flags to all threads; when it returns, every call is seen.
    pub fn attaches(fireside: &Fireside, flags: &[&str]) -> Self {
        let lines = fireside.home.data().with_file_name("strace.out");
        let mut child = Command::new("strace")
            .args(["-f", "-o", lines.to_str().unwrap(), "-p", &fireside.process().to_string()])
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert!(line.contains("attached"), "strace did not attach: {line}");
        // What else it says is read, or it would one day block on a full pipe.
        std::thread::spawn(move || said.lines().map_while(Result::ok).for_each(drop));
        Self { child, lines }
    }

    /// Lets go of the server; the lines of what was seen, in order.
    pub fn lets_go(mut self) -> Vec<String> {
        self.stop();
        std::fs::read_to_string(&self.lines).unwrap().lines().map(ToOwned::to_owned).collect()
    }

    fn stop(&mut self) {
        let pid = i32::try_from(self.child.id()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        // It may have ended with the server.
        rustix::process::kill_process(pid, rustix::process::Signal::INT).ok();
        self.child.wait().unwrap();
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.stop();
        }
    }
}

/// A clock for one server that a test moves.
pub struct MovedClock {
    library: PathBuf,
    offset: PathBuf,
}

impl MovedClock {
    /// Beside the data folder; nothing where libfaketime is not installed.
    pub fn beside(home: &Home) -> Option<Self> {
        let folders = ["/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime"];
        let library = folders.iter().map(|folder| Path::new(folder).join("libfaketimeMT.so.1"));
        let library = library.into_iter().find(|path| path.exists());
        has("faketime", library.is_some());
        let clock = Self { library: library?, offset: home.data().with_file_name("offset") };
        clock.is_off_by("+0");
        Some(clock)
    }

    /// From now on: `-1h`, `+1y`.
    pub fn is_off_by(&self, offset: &str) {
        // Renamed into place, or the server could read half of it.
        let new = self.offset.with_extension("new");
        std::fs::write(&new, format!("{offset}\n")).unwrap();
        std::fs::rename(new, &self.offset).unwrap();
    }

    /// For the server's start. What measures spans goes on as it does on a real machine
    /// whose date somebody sets.
    pub fn variables(&self) -> [(&str, &str); 4] {
        [
            ("LD_PRELOAD", self.library.to_str().unwrap()),
            ("FAKETIME_TIMESTAMP_FILE", self.offset.to_str().unwrap()),
            ("FAKETIME_NO_CACHE", "1"),
            ("DONT_FAKE_MONOTONIC", "1"),
        ]
    }
}
