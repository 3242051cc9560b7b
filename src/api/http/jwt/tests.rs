//! What the front door cannot try: another clock, and forgeries under the right key.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};
use sha2::{Digest, Sha384, Sha512};

use super::{Actor, App, Duration, Error, Family, Hmac, KeyInit, Mac, Sha256, TokenType, UserId, read, write};
use crate::chat::model::time::{Clock, Timestamp};
use crate::chat::tests::new_user;
use crate::chat::{Config, Durability};

const QUARTER: Duration = Duration::from_mins(15);
const MONTH: Duration = Duration::from_hours(30 * 24);
const START: i64 = 1_735_732_800_500;

/// A server with two people, and a clock that is moved by hand.
struct World {
    app: App,
    now: Arc<AtomicI64>,
    alice: UserId,
    bob: UserId,
    family: Family,
    _data: tempfile::TempDir,
}

async fn world() -> World {
    let data = tempfile::tempdir().expect("a folder");
    let now = Arc::new(AtomicI64::new(START));
    let hand = Arc::clone(&now);
    let clock = Clock::new(move || Timestamp(hand.load(Ordering::SeqCst)));
    let config = Config { durability: Durability::Normal, clock, ..Config::of(data.path().join("data")) };
    let app = App::open(config).expect("a chat");
    let (alice, bob) = (registered(&app, "alice").await, registered(&app, "bob").await);
    let family = app.open_family(app.user_by_login("alice").expect("alice"), MONTH).await.expect("a family");
    World { app, now, alice, bob, family, _data: data }
}

async fn registered(app: &App, name: &str) -> UserId {
    app.create_user(new_user(name)).await.expect("an account").user.id
}

impl World {
    fn token(&self, kind: TokenType, life: Duration) -> String {
        write(&self.app, kind, self.alice, self.family, life).expect("a token")
    }

    fn passes(&self, token: &str) {
        let (actor, family) = read(&self.app, TokenType::Access, token).expect("a good token");
        assert_eq!((actor.user, family), (self.alice, self.family));
    }

    fn fails(&self, token: &str, why: &str) {
        let read = read(&self.app, TokenType::Access, token);
        assert_eq!(read, Err(Error::CredentialRevoked), "{why}");
    }

    fn waits(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).expect("a short time");
        self.now.fetch_add(millis, Ordering::SeqCst);
    }

    /// Claims as they should be.
    fn claims(&self) -> Value {
        let now = START / 1000;
        let jti = format!("{}.00", hex::encode(self.family.0));
        json!({"token_type": "access", "exp": now + 900, "iat": now, "jti": jti, "user_id": self.alice.0})
    }

    /// A token with these claims that is signed as the server signs.
    fn signed(&self, claims: &Value) -> String {
        let text = unsigned("HS256", claims);
        let signature = hs256(&self.app.jwt_key(), &text);
        format!("{text}.{signature}")
    }
}

fn unsigned(algorithm: &str, claims: &Value) -> String {
    let header = json!({"typ": "JWT", "alg": algorithm});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(&header), part(claims))
}

fn hs256(key: &[u8], text: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("a key").chain_update(text);
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

fn claims_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("JSON")
}

#[tokio::test]
async fn a_token_says_who_until_when_and_what_for() {
    let world = world().await;
    let token = world.token(TokenType::Refresh, MONTH);
    let claims = claims_of(&token);
    assert_eq!(claims["token_type"], "refresh");
    assert_eq!(claims["user_id"], world.alice.0);
    assert_eq!(claims["iat"], START / 1000);
    assert_eq!(claims["exp"], START / 1000 + 30 * 24 * 60 * 60);
    assert_ne!(claims["jti"], claims_of(&world.token(TokenType::Refresh, MONTH))["jti"], "each its own");
    assert_eq!(claims.as_object().expect("an object").len(), 5);
    let actor = read(&world.app, TokenType::Refresh, &token);
    assert_eq!(actor.map(|(Actor { user, .. }, _)| user), Ok(world.alice));
}

#[tokio::test]
async fn a_token_ends_to_the_second_without_leeway() {
    let world = world().await;
    let token = world.token(TokenType::Access, QUARTER);
    world.waits(QUARTER - Duration::from_millis(501));
    world.passes(&token);
    world.waits(Duration::from_millis(1));
    world.fails(&token, "it has expired");
    world.passes(&world.token(TokenType::Access, QUARTER));
}

#[tokio::test]
async fn nothing_outlives_its_family() {
    let world = world().await;
    let access = world.token(TokenType::Access, MONTH * 2);
    let refresh = world.token(TokenType::Refresh, MONTH * 2);
    world.waits(MONTH - Duration::from_millis(1));
    world.passes(&access);
    world.waits(Duration::from_millis(1));
    world.fails(&access, "the family is over");
    assert!(read(&world.app, TokenType::Refresh, &refresh).is_err());
}

#[tokio::test]
async fn one_kind_is_not_the_other() {
    let world = world().await;
    world.fails(&world.token(TokenType::Refresh, MONTH), "a refresh token");
    let access = world.token(TokenType::Access, QUARTER);
    assert_eq!(read(&world.app, TokenType::Refresh, &access), Err(Error::CredentialRevoked));
    world.passes(&access);
}

#[tokio::test]
async fn only_hs256_under_the_servers_key_is_a_signature() {
    let world = world().await;
    let (claims, key) = (world.claims(), world.app.jwt_key());
    world.passes(&world.signed(&claims));
    let sign = |algorithm: &str, mac: &dyn Fn(&str) -> Vec<u8>| {
        let text = unsigned(algorithm, &claims);
        let signature = URL_SAFE_NO_PAD.encode(mac(&text));
        format!("{text}.{signature}")
    };
    let of_256 = |key: &[u8], text: &str| {
        Hmac::<Sha256>::new_from_slice(key).expect("a key").chain_update(text).finalize().into_bytes().to_vec()
    };
    let of_384 = |text: &str| {
        Hmac::<Sha384>::new_from_slice(&key).expect("a key").chain_update(text).finalize().into_bytes().to_vec()
    };
    let of_512 = |text: &str| {
        Hmac::<Sha512>::new_from_slice(&key).expect("a key").chain_update(text).finalize().into_bytes().to_vec()
    };
    for none in ["none", "None", "NONE", ""] {
        world.fails(&sign(none, &|_| Vec::new()), none);
        world.fails(&sign(none, &|text| of_256(&key, text)), none);
    }
    world.fails(&sign("HS384", &of_384), "HS384 under the right key");
    world.fails(&sign("HS512", &of_512), "HS512 under the right key");
    for claimed in ["HS384", "HS512", "RS256", "ES256", "EdDSA", "hs256"] {
        world.fails(&sign(claimed, &|text| of_256(&key, text)), claimed);
    }
    world.fails(&sign("HS256", &|_| Vec::new()), "no signature");
    world.fails(&sign("HS256", &of_512), "another hash than it says");
    for wrong in [b"".as_slice(), b"secret", &[0; 32], hex::encode(key).as_bytes()] {
        world.fails(&sign("HS256", &|text| of_256(wrong, text)), "another key");
    }
    let cut = |text: &str| of_256(&key, text)[..16].to_vec();
    world.fails(&sign("HS256", &cut), "half a signature");
}

#[tokio::test]
async fn claims_are_all_there_and_fit_together() {
    let world = world().await;
    let good = world.claims();
    world.passes(&world.signed(&good));
    let device = world.app.sign_in(world.app.user_by_login("alice").expect("alice")).await.expect("a device");
    let device = hex::encode(Sha256::digest(device.as_str()));
    let own = hex::encode(world.family.0);
    let row = world.app.actor_of_family(world.family).expect("alice").credential;
    let bobs = world.app.open_family(world.app.user_by_login("bob").expect("bob"), MONTH).await.expect("a family");
    for (claim, wrong) in [
        ("user_id", json!(world.bob.0)),
        ("user_id", json!(0)),
        ("user_id", json!(world.alice.0.to_string())),
        ("user_id", json!(null)),
        ("token_type", json!("refresh")),
        ("token_type", json!("Access")),
        ("token_type", json!(null)),
        ("exp", json!(START / 1000)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!("9999999999")),
        ("exp", json!(null)),
        ("iat", json!("then")),
        ("jti", json!("")),
        ("jti", json!("x.00")),
        ("jti", json!("999999.00")),
        ("jti", json!(format!("{row}.00"))),
        ("jti", json!(row.0)),
        ("jti", json!(format!("-{own}.00"))),
        ("jti", json!(format!("{}.00", &own[..62]))),
        ("jti", json!(format!("{own}00.00"))),
        ("jti", json!(format!("{device}.00"))),
        ("jti", json!(format!("{}.00", hex::encode(bobs.0)))),
    ] {
        let mut claims = good.clone();
        claims[claim] = wrong.clone();
        world.fails(&world.signed(&claims), &format!("{claim}: {wrong}"));
        let mut without = good.clone();
        without.as_object_mut().expect("an object").remove(claim);
        world.fails(&world.signed(&without), claim);
    }
}

#[tokio::test]
async fn what_is_changed_or_cut_is_no_token() {
    let world = world().await;
    let token = world.token(TokenType::Access, QUARTER);
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let mut claims = claims_of(&token);
    claims["user_id"] = json!(world.bob.0);
    let bobs = URL_SAFE_NO_PAD.encode(claims.to_string());
    for wrong in [
        format!("{header}.{bobs}.{signature}"),
        format!("{header}.{payload}."),
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{header}.{payload}.{signature}="),
        format!(".{payload}.{signature}"),
        format!("{payload}.{header}.{signature}"),
        "..".to_owned(),
        String::new(),
    ] {
        world.fails(&wrong, &wrong);
    }
    world.passes(&token);
}

#[tokio::test]
async fn an_end_of_everything_ends_both_kinds() {
    let world = world().await;
    let access = world.token(TokenType::Access, QUARTER);
    let refresh = world.token(TokenType::Refresh, MONTH);
    let (actor, _) = read(&world.app, TokenType::Access, &access).expect("a good token");
    world.app.sign_out(&actor).await.expect("signed out");
    world.passes(&access);
    world.app.sign_out_everywhere(&actor).await.expect("signed out everywhere");
    world.fails(&access, "everything has ended");
    assert!(read(&world.app, TokenType::Refresh, &refresh).is_err());
}

#[tokio::test]
async fn no_other_letters_are_a_token() {
    let world = world().await;
    let token = world.token(TokenType::Access, QUARTER);
    proptest!(|(noise in any::<String>(), near in "[A-Za-z0-9_-]{0,40}[.][A-Za-z0-9_-]{0,40}[.][A-Za-z0-9_-]{0,43}",
                at in any::<usize>(), letter in "[A-Za-z0-9_.=+/-]?")| {
        for text in [noise, near] {
            prop_assert!(read(&world.app, TokenType::Access, &text).is_err());
        }
        let at = at % token.len();
        let other = format!("{}{letter}{}", &token[..at], &token[at + 1..]);
        prop_assert_eq!(read(&world.app, TokenType::Access, &other).is_ok(), other == token, "{}", other);
    });
}
