//! A provider of OpenID Connect that does what it is told, wrong things above all. What a proper one does is tried
//! with one that is certified: see `certified`.

use std::collections::HashMap;
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512,
    RsaKeyPair,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::world::Home;

/// As it calls this server, and what this server proves itself by.
pub const CLIENT: (&str, &str) = ("fire side", "a secret: + %");

/// Whom it signs in unless it is told otherwise.
pub const SUBJECT: &str = "248289761001";

/// What it signs by.
pub enum Key {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    pub fn rsa() -> Arc<Self> {
        let made = Command::new("openssl")
            .args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-outform", "DER"])
            .output()
            .expect("openssl");
        Arc::new(Self::Rsa(
            RsaKeyPair::from_pkcs8(&made.stdout).or_else(|_| RsaKeyPair::from_der(&made.stdout)).expect("a key of RSA"),
        ))
    }

    pub fn p256() -> Arc<Self> {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random);
        Arc::new(Self::P256(key.unwrap()))
    }

    pub fn ed25519() -> Arc<Self> {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Arc::new(Self::Ed25519(Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap()))
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    fn jwk(&self, kid: Option<&str>) -> Value {
        let mut jwk = match self {
            Self::Rsa(key) => {
                let public = ring::signature::RsaPublicKeyComponents::<Vec<u8>>::from(key.public_key());
                json!({"kty": "RSA", "n": encoded(&public.n), "e": encoded(&public.e), "alg": "RS256"})
            }
            Self::P256(key) => {
                let point = key.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "x": encoded(&point[1..33]), "y": encoded(&point[33..])})
            }
            Self::Ed25519(key) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": encoded(key.public_key().as_ref()), "use": "sig"})
            }
        };
        if let Some(kid) = kid {
            jwk["kid"] = kid.into();
        }
        jwk
    }

    /// What this algorithm makes of it, where it is one of this key's; HMAC takes the public key for its secret.
    fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match (self, algorithm) {
            (_, "none") => Vec::new(),
            (_, "HS256") => {
                let secret = serde_json::to_vec(&self.jwk(None)).unwrap();
                let secret = self.public_der().unwrap_or(secret);
                Hmac::<Sha256>::new_from_slice(&secret).unwrap().chain_update(message).finalize().into_bytes().to_vec()
            }
            (Self::Rsa(key), algorithm) => {
                let padding = if algorithm == "RS512" { &RSA_PKCS1_SHA512 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(padding, &random, message, &mut signature).unwrap();
                signature
            }
            (Self::P256(key), _) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            (Self::Ed25519(key), _) => key.sign(message).as_ref().to_vec(),
        }
    }

    fn public_der(&self) -> Option<Vec<u8>> {
        let Self::Rsa(key) = self else { return None };
        Some(key.public_key().as_ref().to_vec())
    }
}

/// Made once, since that takes a while.
pub static RSA: LazyLock<Arc<Key>> = LazyLock::new(Key::rsa);

/// How one of its addresses answers in place of what it should.
#[derive(Clone)]
pub enum Manner {
    /// Takes the request and says nothing.
    Hangs,
    /// Begins well and never ends.
    Floods,
    Redirects(String),
    Says(u16, String),
}

/// A request that it got.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub fields: HashMap<String, String>,
    pub authorization: String,
}

/// Whom it lets in by a code.
#[derive(Clone)]
struct Grant {
    nonce: String,
    challenge: String,
    redirect_uri: String,
}

/// What it does.
pub struct Ways {
    pub signs_by: Arc<Key>,
    pub kid: Option<String>,
    /// Published, by their ids.
    pub keys: Vec<(Option<String>, Arc<Key>)>,
    /// In place of what a token or its header would say; null takes away.
    pub claims: Value,
    pub header: Value,
    /// Changes the token once it is signed.
    pub tampers: fn(String) -> String,
    pub userinfo: Value,
    /// In place of what it says of itself.
    pub description: Value,
    pub manners: HashMap<&'static str, Manner>,
    /// What it adds to the way back; `iss` unless told otherwise.
    pub back: Vec<(&'static str, String)>,
    /// Takes codes from whoever brings them.
    pub ignores_pkce: bool,
    pub asked: Vec<Asked>,
    grants: HashMap<String, Grant>,
}

/// The provider. It ends with the test.
pub struct Provider {
    pub url: String,
    ways: Arc<Mutex<Ways>>,
}

impl Provider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let key = Arc::clone(&RSA);
        let ways = Arc::new(Mutex::new(Ways {
            signs_by: Arc::clone(&key),
            kid: Some("one".into()),
            keys: vec![(Some("one".into()), key)],
            claims: json!({}),
            header: json!({}),
            tampers: |token| token,
            userinfo: json!({}),
            description: json!({}),
            manners: HashMap::new(),
            back: vec![("iss", url.clone())],
            ignores_pkce: false,
            asked: Vec::new(),
            grants: HashMap::new(),
        }));
        let (its, own) = (Arc::clone(&ways), url.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&its), own.clone()));
            }
        });
        Self { url, ways }
    }

    /// What it does, to be changed.
    pub fn ways(&self) -> MutexGuard<'_, Ways> {
        self.ways.lock().unwrap()
    }

    /// Is as it was at the beginning, but for what it was asked.
    pub fn is_honest(&self) {
        let mut ways = self.ways();
        (ways.claims, ways.header, ways.userinfo) = (json!({}), json!({}), json!({}));
        (ways.tampers, ways.ignores_pkce) = (|token| token, false);
        ways.manners.clear();
        ways.kid = Some("one".into());
        ways.signs_by = Arc::clone(&RSA);
        ways.back = vec![("iss", self.url.clone())];
    }

    /// An ID token, as a client of the provider's own would get one.
    pub fn token(&self, claims: &Value) -> String {
        self.ways().token(&self.url, None, claims)
    }

    /// How often one of its addresses was asked.
    pub fn times(&self, path: &str) -> usize {
        self.ways().asked.iter().filter(|asked| asked.path == path).count()
    }

    /// The flags of a server that takes its word.
    pub fn flags(&self, home: &Home) -> Vec<String> {
        flags_of(&self.url, home)
    }
}

/// The flags of a server that takes the word of the provider at this address.
pub fn flags_of(issuer: &str, home: &Home) -> Vec<String> {
    let file = home.data().with_extension("oidc-secret");
    std::fs::write(&file, format!("{}\n", CLIENT.1)).unwrap();
    let words = ["--oidc-issuer", issuer, "--oidc-client-id", CLIENT.0, "--oidc-client-secret-file"];
    words.iter().map(ToString::to_string).chain([file.display().to_string()]).collect()
}

impl Ways {
    fn token(&self, issuer: &str, nonce: Option<&str>, changed: &Value) -> String {
        let mut header = json!({"alg": self.signs_by.algorithm(), "typ": "JWT", "kid": self.kid});
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({
            "iss": issuer, "sub": SUBJECT, "aud": CLIENT.0, "exp": now + 600, "iat": now, "nonce": nonce,
            "preferred_username": "jane", "name": "Jane Doe", "email": "jane@example.org", "email_verified": true,
        });
        merge(&mut header, &self.header);
        merge(&mut claims, &self.claims);
        merge(&mut claims, changed);
        let signed = format!("{}.{}", encoded(header.to_string().as_bytes()), encoded(claims.to_string().as_bytes()));
        let signature = self.signs_by.sign(header["alg"].as_str().unwrap_or_default(), signed.as_bytes());
        (self.tampers)(format!("{signed}.{}", encoded(&signature)))
    }

    fn description(&self, url: &str) -> Value {
        let mut description = json!({
            "issuer": url, "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}/token"), "jwks_uri": format!("{url}/keys"),
            "userinfo_endpoint": format!("{url}/me"), "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"], "subject_types_supported": ["public"],
        });
        merge(&mut description, &self.description);
        description
    }

    /// Signs in whoever comes, at once, and sends them back.
    fn authorize(&mut self, asked: &Asked) -> (u16, String) {
        let field = |name: &str| asked.fields.get(name).cloned().unwrap_or_default();
        assert_eq!((field("response_type"), field("client_id")), ("code".into(), CLIENT.0.into()), "{asked:?}");
        assert_eq!(field("code_challenge_method"), "S256", "{asked:?}");
        assert!(field("scope").split(' ').any(|scope| scope == "openid"), "{asked:?}");
        let code = format!("code-{}", self.asked.len());
        let grant =
            Grant { nonce: field("nonce"), challenge: field("code_challenge"), redirect_uri: field("redirect_uri") };
        let back = grant.redirect_uri.clone();
        self.grants.insert(code.clone(), grant);
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("code", &code).append_pair("state", &field("state")).extend_pairs(&self.back);
        (302, format!("{back}?{}", query.finish()))
    }

    /// Takes a code, once unless PKCE is ignored.
    fn redeem(&mut self, url: &str, asked: &Asked) -> (u16, String) {
        let field = |name: &str| asked.fields.get(name).cloned().unwrap_or_default();
        let basic = {
            let [id, secret] =
                [CLIENT.0, CLIENT.1].map(|text| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>());
            base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"))
        };
        let in_body = (field("client_id"), field("client_secret")) == (CLIENT.0.to_owned(), CLIENT.1.to_owned());
        let is_proven = asked.authorization == format!("Basic {basic}") || in_body;
        let grant = if self.ignores_pkce {
            self.grants.get(&field("code")).cloned()
        } else {
            self.grants.remove(&field("code"))
        };
        let Some(grant) = grant.filter(|_| is_proven) else {
            return (400, json!({"error": "invalid_grant"}).to_string());
        };
        let challenge = encoded(&Sha256::digest(field("code_verifier")));
        let is_theirs = challenge == grant.challenge && field("redirect_uri") == grant.redirect_uri;
        if !is_theirs && !self.ignores_pkce {
            return (400, json!({"error": "invalid_grant"}).to_string());
        }
        let id_token = self.token(url, Some(&grant.nonce), &json!({}));
        (200, json!({"access_token": "access", "token_type": "Bearer", "id_token": id_token}).to_string())
    }

    fn answer(&mut self, url: &str, asked: &Asked) -> (u16, String) {
        match asked.path.as_str() {
            "/.well-known/openid-configuration" => (200, self.description(url).to_string()),
            "/keys" => {
                let keys: Vec<_> = self.keys.iter().map(|(kid, key)| key.jwk(kid.as_deref())).collect();
                (200, json!({"keys": keys}).to_string())
            }
            "/authorize" => self.authorize(asked),
            "/token" => self.redeem(url, asked),
            "/me" if asked.authorization == "Bearer access" => {
                let mut told = json!({"sub": SUBJECT});
                merge(&mut told, &self.userinfo);
                (200, told.to_string())
            }
            _ => (404, "{}".to_owned()),
        }
    }
}

fn merge(into: &mut Value, changed: &Value) {
    for (name, value) in changed.as_object().unwrap() {
        into[name] = value.clone();
    }
    into.as_object_mut().unwrap().retain(|_, value| !value.is_null());
}

pub fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

async fn serve(mut stream: TcpStream, ways: Arc<Mutex<Ways>>, url: String) {
    let Some(asked) = read(&mut stream).await else { return };
    let (manner, (status, text)) = {
        let mut ways = ways.lock().unwrap();
        ways.asked.push(asked.clone());
        let manner = ways.manners.get(asked.path.as_str()).cloned();
        let answer = if manner.is_none() { ways.answer(&url, &asked) } else { (0, String::new()) };
        (manner, answer)
    };
    let answer = match manner {
        Some(Manner::Hangs) => return tokio::time::sleep(Duration::from_secs(600)).await,
        Some(Manner::Floods) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n{\"keys\":[").await.ok();
            while stream.write_all(&[b' '; 65_536]).await.is_ok() {}
            return;
        }
        Some(Manner::Redirects(to)) => format!("HTTP/1.1 302 Go\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"),
        Some(Manner::Says(status, text)) => said(status, &text),
        None if status == 302 => format!("HTTP/1.1 302 Go\r\nLocation: {text}\r\nContent-Length: 0\r\n\r\n"),
        None => said(status, &text),
    };
    stream.write_all(answer.as_bytes()).await.ok();
}

fn said(status: u16, text: &str) -> String {
    let length = text.len();
    format!(
        "HTTP/1.1 {status} So\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    )
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        bytes.push(stream.read_u8().await.ok()?);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value).to_owned()
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    let target = head.split(' ').nth(1)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(&body));
    let fields = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    Some(Asked { path: path.to_owned(), fields, authorization: header("authorization") })
}
