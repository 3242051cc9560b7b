//! A push service, with TLS and all: it reads what it is sent, and does what real ones do on a bad day.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::browser::BrowserKeys;
use super::scene::tells;
use crate::world::home::PATIENCE;
use crate::world::{Answer, Fireside, Home, Person, id};

/// What a push service does with a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Answers with a status.
    Status(u16),
    /// Answers that it wants to be left alone for a while.
    After(u16, &'static str),
    /// Answers with a status and words.
    Says(u16, &'static str),
    /// Sends elsewhere.
    Redirect(String),
    /// Never answers.
    Hang,
}

/// A push that came.
#[derive(Clone, Debug)]
pub struct Told {
    /// What it says.
    pub push: Value,
    pub headers: HashMap<String, String>,
    /// What its push service did with it.
    pub reply: Reply,
    pub at: Instant,
}

struct Browser {
    keys: BrowserKeys,
    replies: VecDeque<Reply>,
    usual: Reply,
    told: Vec<Told>,
}

#[derive(Default)]
struct State {
    browsers: HashMap<String, Browser>,
    /// What no server may send.
    faults: Vec<String>,
    /// The public key that pushes are to be signed by.
    public_key: Option<Vec<u8>>,
}

/// A push service.
pub struct PushService {
    state: Arc<Mutex<State>>,
    url: String,
    certificate: TempDir,
}

/// A browser on a device that a push service knows.
pub struct Device {
    state: Arc<Mutex<State>>,
    name: String,
    pub endpoint: String,
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PushService {
    pub async fn start() -> Self {
        let key = KeyPair::generate().unwrap();
        let made = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let certificate = TempDir::new().unwrap();
        std::fs::write(certificate.path().join("cert.pem"), made.pem()).unwrap();
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.der().clone()], private)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let state = Arc::<Mutex<State>>::default();
        let tls = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(accept(listener, tls, Arc::clone(&state), url.clone()));
        Self { state, url, certificate }
    }

    /// A server that pushes to it.
    pub async fn serves(&self, flags: &[&str]) -> Fireside {
        self.serves_in(Home::new(), flags).await
    }

    pub async fn serves_in(&self, home: Home, flags: &[&str]) -> Fireside {
        let flags = [&["--push", "on", "--push-contact", "mailto:ann@example.org"], flags].concat();
        let flags = [flags.as_slice(), &["--push-allow", "127.0.0.0/8", "--push-allow", "::1"]].concat();
        let fireside = Fireside::start_under(home, &flags, &[self.variable()]).await;
        let key = fireside.anyone().get("/api/server/").await.is(200).json()["push"]["public_key"].clone();
        let key = URL_SAFE_NO_PAD.decode(key.as_str().expect("a public key")).unwrap();
        assert_eq!((key.len(), key[0]), (65, 4), "a point of P-256, uncompressed");
        locked(&self.state).public_key = Some(key);
        fireside
    }

    /// What has a server trust it.
    pub fn variable(&self) -> (&'static str, String) {
        ("SSL_CERT_FILE", self.certificate.path().join("cert.pem").display().to_string())
    }

    /// A browser that subscribed here.
    pub fn device(&self, name: &str) -> Device {
        let browser =
            Browser { keys: BrowserKeys::new(), replies: VecDeque::new(), usual: Reply::Status(201), told: Vec::new() };
        let before = locked(&self.state).browsers.insert(name.to_owned(), browser);
        assert!(before.is_none(), "two devices are called {name}");
        Device { state: Arc::clone(&self.state), name: name.to_owned(), endpoint: format!("{}/{name}", self.url) }
    }

    /// All that was said was looked at: a device of somebody's hears what is said last.
    pub async fn has_looked(&self, from: &Person, to: &Person) {
        let watch = self.device(&format!("watch-{}", rand::random::<u64>()));
        let id = watch.subscribes(to).await;
        tells(from, to, "last").await;
        watch.is_told(1).await;
        to.delete(&format!("/api/server/push/{id}/")).await.is(204);
    }

    /// Nothing came that may not be sent.
    #[track_caller]
    pub fn is_content(&self) {
        assert_eq!(locked(&self.state).faults, Vec::<String>::new());
    }
}

impl Device {
    /// What a page sends to the server.
    pub fn json(&self) -> Value {
        let keys = locked(&self.state).browsers[&self.name].keys.json();
        json!({"endpoint": self.endpoint, "keys": keys, "label": self.name})
    }

    pub async fn is_offered_by(&self, person: &Person) -> Answer {
        person.post("/api/server/push/", &self.json()).await
    }

    /// It is told of what somebody is to be told of; its id there.
    pub async fn subscribes(&self, person: &Person) -> i64 {
        id(&self.is_offered_by(person).await.is(201).json())
    }

    /// Gets other keys, as a browser that subscribes anew.
    pub fn changes_keys(&self) {
        self.browser(|browser| browser.keys = BrowserKeys::new());
    }

    /// What its push service does with the next pushes.
    pub fn will(&self, replies: &[Reply]) {
        self.browser(|browser| browser.replies.extend(replies.iter().cloned()));
    }

    /// What its push service does with all others.
    pub fn always(&self, reply: Reply) {
        self.browser(|browser| browser.usual = reply);
    }

    /// All that it was told.
    pub fn told(&self) -> Vec<Told> {
        self.browser(|browser| browser.told.clone())
    }

    /// The same, when it was told at least `count` times.
    pub async fn is_told(&self, count: usize) -> Vec<Told> {
        let began = Instant::now();
        loop {
            let told = self.told();
            if told.len() >= count {
                return told;
            }
            let faults = locked(&self.state).faults.clone();
            assert!(began.elapsed() < PATIENCE, "{} was told {told:?} and not {count} times; {faults:?}", self.name);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What it was told last, which is the `count`th.
    pub async fn hears(&self, count: usize) -> Told {
        let told = self.is_told(count).await;
        assert_eq!(told.len(), count, "{told:?}");
        told[count - 1].clone()
    }

    fn browser<T>(&self, look: impl FnOnce(&mut Browser) -> T) -> T {
        look(locked(&self.state).browsers.get_mut(&self.name).unwrap())
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, state: Arc<Mutex<State>>, url: String) {
    while let Ok((tcp, _)) = listener.accept().await {
        tokio::spawn(serve(tcp, tls.clone(), Arc::clone(&state), url.clone()));
    }
}

async fn serve(tcp: TcpStream, tls: TlsAcceptor, state: Arc<Mutex<State>>, url: String) {
    // Whoever gives up amid a handshake is gone.
    let Ok(stream) = tls.accept(tcp).await else { return };
    let answer = service_fn(move |request| answer(request, Arc::clone(&state), url.clone()));
    http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await.ok();
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
    url: String,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Ok(Response::new(Full::default())) };
    let headers: HashMap<String, String> =
        head.headers.iter().map(|(name, value)| (name.to_string(), format!("{value:?}").replace('"', ""))).collect();
    let name = head.uri.path().trim_start_matches('/').to_owned();
    let reply = take(&mut locked(&state), &url, &name, headers, &body.to_bytes());
    let response = match reply {
        Reply::Status(status) => Response::builder().status(status).body(Full::default()),
        Reply::After(status, wait) => {
            Response::builder().status(status).header("retry-after", wait).body(Full::default())
        }
        Reply::Says(status, text) => Response::builder().status(status).body(Full::from(text)),
        Reply::Redirect(to) => Response::builder().status(307).header("location", to).body(Full::default()),
        Reply::Hang => std::future::pending().await,
    };
    Ok(response.unwrap())
}

fn take(state: &mut State, url: &str, name: &str, headers: HashMap<String, String>, body: &[u8]) -> Reply {
    let fault = is_proper(&headers, body, url, state.public_key.as_deref()).err();
    state.faults.extend(fault.map(|fault| format!("{name}: {fault}: {headers:?}")));
    let Some(browser) = state.browsers.get_mut(name) else {
        state.faults.push(format!("a push to {name}, whom nobody knows"));
        return Reply::Status(404);
    };
    let reply = browser.replies.pop_front().unwrap_or_else(|| browser.usual.clone());
    match browser.keys.decrypts(body).map(|text| serde_json::from_slice(&text)) {
        Ok(Ok(push)) => {
            browser.told.push(Told { push, headers, reply: reply.clone(), at: Instant::now() });
        }
        unreadable => state.faults.push(format!("{name} cannot read what came: {unreadable:?}")),
    }
    reply
}

/// What push services ask of every push.
fn is_proper(headers: &HashMap<String, String>, body: &[u8], url: &str, key: Option<&[u8]>) -> Result<(), String> {
    let header = |name: &str| headers.get(name).map(String::as_str).unwrap_or_default();
    let is =
        |name: &str, value: &str| if header(name) == value { Ok(()) } else { Err(format!("{name} is not {value}")) };
    is("content-encoding", "aes128gcm")?;
    is("ttl", "86400")?;
    if body.len() > 4_096 {
        return Err(format!("{} bytes", body.len()));
    }
    let topic = header("topic");
    if topic.len() > 32 || !topic.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        return Err("no topic of RFC 8030".to_owned());
    }
    let words = header("authorization").strip_prefix("vapid t=").ok_or("no VAPID")?;
    let (token, public) = words.split_once(", k=").ok_or("no key")?;
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|cause| cause.to_string());
    let public = decode(public)?;
    if key.is_some_and(|key| key != public) {
        return Err("the key of another server".to_owned());
    }
    let (signed, signature) = token.rsplit_once('.').ok_or("no signature")?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public)
        .verify(signed.as_bytes(), &decode(signature)?)
        .map_err(|_| "it is not signed")?;
    let (head, claims) = signed.split_once('.').ok_or("no claims")?;
    let json = |part: &str| serde_json::from_slice::<Value>(&decode(part)?).map_err(|cause| cause.to_string());
    let (head, claims) = (json(head)?, json(claims)?);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let end = claims["exp"].as_u64().ok_or("no end")?;
    let is_right = head["alg"] == "ES256" && claims["aud"] == url && claims["sub"] == "mailto:ann@example.org";
    let is_good = now < end && end <= now + 12 * 3_600;
    if is_right && is_good { Ok(()) } else { Err(format!("{head} {claims}")) }
}
