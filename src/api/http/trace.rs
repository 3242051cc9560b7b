//! What a request turned out to be, noted on its way for whoever logs and counts it, and for the
//! headers of its answer.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use parking_lot::{Mutex, MutexGuard};

use super::meters::UNMATCHED;
use crate::chat::model::id::UserId;
use crate::chat::model::rate::RateUsage;

/// What lasts as long as somebody holds it.
pub type Permit = Arc<dyn Debug + Send + Sync>;

/// What its answer says in headers.
#[derive(Debug, Default)]
pub struct Notes {
    /// Where whoever asks stands with the limits that counted.
    pub usages: Vec<RateUsage>,
    /// The parts of a list around the one that was asked for: URLs by their relation.
    pub links: Vec<(&'static str, String)>,
}

/// Notes on one request. Shared by its handler and the connection, so that they are
/// there even when the handler failed or panicked.
#[derive(Debug)]
pub struct RequestTrace {
    /// The request's id: in its answer and in every line of the log about it.
    pub id: String,
    route: AtomicUsize,
    /// 0: nobody.
    user: AtomicI64,
    notes: Mutex<Notes>,
    /// The place of its connection, which a socket keeps when the HTTP library is done with it.
    _place: Option<Permit>,
}

impl RequestTrace {
    /// A request of which nothing else is known yet.
    pub fn new(id: String) -> Self {
        Self { id, route: AtomicUsize::new(UNMATCHED), user: AtomicI64::new(0), notes: Mutex::default(), _place: None }
    }

    /// It came by the connection that has this place.
    #[must_use]
    pub fn by(self, permit: Option<Permit>) -> Self {
        Self { _place: permit, ..self }
    }

    /// Notes which route it is, by number.
    pub fn found(&self, route: usize) {
        self.route.store(route, Ordering::Relaxed);
    }

    /// Notes who makes it.
    pub fn signed_by(&self, user: UserId) {
        self.user.store(user.0, Ordering::Relaxed);
    }

    /// Notes that a limit counted it.
    pub fn counted(&self, usage: RateUsage) {
        self.notes().usages.push(usage);
    }

    /// Notes where the next part of a list is, or another that stands in a relation to this one.
    pub fn links(&self, relation: &'static str, url: Option<&str>) {
        self.notes().links.extend(url.map(|url| (relation, url.to_owned())));
    }

    /// What was noted for headers.
    pub fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock()
    }

    /// The route's number.
    pub fn route(&self) -> usize {
        self.route.load(Ordering::Relaxed)
    }

    /// Who makes it, if a credential said so.
    pub fn user(&self) -> Option<UserId> {
        Some(self.user.load(Ordering::Relaxed)).filter(|id| *id != 0).map(UserId)
    }
}
