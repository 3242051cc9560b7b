//! Who may open a socket, and how a refusal looks: a status to programs, a
//! close code to browsers, which cannot see the status.

use crate::world::caller::Credential;
use crate::world::{Fireside, Person, Room, people};

const FOREIGN: &str = "https://evil.example";

struct Scene {
    fireside: Fireside,
    alice: Person,
    bob: Person,
    den: Room,
    hidden: Room,
    never: Room,
}

/// Alice has a public and a private room; bob is in neither.
async fn scene() -> Scene {
    scene_with(&[]).await
}

async fn scene_with(flags: &[&str]) -> Scene {
    let fireside = Fireside::start_with(flags).await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    let hidden = alice.opens_room("hidden").await;
    alice.makes_private(&hidden).await;
    let never = Room { id: 999_999 };
    Scene { fireside, alice, bob, den, hidden, never }
}

#[tokio::test]
async fn a_program_is_refused_by_status() {
    let scene = scene().await;
    for place in ["", "/d/rooms"] {
        let anyone = scene.fireside.anyone().through(place);
        let bob = scene.bob.through(place);
        for room in [&scene.den, &scene.hidden, &scene.never] {
            anyone.handshake(&room.socket()).turned_away_with(401).await;
            let bad = anyone.handshake(&room.socket()).with_query("token=bad");
            bad.turned_away_with(401).await;
        }
        bob.handshake(&scene.den.socket()).turned_away_with(403).await;
        bob.handshake(&scene.hidden.socket()).turned_away_with(404).await;
        bob.handshake(&scene.never.socket()).turned_away_with(404).await;
    }
}

#[tokio::test]
async fn a_refusal_by_status_is_an_answer_like_any_other() {
    let scene = scene().await;
    let anyone = scene.fireside.anyone();
    for (refusal, code) in [
        (anyone.handshake(&scene.den.socket()).turned_away().await, "authentication_required"),
        (scene.bob.handshake_in(&scene.den).turned_away().await, "permission_denied"),
        (scene.bob.handshake_in(&scene.hidden).turned_away().await, "not_found"),
    ] {
        let error: serde_json::Value = serde_json::from_str(&refusal.body).unwrap();
        assert_eq!(error["error"], code, "{refusal:?}");
    }
}

#[tokio::test]
async fn a_browser_is_refused_by_close_code() {
    let scene = scene().await;
    let here = scene.fireside.url.clone();
    let anyone = scene.fireside.anyone();
    for (handshake, code) in [
        (anyone.handshake(&scene.den.socket()), 4401),
        (anyone.handshake(&scene.never.socket()), 4401),
        (anyone.handshake(&scene.den.socket()).with_query("token=bad"), 4401),
        (scene.bob.handshake_in(&scene.den), 4403),
        (scene.bob.handshake_in(&scene.hidden), 4404),
        (scene.bob.handshake_in(&scene.never), 4404),
    ] {
        let mut listener = handshake.with("Origin", &here).enters().await;
        listener.is_closed_with(code).await;
    }
}

#[tokio::test]
async fn a_member_enters_by_every_credential() {
    let scene = scene().await;
    let session = scene.alice.signs_in_by_page().await;
    let token = scene.alice.token.clone();
    let handshake = || scene.fireside.anyone().handshake(&scene.hidden.socket());
    let mut listeners = vec![
        handshake().with_query(&format!("token={token}")).enters().await,
        handshake().with("Authorization", &format!("Token {token}")).enters().await,
        handshake().with("Authorization", &format!("bearer {token}")).enters().await,
        handshake().with("Cookie", &session.cookie()).enters().await,
    ];
    let by_protocol = handshake().with("Sec-WebSocket-Protocol", &format!("token, {token}"));
    let listener = by_protocol.enters().await;
    assert_eq!(listener.protocol.as_deref(), Some("token"));
    listeners.push(listener);
    scene.alice.posts("welcome").in_room(&scene.hidden).await;
    for listener in &mut listeners {
        listener.hears_message("welcome").await;
    }
    let bad = handshake().with("Sec-WebSocket-Protocol", "token, bad");
    bad.turned_away_with(401).await;
}

#[tokio::test]
async fn a_cookie_opens_no_socket_for_a_foreign_site() {
    let scene = scene_with(&["--cors-origin", "https://app.example"]).await;
    let session = scene.alice.signs_in_by_page().await;
    let browser = scene.alice.showing(Credential::Session(session));
    let handshake = || browser.handshake(&scene.den.socket());
    for origin in [FOREIGN, "null", "http://127.0.0.1:1", "https://app.example.evil.example"] {
        handshake().with("Origin", origin).turned_away_with(403).await;
    }
    handshake().enters().await.hears_nothing().await;
    handshake().with("Origin", &scene.fireside.url).enters().await.hears_nothing().await;
    handshake().with("Origin", "https://app.example").enters().await.hears_nothing().await;
    // A token is not sent by a browser on its own, so where it comes from
    // tells nothing.
    let with_token = scene.alice.handshake_in(&scene.den).with("Origin", FOREIGN);
    with_token.enters().await.hears_nothing().await;
}

#[tokio::test]
async fn no_room_has_a_strange_number() {
    let scene = scene().await;
    for number in ["0", "-1", "99999999999999999999", "NaN", "1.0", "%31%00", "den"] {
        let handshake = scene.alice.handshake(&format!("/ws/room/{number}/"));
        handshake.turned_away_with(404).await;
    }
    let bare = format!("/ws/room/{}", scene.den.id);
    scene.alice.handshake(&bare).enters().await.hears_nothing().await;
}
