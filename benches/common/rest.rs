//! Setting the scene and checking the outcome, through the same REST API that
//! everybody uses. Nothing here runs while the clock does.

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use std::net::SocketAddr;

pub struct Rest {
    client: Client,
    base: String,
}

impl Rest {
    pub fn new(addr: SocketAddr) -> Self {
        Self { client: Client::new(), base: format!("http://{addr}/api") }
    }

    /// Registers so many users and answers their tokens.
    pub async fn register(&self, users: usize) -> Vec<String> {
        let mut tokens = Vec::with_capacity(users);
        for number in 0..users {
            let user = json!({
                "username": format!("bench{number}x"),
                "email": format!("bench{number}@example.org"),
                "password": format!("long enough {number}"),
            });
            let url = format!("{}/auth/register/", self.base);
            let answer = answer(self.client.post(url).json(&user)).await;
            tokens.push(answer["token"].as_str().expect("a token").to_owned());
        }
        tokens
    }

    /// Makes a public room and answers its id.
    pub async fn make_room(&self, token: &str, name: &str) -> u64 {
        let request = self.client.post(format!("{}/rooms/", self.base));
        let room = answer(signed(request, token).json(&json!({ "name": name }))).await;
        room["id"].as_u64().expect("the room's id")
    }

    pub async fn join(&self, token: &str, room: u64) {
        let request = self.client.post(format!("{}/rooms/{room}/join/", self.base));
        answer(signed(request, token)).await;
    }

    /// Puts one more into each room, whose device a push service at the endpoint is to tell.
    pub async fn tell_somebody(&self, rooms: &[u64], endpoint: &str) {
        let url = format!("{}/auth/register/", self.base);
        let somebody = json!({"username": "told", "email": "told@example.org", "password": "long enough to be told"});
        let made = answer(self.client.post(url).json(&somebody)).await;
        let token = made["token"].as_str().expect("a token");
        for &room in rooms {
            self.join(token, room).await;
        }
        // The curve's base point is a key as good as any.
        let keys = json!({
            "p256dh": "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
            "auth": "AAAAAAAAAAAAAAAAAAAAAA",
        });
        let url = format!("{}/server/push/", self.base);
        let device = json!({"endpoint": format!("{endpoint}/device"), "keys": keys, "label": "a device"});
        answer(signed(self.client.post(url), token).json(&device)).await;
    }

    /// Makes a hook into the room and answers the path that it is posted to by.
    pub async fn make_hook(&self, token: &str, room: u64) -> String {
        let url = format!("{}/messages/api/chats/{room}/hooks/", self.base.trim_end_matches("/api"));
        let hook = answer(signed(self.client.post(url), token).json(&json!({"label": "a program"}))).await;
        let url = hook["url"].as_str().expect("the hook's URL");
        url[url.find("/hooks/").expect("a hook's path")..].to_owned()
    }

    /// How many messages the room has stored.
    pub async fn count(&self, token: &str, room: u64) -> u64 {
        let url = format!("{}/rooms/{room}/messages/?page_size=1", self.base);
        let page = answer(signed(self.client.get(url), token)).await;
        page["count"].as_u64().expect("the room's count")
    }

    /// The ids of so many of the room's newest messages, the newest first.
    pub async fn newest(&self, token: &str, room: u64, many: u64) -> Vec<u64> {
        let url = format!("{}/rooms/{room}/messages/?page_size={many}", self.base);
        let page = answer(signed(self.client.get(url), token)).await;
        let messages = page["results"].as_array().expect("a page");
        messages.iter().map(|message| message["id"].as_u64().expect("the message's id")).collect()
    }
}

fn signed(request: RequestBuilder, token: &str) -> RequestBuilder {
    request.header("Authorization", format!("Token {token}"))
}

async fn answer(request: RequestBuilder) -> Value {
    let response = request.send().await.expect("the server answers");
    let (status, url) = (response.status(), response.url().clone());
    let body = response.text().await.expect("a body");
    assert!(status.is_success(), "{url}: {status} {body}");
    serde_json::from_str(&body).expect("JSON")
}
