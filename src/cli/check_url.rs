//! `fireside check --url`: what is missing on the way from outside to a running server.
//!
//! A proxy, its TLS and the server's flags have to fit together; each fault of these shows
//! itself far from its cause. This asks through the public address, and says in a sentence
//! what is wrong and what would mend it. It changes nothing, but for one file that it
//! uploads when it is given a token, and that the server throws away.

mod certificate;
pub(super) mod client;

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::Args;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use super::terminal::{CommandError, say, wait_for};
use client::{Answer, Client, Site};

/// An address that nobody has (RFC 5737): a server that sees it believes what clients write.
const INVENTED: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 77));
/// How far the clocks may be apart.
const SKEW: Duration = Duration::from_secs(30);
/// Largest upload that is tried, in bytes.
const MAX_UPLOAD: u64 = 64 * 1024 * 1024;
/// How long it may take.
const UPLOAD_PATIENCE: Duration = Duration::from_secs(120);
/// Longest time that a socket can be left idle, in seconds.
const MAX_IDLE: u64 = 3_600;
/// How long a socket's next frame may take.
const FRAME_PATIENCE: Duration = Duration::from_secs(20);
/// The socket that is tried.
const SOCKET: &str = "/messages/ws/";

/// What is asked from outside.
#[derive(Debug, Args)]
pub(super) struct UrlFlags {
    /// Where people reach a server: `https://chat.example.org` or `https://example.org/chat`; asks what is missing on the
    /// way to it, in place of looking at the data folder
    #[arg(long, value_name = "URL", value_parser = Site::parse, conflicts_with_all = ["deep", "json"])]
    pub url: Option<Site>,
    /// File with a token, or `-` for standard input: then an upload and an idle socket are tried as well
    #[arg(long, value_name = "FILE", requires = "url")]
    token_file: Option<PathBuf>,
    /// How long a socket is left idle, in seconds; most proxies close one after 60, unless pings keep it open
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(..=MAX_IDLE))]
    idle: u64,
    /// Port where the server answers plain http, which is asked why https does not work
    #[arg(long, value_name = "PORT", default_value_t = 80, requires = "url")]
    http_port: u16,
}

/// What came of a question.
enum Finding {
    Good(String),
    /// Something is not as it should be, and what mends it.
    Missing(String),
    /// It could not be asked, or there is nothing wrong with either answer.
    Note(String),
}

use Finding::{Good, Missing, Note};

impl UrlFlags {
    /// Asks a server by its URL.
    pub fn run(self, url: Site) -> Result<(), CommandError> {
        let failed = |sentence: String| CommandError::new(CommandError::FAILED, sentence);
        let token = self.token_file.as_ref().map(read_token).transpose()?;
        let client = Client::new(url);
        let check = Check { client, token, idle: Duration::from_secs(self.idle), http_port: self.http_port };
        let findings = wait_for(check.all())?;
        let missing = findings.iter().filter(|finding| matches!(finding, Missing(_))).count();
        for finding in &findings {
            match finding {
                Good(sentence) => say(&format!("ok       {sentence}")),
                Missing(sentence) => say(&format!("missing  {sentence}")),
                Note(sentence) => say(&format!("note     {sentence}")),
            }
        }
        match missing {
            0 => Ok(()),
            1 => Err(failed("one thing is missing".to_owned())),
            many => Err(failed(format!("{many} things are missing"))),
        }
    }
}

fn read_token(file: &PathBuf) -> Result<String, CommandError> {
    let mut text = String::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().take(4096).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(4096).read_to_string(&mut text))
    };
    match read {
        Ok(_) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Ok(_) => Err(CommandError::new(CommandError::CONFIGURATION, format!("{} holds no token", file.display()))),
        Err(cause) => Err(CommandError::new(CommandError::CONFIGURATION, format!("{}: {cause}", file.display()))),
    }
}

struct Check {
    client: Client,
    token: Option<String>,
    idle: Duration,
    http_port: u16,
}

impl Check {
    /// Every question whose answer would mean something.
    async fn all(&self) -> Vec<Finding> {
        let asked = SystemTime::now();
        let answer = match self.client.get("/api/server/", &[]).await {
            Ok(answer) => answer,
            Err(cause) => {
                let mut findings = vec![Missing(format!("{} is not reached: {cause}", self.place()))];
                findings.extend(certificate::explain(&self.client.site, &cause, self.http_port).await);
                return findings;
            }
        };
        let about = match about(&answer) {
            Ok(about) => about,
            Err(what) => return vec![Missing(format!("{} is reached, but {what}", self.place()))],
        };
        let version = about["version"].as_str().unwrap_or("of an unknown version");
        let mut findings = vec![Good(format!("{} is reached, and it is Fireside {version}", self.place()))];
        findings.push(self.tls());
        findings.extend(self.readiness().await);
        findings.extend(self.hsts(&answer));
        findings.push(self.address(&about).await);
        findings.push(self.scheme_and_host(&about));
        findings.push(self.origin().await);
        findings.push(skew(&about, asked));
        findings.push(self.upload(&about).await);
        findings.push(self.socket().await);
        findings
    }

    fn place(&self) -> String {
        format!("{}{}", self.client.site.target.origin(), self.client.site.base)
    }

    fn is_local(&self) -> bool {
        self.client.site.is_local()
    }

    fn tls(&self) -> Finding {
        if self.client.site.target.is_https {
            return Good("the connection is encrypted, and the certificate is trusted here".to_owned());
        }
        if self.is_local() {
            return Note("the connection is not encrypted, which only this machine may do without".to_owned());
        }
        Missing(
            "https: passwords travel in the clear, and browsers give no microphone or camera to a page over http"
                .to_owned(),
        )
    }

    /// What the server says of its certificate, where it has one of its own, and of its clock.
    async fn readiness(&self) -> Vec<Finding> {
        let Ok(answer) = self.client.get("/readyz", &[]).await else { return Vec::new() };
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let behind = (told["clock"] == "behind").then(|| {
            Missing(
                "the right time: the server's clock is behind, by what a certificate or the sign-in provider says"
                    .to_owned(),
            )
        });
        certificate::certificate(&told).into_iter().chain(behind).collect()
    }

    fn hsts(&self, answer: &Answer) -> Option<Finding> {
        if !self.client.site.target.is_https {
            return None;
        }
        Some(match answer.header("strict-transport-security") {
            Some(_) => Good("browsers are told to come by https alone (HSTS)".to_owned()),
            None => {
                let origin = self.client.site.target.origin();
                Missing(format!("HSTS: browsers are not told to come by https alone; start with --public-url {origin}"))
            }
        })
    }

    /// Whether the server tells clients apart, and cannot be lied to.
    async fn address(&self, about: &Value) -> Finding {
        let seen = about["seen"]["address"].as_str().unwrap_or("nobody");
        let told = about["seen"]["forwarded"].as_str().unwrap_or_default();
        if told == "ignored" {
            return Missing(format!(
                "a proxy tells the server whom it asks for, but is not believed, so that all share its address, \
                 its limits and its line in the log; start with --trusted-proxy {seen} (or unix, if it connects to a unix socket)"
            ));
        }
        let (invented, hop) = (INVENTED.to_string(), format!("for={INVENTED}"));
        let lie = [("x-forwarded-for", invented.as_str()), ("forwarded", hop.as_str())];
        let after_lie = match self.client.get("/api/server/", &lie).await.map(|answer| self::about(&answer)) {
            Ok(Ok(about)) => about["seen"]["address"].as_str().unwrap_or_default().to_owned(),
            Ok(Err(what)) => return Missing(format!("the server was asked again, and then {what}")),
            Err(cause) => return Missing(format!("the server was asked again, and not reached: {cause}")),
        };
        match (after_lie == invented, told) {
            (false, _) => Good(format!("the server sees this machine as {seen}, and cannot be told otherwise")),
            (true, "believed") => Missing(
                "the proxy passes on the X-Forwarded-For that clients write; it has to add to it, or write its own"
                    .to_owned(),
            ),
            (true, _) if self.is_local() => Note(
                "the server was asked directly and takes this machine for a proxy: ask through the proxy's address"
                    .to_owned(),
            ),
            (true, _) => Missing(format!(
                "whoever asks can pretend to be another: no proxy stands here, but {seen} is in a --trusted-proxy"
            )),
        }
    }

    /// Links, cookies and redirects depend on where the server believes to be.
    fn scheme_and_host(&self, about: &Value) -> Finding {
        let (place, believed) = (self.place(), about["url"].as_str().unwrap_or_default());
        if believed == place {
            return Good(format!("the server knows its address, {place}"));
        }
        let origin = self.client.site.target.origin();
        let base = if self.client.site.base.is_empty() { "/" } else { &self.client.site.base };
        Missing(format!(
            "the server takes its address for {believed}: let the proxy pass on the host and X-Forwarded-Proto, \
             or start with --public-url {origin} (and --base-path {base})"
        ))
    }

    /// A sign-in without a name fails at the name, unless it fails at the page's origin before.
    async fn origin(&self) -> Finding {
        let origin = self.client.site.target.origin();
        let headers = [("origin", origin.as_str()), ("content-type", "application/json")];
        match self.client.post("/login/", &headers, "{}").await {
            Ok(answer) if answer.status == 400 => Good("pages at this address may sign in".to_owned()),
            Ok(answer) if answer.status == 403 => Missing(format!(
                "the server takes its own page for another site's, because the proxy changes the host; \
                 let it pass the host on, or start with --public-url {origin}"
            )),
            Ok(answer) => Missing(format!("a sign-in without a name is answered with {}, not 400", answer.status)),
            Err(cause) => Missing(format!("a sign-in is not answered: {cause}")),
        }
    }

    /// Without a token the server refuses the upload, which shows that the proxy does not.
    async fn upload(&self, about: &Value) -> Finding {
        let limit = about["limits"]["upload_bytes"].as_u64().unwrap_or_default();
        let size = limit.min(MAX_UPLOAD);
        let answer = self.client.upload("/api/files/upload/", self.token.as_deref(), size, UPLOAD_PATIENCE).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(cause) => return Missing(format!("an upload of {size} bytes is cut off: {cause}")),
        };
        let is_ours = answer.headers.contains_key("x-request-id");
        match (answer.status, is_ours, &self.token) {
            (201, ..) => Good(format!("an upload of {size} bytes comes through")),
            (401, true, None) => {
                Good(format!("an upload of {size} bytes is let through to the server (--token-file would finish one)"))
            }
            (401, true, Some(_)) => Missing("the token is not one of this server".to_owned()),
            (413, false, _) => Missing(format!(
                "the proxy refuses an upload of {size} bytes, which the server takes: raise its limit \
                 (client_max_body_size in nginx), or lower --max-upload"
            )),
            (429 | 507, true, _) => Note(format!("the upload was refused with {}: try again later", answer.status)),
            (status, ..) => Missing(format!("an upload of {size} bytes is answered with {status}")),
        }
    }

    async fn socket(&self) -> Finding {
        let mut socket = match self.client.socket(SOCKET, self.token.as_deref()).await {
            Ok(socket) => socket,
            Err(cause) => {
                return Missing(format!(
                    "WebSockets do not come through ({cause}): the proxy has to speak HTTP/1.1 to the server \
                     and pass on Upgrade and Connection"
                ));
            }
        };
        let first = timeout(FRAME_PATIENCE, socket.next()).await;
        match (first, &self.token) {
            (Ok(Some(Ok(Message::Close(_)))), None) => {
                Good("a WebSocket comes through (--token-file would leave one idle)".to_owned())
            }
            (Ok(Some(Ok(Message::Close(_)))), Some(_)) => Missing("the token opens no WebSocket".to_owned()),
            (Ok(Some(Ok(_))), _) => self.idle(&mut socket).await,
            (Ok(None | Some(Err(_))) | Err(_), _) => {
                Missing("a WebSocket opens, but nothing comes through it: the proxy must not buffer it".to_owned())
            }
        }
    }

    /// Says nothing for a while, but for the answers to the server's pings, and then asks for one.
    async fn idle<S>(&self, socket: &mut tokio_tungstenite::WebSocketStream<S>) -> Finding
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        let (began, seconds) = (Instant::now(), self.idle.as_secs());
        while let Ok(frame) = timeout_at(began + self.idle, socket.next()).await {
            if let None | Some(Err(_) | Ok(Message::Close(_))) = frame {
                let after = began.elapsed().as_secs();
                return Missing(format!(
                    "an idle WebSocket is closed after {after} seconds: the server sends a ping every {}, \
                     so the proxy has to wait longer than that",
                    crate::api::ws::socket::PING_EVERY.as_secs()
                ));
            }
        }
        let asked = socket.send(Message::text(r#"{"type":"ping"}"#)).await;
        let answered = async {
            while let Some(Ok(frame)) = socket.next().await {
                if frame.to_text().is_ok_and(|text| text.contains("pong")) {
                    return true;
                }
            }
            false
        };
        match (asked, timeout(FRAME_PATIENCE, answered).await) {
            (Ok(()), Ok(true)) => {
                Good(format!("a WebSocket comes through, and still answers after {seconds} idle seconds"))
            }
            _ => Missing(format!("a WebSocket is dead after {seconds} idle seconds")),
        }
    }
}

/// What the server says of itself, or what stands in its place.
fn about(answer: &Answer) -> Result<Value, String> {
    let about: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match (answer.status, about["software"].as_str()) {
        (200, Some("Fireside")) => Ok(about),
        (502..=504, _) => Err(format!("the proxy does not reach the server (it answers {})", answer.status)),
        (301..=308, _) => Err(format!("leads to {}", answer.header("location").unwrap_or("nowhere"))),
        (status, _) => Err(format!("what answers there ({status}) is not Fireside; is the path right (--base-path)?")),
    }
}

fn skew(about: &Value, asked: SystemTime) -> Finding {
    let theirs = about["time"].as_str().and_then(|time| humantime::parse_rfc3339(time).ok());
    let Some(theirs) = theirs else { return Missing("the server does not tell the time".to_owned()) };
    // It was told somewhere between the question and now.
    let now = SystemTime::now();
    let apart = asked.duration_since(theirs).or_else(|_| theirs.duration_since(now)).unwrap_or_default();
    if apart > SKEW {
        let seconds = apart.as_secs();
        return Missing(format!("the clocks of the server and this machine are {seconds} seconds apart: one is wrong"));
    }
    Good("the server's clock is right, as far as this machine's is".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use serde_json::json;

    use super::{Finding, skew};

    #[test]
    fn clocks_may_differ_by_a_little() {
        let now = SystemTime::now();
        let is_right = |theirs: SystemTime| {
            let about = json!({ "time": humantime::format_rfc3339_millis(theirs).to_string() });
            matches!(skew(&about, now), Finding::Good(_))
        };
        assert!(is_right(now) && is_right(now - Duration::from_secs(20)) && is_right(now + Duration::from_secs(20)));
        assert!(!is_right(now - Duration::from_secs(40)) && !is_right(now + Duration::from_secs(40)));
        assert!(matches!(skew(&json!({}), now), Finding::Missing(_)));
    }
}
