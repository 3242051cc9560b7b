//! Alice and Bob doing everything at once in their direct chat, through all five
//! documents, until they are told to stop or the server is gone.

mod actions;
mod listeners;
mod oracle;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;

use self::listeners::{listens, opens, overhears};
use crate::across::pair::{ALL, Pair, WITH_POSTS};
use crate::world::checker::{Figures, Ledger, books_balance};
use crate::world::{Fireside, Person, Room};

/// Generous: the machine may be busy, and nothing waits for it in vain.
const PATIENCE: Duration = Duration::from_secs(30);

/// A file holds the text that it is sent with, so many times.
const FILE_REPEATS: usize = 500;

/// The people, their chat, and what they were told so far.
#[derive(Clone)]
pub struct World {
    pub pair: Pair,
    pub ledger: Arc<Ledger>,
    /// A room that Carol enters and leaves while Alice talks in it.
    den: Room,
    carol: Person,
    /// What was said there while Carol was out.
    behind_her_back: Arc<Mutex<Vec<String>>>,
    /// All that Carol was told on the socket that tells her everything.
    overheard: Arc<Mutex<Vec<String>>>,
    /// Files that were acknowledged, and their bytes.
    files: Arc<Mutex<BTreeMap<i64, Vec<u8>>>>,
    numbers: Arc<AtomicUsize>,
}

/// A storm that rages.
pub struct Storm {
    stop: Arc<AtomicBool>,
    workers: JoinSet<()>,
    listeners: JoinSet<()>,
}

impl World {
    pub async fn begins(fireside: &Fireside) -> Self {
        let pair = Pair::meets(fireside).await;
        let den = pair.alice.opens_room("den").await;
        let carol = fireside.registers("carol").await;
        Self {
            pair,
            ledger: Arc::default(),
            den,
            carol,
            behind_her_back: Arc::default(),
            overheard: Arc::default(),
            files: Arc::default(),
            numbers: Arc::default(),
        }
    }

    pub fn back_to(self, fireside: &Fireside) -> Self {
        let pair = Pair { alice: self.pair.alice.back_to(fireside), bob: self.pair.bob.back_to(fireside), ..self.pair };
        Self { pair, carol: self.carol.back_to(fireside), ..self }
    }

    /// The same as it was when no more than this had been told.
    pub fn as_of(&self, is_told: impl Fn(&str) -> bool) -> Self {
        // Who changes one's mind says the next thing only when the deletion was answered.
        let number = |key: &str| key.rsplit(' ').next().unwrap().parse::<usize>().unwrap();
        let newest = (0..self.said()).rev().find(|number| is_told(&format!("changed {number}|0")));
        let ledger = self.ledger.as_of(&is_told, |key| newest > Some(number(key)));
        let told_with = |bytes: &[u8]| is_told(&String::from_utf8_lossy(&bytes[..bytes.len() / FILE_REPEATS]));
        let files = self.files.lock().unwrap().clone().into_iter().filter(|(_, bytes)| told_with(bytes)).collect();
        Self { ledger: Arc::new(ledger), files: Arc::new(Mutex::new(files)), ..self.clone() }
    }

    /// A text that nobody has said yet.
    pub fn text(&self, tag: &str) -> String {
        format!("{tag} {}|0", self.numbers.fetch_add(1, Ordering::Relaxed))
    }

    /// How many texts there were.
    pub fn said(&self) -> usize {
        self.numbers.load(Ordering::Relaxed)
    }

    /// Everybody begins.
    pub async fn rages(&self) -> Storm {
        let stop = Arc::new(AtomicBool::new(false));
        let (mut workers, mut listeners) = (JoinSet::new(), JoinSet::new());
        for me in [&self.pair.alice, &self.pair.bob] {
            for dialect in ALL {
                let watch = self.ledger.watch(&format!("{} by {dialect:?}", me.username));
                let socket = opens(&self.pair, me, dialect).await;
                listeners.spawn(listens(socket, dialect, self.pair.chat, watch));
            }
        }
        for dialect in ALL {
            workers.spawn(self.clone().speaks(dialect, Arc::clone(&stop)));
        }
        for dialect in WITH_POSTS {
            workers.spawn(self.clone().posts(dialect, Arc::clone(&stop)));
        }
        workers.spawn(self.clone().changes_its_mind(Arc::clone(&stop)));
        workers.spawn(self.clone().attaches(Arc::clone(&stop)));
        workers.spawn(self.clone().reads(Arc::clone(&stop)));
        workers.spawn(self.clone().comes_and_goes(Arc::clone(&stop)));
        let everything = self.carol.handshake("/messages/ws/").enters().await.into_socket();
        listeners.spawn(overhears(everything, Arc::clone(&self.overheard)));
        Storm { stop, workers, listeners }
    }

    /// Everything again after a clean stop, and the books.
    pub async fn ends(self, mut fireside: Fireside) -> Figures {
        let figures = self.is_right().await;
        assert_eq!(fireside.is_asked_to_stop().await, Some(0), "{}", fireside.home.log());
        books_balance(&fireside.home.data());
        figures
    }
}

impl Storm {
    /// Everybody finishes what they are at, and hears what is on its way.
    pub async fn calms(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.workers.join_next().await {
            ended.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        self.listeners.abort_all();
    }

    /// After the server is gone.
    pub async fn ends_with_the_server(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let ended = tokio::time::timeout(PATIENCE, async {
            while let Some(ended) = self.workers.join_next().await {
                ended.unwrap();
            }
        });
        ended.await.expect("everybody notices that the server is gone");
        // What had come before the end is still read.
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.listeners.abort_all();
        while let Some(ended) = self.listeners.join_next().await {
            if let Err(cause) = ended {
                assert!(cause.is_cancelled(), "{cause}");
            }
        }
    }
}
