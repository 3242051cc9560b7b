//! A running server. It is killed when dropped; its data folder stays as long
//! as anyone holds its `Home`.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use reqwest::Client;
use reqwest::redirect::Policy;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::sync::mpsc;

use super::caller::{Caller, Credential};
use super::home::{Outcome, PATIENCE, PROGRAM, wait_for, with_clean_environment};
use super::recording::recorder;
use super::{Home, Person};

/// Flags of which each is an address that it says it listens on.
const LISTENS: &[&str] = &["--listen", "--https-listen", "--http-listen"];

const WITHOUT_LIMITS: &[&str] =
    &["--limit-auth=off", "--limit-api=off", "--limit-upload=off", "--limit-ws=off", "--limit-send=off"];

pub struct Fireside {
    child: Child,
    pub home: Home,
    /// The first address, `http://127.0.0.1:PORT`, with the base path if there is one.
    pub url: String,
    /// Every address it said it listens on.
    pub addresses: Vec<String>,
    /// What it said on stdout before it listened.
    pub facts: Vec<String>,
    flags: Vec<String>,
    /// Variables that it was started with.
    variables: Vec<(String, String)>,
    client: Client,
}

/// Where its figures are, as a server says at its start.
pub fn metrics_of(facts: &[String]) -> &str {
    facts.iter().find_map(|fact| fact.strip_prefix("metrics on ")).expect("where the figures are")
}

impl Drop for Fireside {
    fn drop(&mut self) {
        // It may have ended already, and then there is nobody to kill.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Fireside {
    /// A fresh server whose limits are off, so that they do not disturb.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(flags: &[&str]) -> Self {
        Self::start_in(Home::new(), flags).await
    }

    /// A fresh server with the limits everyone gets, but for these flags.
    pub async fn start_with_limits(flags: &[&str]) -> Self {
        Self::launch(Home::new(), flags.iter().map(ToString::to_string).collect(), Vec::new()).await
    }

    pub async fn start_in(home: Home, flags: &[&str]) -> Self {
        Self::start_with_variables(home, flags, &[]).await
    }

    /// A fresh server whose calls of the system are written down from the first on, for
    /// [`Recording::of`](super::recording::Recording::of). It is to be killed and not
    /// started again.
    pub async fn start_recorded(home: Home, flags: &[&str]) -> Self {
        let flags = [WITHOUT_LIMITS, flags].concat().iter().map(ToString::to_string).collect();
        let recorder = recorder(&home);
        let started = Self::tries_to_launch(home, flags, Vec::new(), &recorder).await;
        started.unwrap_or_else(|outcome| panic!("the server did not start:\n{}", outcome.stderr))
    }

    /// A fresh server that a command becomes: one that ends with `exec "$@"`, as a shell has it.
    pub async fn start_through(home: Home, script: &str, flags: &[&str]) -> Self {
        let flags = [WITHOUT_LIMITS, flags].concat().iter().map(ToString::to_string).collect();
        let shell = ["bash", "-c", script, "bash"].map(str::to_owned);
        let started = Self::tries_to_launch(home, flags, Vec::new(), &shell).await;
        started.unwrap_or_else(|outcome| panic!("the server did not start:\n{}", outcome.stderr))
    }

    pub async fn start_under(home: Home, flags: &[&str], variables: &[(&str, String)]) -> Self {
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Self::start_with_variables(home, flags, &variables).await
    }

    /// A fresh server with these variables in its environment.
    pub async fn start_with_variables(home: Home, flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let flags = [WITHOUT_LIMITS, flags].concat();
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::launch(home, flags.iter().map(ToString::to_string).collect(), variables).await
    }

    async fn launch(home: Home, flags: Vec<String>, variables: Vec<(String, String)>) -> Self {
        let started = Self::tries_to_launch(home, flags, variables, &[]).await;
        started.unwrap_or_else(|outcome| panic!("the server did not start:\n{}", outcome.stderr))
    }

    async fn tries_to_launch(
        home: Home,
        flags: Vec<String>,
        variables: Vec<(String, String)>,
        recorder: &[String],
    ) -> Result<Self, Outcome> {
        let log = OpenOptions::new().create(true).append(true).open(home.log_file()).unwrap();
        let mut words = recorder.iter().map(String::as_str).chain([PROGRAM]);
        let mut command = with_clean_environment(Command::new(words.next().unwrap_or(PROGRAM)));
        command.args(words).arg("serve").arg("--data").arg(home.data());
        command.args(&flags).envs(variables.iter().cloned());
        let listens = flags.windows(2).filter(|pair| LISTENS.contains(&pair[0].as_str()) && pair[1] != "off").count();
        if listens == 0 {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        home.is_served_by(child.id());
        let mut facts = start_up_facts(&mut child);
        let (mut addresses, mut said) = (Vec::new(), Vec::new());
        while addresses.len() < listens.max(1) {
            let Ok(Some(fact)) = tokio::time::timeout(PATIENCE, facts.recv()).await else {
                child.kill().ok();
                let code = child.wait().unwrap().code();
                return Err(Outcome { code, stdout: String::new(), stderr: home.log() });
            };
            if let Some((_, url)) = fact.split_once("listening on ") {
                addresses.push(url.trim().trim_end_matches('/').to_owned());
            } else {
                said.push(fact);
            }
        }
        Ok(Self {
            child,
            home,
            url: addresses[0].clone(),
            addresses,
            facts: said,
            flags,
            variables,
            client: Client::builder().redirect(Policy::none()).no_proxy().build().unwrap(),
        })
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        self.url.split('/').nth(2).unwrap()
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// The exit code of a server that ends by itself.
    pub async fn ends(&mut self) -> Option<i32> {
        wait_for(&mut self.child).await.expect("the server ends by itself").code()
    }

    /// What it has in memory, in KiB.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        resident.trim().trim_end_matches("kB").trim().parse().unwrap()
    }

    /// Gets a signal.
    pub fn is_sent(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// SIGTERM; the exit code.
    pub async fn is_asked_to_stop(&mut self) -> Option<i32> {
        self.is_sent(Signal::TERM);
        wait_for(&mut self.child).await.expect("SIGTERM ends the server").code()
    }

    /// Stops as an administrator would, and starts again on the same data.
    /// The address is a new one: let people come `back_to` it.
    pub async fn restarts(mut self) -> Self {
        assert_eq!(self.is_asked_to_stop().await, Some(0), "{}", self.home.log());
        Self::launch(self.home.clone(), self.flags.clone(), self.variables.clone()).await
    }

    /// Dies without warning (kill -9).
    pub fn dies(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Dies without warning (kill -9), and starts again on the same data.
    pub async fn dies_and_restarts(mut self) -> Self {
        self.dies();
        Self::launch(self.home.clone(), self.flags.clone(), self.variables.clone()).await
    }

    /// Someone who has not signed in.
    pub fn anyone(&self) -> Caller {
        Caller { client: self.client.clone(), url: self.url.clone(), place: "", credential: Credential::Nothing }
    }

    /// A new account, signed in on a first device.
    pub async fn registers(&self, username: &str) -> Person {
        let email = format!("{username}@example.com");
        let password = format!("correct horse {username}");
        let answer = self
            .anyone()
            .post("/api/auth/register/", &json!({"username": username, "email": email, "password": password}))
            .await
            .is(201);
        Person::of(self.anyone(), &answer.json(), password)
    }

    /// `count` accounts named after their number.
    pub async fn registers_crowd(&self, count: usize) -> Vec<Person> {
        let mut crowd = Vec::new();
        for number in 0..count {
            crowd.push(self.registers(&format!("guest{number}")).await);
        }
        crowd
    }
}

impl Home {
    /// A server on this folder, or how it ended in place of starting.
    pub async fn starts_or_not(&self) -> Result<Fireside, Outcome> {
        let flags = WITHOUT_LIMITS.iter().map(ToString::to_string).collect();
        Fireside::tries_to_launch(self.clone(), flags, Vec::new(), &[]).await
    }
}

/// The lines of stdout. They are read to the end, or a server that prints
/// more would one day block on a full pipe.
fn start_up_facts(child: &mut Child) -> mpsc::UnboundedReceiver<String> {
    let stdout = child.stdout.take().unwrap();
    let (say, facts) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // Nobody listens any more once the server is up.
            say.send(line).ok();
        }
    });
    facts
}
