//! Unix sockets, and sockets that a service manager opened.

use std::fs::{Permissions, metadata, set_permissions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::world::home::{PATIENCE, PROGRAM, with_clean_environment};
use crate::world::raw::RawAnswer;
use crate::world::{Fireside, Home};

/// A request by a unix socket.
async fn asks(socket: &Path, path: &str) -> RawAnswer {
    let mut stream = UnixStream::connect(socket).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: fireside\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    RawAnswer { bytes }
}

fn mode(path: &Path) -> u32 {
    let file = metadata(path).unwrap();
    assert!(file.file_type().is_socket());
    file.permissions().mode() & 0o777
}

#[tokio::test]
async fn a_unix_socket_serves_beside_tcp_and_goes_with_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("fireside.sock");
    let listen = format!("unix:{}", socket.display());
    let mut fireside = Fireside::start_with(&["--listen", "127.0.0.1:0", "--listen", &listen]).await;
    assert_eq!(fireside.addresses[1], listen, "the start says so");
    assert_eq!(mode(&socket), 0o660);
    fireside.registers("alice").await;
    let answer = asks(&socket, "/api/server/").await;
    assert_eq!(answer.status(), Some(200), "{}", answer.text());
    let seen = &answer.json()["seen"];
    assert_eq!((&seen["address"], &seen["forwarded"]), (&"127.0.0.1".into(), &"absent".into()), "{seen}");
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    assert!(!socket.exists(), "the file goes with the server");
}

#[tokio::test]
async fn its_mode_is_the_operators() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("fireside.sock");
    let listen = format!("unix:{}", socket.display());
    let _fireside = Fireside::start_with(&["--listen", &listen, "--unix-mode", "0600"]).await;
    assert_eq!(mode(&socket), 0o600);
    Home::new().refuses_to_serve(&["--unix-mode", "0999"]).await.failed_with(2);
}

#[tokio::test]
async fn what_a_dead_server_left_is_replaced_and_a_live_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("fireside.sock");
    let listen = format!("unix:{}", socket.display());
    let fireside = Fireside::start_with(&["--listen", &listen]).await;
    let outcome = Home::new().refuses_to_serve(&["--listen", &listen]).await;
    assert!(outcome.failed_with(75).stderr.contains(socket.to_str().unwrap()), "{outcome:?}");
    assert_eq!(asks(&socket, "/healthz").await.status(), Some(200), "the first goes on");

    let mut fireside = fireside.dies_and_restarts().await;
    assert_eq!(asks(&socket, "/healthz").await.status(), Some(200), "the dead one's file was replaced");
    // Somebody else's socket by now: it is not the server's to remove.
    std::fs::remove_file(&socket).unwrap();
    let _other = UnixListener::bind(&socket).unwrap();
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    assert!(socket.exists());
}

#[tokio::test]
async fn what_is_no_socket_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("precious");
    std::fs::write(&file, "words").unwrap();
    let listen = format!("unix:{}", file.display());
    Home::new().refuses_to_serve(&["--listen", &listen]).await.failed_with(78);
    assert_eq!(std::fs::read(&file).unwrap(), b"words");
    let nowhere = format!("unix:{}/missing/fireside.sock", folder.path().display());
    Home::new().refuses_to_serve(&["--listen", &nowhere]).await.failed_with(78);
    let long = format!("unix:{}/{}", folder.path().display(), "x".repeat(120));
    Home::new().refuses_to_serve(&["--listen", &long]).await.failed_with(78);
    let insecure = ["--insecure-oauth-login", "--listen", "unix:fireside.sock"];
    Home::new().refuses_to_serve(&insecure).await.failed_with(78);
}

/// A server that was handed a socket as its first, as systemd does it; ended when dropped.
struct Handed {
    child: Child,
    home: Home,
}

impl Drop for Handed {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Handed {
    fn server(socket: OwnedFd) -> Self {
        // Number 3 is where handed sockets begin; the shell becomes the server, so its own number is right.
        let script = r#"exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve --data "$@""#;
        Self::by(script, socket, Stdio::null(), &[])
    }

    /// The second socket comes by the standard output.
    fn with_both([one, other]: [OwnedFd; 2], flags: &[&str]) -> Self {
        let script = r#"exec 3<&0 4<&1 </dev/null >&2; LISTEN_PID=$$ LISTEN_FDS=2 exec "$0" serve --data "$@""#;
        Self::by(script, one, Stdio::from(other), flags)
    }

    fn by(script: &str, socket: OwnedFd, stdout: Stdio, flags: &[&str]) -> Self {
        let home = Home::new();
        let log = std::fs::File::create(home.log_file()).unwrap();
        let mut command = with_clean_environment(Command::new("sh"));
        command.args(["-c", script, PROGRAM]).arg(home.data()).args(flags);
        command.stdin(Stdio::from(socket)).stdout(stdout).stderr(log);
        let child = command.spawn().unwrap();
        home.is_served_by(child.id());
        Self { child, home }
    }
}

#[tokio::test]
async fn a_socket_that_was_handed_over_is_served() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let _server = Handed::server(listener.into());
    // Whoever connects before the server runs waits in the kernel's queue.
    let asked = reqwest::Client::builder().no_proxy().build().unwrap().get(format!("http://{address}/healthz")).send();
    assert_eq!(tokio::time::timeout(PATIENCE, asked).await.unwrap().unwrap().status(), 200);

    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("fireside.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    set_permissions(&socket, Permissions::from_mode(0o640)).unwrap();
    let server = Handed::server(listener.into());
    let answer = tokio::time::timeout(PATIENCE, asks(&socket, "/healthz")).await.unwrap();
    assert_eq!(answer.status(), Some(200), "{}", answer.text());
    assert_eq!(mode(&socket), 0o640, "it is the manager's");
    drop(server);
    assert!(socket.exists(), "and stays the manager's");
}

#[tokio::test]
async fn sockets_that_were_handed_over_for_https_speak_it_alone() {
    let one = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = one.local_addr().unwrap().port();
    // As where IPv4 and IPv6 have a socket each.
    let other = std::net::TcpListener::bind(("127.0.0.2", port)).unwrap();
    let https = format!("[::]:{port}");
    let flags = ["--domain", "chat.example.org", "--http-listen", "off", "--https-listen", &https];
    // An authority where nobody is.
    let flags = [&flags[..], &["--acme-directory", "https://127.0.0.1:1/"]].concat();
    let _server = Handed::with_both([one.into(), other.into()], &flags);
    for host in ["127.0.0.1", "127.0.0.2"] {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let asked = client.get(format!("http://{host}:{port}/healthz")).send();
        let answer = tokio::time::timeout(PATIENCE, asked).await.unwrap().unwrap();
        assert_eq!(answer.status(), 400, "{host}");
        assert!(answer.text().await.unwrap().ends_with("use https://"));
    }
}

#[tokio::test]
async fn a_handed_file_that_is_no_socket_is_refused() {
    let file = tempfile::tempfile().unwrap();
    let mut server = Handed::server(file.into());
    let ended = crate::world::home::wait_for(&mut server.child).await.expect("it ends");
    assert_eq!(ended.code(), Some(78), "{}", server.home.log());
    assert!(server.home.log().contains("LISTEN_FDS"), "{}", server.home.log());
}
