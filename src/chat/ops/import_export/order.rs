//! The order in which records come.

use crate::chat::model::record::{Record, RecordError, Scope, VERSION};

/// Where in the order an import is.
#[derive(Default)]
pub(super) struct Order {
    latest: Option<usize>,
}

impl Order {
    /// Refuses a record that should have come before, a second head, and one that is not ours.
    pub fn check(&mut self, record: &Record) -> Result<(), RecordError> {
        let place = place(record);
        match (self.latest, record) {
            (None, Record::Head(head)) if head.version != VERSION => {
                return Err(RecordError::Record(format!(
                    "it is of version {} of the format; this Fireside knows {VERSION}",
                    head.version
                )));
            }
            (None, Record::Head(head)) if head.scope == Scope::User => {
                return Err(RecordError::Record(
                    "it is one person's own data, which is for reading: it has not what others said".into(),
                ));
            }
            (None, Record::Head(_)) => {}
            (None, _) => return Err(RecordError::Record("the first record is not the head".into())),
            (Some(_), Record::Head(_)) => return Err(RecordError::Record("there is a second head".into())),
            (Some(latest), _) if place < latest => {
                return Err(RecordError::Record(format!("{} come before {}", KINDS[place], KINDS[latest])));
            }
            _ => {}
        }
        self.latest = Some(place);
        Ok(())
    }
}

/// The kinds, in their order.
const KINDS: [&str; 11] = [
    "head",
    "users",
    "credentials",
    "identities",
    "friends",
    "posts",
    "chats",
    "messages",
    "reactions",
    "files",
    "members",
];

fn place(record: &Record) -> usize {
    match record {
        Record::Head(_) => 0,
        Record::User(_) => 1,
        Record::Credential(_) => 2,
        Record::Identity(_) => 3,
        Record::Friend(_) => 4,
        Record::Post(_) => 5,
        Record::Chat(_) => 6,
        Record::Message(_) => 7,
        Record::Reaction(_) => 8,
        Record::File(_) => 9,
        Record::Member(_) => 10,
    }
}

/// What a record is, in the plural.
pub(super) fn kind(record: &Record) -> &'static str {
    KINDS[place(record)]
}
