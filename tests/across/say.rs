//! What is said through one document is heard and read through all five.

use super::pair::{ALL, Pair, WITH_POSTS, hears_news};
use crate::world::Fireside;

#[tokio::test]
async fn what_is_said_on_one_socket_is_heard_on_all() {
    let fireside = Fireside::start().await;
    let pair = Pair::meets(&fireside).await;
    let mut listeners = Vec::new();
    for me in [&pair.alice, &pair.bob] {
        for dialect in ALL {
            listeners.push((dialect, pair.opens(me, dialect).await));
        }
    }
    for speaker in 0..listeners.len() {
        let (dialect, mouth) = &mut listeners[speaker];
        let text = format!("number {speaker} through {dialect:?}");
        mouth.says(&dialect.say(&pair, &text)).await;
        let mut ids = Vec::new();
        for (dialect, listener) in &mut listeners {
            let (id, heard) = hears_news(listener, *dialect).await;
            assert_eq!(heard, text, "heard through {dialect:?}");
            ids.push(id);
        }
        assert!(ids.iter().all(|id| *id == ids[0]), "one message, one id: {ids:?}");
    }
}

#[tokio::test]
async fn what_is_posted_through_one_is_heard_on_all_sockets() {
    let fireside = Fireside::start().await;
    let pair = Pair::meets(&fireside).await;
    let mut listeners = Vec::new();
    for dialect in ALL {
        listeners.push((dialect, pair.opens(&pair.bob, dialect).await));
    }
    for speaker in WITH_POSTS {
        let text = format!("posted through {speaker:?}");
        let (path, body) = speaker.post(&pair, &pair.alice, &text);
        let posted = pair.alice.post(&path, &body).await.is(201).json();
        for (dialect, listener) in &mut listeners {
            let news = hears_news(listener, *dialect).await;
            assert_eq!(news, (posted["id"].as_i64().unwrap(), text.clone()), "heard through {dialect:?}");
        }
    }
}

#[tokio::test]
async fn the_history_is_the_same_in_all_five() {
    let fireside = Fireside::start().await;
    let pair = Pair::meets(&fireside).await;
    for number in 0..12 {
        let (me, speaker) =
            if number % 2 == 0 { (&pair.alice, WITH_POSTS[number % 4]) } else { (&pair.bob, WITH_POSTS[number % 4]) };
        let (path, body) = speaker.post(&pair, me, &format!("number {number}"));
        me.post(&path, &body).await.is(201);
    }
    let expected = pair.history(&pair.alice, ALL[0]).await;
    assert_eq!(expected.len(), 12);
    assert!(expected.iter().is_sorted_by_key(|(id, _)| *id), "ids grow: {expected:?}");
    for me in [&pair.alice, &pair.bob] {
        for dialect in ALL {
            assert_eq!(pair.history(me, dialect).await, expected, "as {} reads it through {dialect:?}", me.username);
        }
    }
}

#[tokio::test]
async fn a_resend_is_one_message_whichever_document_it_goes_through() {
    let fireside = Fireside::start().await;
    let pair = Pair::meets(&fireside).await;
    let mut listener = pair.opens(&pair.bob, ALL[3]).await;
    let mut ids = Vec::new();
    for (tries, dialect) in WITH_POSTS.into_iter().enumerate() {
        let (path, mut body) = dialect.post(&pair, &pair.alice, "once");
        body["client_id"] = "the same key".into();
        let status = if tries == 0 { 201 } else { 200 };
        ids.push(pair.alice.post(&path, &body).await.is(status).json()["id"].clone());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    listener.hears_message("once").await;
    listener.hears_nothing().await;
    let (path, mut body) = WITH_POSTS[1].post(&pair, &pair.alice, "something else");
    body["client_id"] = "the same key".into();
    pair.alice.post(&path, &body).await.is(409);
    assert_eq!(pair.history(&pair.bob, ALL[0]).await.len(), 1);
}
