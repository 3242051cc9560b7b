//! What is measured, and what may grow with what.

use std::collections::HashMap;

use clap::ValueEnum;

/// What one world has more of than another.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Axis {
    Chats,
    Messages,
    Members,
    Senders,
}

impl Axis {
    pub const ALL: [Self; 4] = [Self::Chats, Self::Messages, Self::Members, Self::Senders];

    pub fn name(self) -> &'static str {
        match self {
            Self::Chats => "chats of the user",
            Self::Messages => "messages in the chat",
            Self::Members => "members of the chat",
            Self::Senders => "at work at once",
        }
    }
}

/// What is asked for by REST.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ask {
    Post,
    Newest,
    /// Fifty messages from another place each time.
    Anywhere,
    Chats,
    Chat,
    Members,
    /// What came after the tenth newest message of the chat.
    CatchUp,
    /// A word that one message has.
    Search,
    /// The newest that call the one who asks.
    Mentions,
}

impl Ask {
    /// Posting comes last: the others find the world as it was filled.
    pub const ALL: [Self; 9] = [
        Self::Newest,
        Self::Anywhere,
        Self::Chats,
        Self::Chat,
        Self::Members,
        Self::CatchUp,
        Self::Search,
        Self::Mentions,
        Self::Post,
    ];
}

/// A figure of a world.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// Messages a second over sockets.
    Said,
    /// Milliseconds until the echo, but for one in a hundred.
    SaidP99,
    /// Microseconds of the server's processors for each.
    SaidCpu,
    /// Bytes written to the disk for each.
    SaidWritten,
    /// Microseconds of a request: time by requests, all connections at once.
    Asked(Ask),
    /// Microseconds of the server's processors for each.
    AskedCpu(Ask),
    /// Microseconds until a hook's post is answered: so few are allowed that they are timed one by one.
    Hooked,
    /// Milliseconds from saying something until all members have heard it.
    HeardByAll,
    /// Mebibytes, after all the work and before the listeners.
    Memory,
    /// Milliseconds until the first answer that needs the database.
    Start,
    /// Bytes of the database for each message in it.
    Stored,
}

/// The figures of one world.
pub type Figures = HashMap<What, f64>;

/// The middle of each figure.
pub fn middle(passes: &[Figures]) -> Figures {
    let of_row = |row: &Row| {
        let mut values: Vec<f64> = passes.iter().map(|figures| figures[&row.what]).collect();
        values.sort_unstable_by(f64::total_cmp);
        (row.what, values[values.len() / 2])
    };
    ROWS.iter().map(of_row).collect()
}

/// A line of the page.
pub struct Row {
    pub what: What,
    pub name: &'static str,
    /// With what it grows by nature; with all else it should be flat.
    pub grows_with: &'static [Axis],
    /// A line of the table in docs/evidence.md too.
    pub in_evidence: bool,
}

const fn row(what: What, name: &'static str, grows_with: &'static [Axis]) -> Row {
    Row { what, name, grows_with, in_evidence: true }
}

const fn of_page(what: What, name: &'static str, grows_with: &'static [Axis]) -> Row {
    Row { what, name, grows_with, in_evidence: false }
}

/// Of most requests the processor time counts: it is what a server runs out of, and other
/// programs disturb it least.
pub const ROWS: &[Row] = &[
    row(What::SaidCpu, "processor µs of a message over a socket", &[]),
    row(What::AskedCpu(Ask::Post), "of a post by REST", &[]),
    row(What::AskedCpu(Ask::Newest), "of the newest 50 messages", &[]),
    // These grow with the members as their answers do: `messaging` names who is in a chat and
    // who has read each message, and two members do not fill a page.
    row(What::AskedCpu(Ask::Anywhere), "of 50 messages from anywhere", &[Axis::Members]),
    row(What::AskedCpu(Ask::CatchUp), "of catching up on 10 messages", &[Axis::Members]),
    row(What::AskedCpu(Ask::Chats), "of the first page of chats", &[Axis::Members]),
    of_page(What::AskedCpu(Ask::Chat), "of one chat", &[]),
    row(What::AskedCpu(Ask::Members), "of the first page of members", &[Axis::Members]),
    row(What::AskedCpu(Ask::Search), "of a search for a rare word", &[]),
    row(What::AskedCpu(Ask::Mentions), "of the first page of mentions", &[]),
    row(What::Said, "messages/s, stored and echoed", &[]),
    // Those who speak at once share a commit, and wait for it.
    of_page(What::SaidP99, "ms of the slowest hundredth", &[Axis::Senders]),
    of_page(What::Asked(Ask::Post), "µs until a post is answered", &[]),
    row(What::Hooked, "µs until a post by a hook is answered", &[]),
    of_page(What::Asked(Ask::Newest), "µs until the newest 50 are there", &[]),
    // A write for each who listens.
    row(What::HeardByAll, "ms until all members have heard a message", &[Axis::Members]),
    row(What::Start, "ms from the start to the first answer", &[]),
    // Each connection has its buffers, and each reader of the database its pages.
    row(What::Memory, "MiB of memory", &[Axis::Senders]),
    row(What::SaidWritten, "bytes written to disk for a message", &[]),
    // Chats and people take their room too, beside ten thousand messages.
    of_page(What::Stored, "bytes of the database for each message", &[Axis::Chats, Axis::Members]),
];

impl What {
    /// Of the others less is better.
    pub fn more_is_better(self) -> bool {
        self == Self::Said
    }
}
