//! `/metrics`: who sees it, what it counts, and that no stranger makes it grow.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::tool;
use crate::world::caller::Credential;
use crate::world::home::PATIENCE;
use crate::world::machine::open_connections;
use crate::world::server::metrics_of;
use crate::world::{Answer, Caller, Fireside, Home, Person};

/// A server whose figures have an address of their own, and that address.
async fn watched() -> (Fireside, String) {
    watched_with(&[]).await
}

async fn watched_with(flags: &[&str]) -> (Fireside, String) {
    let fireside = Fireside::start_with(&[&["--metrics-listen", "127.0.0.1:0"], flags].concat()).await;
    let url = metrics_of(&fireside.facts).to_owned();
    (fireside, url)
}

async fn admin_of(fireside: &Fireside, name: &str) -> Person {
    let made = fireside.home.runs(&["user", "create", name, "--admin"], "correct horse\n").await;
    made.succeeded();
    let login = json!({"username": name, "password": "correct horse"});
    let answer = fireside.anyone().post("/api/auth/login/", &login).await.is(200);
    Person::of(fireside.anyone(), &answer.json(), "correct horse".to_owned())
}

/// The value of one series; 0 where there is none.
fn value(page: &Answer, series: &str) -> f64 {
    let text = page.text();
    let found = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ').map(ToOwned::to_owned));
    found.map_or(0.0, |value| value.parse().unwrap_or_else(|_| panic!("{series} is {value}")))
}

/// Every series, without its value.
fn series(page: &Answer) -> Vec<String> {
    let text = page.text();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
}

#[tokio::test]
async fn an_address_of_its_own_needs_no_credential_and_has_nothing_else() {
    let (fireside, url) = watched().await;
    let anyone = fireside.anyone();
    let page = anyone.get(&url).await.is(200);
    assert!(page.header("content-type").starts_with("application/openmetrics-text; version=1.0.0"), "{page}");
    assert!(page.text().ends_with("# EOF\n"), "{page}");
    for path in ["/", "/healthz", "/api/server/", "/metrics/x"] {
        let elsewhere = url.replace("/metrics", path);
        assert!(anyone.get(&elsewhere).await.is(404).body.is_empty());
    }
    anyone.post(&url, &json!({})).await.is(405);
    // Without the flag there is no such address.
    let plain = Fireside::start().await;
    assert_eq!(plain.addresses.len(), 1);
}

#[tokio::test]
async fn at_the_main_address_administrators_alone_see_them() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    fireside.anyone().get("/metrics").await.refused(401, "authentication_required");
    let wrong = alice.showing(Credential::Token("0".repeat(40)));
    wrong.get("/metrics").await.refused(401, "authentication_required");
    let refusal = alice.get("/metrics").await;
    assert!(!refusal.text().contains("fireside_"), "{refusal}");
    refusal.refused(403, "permission_denied");
    let root = admin_of(&fireside, "root_admin").await;
    let session = root.showing(Credential::Session(root.signs_in_by_page().await));
    let jwt = root.post("/accounts/api/token/", &json!({"username": "root_admin", "password": "correct horse"})).await;
    let access = jwt.is(200).json()["access"].as_str().unwrap().to_owned();
    let credentials: Vec<Caller> = vec![(*root).clone(), session, root.showing(Credential::Bearer(access))];
    for caller in credentials {
        let page = caller.get("/metrics").await.is(200);
        assert!(page.text().contains("# TYPE fireside_http_requests counter"), "{page}");
    }
}

#[tokio::test]
async fn what_happens_is_counted() {
    let (fireside, url) = watched().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let look = || async { alice.get(&url).await.is(200) };
    let messages = r#"fireside_http_requests_total{dialect="rooms",method="POST",route="/api/rooms/{room_id}/messages/",status="201"}"#;
    let before = look().await;
    assert!(value(&before, messages).abs() < f64::EPSILON, "{before}");
    let mut listener = alice.listens_in(&den).await;
    for number in 0..3 {
        alice.posts(&number.to_string()).in_room(&den).await;
        listener.hears_message(&number.to_string()).await;
    }
    alice.uploads("a.bin", &[7; 5_000]).await;
    alice.get("/api/rooms/999999/").await.is(404);
    let after = look().await;
    let grew = |name: &str| value(&after, name) - value(&before, name);
    assert!((grew(messages) - 3.0).abs() < f64::EPSILON, "{after}");
    let missing = r#"fireside_http_requests_total{dialect="rooms",method="GET",route="/api/rooms/{id}/",status="404"}"#;
    assert!((grew(missing) - 1.0).abs() < f64::EPSILON, "{after}");
    let times = r#"fireside_http_request_duration_seconds_count{dialect="rooms",method="POST",route="/api/rooms/{room_id}/messages/"}"#;
    assert!((grew(times) - 3.0).abs() < f64::EPSILON, "{after}");
    assert!((value(&after, r#"fireside_sockets_open{dialect="rooms"}"#) - 1.0).abs() < f64::EPSILON, "{after}");
    assert!(grew(r#"fireside_frames_sent_total{dialect="rooms"}"#) >= 3.0, "{after}");
    assert!(grew("fireside_events_queued_total") >= 3.0, "{after}");
    assert!(grew("fireside_writer_commits_total") >= 4.0, "{after}");
    assert!(grew("fireside_writer_commit_duration_seconds_sum") > 0.0, "{after}");
    for full in [
        "fireside_database_bytes",
        "fireside_database_log_bytes",
        "fireside_disk_free_bytes",
        "fireside_uptime_seconds",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_max_fds",
        "fireside_reader_connections_open",
    ] {
        assert!(value(&after, full) > 0.0, "{full} in {after}");
    }
    let version = format!(r#"fireside_build_info{{version="{}","#, env!("CARGO_PKG_VERSION"));
    assert!(after.text().contains(&version), "{after}");
}

#[tokio::test]
async fn what_a_dialects_own_client_asks_is_counted_with_its_dialect() {
    let (fireside, url) = watched().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let client = alice.through("/c/rooms");
    for place in [&client, &*alice] {
        place.get("/api/rooms/").await.is(200);
    }
    client.get(&format!("/api/chat/{}/messages/", den.id)).await.is(200);
    client.get(&den.participants()).await.is(200);
    let _listener = client.handshake("/ws/notifications/").enters().await;
    let page = alice.get(&url).await.is(200);
    let asked = |route: &str| {
        format!(r#"fireside_http_requests_total{{dialect="rooms",method="GET",route="{route}",status="200"}}"#)
    };
    for (route, count) in [
        ("/api/rooms/", 1.0),
        ("/c/rooms/api/rooms/", 1.0),
        ("/c/rooms/api/chat/{room_id}/messages/", 1.0),
        ("/c/rooms/api/rooms/{id}/participants/", 1.0),
        ("/api/rooms/{id}/participants/", 0.0),
    ] {
        assert!((value(&page, &asked(route)) - count).abs() < f64::EPSILON, "{route} in {page}");
    }
    assert!((value(&page, r#"fireside_sockets_open{dialect="rooms"}"#) - 1.0).abs() < f64::EPSILON, "{page}");
}

#[tokio::test]
async fn the_ends_of_sockets_are_counted_by_their_reason() {
    let (fireside, url) = watched().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let closed = |reason: &str| format!(r#"fireside_sockets_closed_total{{reason="{reason}"}}"#);
    alice.listens_in(&den).await.hangs_up().await;
    let mut ended = alice.signs_in_again().await.listens_in(&den).await;
    let mut removed = alice.listens_in(&den).await;
    drop(alice.listens_in(&den).await);
    alice.does("/api/auth/logout-all/").await.is(204);
    ended.is_closed_with(4401).await;
    removed.is_closed_with(4401).await;
    let page = settled(&fireside, &url, r#"fireside_sockets_open{dialect="rooms"}"#, 0.0).await;
    assert!((value(&page, &closed("4401")) - 2.0).abs() < f64::EPSILON, "{page}");
    assert!((value(&page, &closed("client")) - 1.0).abs() < f64::EPSILON, "{page}");
    assert!((value(&page, &closed("gone")) - 1.0).abs() < f64::EPSILON, "{page}");
    assert!(value(&page, &closed("1012")).abs() < f64::EPSILON, "{page}");
}

/// The page once a series has this value.
async fn settled(fireside: &Fireside, url: &str, name: &str, wanted: f64) -> Answer {
    let start = Instant::now();
    loop {
        let page = fireside.anyone().get(url).await.is(200);
        if (value(&page, name) - wanted).abs() < f64::EPSILON {
            return page;
        }
        assert!(start.elapsed() < PATIENCE, "{name} never was {wanted}: {page}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn ten_thousand_strange_paths_make_no_new_series() {
    let (fireside, url) = watched().await;
    let anyone = fireside.anyone();
    let strange = |number: usize| {
        let anyone = anyone.clone();
        async move {
            let path = match number % 3 {
                0 => format!("/nowhere/{number}"),
                1 => format!("/api/rooms/{number}/"),
                _ => format!("/api/rooms/{number}/nothing?x={number}"),
            };
            let method = ["GET", "DELETE", "PROPFIND", "MADEUP"][number % 4].parse().unwrap();
            assert!(anyone.asks(method, &path).await.status >= 400);
        }
    };
    join_all((0..24).map(strange)).await;
    let before = anyone.get(&url).await.is(200);
    for hundred in 0..100 {
        join_all((0..100).map(|number| strange(24 + hundred * 100 + number))).await;
    }
    let after = anyone.get(&url).await.is(200);
    assert_eq!(series(&after), series(&before));
    assert!(series(&before).len() > 50, "there is something to compare");
    let unmatched = r#"fireside_http_requests_total{dialect="",method="any",route="unmatched",status="404"}"#;
    assert!(value(&after, unmatched) - value(&before, unmatched) > 3_000.0, "{after}");
    assert!(!after.text().contains("nowhere"), "{after}");
}

#[tokio::test]
async fn prometheus_reads_them() {
    let (fireside, url) = watched().await;
    let alice = fireside.registers("alice").await;
    alice.opens_room("den").await;
    let page = fireside.anyone().get(&url).await.is(200);
    // The tool reads the older format, whose counters carry the suffix in their type's line as well.
    let mut older = String::new();
    for line in page.text().lines().filter(|line| *line != "# EOF") {
        let words: Vec<&str> = line.split(' ').collect();
        let is_counter = page.text().contains(&format!("# TYPE {} counter", words.get(2).unwrap_or(&"")));
        let is_info = page.text().contains(&format!("# TYPE {} info", words.get(2).unwrap_or(&"")));
        match words.as_slice() {
            ["#", kind, name, rest @ ..] if is_counter => {
                older.push_str(&format!("# {kind} {name}_total {}\n", rest.join(" ")));
            }
            ["#", "TYPE", name, ..] if is_info => older.push_str(&format!("# TYPE {name}_info gauge\n")),
            ["#", "HELP", name, rest @ ..] if is_info => {
                older.push_str(&format!("# HELP {name}_info {}\n", rest.join(" ")));
            }
            _ => older.push_str(&format!("{line}\n")),
        }
    }
    let Some(checked) = tool::run("promtool", &["check", "metrics"], &older) else { return };
    assert!(checked.status.success(), "{}\n{older}", tool::words_of(&checked));
}

#[tokio::test]
async fn the_sample_configuration_is_one() {
    for (command, file) in [("config", "deploy/prometheus.yml"), ("rules", "deploy/prometheus-rules.yml")] {
        let Some(checked) = tool::run("promtool", &["check", command, file], "") else { return };
        assert!(checked.status.success(), "{}", tool::words_of(&checked));
    }
    let rules = std::fs::read_to_string("deploy/prometheus-rules.yml").unwrap();
    let (fireside, url) = watched().await;
    let alice = fireside.registers("alice").await;
    alice.get("/api/auth/me/").await.is(200);
    // Some are of a server alone that gets certificates, here of an authority where nobody is.
    let names = ["--domain", "chat.example.org", "--acme-directory", "https://127.0.0.1:1/"];
    let names = [&names[..], &["--https-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"]].concat();
    let (_encrypted, its_url) = watched_with(&names).await;
    let pages =
        [fireside.anyone().get(&url).await.is(200).text(), fireside.anyone().get(&its_url).await.is(200).text()];
    let page = pages.concat();
    let named =
        rules.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with("fireside_"));
    let named: Vec<_> = named.collect();
    assert!(named.len() >= 3, "{named:?}");
    for name in named {
        assert!(page.contains(name), "{name} is no figure of the server");
    }
}

/// More scrapers than there are places for.
const SCRAPERS: usize = 20;

async fn scraper(url: &str, requests: usize) -> TcpStream {
    let address = url.trim_start_matches("http://").trim_end_matches("/metrics");
    let mut scraper = TcpStream::connect(address).await.unwrap();
    scraper.write_all("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(requests).as_bytes()).await.unwrap();
    scraper
}

/// Whoever comes after others waits until they are gone, and not for long.
async fn is_scraped(url: &str) {
    let after = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
    assert_eq!(after.get(url).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn scrapers_that_never_read_disturb_nobody_and_are_ended() {
    let (fireside, url) = watched().await;
    let root = admin_of(&fireside, "root_admin").await;
    let den = root.opens_room("den").await;
    let mut listener = root.listens_in(&den).await;
    let page = fireside.anyone().get(&url).await.is(200).body.len();
    let before = open_connections(&fireside);
    let mut silent = Vec::new();
    for _ in 0..SCRAPERS {
        silent.push(scraper(&url, 400).await);
    }
    for number in 0..20 {
        let text = number.to_string();
        root.posts(&text).in_room(&den).await;
        listener.hears_message(&text).await;
    }
    root.get("/metrics").await.is(200);
    is_scraped(&url).await;
    let begun = Instant::now();
    while open_connections(&fireside) > before {
        assert!(begun.elapsed() < PATIENCE, "{} connections are open", open_connections(&fireside));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for mut scraper in silent {
        let mut rest = Vec::new();
        // Closed and reset are both an end.
        scraper.read_to_end(&mut rest).await.ok();
        assert!(rest.len() < 3 * page, "{} bytes came: a connection has one page", rest.len());
    }
}

#[tokio::test]
async fn scrapers_that_idle_keep_nobody_out() {
    let (_fireside, url) = watched().await;
    let mut idle = Vec::new();
    for _ in 0..SCRAPERS {
        // Each has read what it asked for, and stays.
        let mut scraper = scraper(&url, 1).await;
        let mut piece = [0; 1024];
        assert!(tokio::time::timeout(PATIENCE, scraper.read(&mut piece)).await.expect("in time").unwrap() > 0);
        idle.push(scraper);
    }
    is_scraped(&url).await;
    for _ in 0..SCRAPERS {
        idle.push(scraper(&url, 0).await);
    }
    is_scraped(&url).await;
}

#[tokio::test]
async fn a_taken_metrics_address_is_told() {
    let (_fireside, url) = watched().await;
    let address = url.trim_start_matches("http://").trim_end_matches("/metrics");
    let outcome = Home::new().refuses_to_serve(&["--metrics-listen", address]).await;
    outcome.failed_with(75);
    assert!(outcome.stderr.contains("--metrics-listen"), "{outcome:?}");
}
