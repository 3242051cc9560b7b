//! The calls of the system's own client in Chromium, from a page of another origin.

use serde_json::{Value, json};

use crate::client::browser::{Browser, browser_is_here};
use crate::world::Fireside;
use crate::world::site::site;

/// It asks with credentials and repeats the cookie against forgery, as that client does.
const PAGE: &str = "<!doctype html><title>Elsewhere</title><script>
    const csrf = () => document.cookie.match(/csrftoken=([^;]+)/)?.[1] ?? '';
    async function ask(method, path, body) {
      const headers = { 'Content-Type': 'application/json', Accept: 'application/json', 'X-CSRFToken': csrf() };
      const init = { method, headers, credentials: 'include', body: body && JSON.stringify(body) };
      const answer = await fetch(new URL(path, base), init);
      return { status: answer.status, body: answer.status === 204 ? null : await answer.json() };
    }
    const heard = [];
    function enters(chat) {
      heard.length = 0;
      window.socket?.close();
      window.socket = new WebSocket(base.replace('http', 'ws') + `/ws/chat/${chat}/`);
      socket.onmessage = (event) => heard.push(JSON.parse(event.data).message);
      return new Promise((open) => { socket.onopen = () => open(true); socket.onclose = () => open(false); });
    }
    </script>";

/// The page in a browser, turned to a server.
async fn opens(page: &str, fireside: &Fireside) -> Browser {
    let browser = Browser::on(page).await;
    browser.does(&format!("window.base = '{}'", fireside.url)).await;
    browser
}

async fn asks(browser: &Browser, method: &str, path: &str, body: Value) -> Value {
    browser.waits_for(&format!("ask('{method}', '{path}', {body}).then(done, (error) => done(String(error)));")).await
}

async fn hears(browser: &Browser, texts: &[&str]) {
    let texts = json!(texts);
    browser.until(&format!("heard.map((message) => message.body).join() === {texts}.join()")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_talk_on_a_page_of_another_origin() {
    let Some(_turn) = browser_is_here().await else { return };
    let elsewhere = site(PAGE.to_owned(), "").await;
    let fireside = Fireside::start_with(&["--cors-origin", &elsewhere]).await;
    let bob = fireside.registers("bob").await;
    let browser = opens(&elsewhere, &fireside).await;

    asks(&browser, "GET", "/api/csrf-token/", Value::Null).await;
    let alice = json!({"username": "alice", "email": "alice@example.com", "password": "correct horse"});
    let registered = asks(&browser, "POST", "/api/register/", alice).await;
    assert_eq!((&registered["status"], &registered["body"]["user"]["username"]), (&json!(201), &json!("alice")));
    let refused = asks(&browser, "POST", "/chat/create-chat/", json!({"user_id": 2})).await;
    assert_eq!(refused["status"], 400, "{refused}");
    assert!(refused["body"]["error"].as_str().unwrap().contains("yourself"), "{refused}");
    let users = asks(&browser, "GET", "/chat/get-users/", Value::Null).await;
    assert_eq!(users["body"], json!([{"id": bob.id, "username": "bob"}]));
    let chat = asks(&browser, "POST", "/chat/create-chat/", json!({"user_id": bob.id})).await;
    let chat = chat["body"]["id"].clone();

    assert_eq!(browser.waits_for(&format!("enters({chat}).then(done);")).await, true);
    let mut his = bob.handshake(&format!("/ws/chat/{chat}/")).enters().await;
    browser.does("socket.send(JSON.stringify({ body: 'hello from elsewhere' }))").await;
    hears(&browser, &["hello from elsewhere"]).await;
    assert_eq!(his.frame().await["message"]["sender"], "alice");
    his.says(&json!({"body": "hello to you"})).await;
    hears(&browser, &["hello from elsewhere", "hello to you"]).await;

    // Bob at the same browser: what was said is there, and goes on.
    assert_eq!(asks(&browser, "POST", "/api/logout/", Value::Null).await["status"], 204);
    assert_eq!(asks(&browser, "GET", "/api/user/", Value::Null).await["status"], 401);
    assert_eq!(
        browser
            .waits_for(&format!("enters({chat}).then(() => {{ socket.onclose = ({{ code }}) => done(code); }});"))
            .await,
        4401
    );
    let login = json!({"username": "bob", "password": bob.password});
    assert_eq!(asks(&browser, "POST", "/api/login/", login).await["status"], 200);
    let chats = asks(&browser, "GET", "/chat/get-chats/", Value::Null).await;
    assert_eq!(chats["body"][0]["other_user"]["username"], "alice");
    assert_eq!(chats["body"][0]["last_message"]["body"], "hello to you");
    assert_eq!(browser.waits_for(&format!("enters({chat}).then(done);")).await, true);
    hears(&browser, &["hello from elsewhere", "hello to you"]).await;
    browser.does("socket.send(JSON.stringify({ body: 'and on' }))").await;
    hears(&browser, &["hello from elsewhere", "hello to you", "and on"]).await;

    // A page that nobody listed sends the same cookies, since it is of the same host, and gets nothing for them.
    let stranger = site(PAGE.to_owned(), "").await;
    browser.does(&format!("location.replace('{stranger}/')")).await;
    browser.until(&format!("location.origin === '{stranger}' && typeof ask === 'function'")).await;
    browser.does(&format!("window.base = '{}'", fireside.url)).await;
    for (method, path) in [("GET", "/chat/get-chats/"), ("POST", "/chat/create-chat/"), ("GET", "/api/csrf-token/")] {
        let answer = asks(&browser, method, path, Value::Null).await;
        assert!(answer.as_str().is_some_and(|error| error.contains("TypeError")), "{path}: {answer}");
    }
    assert_eq!(browser.waits_for(&format!("enters({chat}).then(done);")).await, false);
    browser.leaves().await;
}
