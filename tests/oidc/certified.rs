//! The whole way through a certified provider, with its own forms.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use serde_json::json;

use super::provider::CLIENT;
use super::visitor::{CALLBACK, Visitor};
use super::{everybody, fireside_of_issuer};
use crate::world::machine::say;

/// Where CI installs it.
const PACKAGE: &str = "target/oidc/node_modules/oidc-provider/package.json";

/// The provider. It is killed with the test.
pub struct Certified {
    child: Child,
    pub issuer: String,
}

impl Drop for Certified {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Certified {
    /// One that signs by this algorithm and takes the secret in this way, or nothing where it is not installed.
    pub fn start(algorithm: &str, method: &str) -> Option<Self> {
        if !Path::new(PACKAGE).exists() {
            assert!(std::env::var("FIRESIDE_REQUIRE_OIDC").as_deref() != Ok("1"), "oidc-provider is required");
            say("skipped: no oidc-provider");
            return None;
        }
        let mut command = Command::new("node");
        command.arg("tests/oidc/certified.mjs").env("ALGORITHM", algorithm).env("METHOD", method);
        command.env("CLIENT_ID", CLIENT.0).env("CLIENT_SECRET", CLIENT.1);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("node");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let issuer = lines.find(|line| line.starts_with("http://")).expect("it says where it is");
        // Read on, or it would one day write into a pipe that nobody has open.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { child, issuer })
    }
}

/// Somebody at the provider's pages, who says a name where one is asked for.
struct Guest {
    client: Client,
    name: &'static str,
}

impl Guest {
    fn called(name: &'static str) -> Self {
        let client = Client::builder().redirect(Policy::none()).cookie_store(true).no_proxy().build().unwrap();
        Self { client, name }
    }

    /// From the way there to the way back, through whatever forms it shows.
    async fn goes(&self, way: &str) -> String {
        let mut answer = self.client.get(way).send().await.unwrap();
        for _ in 0..20 {
            let here = answer.url().clone();
            if let Some(next) = answer.headers().get("location") {
                let next = here.join(next.to_str().unwrap()).unwrap();
                if next.path() == CALLBACK {
                    return next.to_string();
                }
                answer = self.client.get(next).send().await.unwrap();
            } else {
                answer = self.sends_form(&here, answer).await;
            }
        }
        panic!("it leads nowhere: {}", answer.url());
    }

    async fn sends_form(&self, here: &Url, page: Response) -> Response {
        let status = page.status();
        let text = page.text().await.unwrap();
        let between = |begin: &str| text.split_once(begin).and_then(|(_, rest)| rest.split_once('"')).map(|(it, _)| it);
        let action = between("action=\"").unwrap_or_else(|| panic!("{status}: {text}"));
        let prompt = between("name=\"prompt\" value=\"").unwrap();
        let fields = [("prompt", prompt), ("login", self.name), ("password", "any")];
        self.client.post(here.join(action).unwrap()).form(&fields).send().await.unwrap()
    }
}

#[tokio::test]
async fn a_certified_provider_signs_people_in_by_each_algorithm() {
    for (algorithm, method) in
        [("RS256", "client_secret_basic"), ("ES256", "client_secret_basic"), ("EdDSA", "client_secret_basic")]
    {
        let Some(provider) = Certified::start(algorithm, method) else { return };
        let fireside = fireside_of_issuer(&provider.issuer, &[]).await;
        let (grace, ada) = (Guest::called("grace"), Guest::called("ada"));
        for (guest, username) in [(&grace, "grace.of.it"), (&ada, "ada.of.it"), (&grace, "grace.of.it")] {
            let mut visitor = Visitor::of(&fireside);
            let way = visitor.sets_out("").await;
            let back = guest.goes(&way).await;
            assert!(back.contains("iss="), "it says whose answer it is: {back}");
            visitor.goes_to(&back).await.is(302);
            let me = visitor.me().await;
            assert_eq!(me["username"], username, "{algorithm}");
            assert_eq!(me["email"], json!(format!("{}@example.org", guest.name)));
        }
        assert_eq!(everybody(&fireside).await, ["grace.of.it", "ada.of.it"]);
        // Its code is good once, and for the browser that began.
        let (mut one, mut other) = (Visitor::of(&fireside), Visitor::of(&fireside));
        let way = one.sets_out("").await;
        let back = grace.goes(&way).await;
        other.sets_out("").await;
        other.goes_to(&back).await.refused(400, "validation_error");
        one.goes_to(&back).await.is(302);
        one.goes_to(&back).await.refused(400, "validation_error");
    }
}
