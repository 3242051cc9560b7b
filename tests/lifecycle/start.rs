//! Starting: addresses, usage, two servers on one folder, and health.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::world::home::{PROGRAM, run};
use crate::world::{Fireside, Home};

#[tokio::test]
async fn the_address_it_prints_is_the_one_it_listens_on() {
    let fireside = Fireside::start_with(&["--listen", "127.0.0.1:0"]).await;
    let port: u16 = fireside.url.rsplit(':').next().unwrap().parse().unwrap();
    assert_ne!(port, 0, "{}", fireside.url);
    assert_eq!(fireside.url, format!("http://127.0.0.1:{port}"));
    fireside.anyone().get("/healthz").await.is(200);
}

#[tokio::test]
async fn it_listens_wherever_it_is_told_to() {
    let flags = ["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"];
    let fireside = Fireside::start_with(&flags).await;
    assert_eq!(fireside.addresses.len(), 2);
    assert_ne!(fireside.addresses[0], fireside.addresses[1]);
    let alice = fireside.registers("alice").await;
    for address in &fireside.addresses {
        let answer = alice.get(&format!("{address}/api/auth/me/")).await.is(200);
        assert_eq!(answer.json()["id"], alice.id);
    }
}

#[tokio::test]
async fn sizes_and_addresses_are_taken_as_people_write_them() {
    let fireside =
        Fireside::start_with(&["--listen", "localhost:0", "--max-upload", "2MB", "--min-free", "1MiB"]).await;
    assert!(fireside.url.starts_with("http://127.0.0.1:"), "{}", fireside.url);
    let limits = fireside.anyone().get("/api/server/").await.is(200).json()["limits"].clone();
    assert_eq!(limits["upload_bytes"], 2_000_000);
    let everywhere = Fireside::start_with(&["--listen", ":0"]).await;
    assert!(everywhere.url.starts_with("http://0.0.0.0:"), "{}", everywhere.url);
    let port = everywhere.url.rsplit(':').next().unwrap();
    everywhere.anyone().get(&format!("http://127.0.0.1:{port}/healthz")).await.is(200);
}

#[tokio::test]
async fn a_misspelt_variable_is_told_with_the_nearest_name() {
    let variables = [("FIRESIDE_MAX_UPLAOD", "1GB"), ("FIRESIDE_MAX_MESSAGE", "77"), ("FIRESIDE_ZZZZ", "secret words")];
    let mut fireside = Fireside::start_with_variables(Home::new(), &[], &variables).await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0)); // by then all is written
    let log = fireside.home.log();
    let line = |name: &str| log.lines().find(|line| line.contains(name)).unwrap_or_default().to_owned();
    assert!(line("FIRESIDE_MAX_UPLAOD").contains("did you mean FIRESIDE_MAX_UPLOAD?"), "{log}");
    assert!(line("FIRESIDE_ZZZZ").contains("--help") && !log.contains("secret words"), "{log}");
    assert!(!log.contains("FIRESIDE_MAX_MESSAGE"), "one that is read is no news: {log}");
}

#[tokio::test]
async fn a_taken_port_is_told() {
    let fireside = Fireside::start().await;
    let outcome = Home::new().refuses_to_serve(&["--listen", fireside.address()]).await;
    outcome.failed_with(75);
    let port = fireside.url.rsplit(':').next().unwrap();
    assert!(outcome.stderr.contains(port), "{outcome:?}");
    fireside.anyone().get("/healthz").await.is(200);
}

#[tokio::test]
async fn a_data_folder_has_one_server() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let outcome = fireside.home.refuses_to_serve(&[]).await;
    outcome.failed_with(75);
    let folder = fireside.home.data();
    assert!(outcome.stderr.contains(folder.to_str().unwrap()), "{outcome:?}");
    alice.opens_room("undisturbed").await;
    // What held the folder lets go of it however it ends.
    let fireside = fireside.dies_and_restarts().await;
    alice.back_to(&fireside).get("/api/auth/me/").await.is(200);
}

#[tokio::test]
async fn what_it_does_not_understand_is_a_usage_error() {
    for words in [
        vec!["--nonsense"],
        vec!["nonsense"],
        vec!["serve", "--nonsense"],
        vec!["serve", "--listen", "nowhere"],
        vec!["serve", "--max-upload", "much"],
        vec!["serve", "--limit-api", "often"],
        vec!["serve", "--registration", "perhaps"],
        vec!["serve", "--durability", "some"],
        vec!["user", "create"],
        vec!["user", "nonsense"],
    ] {
        let outcome = run(&words, "").await;
        assert_eq!(outcome.code, Some(2), "{words:?}: {outcome:?}");
        assert!(!outcome.stderr.trim().is_empty(), "{words:?}");
    }
}

#[tokio::test]
async fn help_and_version_are_told() {
    let help = run(&["--help"], "").await;
    for command in ["serve", "user", "health"] {
        assert!(help.succeeded().stdout.contains(command), "{help:?}");
    }
    let version = run(&["--version"], "").await;
    assert!(version.succeeded().stdout.contains(env!("CARGO_PKG_VERSION")), "{version:?}");
}

#[tokio::test]
async fn nobody_else_on_the_machine_reads_the_data() {
    let fireside = Fireside::start().await;
    fireside.registers("alice").await.uploads("a.txt", b"a").await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&fireside.home.data()), 0o700);
    fireside.home.is_its_owners_alone();
}

/// Whoever can write to it commands the server, so it asks neither the umask nor the folder that somebody opened.
#[tokio::test]
async fn nobody_else_on_the_machine_commands_the_server() {
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let home = Home::new();
    std::fs::create_dir(home.data()).unwrap();
    std::fs::set_permissions(home.data(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut shell = Command::new("sh");
    let data = home.data();
    shell.args([
        "-c",
        "umask 0; exec \"$0\" serve --listen 127.0.0.1:0 --data \"$1\"",
        PROGRAM,
        data.to_str().unwrap(),
    ]);
    let mut child = shell.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.by_ref().map_while(Result::ok).any(|line| line.starts_with("listening on ")));
    let found = mode(&home.data().join("control.sock"));
    let listed = home.runs(&["user", "list"], "").await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(found, 0o600, "{found:o}");
    listed.succeeded();
}

#[tokio::test]
async fn health_is_told_to_machines() {
    let mut fireside = Fireside::start().await;
    for path in ["/healthz", "/readyz"] {
        let answer = fireside.anyone().get(path).await.is(200);
        assert!(!answer.body.is_empty(), "{answer}");
    }
    let url = fireside.url.clone();
    run(&["health", "--url", &url], "").await.succeeded();
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let outcome = run(&["health", "--url", &url], "").await;
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
}

#[tokio::test]
async fn the_server_describes_itself() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let answer = alice.get("/api/server/").await.is(200);
    assert!(answer.header("content-type").starts_with("application/json"));
    assert!(answer.json().is_object(), "{answer}");
}

#[tokio::test]
async fn either_durability_serves() {
    for durability in ["full", "normal"] {
        let fireside = Fireside::start_with(&["--durability", durability]).await;
        let alice = fireside.registers("alice").await;
        let den = alice.opens_room("den").await;
        alice.posts(durability).in_room(&den).await;
        let fireside = fireside.restarts().await;
        assert_eq!(alice.back_to(&fireside).reads(&den).await, [durability]);
    }
}
