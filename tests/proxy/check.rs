//! `fireside check --url`: that it finds what is missing, and only that.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::front::free_ports;
use super::{Place, Proxy, proxies_are_here};
use crate::world::home::{program, run};
use crate::world::{Fireside, Person};

/// What the check said.
struct Report {
    code: Option<i32>,
    text: String,
}

impl Report {
    /// The command on a URL, trusting one certificate more.
    async fn of(url: &str, more: &[&str], certificate: Option<PathBuf>) -> Self {
        let mut command = program();
        command.args(["check", "--url", url]).args(more).stdin(Stdio::null());
        if let Some(certificate) = certificate {
            command.env("SSL_CERT_FILE", certificate);
        }
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        assert!(!text.contains("panicked"), "{text}");
        Self { code: output.status.code(), text }
    }

    fn missing(&self) -> Vec<&str> {
        self.text.lines().filter_map(|line| line.strip_prefix("missing  ")).collect()
    }

    #[track_caller]
    fn is_content(&self) -> &Self {
        assert_eq!((self.code, self.missing().len()), (Some(0), 0), "{}", self.text);
        self
    }

    /// Exactly one thing is missing, in a sentence with this in it.
    #[track_caller]
    fn misses(&self, words: &str) {
        let missing = self.missing();
        assert!(missing.len() == 1 && missing[0].contains(words), "not `{words}`: {}", self.text);
        assert_eq!(self.code, Some(1), "{}", self.text);
    }

    #[track_caller]
    fn says(&self, words: &str) -> &Self {
        assert!(self.text.contains(words), "not `{words}`: {}", self.text);
        self
    }
}

/// The token of somebody, in a file.
fn token_file(folder: &Path, person: &Person) -> String {
    let file = folder.join("token");
    std::fs::write(&file, &person.token).unwrap();
    file.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_server_on_this_machine_misses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let fireside = Fireside::start_with(&["--base-path", "/chat"]).await;
    let alice = fireside.registers("alice").await;
    let report = Report::of(&fireside.url, &[], None).await;
    report.is_content().says("it is Fireside").says("a WebSocket comes through").says("let through to the server");
    let file = token_file(folder.path(), &alice);
    let report = Report::of(&fireside.url, &["--token-file", &file, "--idle", "1"], None).await;
    report.is_content().says("still answers after 1 idle seconds").says("bytes comes through");
}

#[tokio::test]
async fn what_is_not_there_or_no_fireside_is_told() {
    let [nobody] = free_ports();
    Report::of(&format!("http://127.0.0.1:{nobody}"), &[], None).await.misses("is not reached");
    let fireside = Fireside::start_with(&["--base-path", "/chat"]).await;
    Report::of(&format!("http://{}/elsewhere", fireside.address()), &[], None).await.misses("is not Fireside");
    run(&["check", "--url", "chat.example.org"], "").await.failed_with(2);
    let no_token = ["check", "--url", &fireside.url, "--token-file", "-"];
    run(&no_token, " \n").await.failed_with(78);
    let outcome = run(&no_token, "no token of this server").await;
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stdout.contains("the token opens no WebSocket"), "{outcome:?}");
    assert!(outcome.stdout.contains("the token is not one of this server"), "{outcome:?}");
}

#[tokio::test]
async fn a_server_that_believes_everybody_is_told() {
    let fireside = Fireside::start_with(&["--trusted-proxy", "127.0.0.1"]).await;
    let report = Report::of(&fireside.url, &[], None).await;
    report.is_content().says("note     the server was asked directly and takes this machine for a proxy");
}

#[tokio::test]
async fn all_is_well_behind_nginx() {
    if !proxies_are_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let [port] = free_ports();
    let server = format!("127.0.0.1:{port}");
    let proxy = Proxy::nginx(Place::Tcp(&server), "/chat").await;
    let url = format!("https://localhost:{}", proxy.tls_port);
    let flags = ["--listen", &server, "--trusted-proxy", "127.0.0.1", "--public-url", &url, "--base-path", "/chat"];
    let fireside = Fireside::start_with(&flags).await;
    let file = token_file(folder.path(), &fireside.registers("alice").await);
    let url = format!("{url}/chat/");
    let more = ["--token-file", &file, "--idle", "2"];
    let report = Report::of(&url, &more, Some(proxy.certificate())).await;
    report.is_content().says("the certificate is trusted here").says("(HSTS)").says("cannot be told otherwise");
    report.says("pages at this address may sign in").says("after 2 idle seconds").says("bytes comes through");
    assert!(!report.text.contains("note "), "{}", report.text);
    Report::of(&url, &[], None).await.misses("certificate");
}

#[tokio::test]
async fn pings_keep_a_socket_open_that_a_proxy_would_close() {
    if !proxies_are_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let fireside = Fireside::start_with(&["--trusted-proxy", "127.0.0.1"]).await;
    let file = token_file(folder.path(), &fireside.registers("alice").await);
    let waits = |time: &str| format!("proxy_pass http://fireside;\n        proxy_read_timeout {time};");
    let server = Place::Tcp(fireside.address());
    let patient = Proxy::nginx_with(server, "", &[("proxy_pass http://fireside;", &waits("28s"))]).await;
    let server = Place::Tcp(fireside.address());
    let hasty = Proxy::nginx_with(server, "", &[("proxy_pass http://fireside;", &waits("2s"))]).await;
    let idle = ["--token-file", &file, "--idle", "31"];
    let (kept, closed) = tokio::join!(Report::of(&patient.url, &idle, None), Report::of(&hasty.url, &idle, None),);
    kept.is_content().says("still answers after 31 idle seconds");
    closed.misses("an idle WebSocket is closed after ");
}

#[tokio::test]
async fn each_fault_of_a_proxy_is_named() {
    if !proxies_are_here() {
        return;
    }
    let fireside = Fireside::start_with(&["--trusted-proxy", "127.0.0.1"]).await;
    for (line, otherwise, words) in [
        ("proxy_set_header Upgrade    $http_upgrade;", "", "WebSockets do not come through"),
        ("client_max_body_size 0;", "client_max_body_size 9m;", "the proxy refuses an upload of 10485760 bytes"),
        (
            "proxy_set_header X-Forwarded-For   $remote_addr;",
            "proxy_set_header X-Forwarded-For $http_x_forwarded_for;",
            "passes on the X-Forwarded-For that clients write",
        ),
        ("server 127.0.0.1:8000;", "server 127.0.0.1:1;", "the proxy does not reach the server"),
    ] {
        let place = fireside.address();
        let otherwise = [(line.replace("127.0.0.1:8000", place), otherwise)];
        let otherwise = otherwise.each_ref().map(|(line, otherwise)| (line.as_str(), *otherwise));
        let proxy = Proxy::nginx_with(Place::Tcp(place), "", &otherwise).await;
        Report::of(&proxy.url, &[], None).await.misses(words);
    }
    let hostless = [
        ("proxy_set_header Host       $http_host;", "proxy_set_header Host fireside;"),
        ("proxy_set_header X-Forwarded-Host  $http_host;", ""),
    ];
    let proxy = Proxy::nginx_with(Place::Tcp(fireside.address()), "", &hostless).await;
    let report = Report::of(&proxy.url, &[], None).await;
    report.says("the server takes its address for http://fireside").says("its own page for another site's");
    assert_eq!((report.code, report.missing().len()), (Some(1), 2), "{}", report.text);
}

#[tokio::test]
async fn a_proxy_that_is_not_trusted_and_a_server_that_does_not_know_of_https_are_told() {
    if !proxies_are_here() {
        return;
    }
    let fireside = Fireside::start().await;
    let proxy = Proxy::nginx(Place::Tcp(fireside.address()), "").await;
    let url = format!("https://localhost:{}", proxy.tls_port);
    let report = Report::of(&url, &[], Some(proxy.certificate())).await;
    report.says("start with --trusted-proxy 127.0.0.1").says("missing  HSTS");
    report.says(&format!("missing  the server takes its address for http://localhost:{}", proxy.tls_port));
    assert_eq!((report.code, report.missing().len()), (Some(1), 3), "{}", report.text);
}
