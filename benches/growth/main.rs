//! What grows with what: the same work in small worlds and in large ones, as curves.
//!
//! `cargo bench --bench growth -- [--chats 10,100,1000] [--messages 10000,100000,1000000,10000000]
//! [--members 2,50,500,4990] [--senders 1,4,16,64] [--only messages] [--passes 3] [--seconds 3] [--check]`
//!
//! The first number of each list is the base, and each world differs from the base in one
//! thing alone: how many chats the asking user is in, how many messages their chat has,
//! how many members it has, how many sockets and connections are at work at once. One page
//! comes out: a table for each, what should be flat and is not, and the table for docs/evidence.md; and a line of JSON for each
//! number of a list.

#[path = "../common/mod.rs"]
mod common;
mod page;
mod point;
mod rows;

use std::path::Path;

use clap::Parser;
use common::line;
use common::server::{self, Server};
use common::world::World;
use rows::{Axis, Figures};
use rusqlite::Connection;
use tokio::task::LocalSet;

#[derive(Parser)]
#[command(about = "How cost grows")]
struct Args {
    /// Chats that the asking user is in.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 100, 1_000])]
    chats: Vec<i64>,
    /// Messages in the chat that is asked for.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000, 10_000_000])]
    messages: Vec<i64>,
    /// Members of it: a hook takes a place, too, and there are 5,000.
    #[arg(long, value_delimiter = ',', default_values_t = [2, 50, 500, 4_990])]
    members: Vec<i64>,
    /// Sockets that send, and connections that ask, at once.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 4, 16, 64])]
    senders: Vec<i64>,
    /// One of the four lists, and not the others.
    #[arg(long)]
    only: Option<Axis>,
    /// How often each world is made and measured; the middle of each figure counts.
    #[arg(long, default_value_t = 3)]
    passes: usize,
    /// How long the sockets send.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Lets `fireside check` look at every world before anything is asked.
    #[arg(long)]
    check: bool,
    /// Cargo passes this to every bench.
    #[arg(long = "bench", hide = true)]
    _bench: bool,
}

/// One world, and how many work in it at once.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    world: World,
    senders: usize,
}

/// What one list brought: its numbers, and the figures at each.
struct Curve {
    axis: Axis,
    steps: Vec<i64>,
    figures: Vec<Figures>,
}

fn main() {
    let args = Args::parse();
    common::raise_open_files();
    let axes: Vec<Axis> = Axis::ALL.into_iter().filter(|axis| args.only.is_none_or(|only| only == *axis)).collect();
    // The base is on every axis, and visited once in a pass.
    let mut visits: Vec<(Place, Vec<Figures>)> = Vec::new();
    for pass in 1..=args.passes {
        for (axis, step) in axes.iter().flat_map(|axis| args.steps(*axis).iter().map(|step| (*axis, *step))) {
            let place = args.place(axis, step);
            let at = visits.iter().position(|(known, _)| *known == place).unwrap_or_else(|| {
                visits.push((place, Vec::new()));
                visits.len() - 1
            });
            if visits[at].1.len() < pass {
                progress(pass, axis, step);
                visits[at].1.push(visit(&args, place));
            }
        }
    }
    let figures = |place: Place| {
        let (_, passes) = visits.iter().find(|(known, _)| *known == place).expect("a place that was visited");
        rows::middle(passes)
    };
    let curve = |axis: &Axis| {
        let steps = args.steps(*axis);
        let figures = steps.iter().map(|step| figures(args.place(*axis, *step))).collect();
        Curve { axis: *axis, steps: steps.clone(), figures }
    };
    page::print(&axes.iter().map(curve).collect::<Vec<_>>());
}

impl Args {
    fn steps(&self, axis: Axis) -> &Vec<i64> {
        match axis {
            Axis::Chats => &self.chats,
            Axis::Messages => &self.messages,
            Axis::Members => &self.members,
            Axis::Senders => &self.senders,
        }
    }

    /// The base, but for one thing.
    fn place(&self, axis: Axis, step: i64) -> Place {
        let count = |which: Axis| if which == axis { step } else { self.steps(which)[0] };
        let world = World {
            chats: count(Axis::Chats),
            messages: count(Axis::Messages),
            elsewhere: ELSEWHERE,
            crowd: count(Axis::Members) - 2,
        };
        Place { world, senders: usize::try_from(count(Axis::Senders)).expect("a number of sockets") }
    }
}

/// Messages in each chat but the one that is asked for.
const ELSEWHERE: i64 = 100;

fn visit(args: &Args, place: Place) -> Figures {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk");
    let data = folder.path().join("data");
    Server::start(&data).stop();
    place.world.fill(&data.join("fireside.db"));
    call_person_1(&data.join("fireside.db"));
    if args.check {
        let checked = server::program().args(["check", "--data"]).arg(&data).output();
        let checked = checked.expect("the server's binary runs");
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, point::measure(place, args.seconds, &data))
}

/// Every hundredth message of chat 1 calls person 1 by name.
fn call_person_1(path: &Path) {
    let calling = "chat_id = 1 AND id % 100 = 0";
    let rows = format!(
        "BEGIN;
         UPDATE messages SET content = '@person1x ' || content, mention_count = 1 WHERE {calling};
         INSERT INTO mentions (message_id, user_id, chat_id, sender_id, is_named)
         SELECT id, 1, 1, sender_id, 1 FROM messages WHERE {calling};
         COMMIT;"
    );
    Connection::open(path).and_then(|database| database.execute_batch(&rows)).expect("the server's database");
}

#[expect(clippy::print_stderr, reason = "whoever waits some minutes sees what for, and the page stays one page")]
fn progress(pass: usize, axis: Axis, step: i64) {
    eprintln!("growth: pass {pass}: {} {}", line::number(step as f64), axis.name());
}
