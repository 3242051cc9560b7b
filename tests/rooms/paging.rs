//! Pages: how lists are cut, and how their links lead through them.

use serde_json::{Value, json};

use crate::world::{Fireside, Person, Room, id};

async fn room_with_messages(alice: &Person, count: usize) -> Room {
    let room = alice.opens_room("den").await;
    for number in 0..count {
        alice.posts(&number.to_string()).in_room(&room).await;
    }
    room
}

fn shape(page: &Value) -> (i64, usize, bool, bool) {
    (
        page["count"].as_i64().unwrap(),
        page["results"].as_array().unwrap().len(),
        page["next"].is_string(),
        page["previous"].is_string(),
    )
}

#[tokio::test]
async fn twenty_make_a_page_unless_asked_otherwise() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = room_with_messages(&alice, 45).await;
    for (query, expected) in [
        ("", (45, 20, true, false)),
        ("?page=2", (45, 20, true, true)),
        ("?page=3", (45, 5, false, true)),
        ("?page=1&page_size=45", (45, 45, false, false)),
        ("?page_size=7&page=7", (45, 3, false, true)),
        ("?page_size=0", (45, 20, true, false)),
        ("?page_size=-1", (45, 20, true, false)),
        ("?page_size=abc", (45, 20, true, false)),
        ("?page_size=", (45, 20, true, false)),
        ("?page_size=1", (45, 1, true, false)),
    ] {
        let path = format!("{}{query}", den.messages());
        let page = alice.get(&path).await.is(200).json();
        assert_eq!(shape(&page), expected, "{query}");
    }
}

#[tokio::test]
async fn a_page_ends_at_a_hundred() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = room_with_messages(&alice, 102).await;
    for (size, expected) in [("99", 99), ("100", 100), ("101", 100), ("5000000000", 100)] {
        let path = format!("{}?page_size={size}", den.messages());
        let page = alice.get(&path).await.is(200).json();
        assert_eq!(shape(&page).1, expected, "{size}");
    }
}

#[tokio::test]
async fn a_page_that_is_not_there_is_invalid() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = room_with_messages(&alice, 21).await;
    let lists = [den.messages(), den.participants(), "/api/rooms/".to_owned(), "/api/users/".to_owned()];
    for list in lists {
        for page in ["0", "-1", "x", "1.5", "99999", "99999999999999999999999"] {
            let answer = alice.get(&format!("{list}?page={page}")).await;
            let answer = answer.refused(404, "not_found");
            assert_eq!(answer.json()["message"], "Invalid page.", "{answer}");
        }
        alice.get(&format!("{list}?page=1")).await.is(200);
    }
    alice.get(&format!("{}?page=2", den.messages())).await.is(200);
    alice.get(&format!("{}?page=3", den.messages())).await.refused(404, "not_found");
}

#[tokio::test]
async fn the_first_page_of_nothing_is_empty() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let nothing = json!({"count": 0, "next": null, "previous": null, "results": []});
    for query in ["", "?page=1", "?page=1&page_size=5"] {
        let page = alice.get(&format!("{}{query}", den.messages())).await.is(200);
        assert_eq!(page.json(), nothing);
    }
    let open = alice.get("/api/rooms/?public=true").await.is(200);
    assert_eq!(open.json(), nothing);
}

#[tokio::test]
async fn the_links_lead_through_everything_once_and_back() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let mut opened = Vec::new();
    for number in 0..13 {
        opened.push(alice.opens_room(&format!("room {number}")).await.id);
    }
    opened.reverse();
    let mut walked = Vec::new();
    let mut link = Some("/api/rooms/?public=true&page_size=5&colour=blue%20green".to_owned());
    let mut pages = Vec::new();
    while let Some(path) = link {
        let page = bob.get(&path).await.is(200).json();
        walked.extend(page["results"].as_array().unwrap().iter().map(id));
        link = page["next"].as_str().map(ToOwned::to_owned);
        if let Some(next) = &link {
            assert!(next.starts_with(&format!("{}/api/rooms/?", fireside.url)), "{next}");
            assert!(next.contains("public=true") && next.contains("page_size=5"), "{next}");
            assert!(next.contains("colour=blue"), "what else was asked stays: {next}");
        }
        pages.push(page);
    }
    assert_eq!(walked, opened);
    assert_eq!(pages.len(), 3);
    let back = pages[2]["previous"].as_str().unwrap();
    assert_eq!(bob.get(back).await.is(200).json()["results"], pages[1]["results"]);
    let back = pages[1]["previous"].as_str().unwrap();
    assert_eq!(bob.get(back).await.is(200).json()["results"], pages[0]["results"]);
}

#[tokio::test]
async fn the_links_follow_the_name_and_the_place_that_were_asked() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = room_with_messages(&alice, 3).await;
    let path = format!("{}?page_size=2", den.messages());
    let page = alice.through("/d/rooms").get(&path).await.is(200).json();
    let next = page["next"].as_str().unwrap();
    let start = format!("{}/d/rooms{}?", fireside.url, den.messages());
    assert!(next.starts_with(&start), "{next}");
    let page = alice.get(&path).with("Host", "chat.example:8443").await.is(200).json();
    let next = page["next"].as_str().unwrap();
    let start = format!("http://chat.example:8443{}?", den.messages());
    assert!(next.starts_with(&start), "{next}");
}

#[tokio::test]
async fn deleting_shortens_the_list_and_its_count() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = room_with_messages(&alice, 21).await;
    let newest = alice.get(&den.messages()).await.results()[0].clone();
    alice.deletes(&newest).await;
    let page = alice.get(&den.messages()).await.json();
    assert_eq!(shape(&page), (20, 20, false, false));
    alice.get(&format!("{}?page=2", den.messages())).await.refused(404, "not_found");
}

#[tokio::test]
async fn people_and_participants_come_in_pages_too() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    for guest in fireside.registers_crowd(4).await {
        guest.joins(&den).await;
    }
    let participants = format!("{}?page_size=2", den.participants());
    let page = alice.get(&participants).await.is(200).json();
    assert_eq!(shape(&page), (5, 2, true, false));
    let next = page["next"].as_str().unwrap();
    assert_eq!(shape(&alice.get(next).await.is(200).json()), (5, 2, true, true));
    let page = alice.get("/api/users/?page_size=2").await.is(200).json();
    assert_eq!(page["results"].as_array().unwrap().len(), 2);
    assert!(page["next"].is_string(), "{page}");
}
