//! A log that cannot be written: the server goes on, counts what it lost, and stops as ever.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Command;

use futures_util::future::join_all;

use crate::world::{Fireside, Home};

/// Makes lines of the log long: each names its path.
const LONG: usize = 1_500;
/// Of those lines more than what may wait for a reader (1 MiB), and what a pipe holds.
const ENOUGH: usize = 1_000;

/// People talk, while more is logged than could wait.
async fn goes_on(fireside: &Fireside, requests: usize) {
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let mut listener = alice.listens_in(&den).await;
    // Not hexadecimal digits, which would be taken for a secret.
    let path = format!("/nowhere/{}", "x".repeat(LONG));
    for batch in 0..requests.div_ceil(50) {
        for answer in join_all((0..50).map(|_| async { alice.get(&path).await })).await {
            answer.is(404);
        }
        let text = format!("said {batch}");
        alice.posts(&text).in_room(&den).await;
        listener.hears_message(&text).await;
    }
}

fn lost(page: &str) -> u64 {
    let line = page.lines().find_map(|line| line.strip_prefix("fireside_log_lines_lost_total ")).unwrap();
    line.parse().unwrap()
}

/// The figures, at an address that was free.
struct Figures {
    address: String,
}

impl Figures {
    fn free() -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Self { address: free.local_addr().unwrap().to_string() }
    }

    async fn lost(&self, fireside: &Fireside) -> u64 {
        lost(&fireside.anyone().get(&format!("http://{}/metrics", self.address)).await.is(200).text())
    }
}

/// A pipe beside the data folder with a reader, which does not read unless it is told to.
fn pipe(home: &Home) -> (PathBuf, File) {
    let path = home.data().with_file_name("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let reader = File::options().read(true).write(true).open(&path).unwrap();
    (path, reader)
}

#[tokio::test]
async fn a_full_disk_and_a_reader_that_went_away_cost_the_lines_alone() {
    for log in ["2>/dev/full", "2> >(exec sleep 0)", "2>&-"] {
        let (home, figures) = (Home::new(), Figures::free());
        let flags = ["--metrics-listen", &figures.address];
        let script = format!("exec \"$@\" {log}");
        let mut fireside = Fireside::start_through(home, &script, &flags).await;
        goes_on(&fireside, 100).await;
        if log.contains("full") {
            assert!(figures.lost(&fireside).await >= 100, "{log}");
        }
        assert_eq!(fireside.is_asked_to_stop().await, Some(0), "{log}");
    }
}

#[tokio::test]
async fn a_reader_that_stops_holds_nobody_up_and_hears_later_what_it_missed() {
    let (home, figures) = (Home::new(), Figures::free());
    let (path, reader) = pipe(&home);
    let script = format!("exec \"$@\" 2>'{}'", path.display());
    let mut fireside = Fireside::start_through(home, &script, &["--metrics-listen", &figures.address]).await;
    goes_on(&fireside, ENOUGH).await;
    let lost = figures.lost(&fireside).await;
    assert!(lost > 0, "there was more than could wait");

    // It reads again: what waited comes, and how much is missing.
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let told = BufReader::new(reader).lines().map_while(Result::ok).find(|line| line.contains("were lost"));
        tell.send(told).ok();
    });
    let told = tokio::time::timeout(crate::world::home::PATIENCE, told).await.expect("the loss is told");
    let line = told.unwrap().unwrap();
    // An answer comes before its line in the log: a few more may have been lost since they were counted.
    let counted = lost..=figures.lost(&fireside).await;
    let lines = line.split_once("lines=").expect("how many").1;
    let lines = lines.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
    assert!(counted.contains(&lines), "{counted:?}: {line}");
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_log_that_is_stuck() {
    let home = Home::new();
    let (path, _reader) = pipe(&home);
    let script = format!("exec \"$@\" 2>'{}'", path.display());
    let mut fireside = Fireside::start_through(home, &script, &[]).await;
    goes_on(&fireside, ENOUGH).await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
}

#[tokio::test]
async fn facts_that_nobody_reads_do_not_hold_up_the_start() {
    for facts in ["full", "stuck"] {
        let home = Home::new();
        let (path, mut reader) = pipe(&home);
        if facts == "stuck" {
            // Not a byte more fits into it.
            rustix::fs::fcntl_setfl(&reader, rustix::fs::OFlags::NONBLOCK).unwrap();
            while std::io::Write::write(&mut reader, &[b'x'; 4096]).is_ok() {}
        }
        let to = if facts == "full" { "/dev/full".to_owned() } else { path.display().to_string() };
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        // What the harness reads for the address is told by hand, and the facts go elsewhere.
        let script = format!("echo listening on http://{free}; exec \"$@\" >'{to}'");
        let mut fireside = Fireside::start_through(home, &script, &["--listen", &free]).await;
        let start = std::time::Instant::now();
        while reqwest::Client::builder().no_proxy().build().unwrap().get(&fireside.url).send().await.is_err() {
            assert!(start.elapsed() < crate::world::home::PATIENCE, "{facts}: it never listens");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        fireside.registers("alice").await;
        assert_eq!(fireside.is_asked_to_stop().await, Some(0), "{facts}");
    }
}
