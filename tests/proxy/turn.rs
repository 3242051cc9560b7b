//! What helps calls through NAT: who is told of it, and whether a TURN server takes it.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::are_here;
use super::front::{free_ports, program};
use crate::world::caller::Credential;
use crate::world::home::PATIENCE;
use crate::world::{Caller, Fireside, Home, people};

const SECRET: &str = "the secret of the north";

fn secret_file(folder: &Path) -> PathBuf {
    let file = folder.join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    file
}

async fn ice_servers(caller: &Caller) -> Value {
    caller.get("/api/server/").await.is(200).json()["ice_servers"].clone()
}

#[tokio::test]
async fn who_is_signed_in_is_told_of_every_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = secret_file(folder.path());
    let (near, far) = ("turn:192.0.2.1:3478?transport=udp", "turns:turn.example.org");
    let stun = "stun:stun.example.org";
    let flags = ["--stun", stun, "--turn-url", near, "--turn-url", far, "--turn-secret-file", file.to_str().unwrap()];
    let fireside = Fireside::start_with(&flags).await;
    people!(fireside: alice, bob);
    let hers = ice_servers(&alice).await;
    assert_eq!(hers[0], json!({"urls": [stun]}));
    assert_eq!(hers[1]["urls"], json!([near, far]));
    let username = hers[1]["username"].as_str().unwrap();
    let (until, user) = username.split_once(':').unwrap();
    assert_eq!(user, alice.id.to_string());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let left = until.parse::<u64>().unwrap() - now;
    assert!((86_300..=86_400).contains(&left), "{left} seconds");
    let his = ice_servers(&bob).await;
    assert_ne!(his[1]["credential"], hers[1]["credential"], "each has their own");
    let session = alice.signs_in_by_page().await;
    assert_eq!(ice_servers(&alice.showing(Credential::Session(session))).await[1]["urls"], hers[1]["urls"]);

    for stranger in [fireside.anyone(), fireside.anyone().showing(Credential::Token("a".repeat(40)))] {
        let answer = stranger.get("/api/server/").await.is(200);
        assert!(answer.json().get("ice_servers").is_none() && !answer.text().contains("192.0.2.1"), "{answer}");
    }
    assert!(!fireside.home.log().contains(SECRET) && !fireside.home.keeps(SECRET.as_bytes()));
}

#[tokio::test]
async fn without_flags_calls_use_nobody() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    assert_eq!(ice_servers(&alice).await, json!([]));
}

#[tokio::test]
async fn flags_that_do_not_go_together_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = secret_file(folder.path());
    let file = file.to_str().unwrap();
    let blank = folder.path().join("blank");
    std::fs::write(&blank, "\n").unwrap();
    let turn = "turn:turn.example.org";
    for (flags, code) in [
        (vec!["--turn-url", turn], 78),
        (vec!["--turn-secret-file", file], 78),
        (vec!["--turn-url", turn, "--turn-secret-file", blank.to_str().unwrap()], 78),
        (vec!["--turn-url", turn, "--turn-secret-file", "/nowhere/secret"], 78),
        (vec!["--turn-url", "turn://turn.example.org", "--turn-secret-file", file], 2),
        (vec!["--stun", "turn.example.org"], 2),
    ] {
        Home::new().refuses_to_serve(&flags).await.failed_with(code);
    }
}

/// coturn, which knows the secret and nobody's name.
struct Coturn {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Coturn {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Coturn {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [port] = free_ports();
        let mut command = program("turnserver");
        command.args(["-n", "--no-cli", "--no-tls", "--no-dtls", "--use-auth-secret", "--allow-loopback-peers"]);
        command.args(["--realm", "fireside", "--listening-ip", "127.0.0.1", "--static-auth-secret", SECRET]);
        command.arg("--listening-port").arg(port.to_string()).args(["--log-file", "stdout"]);
        command.arg("--pidfile").arg(folder.path().join("pid")).arg("--db").arg(folder.path().join("db"));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = std::time::Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(begun.elapsed() < PATIENCE, "coturn does not listen");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { child, port, _folder: folder }
    }

    /// Whether two clients with this credential can talk through it.
    async fn relays(&self, username: &str, credential: &str) -> bool {
        let mut command = program("turnutils_uclient");
        command.args(["-y", "-n", "1", "-m", "1", "-l", "100", "-u", username, "-w", credential]);
        command.arg("-p").arg(self.port.to_string()).arg("127.0.0.1");
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        output.status.success() && said.contains("Total lost packets 0 ")
    }
}

#[tokio::test]
async fn coturn_takes_what_was_given_out_and_nothing_else() {
    if !are_here(&["turnserver", "turnutils_uclient"], "FIRESIDE_REQUIRE_COTURN") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = secret_file(folder.path());
    let coturn = Coturn::start().await;
    let url = format!("turn:127.0.0.1:{}", coturn.port);
    let flags = ["--turn-url", &url, "--turn-secret-file", file.to_str().unwrap()];
    let fireside = Fireside::start_with(&flags).await;
    let alice = fireside.registers("alice").await;
    let turn = ice_servers(&alice).await[0].clone();
    let (username, credential) = (turn["username"].as_str().unwrap(), turn["credential"].as_str().unwrap());
    assert!(coturn.relays(username, credential).await, "{turn}");
    let (until, user) = username.split_once(':').unwrap();
    let longer = format!("{}:{user}", until.parse::<u64>().unwrap() + 1);
    assert!(!coturn.relays(&longer, credential).await, "nobody makes it last longer");
    assert!(!coturn.relays(username, "guessed").await);
}
