//! One HTTP answer, and what every answer of a kind must look like.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// What came back. The words in `asked` are for the failure's report.
#[derive(Debug, Clone)]
pub struct Answer {
    pub asked: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {self}"))
    }

    /// A header that must be there, as text.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no {name} in {self}"))
            .to_str()
            .unwrap_or_else(|error| panic!("{name} is not plain text ({error}) in {self}"))
    }

    pub fn has(&self, header: &str) -> bool {
        self.headers.contains_key(header)
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// A refusal in the envelope of the `/api/…` dialects.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status, status, "{self}");
        assert!(self.header("content-type").starts_with("application/json"), "{self}");
        let error = self.json();
        assert_eq!(error["error"], code, "{self}");
        let message = error["message"].as_str().unwrap_or_default();
        assert!(!message.trim().is_empty(), "a refusal says why: {self}");
        assert_eq!(error["detail"], error["message"], "{self}");
        match status {
            401 => assert_eq!(self.header("www-authenticate"), "Token"),
            405 => assert!(!self.header("allow").is_empty(), "{self}"),
            429 => assert!(self.header("retry-after").parse::<u64>().unwrap() >= 1),
            _ => {}
        }
        self
    }

    /// A validation error that says which field is to blame.
    #[track_caller]
    pub fn names(self, field: &str) -> Self {
        let this = self.refused(400, "validation_error");
        let error = this.json();
        let reasons = error["details"][field].as_array().unwrap_or_else(|| panic!("{field} is not named in {this}"));
        assert!(!reasons.is_empty(), "{this}");
        assert!(reasons.iter().all(Value::is_string), "{this}");
        this
    }

    /// The `results` of a page.
    #[track_caller]
    pub fn results(&self) -> Vec<Value> {
        self.json()["results"].as_array().unwrap_or_else(|| panic!("no page: {self}")).clone()
    }

    /// All that an outsider could tell two answers apart by. Only the clock
    /// and the request's own number may differ.
    pub fn as_seen_by_a_prober(&self) -> (u16, Vec<(String, String)>, String) {
        let mut headers: Vec<(String, String)> = self
            .headers
            .iter()
            .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
            .map(|(name, value)| (name.to_string(), format!("{value:?}")))
            .collect();
        headers.sort();
        let mut body = self.text();
        // Some servers repeat the request's number in the body.
        if let Some(number) = self.headers.get("x-request-id") {
            body = body.replace(number.to_str().unwrap(), "");
        }
        (self.status, headers, body)
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} answered {} {:?}\n{}", self.asked, self.status, self.headers, self.text())
    }
}
