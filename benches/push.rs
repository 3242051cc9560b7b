//! What dead push services cost whoever sends: a message to a group, without devices to tell and beside a thousand whose
//! push services take calls and answer none.
//!
//! `cargo bench --bench push -- [--devices 1000] [--seconds 10]`
//!
//! Somebody posts to a group, one message after the other, first where nobody has a device, then where so many have one,
//! each with a push service of its own, and at last where nobody has one again. A line for each comes out, and the ratio
//! of the second to the mean of the other two.

mod common;

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use clap::Parser;
use common::http::Http;
use common::rest::Rest;
use common::server::Server;
use common::{percentile_ms, raise_open_files};
use tokio::net::TcpListener;

/// Devices of one user: the server's own limit.
const DEVICES_PER_USER: usize = 20;
/// Keys that a browser could have made: those of RFC 8291's example.
const KEYS: &str = r#"{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}"#;

#[derive(Parser)]
#[command(about = "What dead push services cost whoever sends")]
struct Args {
    /// Devices that are to be told of each message.
    #[arg(long, default_value_t = 1_000)]
    devices: usize,
    /// How long each of the three takes.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Cargo passes this to every bench.
    #[arg(long = "bench", hide = true)]
    _bench: bool,
}

fn main() {
    let args = Args::parse();
    raise_open_files();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk");
    let mut program = Command::new(env!("CARGO_BIN_EXE_fireside"));
    program.envs([("FIRESIDE_PUSH", "on"), ("FIRESIDE_PUSH_CONTACT", "mailto:bench@example.org")]);
    program.env("FIRESIDE_PUSH_ALLOW", "127.0.0.0/8");
    let server = Server::start_by(program, &folder.path().join("data"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(compare(&args, server.addr));
    server.stop();
}

async fn compare(args: &Args, host: SocketAddr) {
    let (rest, spell) = (Rest::new(host), Duration::from_secs(args.seconds));
    let people = rest.register(1 + args.devices.div_ceil(DEVICES_PER_USER)).await;
    let (sender, others) = people.split_first().expect("somebody sends");
    let room = rest.make_room(sender, "everybody").await;
    for other in others {
        rest.join(other, room).await;
    }
    let before = says(host, sender, room, spell, "nobody has a device").await;
    let dead = dead_services().await;
    for device in 0..args.devices {
        let token = &others[device / DEVICES_PER_USER];
        // The same listener by as many addresses of this machine.
        let endpoint = format!("https://127.0.{}.{}:{}/", device / 250, device % 250 + 1, dead.port());
        let body = format!(r#"{{"endpoint":"{endpoint}","keys":{KEYS}}}"#);
        Http::connect(host, token).await.post("/api/server/push/", &body).await;
    }
    let beside = says(host, sender, room, spell, &format!("{} are dead", args.devices)).await;
    forget(host, others).await;
    let after = says(host, sender, room, spell, "nobody has a device").await;
    let ratio = |percent| {
        2.0 * percentile_ms(&beside, percent) / (percentile_ms(&before, percent) + percentile_ms(&after, percent))
    };
    println!("push: beside as without, p50 x{:.2} p99 x{:.2}", ratio(50), ratio(99));
}

/// Push services that take calls and answer none.
async fn dead_services() -> SocketAddr {
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((call, _)) = listener.accept().await {
            kept.push(call);
        }
    });
    address
}

/// Ends all devices by ending what signed them in.
async fn forget(host: SocketAddr, people: &[String]) {
    let client = reqwest::Client::new();
    for token in people {
        let request = client.post(format!("http://{host}/api/auth/logout/"));
        let ended = request.header("Authorization", format!("Token {token}")).send().await.expect("an answer");
        assert!(ended.status().is_success(), "{ended:?}");
    }
}

/// How long each message takes, all of which call everybody: a large group is not told of others.
async fn says(host: SocketAddr, token: &str, room: u64, spell: Duration, what: &str) -> Vec<Duration> {
    let mut line = Http::connect(host, token).await;
    let (begun, mut times) = (Instant::now(), Vec::new());
    while begun.elapsed() < spell {
        let asked = Instant::now();
        line.post(&format!("/api/rooms/{room}/messages/"), r#"{"content":"@all as usual"}"#).await;
        times.push(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    times.sort_unstable();
    let [p50, p99, max] = [50, 99, 100].map(|percent| percentile_ms(&times, percent));
    println!("push: {what:<20} | ms a message p50 {p50:.2} p99 {p99:.2} max {max:.2} of {}", times.len());
    times
}
