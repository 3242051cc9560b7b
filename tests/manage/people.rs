//! Everybody whom one may write to.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::root_of;
use crate::world::{Caller, Fireside, Person};

const PEOPLE: &str = "/api/server/people/";

fn names(people: &[Value]) -> Vec<String> {
    people.iter().map(|person| person["username"].as_str().unwrap().to_owned()).collect()
}

async fn list(who: &Caller, query: &str) -> Vec<String> {
    names(&who.get(&format!("{PEOPLE}?{query}")).await.is(200).results())
}

async fn is_called(person: &Person, name: &str) {
    person.patch(&format!("/api/users/{}/", person.id), &json!({"display_name": name})).await.is(200);
}

#[tokio::test]
async fn people_are_listed_online_first_and_then_by_name() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let (zoe, yan, xi) =
        (fireside.registers("zoe").await, fireside.registers("yan").await, fireside.registers("xi").await);
    let gone = fireside.registers("gone").await;
    is_called(&zoe, "Ärmel").await;
    is_called(&xi, "aa").await;
    root.patch(&format!("/api/server/users/{}/", gone.id), &json!({"is_disabled": true})).await.is(200);
    assert_eq!(list(&root, "").await, ["xi", "yan", "zoe"], "by what others see, without oneself and the disabled");
    let listener = yan.handshake("/messages/ws/").enters().await;
    let found = root.get(PEOPLE).await.is(200).json();
    assert_eq!(found["next"], Value::Null);
    assert_eq!(names(found["results"].as_array().unwrap()), ["yan", "xi", "zoe"]);
    let expected = json!({
        "id": yan.id, "username": "yan", "display_name": "yan", "avatar_url": null, "online": true, "last_seen": null,
    });
    assert_eq!(found["results"][0], expected, "and no address");
    assert_eq!(list(&yan, "").await, ["xi", "root", "zoe"], "oneself is not among them, online or not");
    listener.hangs_up().await;
    let mut seen = Value::Null;
    for _ in 0..200 {
        seen = root.get(&format!("{PEOPLE}?q=yan")).await.is(200).results().remove(0);
        if seen["online"] == false && seen["last_seen"].is_string() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(seen["online"], false, "{seen}");
    assert!(seen["last_seen"].as_str().unwrap().ends_with('Z'), "{seen}");
    for (part, found) in
        [("AA", vec!["xi"]), ("ärm", vec!["zoe"]), ("ZO", vec!["zoe"]), ("nobody", vec![]), ("@", vec![])]
    {
        assert_eq!(list(&root, &format!("q={part}")).await, found, "{part}");
    }
    fireside.anyone().get(PEOPLE).await.refused(401, "authentication_required");
}

#[tokio::test]
async fn the_list_goes_on_without_doubles_and_gaps_while_others_come() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let crowd = fireside.registers_crowd(7).await;
    let mut listeners = Vec::new();
    for person in &crowd[..3] {
        listeners.push(person.handshake("/messages/ws/").enters().await);
    }
    let (mut seen, mut next, mut parts) = (Vec::new(), None::<String>, 0);
    loop {
        let cursor = next.take().map_or(String::new(), |next| format!("&cursor={next}"));
        let part = root.get(&format!("{PEOPLE}?limit=2{cursor}")).await.is(200).json();
        assert!(part["results"].as_array().unwrap().len() <= 2, "{part}");
        seen.extend(part["results"].as_array().unwrap().clone());
        parts += 1;
        fireside.registers(&format!("aaa{parts}")).await;
        match part["next"].as_str() {
            Some(more) => next = Some(more.to_owned()),
            None => break,
        }
    }
    let guests: Vec<_> = names(&seen).into_iter().filter(|name| name.starts_with("guest")).collect();
    assert_eq!(guests, (0..7).map(|number| format!("guest{number}")).collect::<Vec<_>>());
    assert_eq!(names(&seen).iter().collect::<BTreeSet<_>>().len(), seen.len(), "nobody twice");
    let online: Vec<bool> = seen.iter().map(|person| person["online"].as_bool().unwrap()).collect();
    assert_eq!(online.iter().filter(|online| **online).count(), 3);
    assert!(online.is_sorted_by(|one, other| one >= other), "{online:?}");
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    fireside.registers_crowd(4).await;
    let part = root.get(&format!("{PEOPLE}?limit=2&q=guest")).await.is(200).json();
    let cursor = part["next"].as_str().expect("more").to_owned();
    root.get(&format!("{PEOPLE}?cursor={cursor}&q=guest")).await.is(200);
    let long = "A".repeat(5_000);
    for bad in ["", "x", "%F0%9F%98%80", "bnVsbA", &long] {
        root.get(&format!("{PEOPLE}?cursor={bad}")).await.names("cursor");
    }
    root.get(&format!("{PEOPLE}?cursor={cursor}")).await.names("cursor");
    root.get(&format!("{PEOPLE}?cursor={cursor}&q=gues")).await.names("cursor");
    for (limit, count) in [("1", 1), ("0", 4), ("-1", 4), ("x", 4), ("99999999999", 4)] {
        assert_eq!(list(&root, &format!("limit={limit}")).await.len(), count, "{limit}");
    }
}
