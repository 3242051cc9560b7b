//! A server started with `--dev`, and what it said when it started.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Arc;

use reqwest::{Client, RequestBuilder};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::world::Answer;
use crate::world::caller::{Caller, Credential};
use crate::world::home::{program, wait_for};

pub struct Dev {
    child: Child,
    pub url: String,
    /// The lines before "listening on".
    pub facts: Vec<String>,
    /// Where it makes its folder.
    pub place: Arc<TempDir>,
    client: Client,
}

impl Drop for Dev {
    fn drop(&mut self) {
        // It may have ended already, and then there is nobody to kill.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Dev {
    pub fn start(flags: &[&str]) -> Self {
        Self::start_in(Arc::new(TempDir::new().unwrap()), flags)
    }

    pub fn start_in(place: Arc<TempDir>, flags: &[&str]) -> Self {
        Self::start_under(place, flags, &[])
    }

    /// The same with these variables in its environment.
    pub fn start_under(place: Arc<TempDir>, flags: &[&str], variables: &[(&str, String)]) -> Self {
        let mut command = program();
        command.envs(variables.iter().cloned());
        let (export, flags) = match flags {
            [first, rest @ ..] if !first.starts_with("--") => (Some(first), rest),
            _ => (None, flags),
        };
        command
            .args(["serve", "--dev"])
            .args(export)
            .args(["--listen", "127.0.0.1:0", "--log-level", "error"])
            .args(flags);
        command.env("TMPDIR", place.path()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut facts = Vec::new();
        let url = loop {
            let line = lines.next().expect("it starts").unwrap();
            match line.strip_prefix("listening on ") {
                Some(url) => break url.to_owned(),
                None => facts.push(line),
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url, facts, place, client: Client::builder().no_proxy().build().unwrap() }
    }

    /// Ends by this signal; the exit code.
    pub async fn gets(&mut self, sent: Signal) -> Option<i32> {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), sent).unwrap();
        wait_for(&mut self.child).await.expect("the signal ends it").code()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The data folders of such servers.
    pub fn folders(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.place.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    pub fn token(&self, name: &str) -> String {
        let prefix = format!("{name}: ");
        let line = self.facts.iter().find(|line| line.starts_with(&prefix)).unwrap();
        line.rsplit_once("token ").unwrap().1.to_owned()
    }

    /// One of those who are there.
    pub fn caller(&self, name: &str) -> Caller {
        let (client, url) = (self.client.clone(), self.url.clone());
        Caller { client, url, place: "", credential: Credential::Token(self.token(name)) }
    }

    pub fn as_alice(&self, request: impl FnOnce(&Client, &str) -> RequestBuilder) -> RequestBuilder {
        request(&self.client, &self.url).header("Authorization", format!("Token {}", self.token("alice")))
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(path, self.as_alice(|client, url| client.get(format!("{url}{path}")))).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(path, self.as_alice(|client, url| client.post(format!("{url}{path}")).json(body))).await
    }
}

pub async fn answer(asked: &str, request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap_or_else(|error| panic!("{asked} got no answer: {error:?}"));
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { asked: asked.to_owned(), status, headers, body: response.bytes().await.unwrap().to_vec() }
}
