//! What clients read in the heads of answers: where they stand with a limit, where the next page is, and whether
//! they have it already.

use serde_json::json;

use crate::world::{Answer, Fireside, people};

/// The parameters of a member of a structured list, like `"api";r=4;t=60`.
fn standing(answer: &Answer, header: &str) -> (String, Vec<(String, u64)>) {
    let mut parts = answer.header(header).split(';');
    let name = parts.next().unwrap().trim_matches('"').to_owned();
    let numbers = parts.map(|part| {
        let (name, number) = part.split_once('=').unwrap_or_else(|| panic!("{part:?} in {answer}"));
        (name.to_owned(), number.parse().unwrap())
    });
    (name, numbers.collect())
}

#[tokio::test]
async fn a_limit_that_counts_says_where_one_stands() {
    let fireside = Fireside::start_with_limits(&["--limit-api", "3/min", "--limit-auth", "5/h"]).await;
    let alice = fireside.registers("alice").await;
    for left in [2, 1, 0] {
        let answer = alice.get("/api/rooms/").await.is(200);
        assert_eq!(answer.header("ratelimit-policy"), "\"api\";q=3;w=60");
        let (name, numbers) = standing(&answer, "ratelimit");
        assert_eq!((name.as_str(), &numbers[0]), ("api", &("r".to_owned(), left)));
        assert!(matches!(&numbers[1], (t, reset) if t == "t" && (1..=60).contains(reset)), "{answer}");
    }
    let refused = alice.get("/api/rooms/").await.is(429);
    assert_eq!(standing(&refused, "ratelimit").1[0], ("r".to_owned(), 0), "{refused}");
    assert!(refused.has("retry-after"), "{refused}");
    // Where nothing is counted, nothing is said.
    let free = alice.get("/messages/api/chats/").await.is(200);
    assert!(!free.has("ratelimit") && !free.has("ratelimit-policy"), "{free}");
    let wrong = json!({"username": "alice", "password": "not hers at all"});
    let answer = fireside.anyone().post("/api/auth/login/", &wrong).await.is(401);
    assert_eq!(answer.header("ratelimit-policy"), "\"sign-in\";q=5;w=3600");
    // What one sends counts in every API.
    let sending = Fireside::start_with_limits(&["--limit-send", "5/min"]).await;
    people!(sending: dora, eve);
    for (path, left) in [("/api/messages/", 4), ("/d/inbox/api/messages/", 3)] {
        let answer = dora.post(path, &json!({"receiver": "eve", "content": "hello"})).await.is(201);
        assert_eq!(answer.header("ratelimit-policy"), "\"send\";q=5;w=60");
        assert_eq!(standing(&answer, "ratelimit").1[0], ("r".to_owned(), left), "{answer}");
    }
    let room = json!({"name": "den"});
    let both = dora.post("/api/rooms/", &room).await.is(201);
    assert!(both.header("ratelimit").starts_with("\"api\";r=99;t=1, \"send\";r=2;t="), "{both}");
    assert!(!dora.get("/api/messages/").await.is(200).has("ratelimit"), "who reads sends nothing");
    for _ in 0..2 {
        eve.post("/api/messages/", &json!({"receiver": "dora", "content": "hi"})).await.is(201);
        dora.post("/api/messages/", &json!({"receiver": "eve", "content": "again"})).await.is(201);
    }
    let refused = dora.post("/api/messages/", &json!({"receiver": "eve", "content": "too much"})).await.is(429);
    assert_eq!(standing(&refused, "ratelimit").1[0], ("r".to_owned(), 0), "{refused}");

    let free = Fireside::start().await;
    let bob = free.registers("bob").await;
    assert!(!bob.get("/api/rooms/").await.is(200).has("ratelimit"), "the limit is off");
}

#[tokio::test]
async fn a_page_names_its_neighbours() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    for name in ["one", "two", "three"] {
        let room = alice.opens_room(name).await;
        bob.joins(&room).await;
        carol.joins(&room).await;
    }
    let page = alice.get("/api/rooms/?page_size=1&page=2").await.is(200);
    let (next, previous) = (page.json()["next"].clone(), page.json()["previous"].clone());
    let links = format!("<{}>; rel=\"next\", <{}>; rel=\"prev\"", next.as_str().unwrap(), previous.as_str().unwrap());
    assert_eq!(page.header("link"), links);
    assert!(!alice.get("/api/rooms/").await.is(200).has("link"), "one page is all there is");
    // A list by cursor leads on by the same header.
    let mut path = "/api/server/people/?limit=1".to_owned();
    let mut names = Vec::new();
    loop {
        let part = alice.get(&path).await.is(200);
        names.extend(part.results().iter().map(|person| person["username"].as_str().unwrap().to_owned()));
        if !part.has("link") {
            break;
        }
        path = part.header("link").trim_start_matches('<').split('>').next().unwrap().to_owned();
    }
    names.sort_unstable();
    assert_eq!(names, ["bob", "carol"]);
}

#[tokio::test]
async fn what_one_has_already_is_not_sent_again() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    alice.posts("hello").in_room(&den).await;
    let lists = [
        "/messages/api/chats/".to_owned(),
        format!("/messages/api/chats/{}/messages/", den.id),
        format!("/api/rooms/{}/messages/", den.id),
        "/api/users/".to_owned(),
        "/api/rooms/".to_owned(),
        "/d/directs/api/chats/".to_owned(),
        format!("/messenger/api/chatrooms/room-{}/messages/", den.id),
    ];
    let mut tags = Vec::new();
    for list in &lists {
        let answer = bob.get(list).await.is(200);
        let tag = answer.header("etag").to_owned();
        assert!(tag.starts_with("W/\""), "{answer}");
        let again = bob.get(list).with("If-None-Match", &format!("\"other\", {tag}")).await.is(304);
        assert!(again.body.is_empty() && again.header("etag") == tag, "{again}");
        let small = bob.get(list).with("If-None-Match", &tag).with("Accept-Encoding", "gzip").await;
        assert_eq!(small.status, 304, "{small}");
        assert_eq!(bob.get(list).with("If-None-Match", "\"other\"").await.is(200).body, answer.body);
        tags.push(tag);
    }
    alice.posts("hello again").in_room(&den).await;
    for (list, tag) in lists[..3].iter().zip(&tags) {
        let answer = bob.get(list).with("If-None-Match", tag).await.is(200);
        assert_ne!(answer.header("etag"), tag, "{list}");
    }
    // What has a credential in it has no tag, and neither has the answer to a write.
    assert!(!alice.get("/d/inbox/api/token/").await.is(200).has("etag"));
    assert!(!alice.post(&lists[2], &json!({"content": "hi"})).await.is(201).has("etag"));
}
