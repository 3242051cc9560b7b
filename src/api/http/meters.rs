//! What is counted where requests and sockets are served.
//!
//! Everything has a number that is known before the first request comes, so counting
//! is an addition at a place of an array: nothing that a client sends makes a new one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use warp::http::{Method, StatusCode};

use crate::chat::model::gauges::{Counter, Distribution, Histogram};

/// The number of what is no route: an unknown path or method.
pub const UNMATCHED: usize = 0;
/// The number of the web client's files.
pub const PAGE: usize = 1;
/// Statuses that are counted apart; the rest counts as one.
const STATUSES: [u16; 24] = [
    101, 200, 201, 204, 206, 302, 304, 400, 401, 403, 404, 405, 408, 409, 411, 413, 415, 416, 422, 426, 429, 500, 503,
    507,
];
/// Codes that the server closes sockets with.
pub(in crate::api) const CODES: [u16; 9] = [1002, 1007, 1011, 1012, 1013, 4401, 4403, 4404, 4413];
/// Bounds of what an answer takes, in microseconds.
const TIME_BOUNDS: &[u64] =
    &[500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000];

/// Everything that is counted above the core.
#[derive(Debug)]
pub struct Meters {
    routes: Vec<RouteMeter>,
    /// The number of each dialect's first route.
    first: Vec<usize>,
    pub(in crate::api) sockets: Vec<SocketMeter>,
    /// Closed by each of [`CODES`], then by the client, then without a word.
    pub(in crate::api) closed: [AtomicU64; CODES.len() + 2],
    /// Sign-ins that were refused.
    pub failed_sign_ins: Counter,
}

#[derive(Debug)]
struct RouteMeter {
    dialect: &'static str,
    method: Option<Method>,
    pattern: String,
    statuses: [AtomicU64; STATUSES.len() + 1],
    time: Histogram,
}

#[derive(Debug)]
pub(in crate::api) struct SocketMeter {
    dialect: &'static str,
    pub(in crate::api) open: AtomicU64,
    pub(in crate::api) sent: AtomicU64,
}

impl RouteMeter {
    fn new(dialect: &'static str, method: Option<Method>, pattern: impl Into<String>) -> Self {
        Self {
            dialect,
            method,
            pattern: pattern.into(),
            statuses: [const { AtomicU64::new(0) }; STATUSES.len() + 1],
            time: Histogram::new(TIME_BOUNDS),
        }
    }
}

/// A dialect, as far as it is counted.
pub struct MeteredDialect {
    pub name: &'static str,
    /// Method and pattern of each of its routes; what is its client's alone, with where it stands.
    pub routes: Vec<(Method, String)>,
}

impl Meters {
    /// A place for everything that these dialects answer.
    pub fn new(dialects: &[MeteredDialect]) -> Self {
        let mut routes = vec![RouteMeter::new("", None, "unmatched"), RouteMeter::new("", None, "page")];
        let mut first = Vec::new();
        for dialect in dialects {
            first.push(routes.len());
            let own = dialect.routes.iter();
            routes.extend(
                own.map(|(method, pattern)| RouteMeter::new(dialect.name, Some(method.clone()), pattern.as_str())),
            );
        }
        let socket = |dialect: &MeteredDialect| SocketMeter {
            dialect: dialect.name,
            open: AtomicU64::new(0),
            sent: AtomicU64::new(0),
        };
        Self {
            routes,
            first,
            sockets: dialects.iter().map(socket).collect(),
            closed: [const { AtomicU64::new(0) }; CODES.len() + 2],
            failed_sign_ins: Counter::default(),
        }
    }

    /// The number of a dialect's route.
    pub fn number(&self, dialect: usize, route: usize) -> usize {
        self.first.get(dialect).map_or(UNMATCHED, |first| first + route)
    }

    pub fn answered(&self, route: usize, status: StatusCode, time: Duration) {
        let Some(meter) = self.routes.get(route) else { return };
        let place = STATUSES.binary_search(&status.as_u16()).unwrap_or(STATUSES.len());
        meter.statuses[place].fetch_add(1, Ordering::Relaxed);
        meter.time.record_time(time);
    }

    /// The routes that were ever asked for.
    pub fn routes(&self) -> impl Iterator<Item = RouteGauges<'_>> {
        self.routes.iter().filter_map(|meter| {
            let words = STATUSES.iter().map(|status| Some(*status)).chain([None]);
            let counts = meter.statuses.iter().map(|count| count.load(Ordering::Relaxed));
            let statuses: Vec<_> = words.zip(counts).filter(|(_, count)| *count > 0).collect();
            let method = meter.method.as_ref().map_or("any", Method::as_str);
            (!statuses.is_empty()).then(|| RouteGauges {
                dialect: meter.dialect,
                method,
                pattern: &meter.pattern,
                statuses,
                time: meter.time.look(),
            })
        })
    }

    /// Each dialect's name, open sockets and frames that were sent.
    pub fn sockets(&self) -> impl Iterator<Item = (&'static str, u64, u64)> {
        let look = |meter: &SocketMeter| {
            (meter.dialect, meter.open.load(Ordering::Relaxed), meter.sent.load(Ordering::Relaxed))
        };
        self.sockets.iter().filter(|meter| !meter.dialect.is_empty()).map(look)
    }

    /// Why sockets ended, and how many.
    pub fn closed(&self) -> impl Iterator<Item = (String, u64)> {
        let reasons = CODES.iter().map(ToString::to_string).chain(["client".to_owned(), "gone".to_owned()]);
        reasons.zip(self.closed.iter().map(|count| count.load(Ordering::Relaxed)))
    }
}

/// What is counted of a route.
#[derive(Debug)]
pub struct RouteGauges<'a> {
    /// Whose it is; empty where it is no document's.
    pub dialect: &'static str,
    pub method: &'a str,
    /// Its path, with names in place of what differs.
    pub pattern: &'a str,
    /// Answers by status; `None` are those that have no place of their own.
    pub statuses: Vec<(Option<u16>, u64)>,
    /// Microseconds from the request's head to the answer's.
    pub time: Distribution,
}

/// Since when there is something to count.
#[derive(Clone, Copy, Debug)]
pub struct Started(pub(in crate::api) Instant);

impl Started {
    /// From here on.
    pub fn now() -> Self {
        Self(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::{CODES, STATUSES};

    #[test]
    fn what_is_searched_is_sorted() {
        assert!(STATUSES.is_sorted() && CODES.is_sorted());
    }
}
