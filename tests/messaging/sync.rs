//! Catching up by request: what changed in one's chats since a number.

use serde_json::{Value, json};

use super::words::{Refused, dm, group, path, reactions, say};
use crate::world::{Fireside, Person, id, people};

async fn sync(who: &Person, since: &Value) -> Value {
    let answer = who.get(&format!("/messages/api/sync/?since={since}")).await.is(200).json();
    assert_eq!(answer.as_object().unwrap().len(), 4, "{answer}");
    answer
}

fn changed(answer: &Value) -> Vec<i64> {
    answer["messages"].as_array().unwrap().iter().map(id).collect()
}

#[tokio::test]
async fn everything_that_changed_is_told_as_it_is_now() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let team = group(&alice, "Team", &[&bob]).await;
    let direct = dm(&alice, &bob).await;
    let kept = say(&alice, "kept", team).await;
    let edited = say(&alice, "edited", team).await;
    let liked = say(&alice, "liked", direct).await;
    let gone = say(&alice, "gone", direct).await;
    let start = sync(&bob, &json!(0)).await;
    assert_eq!(changed(&start), [id(&kept), id(&edited), id(&liked), id(&gone)]);
    assert_eq!((&start["more"], &start["deleted"]), (&json!(false), &json!([])));
    let since = start["seq"].clone();
    assert!(since.as_i64() >= gone["seq"].as_i64());
    assert_eq!(sync(&bob, &since).await, json!({"seq": since, "more": false, "messages": [], "deleted": []}));

    bob.post(&reactions(&liked), &json!({"emoji": "👍"})).await.is(200);
    alice.patch(&path(&edited), &json!({"content": "better"})).await.is(200);
    alice.delete(&path(&gone)).await.is(204);
    let new = say(&bob, "new", team).await;
    let later = sync(&bob, &since).await;
    assert_eq!(changed(&later), [id(&liked), id(&edited), id(&new)], "in the order of the changes");
    for message in later["messages"].as_array().unwrap() {
        assert_eq!(*message, bob.get(&path(message)).await.is(200).json());
    }
    assert_eq!(later["deleted"], json!([{"id": gone["id"], "chat": direct.id}]));
    assert!(!later.to_string().contains("gone"), "{later}");
    assert_eq!(later["seq"], later["messages"][2]["seq"]);
}

#[tokio::test]
async fn since_is_a_number_or_nothing() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "Team", &[]).await;
    say(&alice, "hi", chat).await;
    let all = alice.get("/messages/api/sync/").await.is(200).json();
    assert_eq!(all, sync(&alice, &json!(0)).await);
    assert_eq!(changed(&all).len(), 1);
    assert_eq!(alice.through("/d/messaging").get("/messages/api/sync?since=0").await.is(200).json(), all);
    for wrong in ["x", "-1", "1.5", "", "99999999999999999999"] {
        alice.get(&format!("/messages/api/sync/?since={wrong}")).await.blames("since");
        let handshake = alice.handshake("/messages/ws/").with_query(&format!("since={wrong}"));
        handshake.turned_away_with(400).await;
    }
    // Whoever stands above is told where the end is, and can tell that something is wrong.
    let above = sync(&alice, &json!(999_999_999)).await;
    assert_eq!(above, json!({"seq": all["seq"], "more": false, "messages": [], "deleted": []}));
}

#[tokio::test]
async fn only_the_chats_that_one_is_in_now_are_told() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let team = group(&alice, "Team", &[&bob]).await;
    let message = say(&alice, "secret", team).await;
    let doomed = say(&alice, "doomed", team).await;
    alice.delete(&path(&doomed)).await.is(204);
    assert_eq!(changed(&sync(&bob, &json!(0)).await), [id(&message)]);
    alice.delete(&team.remove(&bob)).await.is(204);
    for stranger in [&bob, &carol] {
        let nothing = sync(stranger, &json!(0)).await;
        assert_eq!((&nothing["messages"], &nothing["deleted"]), (&json!([]), &json!([])));
    }
}

#[tokio::test]
async fn a_long_absence_is_told_in_pages() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "Team", &[]).await;
    let mut sent = Vec::new();
    for number in 0..205 {
        sent.push(id(&say(&alice, &number.to_string(), chat).await));
    }
    let first = sync(&alice, &json!(0)).await;
    assert_eq!((changed(&first), &first["more"]), (sent[..200].to_vec(), &json!(true)));
    assert_eq!(first["seq"], json!(sent[199]));
    let second = sync(&alice, &first["seq"]).await;
    assert_eq!((changed(&second), &second["more"]), (sent[200..].to_vec(), &json!(false)));
}
