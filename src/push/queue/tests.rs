//! Pushes beside push services whose name servers are silent.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{advance, pause, resume, timeout};

use super::serve;
use crate::chat::model::label::Label;
use crate::chat::model::message::Draft;
use crate::chat::model::name::MessageText;
use crate::chat::model::push::{NewPushSubscription, PushTarget};
use crate::chat::model::session::Actor;
use crate::chat::tests::{group, person};
use crate::chat::{App, Config, Durability};
use crate::outbound::MAX_LOOKUPS_OF_USER;
use crate::push::encryption::tests::keys;
use crate::push::{DEADLINE, PushOptions, PushSender};

const GOOD: &str = "good.example";
/// So many people have devices at servers whose name servers are silent, and so many each.
const PEOPLE: usize = 9;
const DEVICES: usize = 10;

static HAVE_GIVEN_UP: AtomicBool = AtomicBool::new(false);
/// Look-ups that were begun.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// What a resolver does that hears nothing from the name servers of all others.
fn resolve(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if name == GOOD {
        return Ok(vec![([127, 0, 0, 1], port).into()]);
    }
    ASKED.fetch_add(1, Ordering::SeqCst);
    while !HAVE_GIVEN_UP.load(Ordering::SeqCst) {
        std::thread::park_timeout(Duration::from_millis(5));
    }
    Err(io::ErrorKind::TimedOut.into())
}

async fn subscribes(app: &App, who: &Actor, endpoint: String) {
    let new = NewPushSubscription { target: PushTarget { endpoint, keys: keys() }, label: Label::default() };
    app.subscribe_to_push(who, new).await.expect("subscribed");
}

#[tokio::test]
async fn a_good_push_service_is_called_beside_the_silent_ones_of_nine_people_and_nothing_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = App::open(Config { durability: Durability::Normal, ..Config::of(folder.path()) }).expect("opened");
    let key = app.push_key().await.expect("a key");
    let mut members = Vec::new();
    for number in 0..PEOPLE {
        let who = person(&app, &format!("silent{number}")).await;
        for device in 0..DEVICES {
            subscribes(&app, &who, format!("https://{number}-{device}.example/")).await;
        }
        members.push(who);
    }
    let (alice, bob) = (person(&app, "alice").await, person(&app, "bob").await);
    let service = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = service.local_addr().expect("an address").port();
    subscribes(&app, &bob, format!("https://{GOOD}:{port}/")).await;
    let crowd = group(&app, &alice, &members.iter().collect::<Vec<_>>()).await;
    let den = group(&app, &alice, &[&bob]).await;
    let options = PushOptions { key, contact: String::new(), allowed: vec!["127.0.0.1".parse().expect("a network")] };
    let sender = PushSender::new(options).expect("a sender");
    let sender = Arc::new(PushSender { outbound: sender.outbound.resolving_by(resolve), ..sender });
    let serving = tokio::spawn(serve(Arc::clone(&sender), app.clone()));
    let says = async |chat| {
        let said = MessageText::parse("@all hello", 100).expect("text");
        app.post(&alice, chat, Draft::of(said, None)).await.expect("posted");
    };
    says(crowd).await;
    // More calls are under way than names are looked up at once.
    while ASKED.load(Ordering::SeqCst) < PEOPLE * MAX_LOOKUPS_OF_USER {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    says(den).await;
    let called = timeout(DEADLINE / 2, service.accept()).await;
    pause();
    advance(DEADLINE).await;
    HAVE_GIVEN_UP.store(true, Ordering::SeqCst);
    resume();
    assert!(called.is_ok(), "bob's device waits for those of others");
    // Nobody is there who speaks TLS, so that this push is tried again as well.
    drop((called, service));
    let all = PEOPLE * DEVICES + 1;
    while sender.meters.retries() < all as u64 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(sender.meters.waiting(), all, "each is tried again");
    assert!(sender.meters.outcomes().all(|(_, count)| count == 0), "and none is given up");
    serving.abort();
}
