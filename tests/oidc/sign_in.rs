//! What a provider that keeps the rules does for people.

use serde_json::json;

use super::provider::{Key, Provider, SUBJECT};
use super::visitor::Visitor;
use super::{everybody, fireside_of};
use crate::world::home::run;
use crate::world::machine::MovedClock;
use crate::world::person::cookie_line;
use crate::world::server::metrics_of;
use crate::world::{Fireside, Home};

#[tokio::test]
async fn whoever_comes_first_gets_an_account_and_is_known_by_it_from_then_on() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    assert_eq!(provider.ways().asked.len(), 0, "nobody is asked before somebody signs in");
    let mut visitor = Visitor::of(&fireside);
    let begun = visitor.goes_to("/login/oidc/?next=/rooms/1%3Fa=b").await.is(302);
    let line = cookie_line(&begun, "oidc").to_lowercase();
    for attribute in ["httponly", "samesite=lax", "path=/login/oidc/", "max-age=600"] {
        assert!(line.split(';').any(|part| part.trim() == attribute), "{attribute}: {line}");
    }
    let back = visitor.is_sent_back(begun.header("location")).await;
    let answer = visitor.goes_to(&back).await.is(302);
    assert_eq!(answer.header("location"), "/rooms/1?a=b");
    assert!(cookie_line(&answer, "sessionid").to_lowercase().contains("httponly"));
    assert!(!visitor.cookies.contains_key("oidc"), "it is done");
    let me = visitor.me().await;
    assert_eq!((&me["username"], &me["display_name"]), (&json!("jane"), &json!("Jane Doe")));
    assert_eq!(me["email"], "jane@example.org");

    // By another name and address, she is who she was.
    provider.ways().claims = json!({"preferred_username": "smith", "email": "smith@example.org"});
    let mut again = Visitor::of(&fireside);
    assert_eq!(again.signs_in().await.is(302).header("location"), "/");
    assert_eq!(again.me().await["id"], me["id"]);
    assert_ne!(again.cookies["sessionid"], visitor.cookies["sessionid"]);
    assert_eq!(everybody(&fireside).await, ["jane"]);
    assert_eq!(provider.times("/.well-known/openid-configuration"), 1, "what it says of itself is kept");
    assert_eq!((provider.times("/keys"), provider.times("/token"), provider.times("/me")), (1, 2, 0));

    // No code, token or secret is written down.
    let log = fireside.home.log();
    assert!(!log.contains("code-") && !log.contains("eyJ") && !log.contains("a secret"), "{log}");
}

#[tokio::test]
async fn the_page_that_began_is_told_which_session_is_its_own() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    let mut visitor = Visitor::of(&fireside);
    let way = visitor.sets_out("?next=/%23oidc.0a1b").await;
    let back = visitor.is_sent_back(&way).await;
    let answer = visitor.goes_to(&back).await.is(302);
    assert_eq!(answer.header("location"), format!("/#oidc.0a1b.{}", visitor.cookies["csrftoken"]));
}

#[tokio::test]
async fn a_clock_that_is_behind_the_providers_is_told() {
    let (provider, home) = (Provider::start().await, Home::new());
    let Some(clock) = MovedClock::beside(&home) else { return };
    clock.is_off_by("-1h");
    let flags = provider.flags(&home);
    let flags: Vec<&str> = flags.iter().map(String::as_str).chain(["--metrics-listen", "127.0.0.1:0"]).collect();
    let fireside = Fireside::start_with_variables(home, &flags, &clock.variables()).await;
    let told = async || {
        let metrics = reqwest::get(metrics_of(&fireside.facts)).await.unwrap().text().await.unwrap();
        let is_behind = metrics.lines().any(|line| line == "fireside_clock_behind 1");
        (fireside.anyone().get("/readyz").await.is(200).json(), is_behind)
    };
    assert_eq!(told().await, (json!({"status": "ready"}), false));
    // A token for another server is anybody's to bring, and tells nothing.
    provider.ways().claims = json!({"aud": "another"});
    assert_ne!(Visitor::of(&fireside).signs_in().await.status, 302);
    assert_eq!(told().await, (json!({"status": "ready"}), false));
    // One that has yet to begin is refused for the clock.
    provider.ways().claims = json!({"nbf": 9_000_000_000_u64});
    assert_ne!(Visitor::of(&fireside).signs_in().await.status, 302);
    assert_eq!(told().await, (json!({"status": "ready", "clock": "behind"}), true));
    provider.is_honest();
    Visitor::of(&fireside).signs_in().await.is(302);
    assert_eq!(told().await, (json!({"status": "ready", "clock": "behind"}), true));
    let checked = async || {
        let checked = run(&["check", "--url", &fireside.url], "").await;
        checked.stdout.contains("missing  the right time: the server's clock is behind")
    };
    assert!(checked().await);
    clock.is_off_by("+0");
    assert!(!checked().await);
    assert_eq!(told().await, (json!({"status": "ready"}), false));
}

#[tokio::test]
async fn nobody_is_known_by_an_address_or_a_name() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    let jane = fireside.registers("jane").await;
    provider.ways().claims = json!({"email": jane.email});
    let mut visitor = Visitor::of(&fireside);
    visitor.signs_in().await.is(302);
    let me = visitor.me().await;
    assert_ne!(me["id"], jane.id, "the same address, another person");
    assert_eq!((&me["username"], &me["email"]), (&json!("jane-2"), &json!("")));
    // The same address and name again, of somebody else there.
    provider.ways().claims = json!({"sub": "another", "email": jane.email});
    let mut other = Visitor::of(&fireside);
    other.signs_in().await.is(302);
    let third = other.me().await;
    assert_eq!(third["username"], "jane-3");
    assert!(third["id"] != me["id"] && third["id"] != jane.id);
    // And the one before is still who she was.
    provider.is_honest();
    let mut again = Visitor::of(&fireside);
    again.signs_in().await.is(302);
    assert_eq!(again.me().await["id"], me["id"]);
    assert_eq!(everybody(&fireside).await, ["jane", "jane-2", "jane-3"]);
}

#[tokio::test]
async fn a_name_is_made_of_what_the_provider_says() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    for (number, (claims, username)) in [
        (json!({"preferred_username": "Jane Doe"}), "Jane.Doe"),
        (json!({"preferred_username": "jane.smith@corp.org"}), "jane.smith"),
        (json!({"preferred_username": "12345"}), "user-12345"),
        (json!({"preferred_username": null, "email": "kim@example.org"}), "kim"),
        (json!({"preferred_username": 5, "email": "lee@example.org", "email_verified": false}), "Jane.Doe-2"),
        (json!({"preferred_username": "all", "name": "x".repeat(200), "email": null}), "user-all"),
        (json!({"preferred_username": null, "name": null, "email": "…@example.org"}), "user"),
    ]
    .into_iter()
    .enumerate()
    {
        {
            let mut ways = provider.ways();
            ways.claims = claims;
            ways.claims["sub"] = json!(number.to_string());
        }
        let mut visitor = Visitor::of(&fireside);
        visitor.signs_in().await.is(302);
        assert_eq!(visitor.me().await["username"], username);
    }
}

#[tokio::test]
async fn what_the_token_leaves_out_the_provider_is_asked_for() {
    let provider = Provider::start().await;
    {
        let mut ways = provider.ways();
        ways.claims = json!({"preferred_username": null, "email": null, "name": null, "email_verified": null});
        ways.userinfo = json!({"preferred_username": "kim", "email": "kim@example.org", "email_verified": true});
    }
    let fireside =
        fireside_of(&provider, &["--registration", "closed", "--oidc-domains", "other.org,Example.org"]).await;
    let mut visitor = Visitor::of(&fireside);
    visitor.signs_in().await.is(302);
    assert_eq!(visitor.me().await["username"], "kim");
    // Of somebody who is known, no more is asked.
    visitor.signs_in().await.is(302);
    assert_eq!(provider.times("/me"), 1);
    // What it says there of somebody else is not believed.
    provider.ways().claims["sub"] = json!("another");
    let refused = Visitor::of(&fireside).signs_in().await.refused(400, "validation_error");
    assert!(!refused.has("set-cookie"), "{refused}");
    assert_eq!(everybody(&fireside).await, ["kim"]);
}

#[tokio::test]
async fn strangers_get_an_account_where_registration_is_open_or_their_domain_is_named() {
    for (flags, email, verified, may) in [
        (&["--registration", "closed"][..], "jane@example.org", json!(true), false),
        (&["--registration", "invite"], "jane@example.org", json!(true), false),
        (&["--registration", "closed", "--oidc-domains", "example.org"], "jane@EXAMPLE.org", json!(true), true),
        (&["--registration", "closed", "--oidc-domains", "example.org"], "jane@example.org", json!(false), false),
        (&["--registration", "closed", "--oidc-domains", "example.org"], "jane@example.org", json!("true"), false),
        (&["--registration", "closed", "--oidc-domains", "example.org"], "jane@example.org", json!(null), false),
        (&["--registration", "closed", "--oidc-domains", "example.org"], "a@evil.org@example.org", json!(true), false),
        (&["--registration", "closed", "--oidc-domains", "example.org"], "jane@sub.example.org", json!(true), false),
        (&["--registration", "open", "--oidc-domains", "other.org"], "jane@example.org", json!(null), true),
    ] {
        let provider = Provider::start().await;
        let fireside = fireside_of(&provider, flags).await;
        provider.ways().claims = json!({"email": email, "email_verified": verified});
        let mut visitor = Visitor::of(&fireside);
        let answer = visitor.signs_in().await;
        if may {
            answer.is(302);
            assert_eq!(visitor.me().await["username"], "jane", "{flags:?} {email}");
        } else {
            let refused = answer.refused(403, "permission_denied");
            assert!(!refused.has("set-cookie"), "{refused}");
            assert!(everybody(&fireside).await.is_empty(), "{flags:?} {email}");
        }
    }
}

#[tokio::test]
async fn a_disabled_account_stays_out() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    let mut visitor = Visitor::of(&fireside);
    visitor.signs_in().await.is(302);
    fireside.home.runs(&["user", "disable", "jane"], "").await.succeeded();
    visitor.person().get("/api/auth/me/").await.is(401);
    let refused = Visitor::of(&fireside).signs_in().await.refused(400, "validation_error");
    assert!(!refused.has("set-cookie"), "{refused}");
    fireside.home.runs(&["user", "enable", "jane"], "").await.succeeded();
    Visitor::of(&fireside).signs_in().await.is(302);
}

#[tokio::test]
async fn three_kinds_of_keys_are_taken_with_an_id_and_without() {
    for key in [Key::rsa(), Key::p256(), Key::ed25519()] {
        for kid in [Some("its own".to_owned()), None] {
            let provider = Provider::start().await;
            {
                let mut ways = provider.ways();
                // Beside one of another kind, and what is no key.
                ways.keys = vec![(Some("other".into()), Key::ed25519()), (kid.clone(), key.clone())];
                (ways.kid, ways.signs_by) = (kid, key.clone());
            }
            let fireside = fireside_of(&provider, &[]).await;
            Visitor::of(&fireside).signs_in().await.is(302);
        }
    }
}

#[tokio::test]
async fn new_keys_are_asked_for_once_and_then_once_a_minute() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    Visitor::of(&fireside).signs_in().await.is(302);
    let turns_to = |kid: &str, key: std::sync::Arc<Key>| {
        let mut ways = provider.ways();
        ways.keys = vec![(Some(kid.to_owned()), key.clone())];
        (ways.kid, ways.signs_by) = (Some(kid.to_owned()), key);
    };
    turns_to("two", Key::p256());
    Visitor::of(&fireside).signs_in().await.is(302);
    assert_eq!(provider.times("/keys"), 2, "a key that is new");
    turns_to("three", Key::p256());
    for _ in 0..3 {
        Visitor::of(&fireside).signs_in().await.refused(400, "validation_error");
    }
    assert_eq!(provider.times("/keys"), 2, "they were asked for within the minute");
}

#[tokio::test]
async fn the_secret_goes_into_the_body_where_the_provider_takes_it_there_alone() {
    let provider = Provider::start().await;
    provider.ways().description = json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]});
    let fireside = fireside_of(&provider, &[]).await;
    Visitor::of(&fireside).signs_in().await.is(302);
    let asked = provider.ways().asked.iter().find(|asked| asked.path == "/token").cloned().unwrap();
    assert_eq!((asked.authorization.as_str(), asked.fields.contains_key("client_secret")), ("", true));
}

#[tokio::test]
async fn a_sign_in_leads_to_this_site_alone() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    for next in ["//evil.example", "/%5Cevil.example", "https://evil.example", "javascript:alert(1)", "/%09/evil"] {
        let mut visitor = Visitor::of(&fireside);
        let way = visitor.sets_out(&format!("?next={next}")).await;
        let back = visitor.is_sent_back(&way).await;
        assert_eq!(visitor.goes_to(&back).await.is(302).header("location"), "/", "{next}");
    }
}

#[tokio::test]
async fn inbox_takes_the_providers_token_for_that_very_user() {
    const LOGIN: &str = "/api/auth/login/";
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    let mut visitor = Visitor::of(&fireside);
    visitor.signs_in().await.is(302);
    let bob = fireside.registers("bob").await;
    let oauth = |name: &str, token: &str| json!({"username": name, "password": "", "oauth": "true", "id_token": token});
    for place in ["", "/d/inbox", "/d/rooms"] {
        let anyone = fireside.anyone().through(place);
        let signed_in = anyone.post(LOGIN, &oauth("jane", &provider.token(&json!({})))).await.is(200).json();
        let jane = fireside
            .anyone()
            .showing(crate::world::caller::Credential::Token(signed_in["token"].as_str().unwrap().to_owned()));
        assert_eq!(jane.get("/api/auth/me/").await.is(200).json()["username"], "jane");
        for (name, token) in [
            ("bob", provider.token(&json!({}))),
            ("jane", provider.token(&json!({"sub": "another"}))),
            ("jane", provider.token(&json!({"aud": "another"}))),
            ("jane", provider.token(&json!({"iss": "https://accounts.google.com"}))),
            ("jane", provider.token(&json!({"exp": 1_000}))),
            ("jane", provider.token(&json!({})).replace('.', "..")),
            ("nobody", provider.token(&json!({}))),
            ("jane", String::new()),
        ] {
            let refused = anyone.post(LOGIN, &oauth(name, &token)).await.refused(401, "invalid_credentials");
            assert_eq!(refused.json()["message"], "User is not authenticated with Google");
        }
        let both = json!({"username": "jane", "email": bob.email, "password": "", "oauth": "true",
            "id_token": provider.token(&json!({}))});
        anyone.post(LOGIN, &both).await.refused(401, "invalid_credentials");
    }
    // By the session that the provider has opened, without a token.
    let bare = json!({"username": "jane", "password": "", "oauth": "true"});
    let signed_in = visitor.person().post(LOGIN, &bare).await.is(200).json();
    assert_eq!(signed_in["user"]["username"], "jane");
    visitor.person().post(LOGIN, &json!({"username": "bob", "password": "", "oauth": "true"})).await.is(401);
    let session = visitor.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    fireside.anyone().post(LOGIN, &bare).with("Cookie", &session).await.refused(403, "csrf_failed");
    // A session that a password has opened is no word of the provider's, whoever is linked.
    fireside.home.runs(&["user", "link", "bob", "--issuer", &provider.url, "--subject", "bob"], "").await.succeeded();
    let by_password =
        fireside.anyone().showing(crate::world::caller::Credential::Session(bob.signs_in_by_page().await));
    let bobs = json!({"username": "bob", "password": "", "oauth": "true"});
    by_password.post(LOGIN, &bobs).await.refused(401, "invalid_credentials");
    let token = provider.token(&json!({"sub": "bob"}));
    fireside.anyone().post(LOGIN, &oauth("bob", &token)).await.is(200);
    assert_ne!(SUBJECT, "bob");
}
