//! The walk: every cell of a dialect's rows, with every credential that fits it.
//!
//! First come those who are refused, at the root and in the dialect's own places, and
//! then a look at what they must not have changed. Then come those who are let in,
//! each to a scene of their own where the operation changes it.

use std::collections::BTreeSet;

use super::cast::{Actor, Cast, KINDS, Visitor, victim};
use super::matrix::{ROLES, Role, Row, rows_of};
use super::scene::{SECRET, Scene, Sort};
use super::wish::{Wish, lets_in, path, uses_up_its_asker, wish};
use super::{frames, open, special};
use crate::world::Answer;
use crate::world::socket::Refusal;

/// What a prober sees of an answer or of a refused handshake.
pub struct Reply {
    pub status: u16,
    pub shape: (u16, Vec<(String, String)>, String),
}

impl Reply {
    pub fn of(answer: &Answer) -> Self {
        Self { status: answer.status, shape: answer.as_seen_by_a_prober() }
    }

    fn refused(refusal: &Refusal) -> Self {
        Self { status: refusal.status, shape: refusal.as_seen_by_a_prober() }
    }

    /// Nothing of what outsiders must not see.
    #[track_caller]
    pub fn tells_nothing(&self, what: &str) {
        let (_, headers, body) = &self.shape;
        assert!(!body.contains(SECRET), "{what}: {body}");
        assert!(!headers.iter().any(|(_, value)| value.contains(SECRET)), "{what}: {headers:?}");
    }
}

/// One row under way, and what was seen of it.
pub struct Walk<'a> {
    pub cast: &'a Cast,
    pub row: &'a Row,
    pub places: Vec<String>,
    seen: BTreeSet<(Role, u16)>,
}

/// Where a dialect is mounted: at the root, whole, and as its own client calls it.
pub fn places_of(dialect: &str) -> [String; 3] {
    [String::new(), format!("/d/{dialect}"), format!("/c/{dialect}")]
}

/// Walks every row of a dialect, in chats of these sorts.
pub async fn walks(dialect: &str, sorts: &[Sort]) {
    let cast = Cast::gathers().await;
    if sorts.contains(&Sort::Server) {
        cast.alice_administers().await;
    }
    for row in &rows_of(dialect) {
        let mut walk = Walk { cast: &cast, row, places: row.places(), seen: BTreeSet::new() };
        if row.method == "WSMSG" {
            frames::speak(&cast, row).await;
        } else if !open::asks(&mut walk).await {
            walk.goes(sorts).await;
        }
    }
}

impl Walk<'_> {
    async fn goes(mut self, sorts: &[Sort]) {
        let scenes = self.cast.scenes(sorts).await;
        let before = self.cast.snapshot(&scenes).await;
        for scene in &scenes {
            self.is_refused_in(scene).await;
        }
        assert_eq!(self.cast.snapshot(&scenes).await, before, "{}: the refused have changed something", self.row.op);
        for scene in &scenes {
            self.is_granted_in(scene).await;
        }
        special::asks(&mut self).await;
        self.has_seen_all();
    }

    pub fn sees(&mut self, role: Role, status: u16) {
        assert!(self.row.statuses(role).contains(&status), "{}: {role:?} got {status}", self.row.op);
        self.seen.insert((role, status));
    }

    /// Every status of every cell was somebody's.
    pub fn has_seen_all(&self) {
        for role in ROLES {
            for status in self.row.statuses(role) {
                assert!(self.seen.contains(&(role, status)), "{}: no {role:?} got {status}", self.row.op);
            }
        }
    }

    /// Whose body and password a role sends.
    fn asker(&self, role: Role, is_public: bool) -> &Actor {
        match role {
            Role::Anon | Role::Revoked => &self.cast.alice,
            Role::Xsite => self.cast.actor(victim(self.row, is_public)),
            _ => self.cast.actor(role),
        }
    }

    async fn is_refused_in(&mut self, scene: &Scene) {
        for role in ROLES {
            let expected = self.row.applies_to(role).then(|| self.row.expected(role, scene.is_public()));
            let Some(expected) = expected.filter(|status| *status >= 400) else { continue };
            let asker = self.asker(role, scene.is_public());
            let here = wish(self.row, self.cast, scene, role, asker);
            let nowhere = wish(self.row, self.cast, &scene.never(), role, asker);
            let is_about_one = here.path != nowhere.path;
            for (number, visitor) in self.cast.visitors(role, self.row, scene.is_public()).iter().enumerate() {
                for place in self.places.clone() {
                    let what = format!("{} {role:?} {number} {:?} at {place:?}", self.row.op, scene.sort);
                    let reply = self.asks(visitor, &here, &place).await;
                    assert_eq!(reply.status, expected, "{what}: {:?}", reply.shape);
                    reply.tells_nothing(&what);
                    self.sees(role, reply.status);
                    if expected == 404 && is_about_one {
                        let unused = self.asks(visitor, &nowhere, &place).await;
                        assert_eq!(reply.shape, unused.shape, "{what}: unlike an id that was never used");
                    }
                }
            }
        }
    }

    async fn is_granted_in(&mut self, first: &Scene) {
        let is_public = first.is_public();
        for role in ROLES {
            let expected = self.row.applies_to(role).then(|| self.row.expected(role, is_public));
            let Some(expected) = expected.filter(|status| *status < 400) else { continue };
            let is_person = ![Role::Anon, Role::Revoked, Role::Xsite].contains(&role);
            for (number, kind) in KINDS.into_iter().enumerate() {
                let guest = if uses_up_its_asker(self.row) { Some(self.cast.guest().await) } else { None };
                let asker = guest.as_ref().unwrap_or_else(|| self.asker(role, is_public));
                let visitor = if is_person { asker.with(kind) } else { asker.forged() };
                let fresh = if self.row.reads() { first.clone() } else { self.cast.scene(first.sort).await };
                special::prepares(self.row, asker, self.cast).await;
                let wish = wish(self.row, self.cast, &fresh, role, asker);
                let place = &self.places.clone()[number % self.places.len()];
                let what = format!("{} {role:?} {kind:?} {:?} at {place:?}", self.row.op, first.sort);
                let reply = self.asks(&visitor, &wish, place).await;
                assert_eq!(reply.status, expected, "{what}: {:?}", reply.shape);
                if [Role::Outsider, Role::Removed].contains(&role) && !lets_in(self.row) {
                    reply.tells_nothing(&what);
                }
                let mut headers = reply.shape.1.iter();
                assert!(!headers.any(|(name, _)| name == "access-control-allow-origin"), "{what}");
                self.sees(role, reply.status);
            }
        }
    }

    /// A request, or a handshake where the row is about one.
    async fn asks(&self, visitor: &Visitor, wish: &Wish, place: &str) -> Reply {
        if self.row.method != "WS" {
            return Reply::of(&wish.asked_by(visitor, place).await);
        }
        match visitor.handshake(&format!("{place}{}", wish.path)).tried().await {
            Ok(_) => Reply { status: 101, shape: (101, Vec::new(), String::new()) },
            Err(refusal) => Reply::refused(&refusal),
        }
    }

    /// The row's path, about a scene.
    pub fn path(&self, scene: &Scene) -> String {
        path(self.row, self.cast, scene)
    }
}
