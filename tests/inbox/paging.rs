//! The list of messages: whose, in which order, and its pages.

use serde_json::{Value, json};

use super::{MESSAGES, PLACES, delete, inbox, writes};
use crate::world::{Fireside, contents, id, people};

fn shape(page: &Value) -> (i64, usize, bool, bool) {
    let keys: Vec<&String> = page.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 4, "{keys:?}");
    (
        page["count"].as_i64().unwrap(),
        page["results"].as_array().unwrap().len(),
        page["next"].is_string(),
        page["previous"].is_string(),
    )
}

#[tokio::test]
async fn what_i_sent_and_got_comes_newest_first() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    writes(&alice, &bob, "one").await;
    writes(&bob, &alice, "two").await;
    writes(&carol, &alice, "three").await;
    writes(&bob, &carol, "not hers").await;
    writes(&alice, &bob, "four").await;
    writes(&alice, &alice, "five").await;
    for place in PLACES {
        let all = alice.through(place).get(MESSAGES).await.is(200);
        assert_eq!(contents(&all.results()), ["five", "four", "three", "two", "one"]);
        assert_eq!(shape(&all.json()), (5, 5, false, false));
    }
    assert_eq!(contents(&inbox(&carol).await), ["not hers", "three"]);
}

#[tokio::test]
async fn the_list_narrows_to_one_user() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    writes(&alice, &bob, "to bob").await;
    writes(&carol, &alice, "from carol").await;
    writes(&bob, &alice, "from bob").await;
    writes(&bob, &carol, "not hers").await;
    for (user, expected) in [
        ("bob", vec!["from bob", "to bob"]),
        ("BOB", vec!["from bob", "to bob"]),
        ("carol", vec!["from carol"]),
        ("alice", vec![]),
        ("nobody", vec![]),
        ("%20%27%20OR%201%3D1", vec![]),
    ] {
        let page = alice.get(&format!("/api/messages/?user={user}")).await.is(200);
        assert_eq!(contents(&page.results()), expected, "{user}");
        assert_eq!(page.json()["count"], expected.len(), "{user}");
    }
    alice.get("/api/messages/?user=nobody&page=2").await.refused(404, "not_found");
}

#[tokio::test]
async fn ten_make_a_page_unless_asked_otherwise() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    for number in 0..23 {
        writes(&alice, &bob, &number.to_string()).await;
    }
    for list in ["/api/messages/?", "/api/messages/?user=bob&"] {
        for (query, expected) in [
            ("", (23, 10, true, false)),
            ("page=2", (23, 10, true, true)),
            ("page=3", (23, 3, false, true)),
            ("page=1&page_size=23", (23, 23, false, false)),
            ("page=1&page_size=20", (23, 20, true, false)),
            ("page_size=0", (23, 10, true, false)),
            ("page_size=-1", (23, 10, true, false)),
            ("page_size=x", (23, 10, true, false)),
            ("page_size=1", (23, 1, true, false)),
        ] {
            let page = alice.get(&format!("{list}{query}")).await.is(200).json();
            assert_eq!(shape(&page), expected, "{list}{query}");
        }
        for page in ["0", "-1", "x", "4", "99999999999999999999999"] {
            let answer = alice.get(&format!("{list}page={page}")).await.refused(404, "not_found");
            assert_eq!(answer.json()["message"], "Invalid page.");
        }
    }
}

#[tokio::test]
async fn a_page_ends_at_a_hundred() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    for number in 0..102 {
        writes(&alice, &bob, &number.to_string()).await;
    }
    for (size, expected) in [("99", 99), ("100", 100), ("101", 100), ("5000000000", 100)] {
        let page = alice.get(&format!("/api/messages/?page_size={size}")).await.is(200).json();
        assert_eq!(shape(&page).1, expected, "{size}");
    }
}

#[tokio::test]
async fn the_links_lead_through_everything_and_keep_what_was_asked() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let mut written = Vec::new();
    for number in 0..7 {
        written.push(id(&writes(&alice, &bob, &number.to_string()).await));
        writes(&carol, &alice, "between").await;
    }
    written.reverse();
    let mut link = Some(format!("{}/d/inbox/api/messages/?user=bob&page_size=3", fireside.url));
    let (mut walked, mut pages) = (Vec::new(), Vec::new());
    while let Some(path) = link {
        assert!(path.starts_with(&format!("{}/d/inbox/api/messages/?", fireside.url)), "{path}");
        assert!(path.contains("user=bob") && path.contains("page_size=3"), "{path}");
        let page = alice.get(&path).await.is(200).json();
        walked.extend(page["results"].as_array().unwrap().iter().map(id));
        link = page["next"].as_str().map(ToOwned::to_owned);
        pages.push(page);
    }
    assert_eq!((walked, pages.len()), (written, 3));
    let back = alice.get(pages[2]["previous"].as_str().unwrap()).await.is(200).json();
    assert_eq!(back["results"], pages[1]["results"]);
}

#[tokio::test]
async fn deleting_shortens_the_list_and_its_count() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let mut last = json!(null);
    for number in 0..11 {
        last = writes(&alice, &bob, &number.to_string()).await;
    }
    bob.get("/api/messages/?page=2").await.is(200);
    alice.delete(&delete(&last)).await.is(204);
    for list in [MESSAGES, "/api/messages/?user=alice"] {
        assert_eq!(shape(&bob.get(list).await.json()), (10, 10, false, false));
    }
    bob.get("/api/messages/?page=2").await.refused(404, "not_found");
}

#[tokio::test]
async fn the_first_page_of_nothing_is_empty() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let nothing = json!({"count": 0, "next": null, "previous": null, "results": []});
    for query in ["", "?page=1", "?user=nobody", "?user=alice&page=1"] {
        assert_eq!(alice.get(&format!("/api/messages/{query}")).await.is(200).json(), nothing);
    }
}
