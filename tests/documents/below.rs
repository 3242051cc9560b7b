//! A dialect's own place has every page that its document names or prints.

use serde_json::json;

use crate::world::bytes::{PNG, Part, file};
use crate::world::caller::{Credential, Session};
use crate::world::person::cookie;
use crate::world::{Caller, Fireside};

async fn avatar(fireside: &Fireside, name: &str) -> String {
    let person = fireside.registers(name).await;
    let part = Part { field: "avatar", ..file("me.png", "image/png", PNG) };
    let path = format!("/api/users/{}/", person.id);
    let answer = person.asks(reqwest::Method::PATCH, &path).parts(&[part]).await.is(200);
    answer.json()["avatar_url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn messaging_signs_in_where_its_document_does() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let place: Caller = fireside.anyone().through("/d/messaging");
    let wrong = place.sends_form("/login/", &[("username", "alice"), ("password", "not the password")]).await.is(401);
    assert!(wrong.json()["detail"].is_string() && wrong.json().get("error").is_none(), "in its own words: {wrong}");
    let fields = [("username", "alice"), ("password", alice.password.as_str())];
    let answer = place.sends_form("/login/", &fields).await.is(200);
    assert_eq!(answer.json()["user"]["id"], alice.id);
    let session = Session { id: cookie(&answer, "sessionid"), csrf: cookie(&answer, "csrftoken") };
    let alice = place.showing(Credential::Session(session.clone()));
    alice.get("/messages/api/chats/").await.is(200);
    place.showing(Credential::BareCookie(session)).does("/logout/").await.is(403);
    alice.does("/logout").await.is(204);
    alice.get("/messages/api/chats/").await.is(401);
    for other in ["/d/inbox/login/", "/d/directs/login/", "/d/messaging/register/"] {
        fireside.anyone().post(other, &json!({})).await.is(404);
    }
}

#[tokio::test]
async fn a_picture_is_found_below_the_place_that_prints_it() {
    let fireside = Fireside::start().await;
    let url = avatar(&fireside, "alice").await;
    for place in ["", "/d/rooms", "/d/messaging", "/d/messenger"] {
        let anyone = fireside.anyone().through(place);
        assert_eq!(anyone.get(&url).await.is(200).body, PNG, "{place}");
        anyone.get("/media/user_images/unknown.png").await.is(404);
    }
    let default = fireside.anyone().through("/d/messenger").get("/media/user_images/default.jpg").await.is(200);
    assert!(default.body.starts_with(&[0xff, 0xd8, 0xff]), "a JPEG");
    assert_eq!(default.header("content-type"), "image/jpeg");
    fireside.anyone().through("/d/inbox").get(&url).await.is(404);
}
