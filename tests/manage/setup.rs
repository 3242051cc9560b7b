//! The link that makes the first admin.

use serde_json::{Value, json};

use super::{ME, log, root_of, setup_code, signs_in};
use crate::world::{Answer, Fireside, Home};

async fn sets_up(fireside: &Fireside, code: &str, name: &str) -> Answer {
    let body = json!({"code": code, "username": name, "password": "correct horse root", "email": "r@example.com"});
    fireside.anyone().post("/api/server/setup/", &body).await
}

#[tokio::test]
async fn the_link_makes_one_admin_and_is_dead_then() {
    let fireside = Fireside::start().await;
    let line = fireside.facts.iter().find(|fact| fact.starts_with("setup: ")).expect("a line");
    assert!(line.starts_with(&format!("setup: {}/setup#", fireside.url)), "{line}");
    let code = setup_code(&fireside).unwrap();
    assert_eq!(code.len(), 40, "20 random bytes");
    sets_up(&fireside, "", "eve").await.refused(404, "not_found");
    sets_up(&fireside, &"0".repeat(40), "eve").await.refused(404, "not_found");
    let short = json!({"code": code, "username": "root", "password": "short"});
    fireside.anyone().post("/api/server/setup/", &short).await.names("password");

    let root = root_of(&fireside).await;
    assert_eq!(root.get(ME).await.is(200).json()["username"], "root");
    root.get("/api/server/status/").await.is(200);
    assert_eq!(log(&root).await, [("root".into(), "setup".into(), "root".into())]);
    sets_up(&fireside, &code, "eve").await.refused(404, "not_found");
    signs_in(&fireside, "eve", "correct horse root").await.refused(401, "invalid_credentials");
    assert!(setup_code(&fireside.restarts().await).is_none(), "no link where an admin is");
}

#[tokio::test]
async fn the_link_leads_where_others_can_go() {
    let own = if_addrs::get_if_addrs().unwrap();
    let is_alone = !own
        .iter()
        .any(|each| matches!(each.ip(), std::net::IpAddr::V4(ip) if !ip.is_loopback() && !ip.is_link_local()));
    let fireside = Fireside::start_with(&["--listen", "0.0.0.0:0"]).await;
    let line = fireside.facts.iter().find(|fact| fact.starts_with("setup: ")).expect("a line");
    let (address, _) = line.trim_start_matches("setup: ").split_once("/setup#").expect("a link");
    assert!(!address.contains("0.0.0.0") && (is_alone || !address.contains("127.0.0.1")), "{line}");
    fireside.anyone().get(&format!("{address}/healthz")).await.is(200);
    let told = Fireside::start_with(&["--listen", "0.0.0.0:0", "--public-url", "https://chat.example.org"]).await;
    assert!(
        told.facts.iter().any(|fact| fact.starts_with("setup: https://chat.example.org/setup#")),
        "{:?}",
        told.facts
    );
}

#[tokio::test]
async fn twenty_at_once_make_one_admin() {
    let fireside = Fireside::start().await;
    let code = setup_code(&fireside).unwrap();
    let names: Vec<String> = (0..20).map(|number| format!("root{number}")).collect();
    let tries = names.iter().map(|name| sets_up(&fireside, &code, name));
    let answers = futures_util::future::join_all(tries).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert!(answers.iter().all(|answer| [201, 404].contains(&answer.status)));
    let listed = fireside.home.runs(&["user", "list", "--json"], "").await;
    let users: Vec<Value> = serde_json::from_str(&listed.succeeded().stdout).unwrap();
    assert_eq!(users.len(), 1);
}

#[tokio::test]
async fn a_new_start_ends_the_old_link() {
    let fireside = Fireside::start().await;
    let old = setup_code(&fireside).unwrap();
    let fireside = fireside.restarts().await;
    let new = setup_code(&fireside).unwrap();
    assert_ne!(old, new);
    sets_up(&fireside, &old, "eve").await.refused(404, "not_found");
    sets_up(&fireside, &new, "root").await.is(201);
}

#[tokio::test]
async fn an_admin_from_the_command_line_ends_the_link() {
    let fireside = Fireside::start_with(&["--public-url", "https://chat.example.org"]).await;
    assert!(fireside.facts.iter().any(|fact| fact.starts_with("setup: https://chat.example.org/setup#")));
    let words = ["user", "create", "root", "--admin", "--password-file", "-"];
    fireside.home.runs(&words, "correct horse root\n").await.succeeded();
    sets_up(&fireside, &setup_code(&fireside).unwrap(), "eve").await.refused(404, "not_found");

    let home = Home::new();
    home.runs(&words, "correct horse root\n").await.succeeded();
    let fireside = Fireside::start_in(home, &[]).await;
    assert!(setup_code(&fireside).is_none());
    signs_in(&fireside, "root", "correct horse root").await.is(200);
}

#[tokio::test]
async fn a_closed_server_is_set_up_all_the_same() {
    let fireside = Fireside::start_with(&["--registration", "closed"]).await;
    sets_up(&fireside, &setup_code(&fireside).unwrap(), "root").await.is(201);
}

#[tokio::test]
async fn the_links_lead_to_the_page() {
    let fireside = Fireside::start().await;
    let page = fireside.anyone().get("/").await.is(200).text();
    for path in ["/setup", "/invite", "/join", "/reset"] {
        assert_eq!(fireside.anyone().get(path).await.is(200).text(), page, "{path}");
    }
    fireside.anyone().get("/setups").await.is(404);
}
