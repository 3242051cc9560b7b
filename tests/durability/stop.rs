//! SIGTERM with many sockets open and everybody talking.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::storm::World;
use crate::world::checker::books_balance;
use crate::world::machine::{say, scale};
use crate::world::{Fireside, Heard, Listener};

/// Sockets of one user.
const EACH: usize = 20;

#[tokio::test]
async fn a_stop_under_load_closes_every_socket_and_loses_nothing() {
    let mut fireside = Fireside::start_with(&["--log-level", "warn"]).await;
    let world = World::begins(&fireside).await;
    let mut listeners: Vec<Listener> = Vec::new();
    for person in fireside.registers_crowd(scale(25, 100)).await {
        let room = person.opens_room("own").await;
        listeners.extend(join_all((0..EACH).map(|_| person.listens_in(&room))).await);
    }
    let storm = world.rages().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let asked = Instant::now();
    assert_eq!(fireside.is_asked_to_stop().await, Some(0), "{}", fireside.home.log());
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(15), "{took:?}");
    let count = listeners.len();
    let told =
        join_all(listeners.iter_mut().map(async |listener| matches!(listener.next().await, Heard::Closed(1012)))).await;
    let told = told.into_iter().filter(|told| *told).count();
    assert_eq!(told, count, "every socket is told");
    storm.ends_with_the_server().await;
    books_balance(&fireside.home.data());
    let fireside = Fireside::start_in(fireside.home.clone(), &[]).await;
    let figures = world.back_to(&fireside).ends(fireside).await;
    assert!(figures.acknowledged > 0, "{figures}");
    say(&format!("{count} sockets closed with 1012 within {took:?}; {figures}"));
}
