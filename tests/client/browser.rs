//! One headless browser with an empty profile, and what a person does in it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::wd::WindowHandle;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{Fireside, Person};

/// A browser starts slowly on a busy machine; nothing waits for it in vain.
pub const PATIENCE: Duration = Duration::from_secs(20);

const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--window-size=1200,800",
    "--lang=en",
    "--accept-lang=en",
];

/// Browsers are heavy: one test has them at a time.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// This test's turn with the browsers, or nothing where there are none.
pub async fn browser_is_here() -> Option<tokio::sync::MutexGuard<'static, ()>> {
    let wish = std::env::var("FIRESIDE_REQUIRE_BROWSER").unwrap_or_default();
    // For a run that gives the browser a step of its own, with the machine to itself.
    if wish == "0" {
        say("skipped: no browser wanted");
        return None;
    }
    let found = ["chromium", "chromedriver"].iter().all(|name| in_path(name).is_some());
    if !found {
        assert!(wish != "1", "chromium and chromedriver are required");
        say("skipped: no chromium");
        return None;
    }
    Some(TURN.lock().await)
}

#[expect(clippy::print_stdout, reason = "whoever runs the tests must see what was not tested")]
pub fn say(words: &str) {
    println!("{words}");
}

pub fn in_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

pub struct Browser {
    client: Client,
    driver: Child,
    /// The driver's own address for this session.
    session: String,
    url: String,
    profile: TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}

impl Browser {
    /// An empty browser at the server's page.
    pub async fn at(fireside: &Fireside) -> Self {
        Self::on(&fireside.url).await
    }

    /// An empty browser at any site.
    pub async fn on(url: &str) -> Self {
        let (driver, port) = starts_driver();
        let profile = TempDir::new().unwrap();
        let mut flags: Vec<String> = FLAGS.iter().map(ToString::to_string).collect();
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let wish = json!({
            "goog:chromeOptions": { "args": flags },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wish.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("a browser");
        let session = client.session_id().await.unwrap().expect("a session");
        let session = format!("http://127.0.0.1:{port}/session/{session}");
        let browser = Self { client, driver, session, url: url.to_owned(), profile };
        browser.goes_to("/").await;
        browser
    }

    /// A browser in which this person has signed in by the page.
    pub async fn of(fireside: &Fireside, person: &Person) -> Self {
        let browser = Self::at(fireside).await;
        browser.signs_in(person).await;
        browser
    }

    pub async fn signs_in(&self, person: &Person) {
        let browser = self;
        browser.types("[name=username]", &person.username).await;
        browser.types("[name=password]", &person.password).await;
        browser.clicks("[type=submit]").await;
        browser.sees(".app .me").await;
    }

    /// A command of the browser's developer tools.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let answer = reqwest::Client::builder()
            .no_proxy()
            .build()
            .unwrap()
            .post(format!("{}/goog/cdp/execute", self.session))
            .json(&json!({"cmd": command, "params": parameters}))
            .send()
            .await
            .unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert!(answer["value"].get("error").is_none(), "{command}: {answer}");
        answer["value"].clone()
    }

    /// Where it keeps what it keeps.
    pub fn profile(&self) -> &Path {
        self.profile.path()
    }

    /// Runs a script in every page that is opened from now on, before the page's own.
    pub async fn begins_pages_with(&self, script: &str) {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})).await;
    }

    /// Waits for what a script hands to its last argument.
    pub async fn waits_for(&self, script: &str) -> Value {
        let script = format!("const done = arguments[arguments.length - 1]; {script}");
        self.client.execute_async(&script, vec![]).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// A window of this size, as a phone or a worker has it.
    pub async fn is_sized(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    pub async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.unwrap()
    }

    pub async fn goes_to(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.url)).await.unwrap();
    }

    /// A link that leads to another page of the site, with what stands behind its #.
    pub async fn opens_link(&self, path: &str) {
        self.goes_to("/favicon.svg").await;
        self.goes_to(path).await;
    }

    pub async fn opens_chat(&self, id: i64) {
        self.does(&format!("location.hash = 'chat-{id}'")).await;
        self.until("document.querySelector('.log') && !document.querySelector('.log[aria-busy]') && document.querySelector('.conversation:not([hidden])')")
            .await;
    }

    pub async fn reloads(&self) {
        self.client.refresh().await.unwrap();
    }

    pub async fn window(&self) -> WindowHandle {
        self.client.window().await.unwrap()
    }

    /// A second page of the same browser, which is then the one that is looked at.
    pub async fn opens_window(&self) {
        let opened = self.client.new_window(false).await.unwrap();
        self.turns_to(&opened.handle).await;
        self.goes_to("/").await;
    }

    pub async fn turns_to(&self, window: &WindowHandle) {
        self.client.switch_to_window(window.clone()).await.unwrap();
    }

    pub async fn goes_back(&self) {
        self.client.back().await.unwrap();
    }

    pub async fn leaves(self) {
        self.client.clone().close().await.ok();
    }

    /// Runs a script and gives what it returns.
    pub async fn asks(&self, script: &str) -> Value {
        self.client
            .execute(&format!("return {script}"), vec![])
            .await
            .unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    pub async fn does(&self, script: &str) {
        self.client.execute(script, vec![]).await.unwrap_or_else(|error| panic!("{script}: {error}"));
    }

    /// Waits until the expression is true.
    pub async fn until(&self, expression: &str) {
        let start = Instant::now();
        while !truthy(&self.asks(expression).await) {
            assert!(start.elapsed() < PATIENCE, "never so: {expression}\n{}", self.page_text().await);
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }

    pub async fn sees(&self, selector: &str) {
        self.until(&format!("document.querySelector({})", json!(selector))).await;
    }

    /// It is there, and can be pressed or written into.
    async fn sees_shown(&self, selector: &str) {
        self.until(&format!("document.querySelector({})?.checkVisibility()", json!(selector))).await;
    }

    /// Some element with this selector holds this text.
    pub async fn reads(&self, selector: &str, text: &str) {
        let (selector, text) = (json!(selector), json!(text));
        self.until(&format!(
            "[...document.querySelectorAll({selector})].some((node) => node.textContent.includes({text}))"
        ))
        .await;
    }

    pub async fn clicks(&self, selector: &str) {
        self.reaches(selector, async |element| element.click().await).await;
    }

    /// Does something with what has this selector. What the page has drawn anew since it
    /// was found is looked for again, as somebody does who looks at the page.
    async fn reaches(&self, selector: &str, touch: impl AsyncFn(Element) -> Result<(), CmdError>) {
        let start = Instant::now();
        loop {
            self.sees_shown(selector).await;
            let touched = match self.client.find(Locator::Css(selector)).await {
                Ok(element) => touch(element).await,
                Err(gone) => Err(gone),
            };
            match touched {
                Ok(()) => return,
                Err(gone)
                    if (gone.is_stale_element_reference() || gone.is_no_such_element())
                        && start.elapsed() < PATIENCE => {}
                Err(error) => panic!("{selector}: {error}"),
            }
        }
    }

    /// Presses the button with this text or name, wherever it is.
    pub async fn presses_button(&self, name: &str) {
        let name = json!(name);
        let found = format!(
            "[...document.querySelectorAll('button')].find((each) => each.checkVisibility() \
             && (each.textContent === {name} || each.ariaLabel === {name}))"
        );
        self.until(&found).await;
        self.does(&format!("({found}).click()")).await;
    }

    pub async fn types(&self, selector: &str, text: &str) {
        self.reaches(selector, async |element| element.send_keys(text).await).await;
    }

    /// Types where the focus is at each key, as hands on a keyboard do. Shift and its
    /// kind are held down until `Key::Null`.
    pub async fn keys(&self, text: &str) {
        let held = [Key::Shift, Key::Control, Key::Alt].map(char::from);
        let mut down = Vec::new();
        let mut hands = KeyActions::new("hands".to_owned());
        for value in text.chars() {
            if value == char::from(Key::Null) {
                for value in down.drain(..) {
                    hands = hands.then(KeyAction::Up { value });
                }
            } else {
                hands = hands.then(KeyAction::Down { value });
                if held.contains(&value) {
                    down.push(value);
                } else {
                    hands = hands.then(KeyAction::Up { value });
                }
            }
        }
        assert!(down.is_empty(), "{text:?} leaves a key down");
        self.client.perform_actions(hands).await.unwrap();
    }

    pub async fn presses(&self, key: Key) {
        self.keys(&char::from(key).to_string()).await;
    }

    /// Writes into the composer and presses Enter.
    pub async fn says(&self, text: &str) {
        self.types("#draft", text).await;
        self.types("#draft", &char::from(Key::Enter).to_string()).await;
    }

    pub async fn picks_file(&self, path: &Path) {
        self.hands_file(".composer [type=file]", path).await;
    }

    /// Chooses a file in what a button has opened.
    pub async fn hands_file(&self, selector: &str, path: &Path) {
        self.sees(selector).await;
        let input = self.client.find(Locator::Css(selector)).await.unwrap();
        input.send_keys(path.to_str().unwrap()).await.unwrap();
    }

    /// The texts of the messages on the page, those being sent too.
    pub async fn texts(&self) -> Vec<String> {
        let found =
            self.asks("[...document.querySelectorAll('.message .content')].map((node) => node.textContent)").await;
        found.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    }

    async fn page_text(&self) -> String {
        self.asks("document.body.innerText.slice(0, 1500)").await.as_str().unwrap_or_default().to_owned()
    }

    /// Addresses of all that the page has loaded.
    pub async fn loaded(&self) -> Vec<String> {
        let names = self.asks("performance.getEntriesByType('resource').map(({ name }) => name)").await;
        names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    }
}

fn truthy(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && value != &json!(0) && value != &json!("")
}

/// A driver and its port. The port it chooses may be taken by somebody quicker: then another.
fn starts_driver() -> (Child, u16) {
    for _ in 0..5 {
        let mut driver = Command::new("chromedriver")
            .args(["--port=0", "--log-level=SEVERE"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        if let Some(port) = port_of(&mut driver) {
            return (driver, port);
        }
        driver.kill().ok();
        driver.wait().ok();
    }
    panic!("chromedriver does not start");
}

/// The port that the driver says on its first lines; none if it ends without.
fn port_of(driver: &mut Child) -> Option<u16> {
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let (_, rest) = line.split_once("started successfully on port ")?;
        rest.trim_end_matches('.').parse().ok()
    });
    // It is read to the end, or a full pipe would stop it one day.
    std::thread::spawn(move || lines.for_each(drop));
    port
}
