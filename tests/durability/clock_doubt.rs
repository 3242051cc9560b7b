//! A clock that is far from what the server knows: nothing is deleted for its age until
//! somebody sets it right or says that it is.

use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::world::caller::{Credential, Session};
use crate::world::home::{PATIENCE, program};
use crate::world::machine::MovedClock;
use crate::world::{Caller, Fireside, Home, Person};

const KEEPING: &[&str] = &["--retain-messages", "365d", "--retain-uploads", "90d"];
/// Rows that go for their age, one way or another.
const AGEING: &[&str] = &["messages", "files", "credentials", "idempotency_keys", "audit", "invites", "resets"];
/// The first maintenance comes a second after the start.
const UPKEEP: Duration = Duration::from_millis(2_500);

fn count(home: &Home, table: &str) -> i64 {
    let db = Connection::open(home.database()).unwrap();
    db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

fn counts(home: &Home) -> Vec<i64> {
    AGEING.iter().map(|table| count(home, table)).collect()
}

async fn comes_to(home: &Home, table: &str, due: i64) {
    let start = std::time::Instant::now();
    while count(home, table) != due {
        assert!(start.elapsed() < PATIENCE, "{table} has {} rows and not {due}\n{}", count(home, table), home.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A home with something of everything that ages, which a server has left in order.
struct Lived {
    home: Home,
    clock: MovedClock,
    alice: Person,
    session: Session,
}

impl Lived {
    async fn in_the_present() -> Option<Self> {
        let home = Home::new();
        let clock = MovedClock::beside(&home)?;
        let mut fireside = Fireside::start_with_variables(home.clone(), KEEPING, &clock.variables()).await;
        let alice = fireside.registers("alice").await;
        let den = alice.opens_room("den").await;
        alice.posts("once").known_as("once").in_room(&den).await;
        let file = alice.uploads("notes.txt", b"words to keep").await;
        alice.posts("with a file").with_file(&file).in_room(&den).await;
        alice.uploads("later.txt", b"not attached yet").await;
        home.runs(&["invite", "create"], "").await.succeeded();
        home.runs(&["user", "passwd", "alice", "--link"], "").await.succeeded();
        let session = alice.signs_in_by_page().await;
        comes_to(&home, "clock", 1).await;
        assert_eq!(fireside.is_asked_to_stop().await, Some(0));
        assert!(counts(&home).iter().all(|count| *count > 0), "{AGEING:?}: {:?}", counts(&home));
        Some(Self { home, clock, alice, session })
    }

    async fn starts(&self, off: &str) -> Fireside {
        self.clock.is_off_by(off);
        Fireside::start_with_variables(self.home.clone(), KEEPING, &self.clock.variables()).await
    }

    fn browser(&self, fireside: &Fireside) -> Caller {
        self.alice.back_to(fireside).showing(Credential::Session(self.session.clone()))
    }

    /// A command that has the same clock as the server; its code and all that it said.
    fn runs(&self, words: &[&str]) -> (Option<i32>, String) {
        let mut command = program();
        command.args(words).arg("--data").arg(self.home.data()).envs(self.clock.variables());
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    }
}

async fn ready(fireside: &Fireside) -> Value {
    fireside.anyone().get("/readyz").await.is(200).json()
}

#[tokio::test]
async fn a_start_400_days_ahead_or_behind_erases_nothing_and_says_so() {
    let Some(lived) = Lived::in_the_present().await else { return };
    let before = counts(&lived.home);
    for (off, side) in [("+400d", "days ahead of"), ("-400d", "days behind")] {
        let mut fireside = lived.starts(off).await;
        tokio::time::sleep(UPKEEP).await;
        assert_eq!(counts(&lived.home), before, "{off}: {AGEING:?}\n{}", lived.home.log());
        assert_eq!(ready(&fireside).await, json!({"status": "ready", "clock": "doubted"}), "{off}");
        assert!(lived.home.log().contains(side), "{off}: {}", lived.home.log());
        let (code, said) = lived.runs(&["gc"]);
        assert!(code == Some(1) && said.contains(side) && said.contains("--confirm-clock"), "{off}: {code:?} {said}");
        let (code, said) = lived.runs(&["check", "--min-free", "0"]);
        assert!(code == Some(3) && said.contains(side), "{off}: {code:?} {said}");
        // Whose session is over by this clock is refused, and all else goes on.
        let status = if off.starts_with('+') { 401 } else { 200 };
        lived.browser(&fireside).get("/api/auth/me/").await.is(status);
        lived.alice.back_to(&fireside).get("/api/auth/me/").await.is(200);
        assert_eq!(fireside.is_asked_to_stop().await, Some(0));
        assert_eq!(counts(&lived.home), before, "{off}: {AGEING:?}");
    }
    // Set right, the clock is believed without a word from anybody, and the session is good.
    let fireside = lived.starts("+0").await;
    tokio::time::sleep(UPKEEP).await;
    assert_eq!(ready(&fireside).await, json!({"status": "ready"}));
    lived.browser(&fireside).get("/api/auth/me/").await.is(200);
    assert_eq!(counts(&lived.home), before);
    let (code, said) = lived.runs(&["gc"]);
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test]
async fn what_was_kept_for_its_time_goes_when_the_operator_confirms_the_clock() {
    let Some(lived) = Lived::in_the_present().await else { return };
    let fireside = lived.starts("+500d").await;
    tokio::time::sleep(UPKEEP).await;
    assert_eq!(count(&lived.home, "messages"), 2);
    let (code, said) = lived.runs(&["gc", "--confirm-clock"]);
    assert_eq!(code, Some(0), "{said}");
    for table in ["messages", "files", "idempotency_keys", "invites", "resets"] {
        comes_to(&lived.home, table, 0).await;
    }
    let sessions = "credentials WHERE kind = 'session'";
    comes_to(&lived.home, sessions, 0).await;
    assert_eq!(count(&lived.home, "audit WHERE action = 'clock_confirmed'"), 1);
    assert_eq!(ready(&fireside).await, json!({"status": "ready"}));
    // And it is known from then on.
    drop(fireside);
    let fireside = lived.starts("+501d").await;
    assert_eq!(ready(&fireside).await, json!({"status": "ready"}));
}

#[tokio::test]
async fn a_doubt_outlives_a_restart_where_the_time_was_never_written_down() {
    let Some(lived) = Lived::in_the_present().await else { return };
    Connection::open(lived.home.database()).unwrap().execute("DELETE FROM clock", []).unwrap();
    let fireside = lived.starts("+400d").await;
    assert_eq!(ready(&fireside).await["clock"], "doubted");
    // What happens now is no reason to believe it.
    let alice = lived.alice.back_to(&fireside);
    let later = alice.opens_room("later").await;
    alice.posts("400 days later").in_room(&later).await;
    comes_to(&lived.home, "clock", 1).await;
    drop(fireside);
    let fireside = lived.starts("+400d").await;
    assert_eq!(ready(&fireside).await["clock"], "doubted");
    tokio::time::sleep(UPKEEP).await;
    assert_eq!(count(&lived.home, "messages"), 3);
}

#[tokio::test]
async fn a_server_that_was_off_for_some_weeks_asks_nobody() {
    let Some(lived) = Lived::in_the_present().await else { return };
    let fireside = lived.starts("+20d").await;
    comes_to(&lived.home, "credentials WHERE kind = 'session'", 0).await;
    comes_to(&lived.home, "idempotency_keys", 0).await;
    assert_eq!(count(&lived.home, "messages"), 2);
    assert_eq!(ready(&fireside).await, json!({"status": "ready"}));
}

#[tokio::test]
async fn a_jump_while_it_runs_is_told_and_erases_nothing() {
    let Some(lived) = Lived::in_the_present().await else { return };
    let before = counts(&lived.home);
    let fireside = lived.starts("+0").await;
    let log_says = async |what: &str, times: usize| {
        let start = std::time::Instant::now();
        while lived.home.log().matches(what).count() < times {
            assert!(start.elapsed() < PATIENCE, "{what} is not told {times} times: {}", lived.home.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    for (number, off) in ["+400d", "-400d"].into_iter().enumerate() {
        lived.clock.is_off_by(off);
        assert_eq!(ready(&fireside).await["clock"], "doubted", "{off}");
        let (code, said) = lived.runs(&["gc"]);
        assert_eq!(code, Some(1), "{off}: {said}");
        lived.clock.is_off_by("+0");
        assert_eq!(ready(&fireside).await, json!({"status": "ready"}), "{off}");
        log_says("the clock jumped", number * 2 + 2).await;
        log_says("the clock is believed again", number + 1).await;
    }
    // A change of an hour is told by the server itself, and is no reason to doubt.
    lived.clock.is_off_by("+1h");
    log_says("the clock jumped", 5).await;
    assert_eq!(ready(&fireside).await, json!({"status": "ready"}));
    assert_eq!(counts(&lived.home), before);
}

/// The end of what came last into a table, in days from now.
fn days_left(home: &Home, table: &str) -> i64 {
    let db = Connection::open(home.database()).unwrap();
    let query = format!("SELECT expires_at FROM {table} ORDER BY rowid DESC LIMIT 1");
    let end: i64 = db.query_row(&query, [], |row| row.get(0)).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    (end - i64::try_from(now.as_millis()).unwrap()) / (24 * 60 * 60 * 1000)
}

async fn lasts(home: &Home, table: &str, days: i64) {
    let start = std::time::Instant::now();
    while !(days - 1..=days).contains(&days_left(home, table)) {
        let left = days_left(home, table);
        assert!(start.elapsed() < PATIENCE, "{table}: {left} days left and not {days}\n{}", home.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn what_was_made_while_the_clock_was_ahead_lasts_from_when_it_is_right() {
    const SESSION: &str = "credentials WHERE kind = 'session'";
    const FAMILY: &str = "credentials WHERE kind = 'refresh'";
    let Some(lived) = Lived::in_the_present().await else { return };
    let home = &lived.home;
    let mut fireside = lived.starts("+400d").await;
    let ahead = lived.alice.back_to(&fireside).signs_in_by_page().await;
    let login = json!({"username": "alice", "password": lived.alice.password});
    fireside.anyone().post("/accounts/api/token/", &login).await.is(200);
    for words in [["invite", "create", "--label", "ahead"].as_slice(), &["user", "passwd", "alice", "--link"]] {
        let (code, said) = lived.runs(words);
        assert_eq!(code, Some(0), "{said}");
    }
    for (table, days) in [(SESSION, 414), (FAMILY, 430), ("invites", 407), ("resets", 401)] {
        lasts(home, table, days).await;
    }
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));

    let fireside = lived.starts("+0").await;
    for (table, days) in [(SESSION, 14), (FAMILY, 30), ("invites", 7), ("resets", 1)] {
        lasts(home, table, days).await;
    }
    // Nobody was signed out by it, and whoever comes back stays; who does not is out after an idle while.
    lived.browser(&fireside).get("/api/auth/me/").await.is(200);
    let browser = lived.alice.back_to(&fireside).showing(Credential::Session(ahead));
    for (off, days) in [("+0", 14), ("+10d", 24), ("+20d", 34)] {
        lived.clock.is_off_by(off);
        browser.get("/api/auth/me/").await.is(200);
        lasts(home, SESSION, days).await;
    }
    lived.clock.is_off_by("+35d");
    browser.get("/api/auth/me/").await.refused(401, "authentication_required");
}

/// A clock that is believed although it is behind does not shorten what was made by the right one.
#[tokio::test]
async fn a_clock_that_is_some_weeks_behind_signs_nobody_out() {
    let Some(lived) = Lived::in_the_present().await else { return };
    let fireside = lived.starts("-20d").await;
    tokio::time::sleep(UPKEEP).await;
    lived.browser(&fireside).get("/api/auth/me/").await.is(200);
    lived.clock.is_off_by("+0");
    lived.browser(&fireside).get("/api/auth/me/").await.is(200);
    assert_eq!(count(&lived.home, "credentials WHERE kind = 'session'"), 1);
}
