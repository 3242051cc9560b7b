//! The browser's developer tools over a line of their own: the driver hands on what a page is asked, and none of
//! what its service worker is.

use std::time::UNIX_EPOCH;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::Browser;
use super::browser::PATIENCE;

pub struct Devtools {
    line: WebSocketStream<MaybeTlsStream<TcpStream>>,
    asked: u64,
    events: Vec<Value>,
}

impl Devtools {
    /// Of this browser, by the address that it leaves in its profile.
    pub async fn of(browser: &Browser) -> Self {
        let said = std::fs::read_to_string(browser.profile().join("DevToolsActivePort")).expect("a port");
        let (port, path) = said.trim().split_once('\n').expect("a port and a path");
        let (line, _) = connect_async(format!("ws://127.0.0.1:{port}{path}")).await.expect("a line");
        Self { line, asked: 0, events: Vec::new() }
    }

    /// The answer to a command; what is told meanwhile is kept.
    pub async fn asks(&mut self, session: Option<&str>, method: &str, params: Value) -> Value {
        self.asked += 1;
        let mut command = json!({"id": self.asked, "method": method, "params": params});
        if let Some(session) = session {
            command["sessionId"] = json!(session);
        }
        self.line.send(Message::text(command.to_string())).await.expect("sent");
        loop {
            let heard = self.hears().await;
            if heard["id"] == self.asked {
                assert!(heard["error"].is_null(), "{method}: {heard}");
                return heard["result"].clone();
            }
            self.events.push(heard);
        }
    }

    async fn hears(&mut self) -> Value {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.line.next()).await.expect("an answer in time");
            if let Message::Text(text) = next.expect("a line").expect("a message") {
                return serde_json::from_str(&text).expect("JSON");
            }
        }
    }

    /// What is told of this kind and is as wished: what was told already, or what comes.
    async fn hears_of(&mut self, method: &str, is_wished: impl Fn(&Value) -> bool) -> Value {
        let fits = |event: &Value| event["method"] == method && is_wished(&event["params"]);
        loop {
            if let Some(event) = self.events.iter().find(|event| fits(event)) {
                return event["params"].clone();
            }
            let heard = self.hears().await;
            self.events.push(heard);
        }
    }

    /// A session with what is open and has this type, once it is there.
    pub async fn session(&mut self, of: &str) -> String {
        let start = std::time::Instant::now();
        loop {
            let targets = self.asks(None, "Target.getTargets", json!({})).await;
            let found = targets["targetInfos"].as_array().unwrap().iter().find(|target| target["type"] == of);
            if let Some(target) = found {
                let wish = json!({"targetId": target["targetId"], "flatten": true});
                let session = self.asks(None, "Target.attachToTarget", wish).await;
                return session["sessionId"].as_str().unwrap().to_owned();
            }
            assert!(start.elapsed() < PATIENCE, "no {of} in {targets}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// Loads a page as somebody whose browser keeps nothing does, and counts from there on: see [`Self::loaded`].
    pub async fn loads(&mut self, url: &str) -> String {
        let page = self.session("page").await;
        self.events.clear();
        self.asks(Some(&page), "Network.enable", json!({})).await;
        self.asks(Some(&page), "Network.setCacheDisabled", json!({"cacheDisabled": true})).await;
        self.asks(Some(&page), "Network.setBypassServiceWorker", json!({"bypass": true})).await;
        self.asks(Some(&page), "Page.navigate", json!({"url": url})).await;
        page
    }

    /// How many bytes came over the line since, heads of answers and frames of sockets with them.
    pub async fn loaded(&mut self, page: &str) -> f64 {
        self.asks(Some(page), "Runtime.evaluate", json!({"expression": "1"})).await; // whatever came before is told before
        let size = |event: &Value| match event["method"].as_str() {
            Some("Network.loadingFinished") => event["params"]["encodedDataLength"].as_f64().unwrap(),
            Some("Network.webSocketFrameReceived") => {
                f64::from(u32::try_from(event["params"]["response"]["payloadData"].as_str().unwrap().len()).unwrap())
            }
            _ => 0.0,
        };
        self.events.iter().map(size).sum()
    }

    /// How many pages are open.
    pub async fn pages(&mut self) -> usize {
        let targets = self.asks(None, "Target.getTargets", json!({})).await;
        targets["targetInfos"].as_array().unwrap().iter().filter(|target| target["type"] == "page").count()
    }

    /// Has the page's service worker get a push, as if a push service had brought it, and waits until it is done with
    /// that: a notification that is asked for while it is being shown is lost to the browser's list of them.
    pub async fn pushes(&mut self, origin: &str, push: &Value) {
        let page = self.session("page").await;
        self.events.clear();
        self.asks(Some(&page), "ServiceWorker.enable", json!({})).await;
        let scope = format!("{origin}/");
        let of_scope =
            |registration: &&Value| registration["scopeURL"] == scope.as_str() && registration["isDeleted"] == false;
        let told = self
            .hears_of("ServiceWorker.workerRegistrationUpdated", |told| {
                told["registrations"].as_array().unwrap().iter().any(|each| of_scope(&each))
            })
            .await;
        let id = told["registrations"].as_array().unwrap().iter().find(of_scope).unwrap()["registrationId"].clone();
        let pushes = "pushMessaging";
        self.asks(Some(&page), "BackgroundService.setRecording", json!({"service": pushes, "shouldRecord": true}))
            .await;
        self.asks(Some(&page), "BackgroundService.startObserving", json!({"service": pushes})).await;
        let begun = UNIX_EPOCH.elapsed().unwrap().as_secs_f64(); // those of before are told again
        let wish = json!({"origin": scope, "registrationId": id, "data": push.to_string()});
        self.asks(Some(&page), "ServiceWorker.deliverPushMessage", wish).await;
        self.hears_of("BackgroundService.backgroundServiceEventReceived", |told| {
            let event = &told["backgroundServiceEvent"];
            event["eventName"] == "Push event completed" && event["timestamp"].as_f64().unwrap() >= begun
        })
        .await;
        self.asks(None, "Target.detachFromTarget", json!({"sessionId": page})).await;
    }

    /// What a script gives in the service worker.
    pub async fn in_worker(&mut self, script: &str) -> Value {
        let worker = self.session("service_worker").await;
        let wish = json!({"expression": script, "awaitPromise": true, "returnByValue": true});
        let answer = self.asks(Some(&worker), "Runtime.evaluate", wish).await;
        assert!(answer["exceptionDetails"].is_null(), "{script}: {answer}");
        self.asks(None, "Target.detachFromTarget", json!({"sessionId": worker})).await;
        answer["result"]["value"].clone()
    }
}
