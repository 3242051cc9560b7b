//! What goes out comes in, and goes out again as the same.

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use proptest::test_runner::Config;

use super::world::World;
use super::{NOW, archive, difference, folder, imports, records};
use crate::chat::model::record::{Record, RecordError};
use crate::chat::ops::import_export::order::kind;
use crate::chat::ops::import_export::{Import, OnConflict, Options};
use crate::chat::store::simulated::View;

fn entered(world: &World, data: &std::path::Path) -> Result<(), RecordError> {
    let mut import = Import::new(data, Options::default(), NOW)?;
    world.enters(&mut import)?;
    import.finish().map(drop)
}

/// How many there are of a kind; of chats, by what they are.
fn count(records: &[Record], what: &str) -> u64 {
    let is = |record: &&Record| match record {
        Record::Chat(chat) if chat.pair.is_some() => what == "direct chats",
        Record::Chat(_) => what == "groups",
        other => kind(other) == what,
    };
    records.iter().filter(is).count() as u64
}

proptest! {
    #![proptest_config(Config { cases: 60, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_world_that_goes_round_is_the_same(seed in any::<u64>()) {
        let (world, shelf) = (World::new(seed), folder());
        let (one, other) = (shelf.path().join("one"), shelf.path().join("other"));
        entered(&world, &one).expect("it keeps the rules");
        let first = archive(&one);
        prop_assert!(first == archive(&one), "two of one state are the same");
        let came = records(&first);
        prop_assert_eq!(difference(&world.records, &came), None);

        imports(&first, &other, OnConflict::Fail).expect("it comes in");
        let second = records(&archive(&other));
        prop_assert_eq!(difference(&came, &second), None);
        for data in [one, other] {
            let wrong = View::open(&data.join("fireside.db")).wrong_counters();
            prop_assert!(wrong.is_empty(), "{:?}", wrong);
        }
    }

    /// Beside what is there, it is what it was, and what was there is too.
    #[test]
    fn a_world_comes_beside_another(here in any::<u64>(), comes in any::<u64>()) {
        let shelf = folder();
        let (one, other) = (shelf.path().join("one"), shelf.path().join("other"));
        entered(&World::new(here), &one).expect("it keeps the rules");
        entered(&World::new(comes), &other).expect("it keeps the rules");
        let (before, new) = (records(&archive(&one)), archive(&other));
        let report = imports(&new, &one, OnConflict::Rename).expect("it comes in");
        let after = records(&archive(&one));
        for record in &before {
            // Its own account token is the new one's, too.
            prop_assert!(matches!(record, Record::Head(_)) || after.contains(record), "{:?} is gone", record);
        }
        let new = records(&new);
        for kind in ["users", "messages", "members", "files"] {
            prop_assert_eq!(count(&before, kind) + count(&new, kind), count(&after, kind));
        }
        prop_assert_eq!(report.merged, 0);
        let wrong = View::open(&one.join("fireside.db")).wrong_counters();
        prop_assert!(wrong.is_empty(), "{:?}", wrong);
    }

    /// The same people twice: each pair keeps its one chat, and nobody is doubled.
    #[test]
    fn a_world_that_comes_twice_is_merged(seed in any::<u64>()) {
        let (world, shelf) = (World::new(seed), folder());
        let data = shelf.path().join("data");
        entered(&world, &data).expect("it keeps the rules");
        let first = archive(&data);
        let refused = imports(&first, &data, OnConflict::Fail);
        prop_assert!(matches!(refused, Err(RecordError::Taken(_))), "{:?}", refused);
        prop_assert!(first == archive(&data), "a refusal changes nothing");
        let report = imports(&first, &data, OnConflict::Merge).expect("it comes in");
        let (before, after) = (records(&first), records(&archive(&data)));
        for same in ["users", "friends", "credentials", "direct chats"] {
            prop_assert_eq!(count(&before, same), count(&after, same));
        }
        for twice in ["messages", "groups", "posts"] {
            prop_assert_eq!(2 * count(&before, twice), count(&after, twice));
        }
        prop_assert_eq!(report.merged, count(&before, "users"));
        let wrong = View::open(&data.join("fireside.db")).wrong_counters();
        prop_assert!(wrong.is_empty(), "{:?}", wrong);
    }
}

#[test]
fn a_dry_run_says_the_same_and_changes_nothing() {
    let (world, shelf) = (World::new(1), folder());
    let data = shelf.path().join("data");
    let dry = |data: &std::path::Path| {
        let options = Options { on_conflict: OnConflict::Rename, is_dry_run: true };
        let mut import = Import::new(data, options, NOW).expect("it begins");
        world.enters(&mut import).expect("it keeps the rules");
        import.finish().expect("it would come")
    };
    let would = dry(&data);
    assert!(std::fs::read_dir(shelf.path()).expect("a folder").next().is_none(), "nothing is made");
    entered(&world, &data).expect("it keeps the rules");
    let before = archive(&data);
    let again = dry(&data);
    assert!(before == archive(&data), "nothing is changed");
    let renamed = again.notes.iter().filter(|note| note.contains(" comes as ")).count();
    assert_eq!(renamed as u64, would.taken["users"]);
    let known = ("credentials", "it is known here already".to_owned());
    assert_eq!(again.left_out[&known], would.taken["credentials"], "whose secrets are somebody's");
    assert_eq!(again.taken["messages"], would.taken["messages"]);
    assert_eq!(std::fs::read_dir(data.join("files")).expect("files").count(), world.contents.len());
}

#[test]
fn a_proxys_name_stays_with_whom_it_means_here() {
    let shelf = folder();
    let data = shelf.path().join("data");
    let comes = |lines: &[&str]| {
        let mut import = Import::new(&data, Options { on_conflict: OnConflict::Rename, is_dry_run: false }, NOW)?;
        let head = r#"{"type":"head","version":1,"program":"a test","scope":"server","has_secrets":true}"#;
        for line in [head].iter().chain(lines) {
            import.take(serde_json::from_str(line).expect("a record"))?;
        }
        import.finish()
    };
    let ada = r#"{"type":"user","id":1,"username":"Ada"}"#;
    comes(&[ada]).expect("she is new");
    let report = comes(&[
        ada,
        r#"{"type":"user","id":2,"username":"bob"}"#,
        r#"{"type":"identity","user":1,"issuer":"proxy","subject":"ada"}"#,
        r#"{"type":"identity","user":2,"issuer":"proxy","subject":"bob"}"#,
    ]);
    assert_eq!(report.expect("they come").taken["identities"], 1);
    let known = records(&archive(&data)).into_iter().filter_map(|record| match record {
        Record::Identity(identity) => Some(identity.subject),
        _ => None,
    });
    assert_eq!(known.collect::<Vec<_>>(), ["bob"]);
}
