//! `/profiles/api/add-friend/` and `…/remove-friend/`: mutual, and at once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{ADD_FRIEND, PLACES, PROFILE, REMOVE_FRIEND};
use crate::world::{Fireside, Person, people};

fn message(text: &str) -> Value {
    json!({ "message": text })
}

async fn friends_of(person: &Person) -> Value {
    person.get(PROFILE).await.is(200).json()["profile"]["friends"].clone()
}

fn named(name: &str) -> Value {
    json!({ "username": name })
}

#[tokio::test]
async fn friends_are_made_and_parted_as_documented() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let jane = fireside.registers("jane_doe").await;
    for place in PLACES {
        let alices = alice.through(place);
        alices.post(ADD_FRIEND, &named("jane_doe")).await.says(200, &message("jane_doe добавлен в друзья."));
        assert_eq!(friends_of(&alice).await, json!([jane.id]));
        assert_eq!(friends_of(&jane).await, json!([alice.id]), "both ways, without asking");
        alices.post(REMOVE_FRIEND, &named("jane_doe")).await.says(200, &message("jane_doe удален из друзей."));
        assert_eq!(friends_of(&alice).await, json!([]));
        assert_eq!(friends_of(&jane).await, json!([]));
    }
    let form = [("username", " JANE_DOE ")];
    let added = alice.sends_form(ADD_FRIEND.trim_end_matches('/'), &form).await;
    added.says(200, &message("jane_doe добавлен в друзья."));
    let parted = jane.sends_form(REMOVE_FRIEND.trim_end_matches('/'), &[("username", "alice")]).await;
    parted.says(200, &message("alice удален из друзей."));
}

#[tokio::test]
async fn what_cannot_be_is_said_in_the_documents_words() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let already = message("Пользователь уже в списке друзей.");
    let never = message("Пользователь не является другом.");
    let oneself = message("Нельзя добавить в друзья самого себя.");
    let unknown = json!({"username": ["Пользователь с таким именем не найден."]});
    alice.post(REMOVE_FRIEND, &named("bob")).await.says(400, &never);
    alice.post(ADD_FRIEND, &named("bob")).await.is(200);
    alice.post(ADD_FRIEND, &named("Bob")).await.says(400, &already);
    bob.post(ADD_FRIEND, &named("alice")).await.says(400, &already);
    alice.post(ADD_FRIEND, &named("alice")).await.says(400, &oneself);
    alice.post(REMOVE_FRIEND, &named("alice")).await.is(400);
    for path in [ADD_FRIEND, REMOVE_FRIEND] {
        for name in ["nobody", "", " ", "bob@example.com"] {
            alice.post(path, &named(name)).await.says(400, &unknown);
        }
        for wrong in [json!(null), json!(bob.id), json!(true), json!([])] {
            alice.post(path, &json!({"username": wrong})).await.blames("username");
        }
        alice.post(path, &json!({})).await.says(400, &json!({"username": ["This field is required."]}));
        fireside.anyone().post(path, &named("bob")).await.refused_with_detail(401);
    }
    assert_eq!(friends_of(&alice).await, json!([bob.id]));
}

#[tokio::test]
async fn of_many_tries_at_once_one_makes_the_friendship() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let tries = (0..16).map(|number| {
        let (who, whom) = if number % 2 == 0 { (&alice, "bob") } else { (&bob, "alice") };
        let who = who.clone();
        async move { who.post(ADD_FRIEND, &named(whom)).await.status }
    });
    let statuses = join_all(tries).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 15, "{statuses:?}");
    assert_eq!(friends_of(&alice).await, json!([bob.id]));
    assert_eq!(friends_of(&bob).await, json!([alice.id]));
}
