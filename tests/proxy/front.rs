//! nginx and Caddy in front of a server, run with the files of `deploy/`, in which only
//! ports and places are put in.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const NGINX: &str = include_str!("../../deploy/nginx.conf");
const CADDY: &str = include_str!("../../deploy/Caddyfile");
/// A proxy starts slowly on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where the server is for the proxy.
pub enum Place<'a> {
    /// `127.0.0.1:PORT`.
    Tcp(&'a str),
    Unix(&'a Path),
}

pub struct Proxy {
    child: Child,
    folder: TempDir,
    /// Where it is over plain HTTP, and below which path: `http://127.0.0.1:PORT/chat`.
    pub url: String,
    /// The same over TLS, for those that have it.
    pub tls_port: u16,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Proxy {
    /// nginx, over plain HTTP and TLS, with the server at `base` of it.
    pub async fn nginx(place: Place<'_>, base: &str) -> Self {
        Self::nginx_with(place, base, &[]).await
    }

    /// The same with lines of the file put otherwise.
    pub async fn nginx_with(place: Place<'_>, base: &str, otherwise: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        certify(folder.path());
        let [redirecting, plain, tls] = free_ports();
        let server = match place {
            Place::Tcp(address) => format!("server {address};"),
            Place::Unix(path) => format!("server unix:{};", path.display()),
        };
        let here = folder.path().display().to_string();
        let both = format!("listen 127.0.0.1:{tls} ssl http2;\n    listen 127.0.0.1:{plain};");
        let mut site = NGINX.replace("    listen [::]:80;\n", "").replace("    listen [::]:443 ssl http2;\n", "");
        let put_in = [
            ("server 127.0.0.1:8000;", server.as_str()),
            ("listen 80;", &format!("listen 127.0.0.1:{redirecting};")),
            ("listen 443 ssl http2;", &both),
            ("/etc/letsencrypt/live/chat.example.org", &here),
            ("location / {", &format!("location {base}/ {{")),
        ];
        for (from, to) in put_in.iter().chain(otherwise) {
            assert!(site.contains(from), "{from} is not in deploy/nginx.conf");
            site = site.replace(from, to);
        }
        std::fs::write(folder.path().join("site.conf"), site).unwrap();
        let main = folder.path().join("nginx.conf");
        std::fs::write(&main, around_site(&here)).unwrap();
        let mut command = program("nginx");
        command.arg("-c").arg(&main).arg("-e").arg(folder.path().join("log"));
        Self::started(command, folder, plain, base, tls).await
    }

    /// Caddy, over plain HTTP: a certificate it would want to get from outside.
    pub async fn caddy(server: &str, base: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let [plain] = free_ports();
        let mut site = CADDY.to_owned();
        let handle = if base.is_empty() { "handle {".to_owned() } else { format!("handle {base}* {{") };
        for (from, to) in [
            ("\nchat.example.org {", format!("\nhttp://127.0.0.1:{plain} {{")),
            ("reverse_proxy 127.0.0.1:8000", format!("reverse_proxy {server}")),
            ("handle {", handle),
        ] {
            assert!(site.contains(from), "{from} is not in deploy/Caddyfile");
            site = site.replace(from, &to);
        }
        let file = folder.path().join("Caddyfile");
        std::fs::write(&file, format!("{{\n\tadmin off\n}}\n{site}")).unwrap();
        let mut command = program("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&file);
        command.env("HOME", folder.path()).env("XDG_DATA_HOME", folder.path()).env("XDG_CONFIG_HOME", folder.path());
        Self::started(command, folder, plain, base, 0).await
    }

    async fn started(mut command: Command, folder: TempDir, port: u16, base: &str, tls_port: u16) -> Self {
        let log = std::fs::File::create(folder.path().join("stderr")).unwrap();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let begun = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            let said = std::fs::read_to_string(folder.path().join("stderr")).unwrap();
            assert!(child.try_wait().unwrap().is_none(), "the proxy ended:\n{said}");
            assert!(begun.elapsed() < PATIENCE, "the proxy does not listen:\n{said}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { child, folder, url: format!("http://127.0.0.1:{port}{base}"), tls_port }
    }

    /// Its certificate for `localhost`, for clients that are to trust it.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("fullchain.pem")
    }
}

/// Without what every distribution has around a site: places, and nothing that matters here.
fn around_site(here: &str) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("    {name}_temp_path {here}/{name};\n"))
        .concat();
    format!(
        "user root;\ndaemon off;\nmaster_process off;\npid {here}/pid;\nerror_log {here}/log;\n\
         events {{ worker_connections 256; }}\nhttp {{\n    access_log off;\n{temporary}    include {here}/site.conf;\n}}\n"
    )
}

/// A certificate that nobody signed but itself.
fn certify(folder: &Path) {
    let config = "[req]\ndistinguished_name=name\nprompt=no\nx509_extensions=more\n[name]\nCN=localhost\n[more]\n\
        basicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n";
    std::fs::write(folder.join("openssl.cnf"), config).unwrap();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-config", "openssl.cnf", "-keyout", "privkey.pem", "-out", "fullchain.pem"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// By name, or where an administrator's programs are.
pub fn program(name: &str) -> Command {
    let beside = Path::new("/usr/sbin").join(name);
    if beside.is_file() { Command::new(beside) } else { Command::new(name) }
}

/// All held at once, so that they differ.
pub fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    let held = [(); COUNT].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}
