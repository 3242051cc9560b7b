//! Certificates by ACME: the first, the next ones under open sockets, and everything that may be in the way.

mod dns;
mod front;
mod pebble;
mod stand_in;

use std::os::unix::fs::DirBuilderExt;
use std::time::{Duration, Instant};

use pebble::Pebble;
use rustix::process::Signal;
use serde_json::{Value, json};
use stand_in::{Manners, StandIn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::client::Visitor;
use super::{alice_in_a_room, hears, logs, says};
use crate::world::home::run;
use crate::world::machine::{MovedClock, say};
use crate::world::server::metrics_of;
use crate::world::{Fireside, Home};

/// For what must come, on a busy machine.
const WAIT: Duration = Duration::from_secs(60);
const NAME: &str = "chat.example.org";
const QUARTER: Duration = Duration::from_hours(90 * 24);

/// Waits for the padlock.
async fn padlock(fireside: &Fireside, name: &str, root: &CertificateDer<'static>) -> Visitor {
    let (visitor, begun) = (Visitor::at(fireside.address(), name, root), Instant::now());
    while visitor.tries().await.is_err() {
        assert!(begun.elapsed() < WAIT, "no certificate for {name}: {}", fireside.home.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    visitor
}

async fn shown(visitor: &Visitor) -> CertificateDer<'static> {
    visitor.connects().await.get_ref().1.peer_certificates().unwrap()[0].clone()
}

/// By plain HTTP, where no certificate is needed.
async fn plain(fireside: &Fireside, path: &str, host: &str) -> reqwest::Response {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let http = fireside.addresses.iter().find(|url| url.starts_with("http://")).expect("plain HTTP");
    client.get(format!("{http}{path}")).header("host", host).send().await.unwrap()
}

async fn readiness(fireside: &Fireside) -> Value {
    plain(fireside, "/readyz", "localhost").await.json().await.unwrap()
}

#[tokio::test]
async fn from_nothing_to_the_padlock_it_is_less_than_a_minute_and_one_command() {
    let Some(pebble) = Pebble::start(QUARTER).await else { return };
    let (home, root, begun) = (Home::new(), pebble.root().await, Instant::now());
    let fireside = pebble.serves(&home, &[NAME], &["--acme-email", "ada@example.org"]).await;
    let visitor = padlock(&fireside, NAME, &root).await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(60), "{took:?}");
    say(&format!("from nothing to the padlock: {took:?}"));
    assert!(pebble.http.connections() > 0 && pebble.tls.connections() == 0, "by plain HTTP first");
    visitor.registers("alice").await;

    let port = fireside.address().rsplit(':').next().unwrap();
    let server = visitor.asks("GET /api/server/ HTTP/1.1", "").await;
    assert_eq!(server.json()["url"], format!("https://{NAME}:{port}"));
    assert_eq!(server.header("strict-transport-security").as_deref(), Some("max-age=31536000"));
    assert_eq!(visitor.asks("GET /readyz HTTP/1.1", "").await.json(), json!({"status": "ready"}));

    let moved = plain(&fireside, "/a/b?c=d", NAME).await;
    assert_eq!(moved.status(), 308);
    assert_eq!(moved.headers()["location"], format!("https://{NAME}:{port}/a/b?c=d"));
    assert!(!moved.headers().contains_key("strict-transport-security"));
    let http = fireside.addresses.iter().find_map(|url| url.strip_prefix("http://")).expect("plain HTTP");
    let mut line = TcpStream::connect(http).await.unwrap();
    line.write_all(b"OPTIONS * HTTP/1.1\r\nHost: chat.example.org\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") && !answer.contains("location:"), "no path leads nowhere: {answer}");
    let strangers = plain(&fireside, "/", "evil.example").await;
    assert_eq!(strangers.headers()["location"], format!("https://{NAME}:{port}/"));
    assert_eq!(plain(&fireside, "/healthz", "10.0.0.1").await.status(), 200);
    let long = "x".repeat(4_000);
    for token in ["x", "", "%2e%2e/x", "a/b", "%00", "_account.pem", &long] {
        for host in [NAME, "127.0.0.1", "evil.example:80", "a b", &long[..255]] {
            let answer = plain(&fireside, &format!("/.well-known/acme-challenge/{token}"), host).await;
            let (status, leads) = (answer.status().as_u16(), answer.headers().get("location").cloned());
            let is_ours = |place: reqwest::header::HeaderValue| {
                place.to_str().unwrap().starts_with(&format!("https://{NAME}:{port}/"))
            };
            assert!(matches!(status, 308 | 400 | 404) && leads.is_none_or(is_ours), "{token} {host}: {status}");
        }
    }

    Visitor::at(fireside.address(), "evil.example", &root).tries().await.expect_err("a name that was not given");
    Visitor::at(fireside.address(), "127.0.0.1", &root).tries().await.expect_err("no name at all");
    let proof = Visitor::at(fireside.address(), NAME, &root).offering(&["acme-tls/1"]);
    proof.tries().await.expect_err("nothing is to be proved now");

    home.is_its_owners_alone();
    assert!(home.files().iter().any(|file| file.ends_with(format!("{NAME}.pem"))), "{:?}", home.files());
    assert!(!home.log().contains("PRIVATE KEY") && !home.log().contains("panicked"), "{}", home.log());
    let backup = home.data().with_file_name("backup.tar");
    home.runs(&["backup", backup.to_str().unwrap()], "").await.succeeded();
    let archive = std::fs::read(backup).unwrap();
    assert!(!archive.windows(11).any(|part| part == b"PRIVATE KEY"), "keys are in no backup");
}

#[tokio::test]
async fn a_certificate_is_renewed_while_sockets_stay_open_and_told_while_it_ends() {
    let Some(pebble) = Pebble::start(Duration::from_secs(48)).await else { return };
    let (home, root) = (Home::new(), pebble.root().await);
    let fireside = pebble.serves(&home, &[NAME], &["--metrics-listen", "127.0.0.1:0"]).await;
    let visitor = padlock(&fireside, NAME, &root).await;
    let first = shown(&visitor).await;
    let (token, path) = alice_in_a_room(&visitor).await;
    let mut open = visitor.opens(&path, &token).await;

    logs(&fireside, "the certificate for HTTPS ends soon").await;
    assert_eq!(readiness(&fireside).await, json!({"status": "ready", "certificate": "ending"}));
    let metrics = metrics_of(&fireside.facts);
    let end = async || -> u64 {
        let told = reqwest::get(metrics).await.unwrap().text().await.unwrap();
        let line = told.lines().find_map(|line| line.strip_prefix("fireside_certificate_end_timestamp_seconds "));
        line.expect("the end").parse().unwrap()
    };
    let first_end = end().await;

    let begun = Instant::now();
    while shown(&padlock(&fireside, NAME, &root).await).await == first {
        assert!(begun.elapsed() < Duration::from_secs(90), "it is not renewed: {}", home.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(end().await > first_end);
    says(&mut open, "still there?").await;
    hears(&mut open, "still there?").await;
    let mut beside = visitor.opens(&path, &token).await;
    says(&mut beside, "all the time").await;
    hears(&mut open, "all the time").await;
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_keeps_no_other_waiting() {
    let Some(pebble) = Pebble::start(QUARTER).await else { return };
    let (home, root) = (Home::new(), pebble.root().await);
    pebble.dns.loses("wrong.example.org");
    let names = ["wrong.example.org", NAME, "talk.example.org"];
    let fireside = pebble.serves(&home, &names, &[]).await;
    let one = padlock(&fireside, NAME, &root).await;
    let other = padlock(&fireside, "talk.example.org", &root).await;
    assert_ne!(shown(&one).await, shown(&other).await, "each has its own");
    // Pages of every name are the server's own.
    one.registers("alice").await;
    let account = json!({"username": "alice", "password": "correct horse alice"}).to_string();
    let port = fireside.address().rsplit(':').next().unwrap();
    let from = |origin: &str| format!("POST /login/ HTTP/1.1\r\nOrigin: https://{origin}:{port}");
    assert_eq!(other.asks(&from("talk.example.org"), &account).await.status(), Some(200));
    assert_eq!(other.asks(&from("evil.example.org"), &account).await.status(), Some(403));

    logs(&fireside, "no certificate for HTTPS was given").await;
    let told = readiness(&fireside).await;
    let why = told["certificate_failure"].as_str().expect("why");
    assert_eq!((&told["status"], &told["certificate"]), (&json!("ready"), &json!("missing")));
    for part in ["wrong.example.org: ", "by http-01: ", "by tls-alpn-01: "] {
        assert!(why.contains(part), "{why}");
    }
    assert!(home.log().contains("could not see that the name leads here"), "{}", home.log());
    Visitor::at(fireside.address(), "wrong.example.org", &root).tries().await.expect_err("no certificate");
    let http = fireside.addresses[1].rsplit(':').next().unwrap();
    let check = run(&["check", "--url", &format!("https://localhost:{port}"), "--http-port", http], "").await;
    check.failed_with(1);
    assert!(check.stdout.contains("missing  a certificate: wrong.example.org: "), "{}", check.stdout);

    pebble.dns.finds("wrong.example.org");
    fireside.is_sent(Signal::HUP);
    padlock(&fireside, "wrong.example.org", &root).await;
    let begun = Instant::now();
    while readiness(&fireside).await != json!({"status": "ready"}) {
        assert!(begun.elapsed() < WAIT, "{}", readiness(&fireside).await);
    }
}

#[tokio::test]
async fn where_plain_http_does_not_come_through_the_handshake_proves_the_name() {
    let Some(pebble) = Pebble::start(QUARTER).await else { return };
    let root = pebble.root().await;
    pebble.http.is_away(true);
    let fireside = pebble.serves(&Home::new(), &[NAME], &[]).await;
    padlock(&fireside, NAME, &root).await;
    let proofs = pebble.tls.connections();
    assert!(pebble.http.connections() > 0 && proofs > 0);
    drop(fireside);
    let fireside = pebble.serves(&Home::new(), &[NAME], &["--http-listen", "off"]).await;
    padlock(&fireside, NAME, &root).await;
    assert!(pebble.tls.connections() > proofs && fireside.addresses.len() == 1, "{:?}", fireside.addresses);
}

#[tokio::test]
async fn a_start_without_the_authority_serves_what_is_stored_or_waits() {
    let Some(pebble) = Pebble::start(QUARTER).await else { return };
    let (home, root) = (Home::new(), pebble.root().await);
    pebble.front.is_away(true);
    let fireside = pebble.serves(&home, &[NAME], &[]).await;
    logs(&fireside, "the certificate authority is not reached").await;
    assert_eq!(plain(&fireside, "/healthz", NAME).await.status(), 200);
    let told = readiness(&fireside).await;
    assert_eq!(told["certificate"], "missing", "{told}");
    Visitor::at(fireside.address(), NAME, &root).tries().await.expect_err("there is no certificate yet");
    pebble.front.is_away(false);
    // Nobody tells it: it tries again by itself.
    let first = shown(&padlock(&fireside, NAME, &root).await).await;

    drop(fireside);
    pebble.front.is_away(true);
    let asked = pebble.front.connections();
    let fireside = pebble.serves(&home, &[NAME], &[]).await;
    let visitor = Visitor::at(fireside.address(), NAME, &root);
    assert_eq!(shown(&visitor).await, first, "at once");
    assert_eq!(readiness(&fireside).await, json!({"status": "ready"}));
    assert_eq!(pebble.front.connections(), asked, "nobody is asked while it is good");
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_named_and_the_authority_is_not_asked_again_and_again() {
    let Some(pebble) = Pebble::start(QUARTER).await else { return };
    let (home, root) = (Home::new(), pebble.root().await);
    let Some(clock) = MovedClock::beside(&home) else { return };
    clock.is_off_by("+1y");
    let fireside = pebble.serves_with(&home, &[NAME], &[], &clock.variables()).await;
    // By the clocks of visitors it is good.
    padlock(&fireside, NAME, &root).await;
    logs(&fireside, "is the clock right?").await;
    logs(&fireside, "has to be renewed at once").await;
    let asked = pebble.front.connections();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(pebble.front.connections(), asked, "{}", pebble.log());
    let told = readiness(&fireside).await;
    assert_eq!(told["certificate"], "ending", "{told}");
    assert!(told["certificate_failure"].as_str().unwrap().contains("is the clock right?"), "{told}");
}

#[tokio::test]
async fn a_clock_that_is_behind_is_named_and_the_certificate_is_served() {
    let Some(pebble) = Pebble::start(QUARTER).await else { return };
    let (home, root) = (Home::new(), pebble.root().await);
    let Some(clock) = MovedClock::beside(&home) else { return };
    clock.is_off_by("-1y");
    let fireside = pebble.serves_with(&home, &[NAME], &["--metrics-listen", "127.0.0.1:0"], &clock.variables()).await;
    let is_behind = async || {
        let metrics = reqwest::get(metrics_of(&fireside.facts)).await.unwrap().text().await.unwrap();
        metrics.lines().any(|line| line == "fireside_clock_behind 1")
    };
    assert!(!is_behind().await, "nothing says so yet");
    // By the clocks of visitors it is good, and by the server's it has yet to begin.
    padlock(&fireside, NAME, &root).await;
    assert_eq!(readiness(&fireside).await, json!({"status": "ready", "clock": "behind"}));
    assert!(is_behind().await);
    logs(&fireside, "the new certificate is not good now: is the clock right?").await;
    let asked = pebble.front.connections();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(pebble.front.connections(), asked, "{}", pebble.log());
    // Once it is set right nothing is left of that: the same certificate, and no complaint.
    let first = shown(&padlock(&fireside, NAME, &root).await).await;
    clock.is_off_by("+0");
    assert_eq!(readiness(&fireside).await, json!({"status": "ready"}));
    assert!(!is_behind().await);
    assert_eq!(shown(&padlock(&fireside, NAME, &root).await).await, first);
}

#[tokio::test]
async fn a_key_that_cannot_be_read_is_told_in_the_log_alone() {
    let home = Home::new();
    let folder = home.data().join("acme/127.0.0.1-1");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).unwrap();
    std::fs::write(folder.join("_account.pem"), "nothing").unwrap();
    // An authority where nobody is, and a stored certificate that is none.
    std::fs::write(folder.join(format!("{NAME}.pem")), "nothing").unwrap();
    let flags = ["--domain", NAME, "--acme-directory", "https://127.0.0.1:1/"];
    let flags = [&flags[..], &["--https-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"]].concat();
    let fireside = Fireside::start_in(home.clone(), &flags).await;
    logs(&fireside, "_account.pem: it holds no private key in PEM").await;
    assert!(home.log().contains("a stored certificate cannot be used"), "{}", home.log());
    let told = readiness(&fireside).await;
    assert_eq!(told["certificate_failure"], format!("{NAME}: the server's log says what is wrong"));
}

/// A server whose authority is a stand-in.
async fn served_by(stand_in: &StandIn, home: &Home) -> Fireside {
    let directory = stand_in.directory();
    let trusted = stand_in.trusted.display().to_string();
    let flags = ["--domain", NAME, "--https-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"];
    let flags = [&flags[..], &["--acme-directory", &directory, "--acme-ca", &trusted]].concat();
    Fireside::start_in(home.clone(), &flags).await
}

#[tokio::test]
async fn an_authority_that_wants_to_be_left_alone_is() {
    let stand_in = StandIn::start(Manners::Limits).await;
    let fireside = served_by(&stand_in, &Home::new()).await;
    logs(&fireside, "too many certificates for chat.example.org").await;
    let log = fireside.home.log();
    let line = log.lines().find(|line| line.contains("no certificate for HTTPS was given")).expect("a line");
    let again: u64 = line.rsplit("again=").next().unwrap().split_whitespace().next().unwrap().parse().unwrap();
    assert!((4_000..=4_800).contains(&again), "{line}");
    let asked = stand_in.requests();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(stand_in.requests(), asked);
    assert!(readiness(&fireside).await["certificate_failure"].as_str().unwrap().contains("too many certificates"));
}

#[tokio::test]
async fn an_authority_that_is_none_costs_little_and_breaks_nothing() {
    for (manners, said) in [
        (Manners::Endless, "its answer does not end"),
        (Manners::Redirects, "it answers 307"),
        (Manners::Garbage, "does not answer as ACME has it"),
        (Manners::WrongUrls, "it names a URL that is not called"),
        (Manners::Private, "it names a URL that is not called"),
        (Manners::OddToken, "a challenge has no token"),
        (Manners::Negative, "it answers 503"),
    ] {
        let stand_in = StandIn::start(manners).await;
        let fireside = served_by(&stand_in, &Home::new()).await;
        let before = fireside.memory();
        logs(&fireside, said).await;
        assert_eq!(plain(&fireside, "/healthz", NAME).await.status(), 200);
        let log = fireside.home.log();
        assert!(!log.contains("panicked"), "{log}");
        assert!(fireside.memory() < before + 32 * 1024, "{} KiB, before {before}", fireside.memory());
        assert_eq!(stand_in.elsewhere(), 0, "nobody is followed");
    }
}

#[tokio::test]
async fn flags_that_do_not_fit_together_are_refused() {
    let home = Home::new();
    let refused = async |flags: &[&str], code, why: &str| {
        let outcome = home.refuses_to_serve(flags).await;
        outcome.failed_with(code);
        assert!(outcome.stderr.contains(why), "{}", outcome.stderr);
    };
    refused(&["--domain", "*.example.org"], 2, "wildcards").await;
    refused(&["--domain", "192.0.2.1"], 2, "is not like").await;
    refused(&["--https-listen", ":0"], 2, "--domain").await;
    refused(&["--domain", NAME, "--tls-cert", "x", "--tls-key", "y"], 2, "cannot be used with").await;
    refused(&["--domain", NAME, "--acme-directory", "http://ca.example/"], 2, "is not like").await;
    refused(&["--domain", NAME, "--public-url", "https://other.example.org"], 78, "--public-url").await;
    refused(&["--domain", NAME, "--acme-ca", "/nowhere"], 78, "--acme-ca").await;
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    refused(&["--domain", NAME, "--https-listen", &taken], 75, "--https-listen names another").await;
    refused(&["--domain", NAME, "--insecure-oauth-login"], 78, "--insecure-oauth-login").await;
}
