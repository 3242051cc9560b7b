//! Pages: which part of a list is asked for, and that part with the whole's size.
//!
//! A list is walked up to the page that is asked for, so one past its end is never looked for,
//! and one far down not by whoever has to answer others meanwhile.

/// Items that may stand before a page which is looked for at once.
const NEAR: i64 = 1_000;

/// A part of a list, by number. Both fields are at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// 1 is the first.
    pub number: u32,
    /// Items on a full page.
    pub size: u32,
}

impl Page {
    /// How many items stand before this page.
    pub fn offset(self) -> i64 {
        i64::from(self.number - 1) * i64::from(self.size)
    }

    /// Whether many items have to be walked by to find it.
    pub fn is_far(self) -> bool {
        self.offset() > NEAR
    }

    /// Whether a list of so many items has ended before it. Every list has a first page.
    pub fn is_past(self, count: i64) -> bool {
        self.number > 1 && self.offset() >= count
    }

    /// How many items it holds at most.
    pub fn limit(self) -> i64 {
        i64::from(self.size)
    }
}

/// One page of things, and how many there are in all. Nothing is on a page past the end.
#[derive(Clone, Debug)]
pub struct Paged<T> {
    /// Things in the whole list.
    pub count: i64,
    /// Those on this page.
    pub items: Vec<T>,
}

impl<T> Paged<T> {
    /// What is on a page that a list of `count` items has ended before, without looking for it.
    pub fn past_the_end(count: i64) -> Self {
        Self { count, items: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::Page;
    use crate::chat::Durability;
    use crate::chat::app::{App, Config};
    use crate::chat::history::history;
    use crate::chat::model::error::Result;
    use crate::chat::model::message::{Draft, Window};
    use crate::chat::model::name::MessageText;
    use crate::chat::model::user::UserRef;
    use crate::chat::overview::direct_messages;
    use crate::chat::store::{self, Db};
    use crate::chat::tests::{group, person};

    const SAID: u32 = 600;

    /// How many instructions of the database's machine a read takes.
    fn work<T>(app: &App, read: impl FnOnce(&Db) -> Result<T>) -> u64 {
        let counted = Arc::new(AtomicU64::new(0));
        let steps = Arc::clone(&counted);
        let read = app.store.read(|db| {
            let count = move || {
                steps.fetch_add(1, Ordering::Relaxed);
                false
            };
            db.progress_handler(1, Some(count)).expect("counted");
            let read = read(db);
            db.progress_handler(0, None::<fn() -> bool>).expect("not any more");
            read
        });
        read.expect("read");
        counted.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn a_page_past_the_end_is_not_looked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let app = App::open(Config { durability: Durability::Normal, ..Config::of(folder.path()) }).expect("opened");
        let (alice, bob) = (person(&app, "alice").await, person(&app, "bob").await);
        let den = group(&app, &alice, &[&bob]).await;
        let pair = app.open_direct(&alice, UserRef::Id(bob.user)).await.expect("a chat").0.id;
        for number in 0..SAID {
            let text = MessageText::parse(&format!("word {number}"), 100).expect("text");
            let room = if number % 2 == 0 { den } else { pair };
            app.post(&alice, room, Draft::of(text, None)).await.expect("posted");
        }
        let size = 10;
        let (last, past) = (SAID / 2 / size, 4_000_000);
        let of_group =
            |number| work(&app, |db| history(db, alice.user, den, Window::Page(Page { number, size })).map(drop));
        let of_pair = |number| {
            work(&app, |db| direct_messages(db, alice.user, None, Page { number, size }, usize::MAX).map(drop))
        };
        for (pages, walks) in [(of_group(past), of_group(last)), (of_pair(past), of_pair(last))] {
            assert!(walks > 600, "a page that is there is walked to, and that is counted: {walks}");
            assert!(pages < 300, "{pages} instructions for a page that is not there");
        }
        let people = |number| work(&app, |db| store::users::page(db, Page { number, size: 1 }).map(drop));
        assert!(people(past) < people(1), "who is there is not looked at for it");
    }
}
