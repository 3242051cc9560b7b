//! Pebble, a certificate authority for tests, with ports that stay while servers come and go.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::dns::Dns;
use super::front::Front;
use crate::https::client::{Certificates, Visitor};
use crate::world::{Fireside, Home, machine};

const WAIT: Duration = Duration::from_secs(30);

/// An authority that tests run by themselves.
pub struct Pebble {
    child: Child,
    folder: TempDir,
    management: String,
    certificates: Certificates,
    trusted: CertificateDer<'static>,
    pub dns: Dns,
    /// Where the authority is.
    pub front: Front,
    /// Where it looks for proofs.
    pub http: Front,
    pub tls: Front,
}

impl Drop for Pebble {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Pebble {
    /// One whose certificates live for so long; nothing where it is not installed.
    pub async fn start(lives: Duration) -> Option<Self> {
        if !machine::has_pebble() {
            return None;
        }
        let (certificates, trusted) = Certificates::new();
        let (dns, front, http, tls) = (Dns::new().await, Front::new().await, Front::new().await, Front::new().await);
        let folder = TempDir::new().unwrap();
        for _ in 0..5 {
            let [address, management] = free_addresses().await;
            let config = json!({"pebble": {
                "listenAddress": address, "managementListenAddress": management,
                "certificate": certificates.path("cert.pem"), "privateKey": certificates.path("key.pem"),
                "httpPort": http.port, "tlsPort": tls.port, "ocspResponderURL": "",
                "externalAccountBindingRequired": false, "certificateValidityPeriod": lives.as_secs(),
            }});
            std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
            let mut child = spawn(&folder, &dns);
            if is_up(&mut child, &[&address, &management]).await {
                front.leads_to(&address);
                return Some(Self { child, folder, management, certificates, trusted, dns, front, http, tls });
            }
            child.kill().ok();
            child.wait().unwrap();
        }
        panic!("pebble does not start");
    }

    /// What the server is started with.
    pub fn flags(&self, names: &[&str]) -> Vec<String> {
        let mut flags = vec![
            "--https-listen".to_owned(),
            "127.0.0.1:0".to_owned(),
            "--acme-directory".to_owned(),
            format!("https://localhost:{}/dir", self.front.port),
            "--acme-ca".to_owned(),
            self.certificates.path("cert.pem").display().to_string(),
        ];
        flags.extend(names.iter().flat_map(|name| ["--domain".to_owned(), (*name).to_owned()]));
        flags
    }

    /// A server on this folder that gets its certificates here.
    pub async fn serves(&self, home: &Home, names: &[&str], more: &[&str]) -> Fireside {
        self.serves_with(home, names, more, &[]).await
    }

    pub async fn serves_with(
        &self,
        home: &Home,
        names: &[&str],
        more: &[&str],
        variables: &[(&str, &str)],
    ) -> Fireside {
        let mut flags = self.flags(names);
        if !more.contains(&"off") {
            flags.extend(["--http-listen", "127.0.0.1:0"].map(str::to_owned));
        }
        let flags: Vec<&str> = flags.iter().map(String::as_str).chain(more.iter().copied()).collect();
        self.http.leads_nowhere();
        self.tls.leads_nowhere();
        let fireside = Fireside::start_with_variables(home.clone(), &flags, variables).await;
        self.tls.leads_to(fireside.address());
        if let Some(http) = fireside.addresses.iter().find_map(|url| url.strip_prefix("http://")) {
            self.http.leads_to(http);
        }
        fireside
    }

    /// What its certificates are trusted by.
    pub async fn root(&self) -> CertificateDer<'static> {
        let answer = Visitor::at(&self.management, "localhost", &self.trusted).asks("GET /roots/0 HTTP/1.1", "").await;
        CertificateDer::from_pem_slice(answer.text().as_bytes()).expect("a root")
    }

    /// What it has said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

fn spawn(folder: &TempDir, dns: &Dns) -> Child {
    let log = File::create(folder.path().join("log")).unwrap();
    let mut command = Command::new("pebble");
    command.arg("-config").arg(folder.path().join("config.json"));
    command.args(["-dnsserver", &format!("127.0.0.1:{}", dns.port)]);
    // It looks at once, and at every name anew.
    command.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_AUTHZREUSE", "0");
    command.stdin(Stdio::null()).stderr(log.try_clone().unwrap()).stdout(log).spawn().unwrap()
}

async fn is_up(child: &mut Child, addresses: &[&str]) -> bool {
    let begun = Instant::now();
    for address in addresses {
        while TcpStream::connect(address).await.is_err() {
            if begun.elapsed() > WAIT || child.try_wait().unwrap().is_some() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    // Another test may have taken a port in between, and be what answers.
    child.try_wait().unwrap().is_none()
}

/// Free when they were looked for.
async fn free_addresses() -> [String; 2] {
    let one = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    [one, other].map(|listener| listener.local_addr().unwrap().to_string())
}
