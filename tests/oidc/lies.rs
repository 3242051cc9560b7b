//! Providers that break the rules, and people who try to be signed in as others: nobody is.

use std::sync::Arc;
use std::time::Instant;

use serde_json::json;

use super::provider::{Key, Manner, Provider, Ways, encoded};
use super::visitor::{CALLBACK, Visitor};
use super::{everybody, fireside_of};
use crate::world::person::cookie_line;
use crate::world::{Answer, Fireside};

/// 400, a sentence, and no cookie.
#[track_caller]
fn is_refused(answer: Answer) -> Answer {
    let answer = answer.refused(400, "validation_error");
    assert!(!answer.has("set-cookie"), "{answer}");
    answer
}

async fn is_refused_everywhere(fireside: &Fireside, lie: &str) -> Answer {
    let mut visitor = Visitor::of(fireside);
    let answer = is_refused(visitor.signs_in().await);
    assert!(!visitor.cookies.contains_key("sessionid"), "{lie}: {answer}");
    answer
}

/// A lie, and how the provider tells it.
type Lie = (&'static str, fn(&mut Ways));

const LIES: [Lie; 22] = [
    ("another issuer", |ways| ways.claims = json!({"iss": "https://accounts.google.com"})),
    ("no issuer", |ways| ways.claims = json!({"iss": null})),
    ("another audience", |ways| ways.claims = json!({"aud": "another"})),
    ("an audience without us", |ways| ways.claims = json!({"aud": ["another", "third"]})),
    ("for others too, and it does not say for whom", |ways| ways.claims = json!({"aud": ["fire side", "another"]})),
    ("given to another", |ways| ways.claims = json!({"azp": "another"})),
    ("another nonce", |ways| ways.claims = json!({"nonce": "another"})),
    ("no nonce", |ways| ways.claims = json!({"nonce": null})),
    ("over", |ways| ways.claims = json!({"exp": 1_600_000_000})),
    ("without an end", |ways| ways.claims = json!({"exp": null})),
    ("not good yet", |ways| ways.claims = json!({"nbf": 9_000_000_000_u64})),
    ("of nobody", |ways| ways.claims = json!({"sub": ""})),
    ("of a long name", |ways| ways.claims = json!({"sub": "s".repeat(256)})),
    ("signed by nothing", |ways| ways.header = json!({"alg": "none"})),
    ("signed with the public key", |ways| ways.header = json!({"alg": "HS256"})),
    ("another hash", |ways| ways.header = json!({"alg": "RS512"})),
    ("what nobody knows", |ways| ways.header = json!({"crit": ["exp"]})),
    ("a key of another kind", |ways| ways.header = json!({"alg": "ES256"})),
    ("somebody else's key", |ways| ways.signs_by = Key::p256()),
    ("somebody else's key, by the right name", |ways| {
        ways.signs_by = Key::rsa();
        ways.kid = Some("one".into());
    }),
    ("changed on the way", |ways| {
        ways.tampers = |token| {
            let parts: Vec<&str> = token.split('.').collect();
            let claims = json!({"sub": "admin"}).to_string();
            format!("{}.{}.{}", parts[0], encoded(claims.as_bytes()), parts[2])
        };
    }),
    ("without its signature", |ways| ways.tampers = |token| token[..=token.rfind('.').unwrap()].to_owned()),
];

#[tokio::test]
async fn a_token_that_breaks_a_rule_signs_nobody_in() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    for (lie, tell) in LIES {
        provider.is_honest();
        tell(&mut provider.ways());
        let refused = is_refused_everywhere(&fireside, lie).await;
        assert!(refused.json()["message"].as_str().unwrap().contains("cannot be trusted"), "{lie}: {refused}");
    }
    assert!(everybody(&fireside).await.is_empty());
    provider.is_honest();
    Visitor::of(&fireside).signs_in().await.is(302);
    assert_eq!(everybody(&fireside).await, ["jane"]);
}

#[tokio::test]
async fn a_key_that_is_not_published_signs_nobody_in() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    {
        let mut ways = provider.ways();
        (ways.signs_by, ways.kid) = (Key::p256(), Some("unknown".into()));
    }
    is_refused_everywhere(&fireside, "unknown key").await;
    assert_eq!(provider.times("/keys"), 2, "it was looked for");
    // For something else than signing, or for another algorithm.
    let key = Arc::clone(&provider.ways().signs_by);
    provider.ways().keys = vec![(Some("unknown".into()), key)];
    is_refused_everywhere(&fireside, "asked for within the minute").await;
    assert!(everybody(&fireside).await.is_empty());
}

#[tokio::test]
async fn a_state_is_good_once_and_in_the_browser_that_began() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    let (mut mine, mut others) = (Visitor::of(&fireside), Visitor::of(&fireside));
    let way = mine.sets_out("").await;
    let back = mine.is_sent_back(&way).await;
    is_refused(Visitor::of(&fireside).goes_to(&back).await);
    others.sets_out("").await;
    is_refused(others.goes_to(&back).await);
    // Whoever has a cookie of their own cannot make it fit another's state.
    others.cookies.insert("oidc".into(), format!("x{}", mine.cookies["oidc"]));
    is_refused(others.goes_to(&back).await);
    assert_eq!(provider.times("/token"), 0, "nothing was sent to anybody");
    let cookie = mine.cookies["oidc"].clone();
    mine.goes_to(&back).await.is(302);
    let mut replayed = Visitor::of(&fireside);
    replayed.cookies.insert("oidc".into(), cookie.clone());
    provider.ways().ignores_pkce = true;
    is_refused(replayed.goes_to(&back).await);
    assert_eq!(provider.times("/token"), 1);
    // A state that failed once is no good either.
    let mut failing = Visitor::of(&fireside);
    let way = failing.sets_out("").await;
    let back = failing.is_sent_back(&way).await;
    provider.ways().claims = json!({"nonce": "another"});
    is_refused(failing.goes_to(&back).await);
    provider.is_honest();
    is_refused(failing.goes_to(&back).await);
    for nonsense in ["", "?state=", "?code=code-0", "?state=a&code=b", "?error=access_denied", "?state=%00&code=%ff"] {
        is_refused(Visitor::of(&fireside).goes_to(&format!("{CALLBACK}{nonsense}")).await);
    }
    // Nor is one that another start of the server has made.
    let mut early = Visitor::of(&fireside);
    let way = early.sets_out("").await;
    let back = early.is_sent_back(&way).await;
    let path = back.split_once(CALLBACK).unwrap().1.to_owned();
    let fireside = fireside.restarts().await;
    let mut late = Visitor::of(&fireside);
    late.cookies = early.cookies;
    is_refused(late.goes_to(&format!("{CALLBACK}{path}")).await);
    assert_eq!(everybody(&fireside).await, ["jane"]);
}

#[tokio::test]
async fn over_https_no_neighbouring_name_plants_the_attempt_of_another() {
    const SITE: &str = "https://chat.example.org";
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &["--public-url", SITE]).await;
    let mut mallory = Visitor::of(&fireside);
    let begun = mallory.goes_to("/login/oidc/").await.is(302);
    let line = cookie_line(&begun, "__Host-oidc").to_lowercase();
    for attribute in ["secure", "httponly", "path=/", "samesite=lax"] {
        assert!(line.split(';').any(|part| part.trim() == attribute), "{attribute}: {line}");
    }
    assert!(!line.contains("domain"), "{line}");
    let back = mallory.is_sent_back(begun.header("location")).await;
    let back = back.strip_prefix(SITE).unwrap();
    // What a page of evil.example.org can plant has another name.
    let mut alice = Visitor::of(&fireside);
    alice.cookies.insert("oidc".into(), mallory.cookies["__Host-oidc"].clone());
    is_refused(alice.goes_to(back).await);
    mallory.goes_to(back).await.is(302);
    assert!(mallory.cookies.contains_key("sessionid") && !mallory.cookies.contains_key("__Host-oidc"));
}

#[tokio::test]
async fn a_code_of_another_sign_in_is_worth_nothing() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    for ignores_pkce in [false, true] {
        provider.ways().ignores_pkce = ignores_pkce;
        let (mut thief, mut victim) = (Visitor::of(&fireside), Visitor::of(&fireside));
        let way = thief.sets_out("").await;
        let stolen = thief.is_sent_back(&way).await;
        let code = stolen.split(['?', '&']).find(|part| part.starts_with("code=")).unwrap();
        let way = victim.sets_out("").await;
        let back = victim.is_sent_back(&way).await;
        let own = back.split(['?', '&']).find(|part| part.starts_with("code=")).unwrap();
        let mixed = back.replace(own, code);
        assert_ne!(mixed, back);
        is_refused(victim.goes_to(&mixed).await);
        assert!(everybody(&fireside).await.is_empty(), "whether or not the provider looks at PKCE");
    }
    let verifiers: Vec<String> = {
        let ways = provider.ways();
        let redeemed = ways.asked.iter().filter(|asked| asked.path == "/token");
        redeemed.map(|asked| asked.fields["code_verifier"].clone()).collect()
    };
    assert!(verifiers.len() == 2 && verifiers[0] != verifiers[1] && verifiers.iter().all(|text| text.len() == 43));
}

#[tokio::test]
async fn an_answer_of_another_provider_is_not_taken() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    provider.ways().back = vec![("iss", "https://evil.example".into())];
    is_refused_everywhere(&fireside, "another provider's").await;
    provider.ways().back = vec![("iss", format!("{}/", provider.url))];
    is_refused_everywhere(&fireside, "nearly").await;
    assert_eq!(provider.times("/token"), 0, "the code went to nobody");
    provider.ways().back = Vec::new();
    Visitor::of(&fireside).signs_in().await.is(302);
    // Where the provider always says so, silence is an answer of another.
    let provider = Provider::start().await;
    provider.ways().description = json!({"authorization_response_iss_parameter_supported": true});
    let fireside = fireside_of(&provider, &[]).await;
    provider.ways().back = Vec::new();
    is_refused_everywhere(&fireside, "silence").await;
    provider.is_honest();
    Visitor::of(&fireside).signs_in().await.is(302);
}

#[tokio::test]
async fn a_refusal_of_the_provider_is_said_in_a_sentence() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    for said in ["access_denied", "<script>alert(1)</script>"] {
        let mut visitor = Visitor::of(&fireside);
        let way = visitor.sets_out("").await;
        let back = visitor.is_sent_back(&way).await;
        let state = back.split(['?', '&']).find(|part| part.starts_with("state=")).unwrap();
        let refused = is_refused(visitor.goes_to(&format!("{CALLBACK}?error={said}&{state}")).await);
        assert!(!refused.text().contains("script"), "{refused}");
    }
    // To a browser it is a page that leads back, in its language.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (language, sentence) in [("en", "begun in another browser"), ("ru", "начат в другом браузере")]
    {
        let page = client.get(format!("{}{CALLBACK}", fireside.url)).header("Accept", "text/html");
        let page = page.header("Accept-Language", language).send().await.unwrap();
        assert_eq!((page.status().as_u16(), page.headers().contains_key("set-cookie")), (400, false));
        let text = page.text().await.unwrap();
        assert!(text.contains(sentence) && text.contains("/login/#oidc-state"), "{text}");
    }
}

#[tokio::test]
async fn a_provider_that_says_nonsense_of_itself_signs_nobody_in() {
    for description in [
        json!({"issuer": "https://accounts.google.com"}),
        json!({"issuer": null}),
        json!({"token_endpoint": null}),
        json!({"token_endpoint": "https://10.0.0.1/token"}),
        json!({"token_endpoint": "http://id.example.org/token"}),
        json!({"jwks_uri": "http://169.254.169.254/latest/meta-data/"}),
        json!({"jwks_uri": "file:///etc/passwd"}),
        json!({"authorization_endpoint": "javascript:alert(1)"}),
        json!({"authorization_endpoint": "http://evil.example/"}),
    ] {
        let provider = Provider::start().await;
        provider.ways().description = description.clone();
        let fireside = fireside_of(&provider, &[]).await;
        let start = || async { Visitor::of(&fireside).goes_to("/login/oidc/").await };
        if description.get("token_endpoint").is_some_and(serde_json::Value::is_string) {
            is_refused_everywhere(&fireside, "an address that is not asked").await;
        } else {
            is_refused(start().await);
        }
        assert!(everybody(&fireside).await.is_empty(), "{description}");
        let alice = fireside.registers("alice").await;
        alice.signs_in_again().await;
    }
}

#[tokio::test]
async fn a_provider_that_hangs_floods_or_sends_elsewhere_costs_a_few_seconds() {
    let (provider, elsewhere) = (Provider::start().await, Provider::start().await);
    let fireside = fireside_of(&provider, &[]).await;
    let alice = fireside.registers("alice").await;
    Visitor::of(&fireside).signs_in().await.is(302);
    for manner in [
        Manner::Hangs,
        Manner::Floods,
        Manner::Redirects(format!("{}/token", elsewhere.url)),
        Manner::Says(200, "{".into()),
        Manner::Says(200, "{}".into()),
        Manner::Says(200, "[]".into()),
        Manner::Says(500, "{}".into()),
        Manner::Says(400, r#"{"error":"invalid_client"}"#.into()),
    ] {
        provider.ways().manners.insert("/token", manner);
        let begun = Instant::now();
        is_refused_everywhere(&fireside, "a bad manner").await;
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }
    assert_eq!(elsewhere.ways().asked.len(), 0, "nobody follows");
    alice.signs_in_again().await;
    assert_eq!(everybody(&fireside).await, ["alice", "jane"]);
}

#[tokio::test]
async fn a_provider_that_is_away_leaves_passwords_usable_and_may_come_back() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    let alice = fireside.registers("alice").await;
    for path in ["/.well-known/openid-configuration", "/keys"] {
        for manner in [Manner::Hangs, Manner::Floods, Manner::Says(503, String::new())] {
            provider.ways().manners.insert(path, manner);
            let begun = Instant::now();
            let mut crowd = Vec::new();
            for _ in 0..20 {
                let anyone = fireside.anyone();
                crowd.push(tokio::spawn(async move { anyone.get("/login/oidc/").await }));
            }
            alice.signs_in_again().await;
            alice.get("/api/auth/me/").await.is(200);
            for visitor in crowd {
                is_refused(visitor.await.unwrap());
            }
            assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
            provider.ways().manners.clear();
        }
    }
    // It is left alone for a moment after it failed.
    let begun = Instant::now();
    loop {
        let mut visitor = Visitor::of(&fireside);
        let answer = visitor.goes_to("/login/oidc/").await;
        if answer.status == 302 {
            break;
        }
        assert!(begun.elapsed().as_secs() < 30, "{answer}");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    Visitor::of(&fireside).signs_in().await.is(302);
}
