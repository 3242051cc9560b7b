//! An authenticator app: what a person has beside their password.

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::BASE32_NOPAD;
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use serde_json::{Value, json};

use super::{Answer, Fireside, Person};

const STEP: u64 = 30;

/// A person with a second factor, and what they noted when they turned it on.
pub struct Protected {
    pub person: Person,
    pub app: App,
    pub recovery: Vec<String>,
}

/// What shows the codes of a secret. It knows them of steps to come, too: each counts once, and a test has no
/// time to wait for the next.
#[derive(Clone)]
pub struct App {
    secret: Vec<u8>,
    /// The step that was current when the secret came.
    pub step: u64,
}

impl App {
    /// Reads a secret as it is typed in.
    pub fn of(secret: &str) -> Self {
        Self { secret: BASE32_NOPAD.decode(secret.as_bytes()).unwrap(), step: now() }
    }

    /// Reads what a QR code says.
    pub fn of_uri(uri: &str) -> Self {
        let secret = uri.split(['?', '&']).find_map(|part| part.strip_prefix("secret="));
        Self::of(secret.expect("a secret"))
    }

    /// The code of a step, so many away from the first.
    pub fn code(&self, away: i64) -> String {
        self.code_at(self.step.saturating_add_signed(away))
    }

    pub fn code_at(&self, step: u64) -> String {
        let mac = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret), &step.to_be_bytes());
        let at = usize::from(mac.as_ref()[19] & 15);
        let bytes: [u8; 4] = mac.as_ref()[at..at + 4].try_into().unwrap();
        format!("{:06}", (u32::from_be_bytes(bytes) & 0x7fff_ffff) % 1_000_000)
    }

    /// A code of no step that may count.
    pub fn wrong_code(&self) -> String {
        let right: Vec<_> = (-3..=9).map(|away| self.code(away)).collect();
        (0..).map(|number| format!("{number:06}")).find(|code| !right.contains(code)).unwrap()
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / STEP
}

impl Person {
    /// Takes the secret that a second factor begins with.
    pub async fn starts_second_factor(&self) -> App {
        let password = json!({"password": self.password});
        let started = self.post("/api/server/second-factor/start/", &password).await.is(200).json();
        App::of(started["secret"].as_str().unwrap())
    }

    /// Turns it on, by the code of the step that is current.
    pub async fn turns_on_second_factor(&self) -> Protected {
        let app = self.starts_second_factor().await;
        let answer = self.post("/api/server/second-factor/confirm/", &json!({"otp": app.code(0)})).await.is(200);
        let codes = answer.json()["recovery_codes"].clone();
        let recovery = codes.as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        Protected { person: self.clone(), app, recovery }
    }
}

impl Protected {
    pub async fn of(fireside: &Fireside, username: &str) -> Self {
        fireside.registers(username).await.turns_on_second_factor().await
    }

    /// What is sent to sign in; `otp` may be null.
    pub fn login(&self, otp: impl Into<Value>) -> Value {
        json!({"username": self.person.username, "password": self.person.password, "otp": otp.into()})
    }

    /// Tries to sign in by an API.
    pub async fn tries(&self, fireside: &Fireside, door: &str, otp: impl Into<Value>) -> Answer {
        fireside.anyone().post(door, &self.login(otp)).await
    }
}
