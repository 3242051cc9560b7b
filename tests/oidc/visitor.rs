//! A browser without a window: it keeps cookies, and goes where it is sent.

use std::collections::BTreeMap;

use reqwest::Client;
use reqwest::redirect::Policy;

use crate::world::caller::{Credential, Session};
use crate::world::{Answer, Caller, Fireside};

/// Where a browser comes back to.
pub const CALLBACK: &str = "/login/oidc/callback/";

pub struct Visitor {
    anyone: Caller,
    pub cookies: BTreeMap<String, String>,
}

impl Visitor {
    pub fn of(fireside: &Fireside) -> Self {
        Self { anyone: fireside.anyone(), cookies: BTreeMap::new() }
    }

    /// Goes to an address of the server.
    pub async fn goes_to(&mut self, path: &str) -> Answer {
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let answer = self.anyone.get(path).with("Cookie", &cookies).await;
        self.keeps(&answer);
        answer
    }

    pub fn keeps(&mut self, answer: &Answer) {
        for line in answer.headers.get_all("set-cookie") {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Sets out to the provider: its address.
    pub async fn sets_out(&mut self, next: &str) -> String {
        let way = self.goes_to(&format!("/login/oidc/{next}")).await.is(302);
        way.header("location").to_owned()
    }

    /// Goes there, and tells the way back.
    pub async fn is_sent_back(&self, way: &str) -> String {
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        let answer = client.get(way).send().await.unwrap();
        assert_eq!(answer.status(), 302, "{way}");
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    /// All of it.
    pub async fn signs_in(&mut self) -> Answer {
        let way = self.sets_out("").await;
        let back = self.is_sent_back(&way).await;
        self.goes_to(&back).await
    }

    /// Whoever is signed in.
    pub fn person(&self) -> Caller {
        let session = Session { id: self.cookies["sessionid"].clone(), csrf: self.cookies["csrftoken"].clone() };
        self.anyone.showing(Credential::Session(session))
    }

    /// What the server says of them.
    pub async fn me(&self) -> serde_json::Value {
        self.person().get("/api/auth/me/").await.is(200).json()
    }
}
