//! Every kind of credential opens every document.

use serde_json::{Value, json};

use super::pair::{Dialect, Pair, WITH_POSTS};
use crate::world::caller::{Credential, Session};
use crate::world::{Caller, Fireside, Person};

/// A caller whose requests carry `Authorization: <value>`.
struct Shown<'a> {
    caller: &'a Caller,
    value: String,
}

impl Shown<'_> {
    async fn gets(&self, path: &str) -> u16 {
        self.caller.showing(Credential::Nothing).get(path).with("Authorization", &self.value).await.status
    }

    async fn posts(&self, path: &str, body: &Value) -> u16 {
        self.caller.showing(Credential::Nothing).post(path, body).with("Authorization", &self.value).await.status
    }
}

/// One list of each document.
const LISTS: [&str; 5] = [
    "/d/inbox/api/messages/",
    "/messages/api/chats/",
    "/d/directs/api/chats/",
    "/d/rooms/api/rooms/",
    "/messenger/api/user/chatrooms/",
];

async fn jwt(person: &Person) -> String {
    let body = json!({"username": person.username, "password": person.password});
    let pair = person.showing(Credential::Nothing).post("/accounts/api/token/", &body).await.is(200).json();
    pair["access"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn tokens_and_jwts_open_every_document() {
    let fireside = Fireside::start().await;
    let pair = Pair::meets(&fireside).await;
    let account = pair.alice.get("/api/token/").await.is(200).json()["token"].as_str().unwrap().to_owned();
    assert_ne!(account, pair.alice.token, "the account's token is not the device's");
    let access = jwt(&pair.alice).await;
    let values = [
        format!("Token {}", pair.alice.token),
        format!("bearer {}", pair.alice.token),
        format!("TOKEN {account}"),
        format!("Bearer {access}"),
        format!("Token {access}"),
    ];
    for value in values {
        let shown = Shown { caller: &pair.alice, value };
        for path in LISTS {
            assert_eq!(shown.gets(path).await, 200, "{path} for {}", shown.value);
        }
        for dialect in WITH_POSTS {
            let (path, body) = dialect.post(&pair, &pair.alice, "hello");
            assert_eq!(shown.posts(&path, &body).await, 201, "{path} for {}", shown.value);
        }
    }
    for value in ["Token nonsense", "Bearer a.b.c", "Basic YTpi", "Token", ""] {
        let shown = Shown { caller: &pair.alice, value: value.to_owned() };
        for path in LISTS {
            assert_eq!(shown.gets(path).await, 401, "{path} for {value:?}");
        }
    }
    // Two are none: which of them a proxy has looked at nobody knows.
    let good = format!("Token {}", pair.alice.token);
    for (first, second) in [(&good, "Token nonsense"), (&good, ""), (&good, &good)] {
        for lines in [[first, second], [second, first]] {
            let anyone = pair.alice.showing(Credential::Nothing);
            let twice = anyone.get(LISTS[0]).with("Authorization", lines[0]).with("Authorization", lines[1]);
            twice.await.is(401);
        }
    }
}

#[tokio::test]
async fn a_session_reads_everywhere_and_writes_with_its_token() {
    let fireside = Fireside::start().await;
    let pair = Pair::meets(&fireside).await;
    let session: Session = pair.alice.signs_in_by_page().await;
    let whole = pair.alice.showing(Credential::Session(session.clone()));
    let bare = pair.alice.showing(Credential::BareCookie(session));
    for path in LISTS {
        whole.get(path).await.is(200);
        bare.get(path).await.is(200);
    }
    for dialect in WITH_POSTS {
        let (path, body) = dialect.post(&pair, &pair.alice, "by cookie");
        bare.post(&path, &body).await.is(403);
        whole.post(&path, &body).await.is(201);
    }
    let said = pair.history(&pair.bob, Dialect::Rooms).await;
    assert_eq!(said.len(), WITH_POSTS.len(), "what lacked the token was not stored");
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_credential_in_every_document() {
    let fireside = Fireside::start().await;
    let pair = Pair::meets(&fireside).await;
    let account = pair.alice.get("/api/token/").await.is(200).json()["token"].as_str().unwrap().to_owned();
    let access = jwt(&pair.alice).await;
    let session = pair.alice.signs_in_by_page().await;
    let mut listeners = Vec::new();
    for dialect in super::pair::ALL {
        listeners.push(pair.opens(&pair.alice, dialect).await);
    }
    pair.alice.does("/api/auth/logout-all/").await.is(204);
    for path in LISTS {
        for value in [format!("Token {}", pair.alice.token), format!("Token {account}"), format!("Bearer {access}")] {
            let shown = Shown { caller: &pair.alice, value };
            assert_eq!(shown.gets(path).await, 401, "{path} for {}", shown.value);
        }
        pair.alice.showing(Credential::Session(session.clone())).get(path).await.is(401);
    }
    for listener in &mut listeners {
        let (_, code) = listener.hears_until_closed().await;
        assert_eq!(code, 4401);
    }
}
