//! Tokens that the server did not write, or not for this: they open nothing anywhere.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{PROFILE, USERS, refreshes};
use crate::world::{Fireside, people};

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
        bearer.handshake(&socket).turned_away_with(401).await;
        fireside.anyone().bearing(&pair.access).handshake(&socket).enters().await;
    }
}

#[tokio::test]
async fn forgeries_open_nothing() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, mallory);
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
        bearer.handshake(&room.socket()).turned_away_with(401).await;
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

/// Rows of a database that is begun anew have the numbers that those of the last one had; the key may be the same.
#[tokio::test]
async fn a_database_that_is_begun_anew_knows_no_token_of_the_last_one() {
    let mut fireside = Fireside::start().await;
    let before = fireside.registers("mallory").await;
    let old = before.takes_jwts().await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let home = fireside.home.clone();
    for name in ["fireside.db", "fireside.db-wal", "fireside.db-shm"] {
        let gone = std::fs::remove_file(home.data().join(name));
        assert!(gone.is_ok() || name != "fireside.db", "{gone:?}");
    }
    let fireside = Fireside::start_in(home, &[]).await;
    let alice = fireside.registers("alice").await;
    let new = alice.takes_jwts().await;
    let (was, is) = (claims_of(&old.access), claims_of(&new.access));
    assert_eq!(was["user_id"], is["user_id"]);
    let signs = |claims| signed(&json!({"alg": "HS256", "typ": "JWT"}), claims, &stolen_key(&fireside));
    fireside.anyone().bearing(&signs(&was)).get(PROFILE).await.refused_as_invalid_token();
    fireside.anyone().bearing(&signs(&is)).get(PROFILE).await.is(200);
    fireside.anyone().bearing(&old.access).get(PROFILE).await.refused_as_invalid_token();
    refreshes(&fireside, &old.refresh).await.refused_as_invalid_token();
    fireside.anyone().bearing(&new.access).get(PROFILE).await.is(200);
    refreshes(&fireside, &new.refresh).await.is(200);
}

/// A token with this header and these claims, signed with a key.
fn signed(header: &Value, claims: &Value, key: &[u8]) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", encode(header), encode(claims));
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(&text);
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn claims_of(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// The key that the server signs with, as whoever stole its secret would work it out.
fn stolen_key(fireside: &Fireside) -> Vec<u8> {
    let secret = std::fs::read(fireside.home.data().join("secret.key")).unwrap();
    let mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap().chain_update(b"json web token\0");
    mac.finalize().into_bytes().to_vec()
}

/// Headers that tell the server where the key is: it looks nowhere but in its own folder.
#[tokio::test]
async fn no_header_chooses_the_key() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let room = alice.chatroom_with("alice").await;
    let claims = claims_of(&alice.takes_jwts().await.access);
    let mine = b"mallory's own key, as long as it is";
    let own = json!({"kty": "oct", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode(mine)});
    let mut forgeries = Vec::new();
    for (name, value) in [
        ("kid", json!("../../../../../../dev/null")),
        ("kid", json!("/proc/sys/kernel/randomize_va_space")),
        ("kid", json!("x' UNION SELECT 'mallory' --")),
        ("kid", json!("| sleep 5")),
        ("kid", json!("")),
        ("kid", json!(0)),
        ("kid", json!(["secret.key"])),
        ("jwk", own.clone()),
        ("jku", json!("https://evil.example/keys.json")),
        ("x5u", json!("https://evil.example/certificate.pem")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["kid"])),
        ("b64", json!(false)),
        ("cty", json!("JWT")),
        ("zip", json!("DEF")),
    ] {
        for key in [mine.as_slice(), b"", b"\0", b"2\n", fireside.url.as_bytes()] {
            let mut header = json!({"alg": "HS256", "typ": "JWT"});
            header[name] = value.clone();
            forgeries.push(signed(&header, &claims, key));
        }
    }
    // What a public key would be signed with, were there one.
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA", "HS512", "hs256", ""] {
        forgeries.push(signed(&json!({"alg": algorithm, "jwk": own}), &claims, &stolen_key(&fireside)));
    }
    forgeries.push(signed(&json!({"typ": "JWT"}), &claims, &stolen_key(&fireside)));
    forgeries.push(signed(&json!([]), &claims, &stolen_key(&fireside)));
    for forgery in &forgeries {
        let bearer = fireside.anyone().bearing(forgery);
        bearer.get(PROFILE).await.refused_as_invalid_token();
        bearer.get("/api/auth/me/").await.refused(401, "authentication_required");
        refreshes(&fireside, forgery).await.refused_as_invalid_token();
        bearer.handshake(&room.socket()).turned_away_with(401).await;
    }
    let honest = signed(&json!({"alg": "HS256", "typ": "JWT"}), &claims, &stolen_key(&fireside));
    fireside.anyone().bearing(&honest).get(PROFILE).await.is(200);
}

/// Under the right key too: a token is good for one kind, one family, one person, for a time.
#[tokio::test]
async fn a_right_signature_is_not_enough() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let key = stolen_key(&fireside);
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let pair = alice.takes_jwts().await;
    let (access, refresh) = (claims_of(&pair.access), claims_of(&pair.refresh));
    let bobs = claims_of(&bob.takes_jwts().await.access);
    fireside.anyone().bearing(&signed(&header, &access, &key)).get(PROFILE).await.is(200);
    refreshes(&fireside, &signed(&header, &refresh, &key)).await.is(200);
    for (claim, wrong) in [
        ("exp", json!(access["iat"].as_i64().unwrap() - 1)),
        ("exp", json!(0)),
        ("exp", json!("9999999999")),
        ("exp", json!(null)),
        ("user_id", json!(bob.id)),
        ("user_id", json!(999_999)),
        ("user_id", json!(alice.id.to_string())),
        ("user_id", json!([alice.id])),
        ("token_type", json!("device")),
        ("token_type", json!(["access", "refresh"])),
        ("token_type", json!(null)),
        ("jti", bobs["jti"].clone()),
        ("jti", json!("999999.00")),
        ("jti", json!("-1.00")),
        ("jti", json!("00.00")),
        ("jti", json!("")),
    ] {
        for (claims, is_access) in [(&access, true), (&refresh, false)] {
            let mut claims = claims.clone();
            claims[claim] = wrong.clone();
            let token = signed(&header, &claims, &key);
            if is_access {
                fireside.anyone().bearing(&token).get(PROFILE).await.refused_as_invalid_token();
            } else {
                refreshes(&fireside, &token).await.refused_as_invalid_token();
            }
            claims.as_object_mut().unwrap().remove(claim);
            let token = signed(&header, &claims, &key);
            fireside.anyone().bearing(&token).get(PROFILE).await.refused_as_invalid_token();
            refreshes(&fireside, &token).await.refused_as_invalid_token();
        }
    }
    // Each kind in the other's place.
    refreshes(&fireside, &signed(&header, &access, &key)).await.refused_as_invalid_token();
    fireside.anyone().bearing(&signed(&header, &refresh, &key)).get(PROFILE).await.refused_as_invalid_token();
    // A family that has ended.
    alice.does("/api/auth/logout-all/").await.is(204);
    fireside.anyone().bearing(&signed(&header, &access, &key)).get(PROFILE).await.refused_as_invalid_token();
    refreshes(&fireside, &signed(&header, &refresh, &key)).await.refused_as_invalid_token();
}
