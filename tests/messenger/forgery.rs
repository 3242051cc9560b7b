//! Tokens that the server did not write, or not for this: they open nothing anywhere.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{PROFILE, USERS, refreshes};
use crate::world::Fireside;

#[tokio::test]
async fn only_a_refresh_token_refreshes() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let pair = alice.takes_jwts().await;
    for wrong in [pair.access.as_str(), alice.token.as_str(), "", "a.b.c", "..", "refresh_token"] {
        refreshes(&fireside, wrong).await.refused_as_invalid_token();
    }
    refreshes(&fireside, &pair.refresh).await.is(200);
}

#[tokio::test]
async fn a_refresh_token_opens_nothing() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let room = alice.chatroom_with("alice").await;
    let den = alice.opens_room("den").await;
    let pair = alice.takes_jwts().await;
    let bearer = fireside.anyone().bearing(&pair.refresh);
    for path in [USERS, PROFILE, &room.messages()] {
        bearer.get(path).await.refused_as_invalid_token();
    }
    bearer.get("/api/auth/me/").await.refused(401, "authentication_required");
    for socket in [room.socket(), den.socket()] {
        bearer.knocks_at(&socket).turned_away_with(401).await;
        fireside.anyone().bearing(&pair.access).knocks_at(&socket).enters().await;
    }
}

#[tokio::test]
async fn forgeries_open_nothing() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let mallory = fireside.registers("mallory").await;
    let room = alice.chatroom_with("alice").await;
    let hers = mallory.takes_jwts().await;
    let parts: Vec<&str> = hers.access.split('.').collect();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    claims["user_id"] = json!(alice.id);
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let payload = encode(&claims);
    let mut forgeries = vec![format!("{}.{payload}.{}", parts[0], parts[2]), format!("{}.{payload}.", parts[0])];
    for algorithm in ["none", "None", "NONE", "HS256", "HS384", "HS512", "RS256"] {
        let header = encode(&json!({"alg": algorithm, "typ": "JWT"}));
        for honest in [parts[1], &payload] {
            let text = format!("{header}.{honest}");
            forgeries.push(format!("{text}."));
            for key in ["", "secret", "django-insecure", &fireside.url] {
                let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap().chain_update(&text);
                forgeries.push(format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())));
            }
        }
    }
    assert!(forgeries.len() > 70);
    for forgery in &forgeries {
        let bearer = fireside.anyone().bearing(forgery);
        bearer.get(PROFILE).await.refused_as_invalid_token();
        bearer.get("/api/auth/me/").await.refused(401, "authentication_required");
        refreshes(&fireside, forgery).await.refused_as_invalid_token();
        bearer.knocks_at(&room.socket()).turned_away_with(401).await;
    }
    fireside.anyone().bearing(&hers.access).get(PROFILE).await.is(200);
}

#[tokio::test]
async fn another_servers_token_is_a_forgery_too() {
    let here = Fireside::start().await;
    let there = Fireside::start().await;
    let alice = here.registers("alice").await;
    let twin = there.registers("alice").await;
    assert_eq!(alice.id, twin.id);
    let (mine, theirs) = (alice.takes_jwts().await, twin.takes_jwts().await);
    here.anyone().bearing(&theirs.access).get(PROFILE).await.refused_as_invalid_token();
    refreshes(&here, &theirs.refresh).await.refused_as_invalid_token();
    here.anyone().bearing(&mine.access).get(PROFILE).await.is(200);
}
