//! When to ask for a certificate: from a third of the life left on, and after a failure later and later.

use std::time::Duration;

use tokio::time::Instant;

use super::failure::Failure;
use crate::outbound;
use crate::server::Life;

/// First and longest pause after an authority was not reached.
const AWAY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_hours(1));
/// The same after it said no, or gave what is no use. Let's Encrypt allows five failures an hour.
const REFUSED: (Duration, Duration) = (Duration::from_mins(10), Duration::from_hours(12));
/// Longest pause that an authority may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// When to ask for the certificate of one name.
#[derive(Debug)]
pub(super) struct Schedule {
    failures: u32,
    not_before: Instant,
    /// From 0 to 1, so that not all servers in the world ask at the same time.
    jitter: f64,
}

impl Schedule {
    pub fn new(jitter: f64, now: Instant) -> Self {
        Self { failures: 0, not_before: now, jitter }
    }

    /// How long until it is time.
    pub fn wait(&self, life: Option<Life>, seconds_now: u64, now: Instant) -> Duration {
        let renewal = life.map_or(0, |life| renewal(life, self.jitter).saturating_sub(seconds_now));
        Duration::from_secs(renewal).max(self.not_before.saturating_duration_since(now))
    }

    /// A failure's pause is over at once.
    pub fn hurry(&mut self, now: Instant) {
        (self.failures, self.not_before) = (0, now);
    }

    /// A certificate was given.
    pub fn succeed(&mut self, now: Instant) {
        self.hurry(now);
    }

    /// There was none. How long until the next try.
    pub fn fail(&mut self, failure: &Failure, jitter: f64, now: Instant) -> Duration {
        let (first, longest, asked) = match failure {
            Failure::Away(_) => (AWAY.0, AWAY.1, None),
            Failure::Refused { retry_after, .. } => (REFUSED.0, REFUSED.1, *retry_after),
            Failure::Broken(_) | Failure::Unproven(_) | Failure::Clock | Failure::Own(_) => {
                (REFUSED.0, REFUSED.1, None)
            }
        };
        let doubled = outbound::doubled(first, self.failures).min(longest);
        self.failures = self.failures.saturating_add(1);
        let pause = doubled.max(asked.unwrap_or_default().min(MAX_RETRY_AFTER)).mul_f64(1.0 + jitter / 5.0);
        self.not_before = now + pause;
        pause
    }
}

/// In seconds since 1970: a third of the life before its end, or up to a thirtieth later.
fn renewal(life: Life, jitter: f64) -> u64 {
    let (begins, ends) = (life.begins.as_secs(), life.ends.as_secs());
    let lives = Duration::from_secs(ends.saturating_sub(begins));
    ends.saturating_sub((lives / 3).as_secs()) + (lives / 30).mul_f64(jitter).as_secs()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;
    use tokio_rustls::rustls::pki_types::UnixTime;

    use super::{Failure, MAX_RETRY_AFTER, Schedule};
    use crate::server::Life;

    const DAY: u64 = 24 * 3600;

    fn life(begins: u64, ends: u64) -> Life {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        Life { begins: at(begins), ends: at(ends) }
    }

    #[test]
    fn it_is_time_from_a_third_of_the_life_on() {
        let now = Instant::now();
        let wait = |jitter, life, seconds| Schedule::new(jitter, now).wait(life, seconds, now).as_secs();
        let quarter = Some(life(0, 90 * DAY));
        assert_eq!(wait(0.0, quarter, 0), 60 * DAY);
        assert_eq!(wait(1.0, quarter, 0), 63 * DAY);
        assert_eq!(wait(0.0, quarter, 60 * DAY), 0);
        assert_eq!(wait(0.5, None, 0), 0);
        assert_eq!(wait(0.0, Some(life(9, 3)), 0), 3, "a certificate that ends before it begins");
        // Of the end of time too.
        wait(1.0, Some(life(0, u64::MAX)), 0);
    }

    #[test]
    fn pauses_grow_and_end_and_an_authority_is_heeded() {
        let now = Instant::now();
        let mut schedule = Schedule::new(0.0, now);
        let pauses = |failure: &Failure| {
            let mut schedule = Schedule::new(0.0, now);
            [(); 40].map(|()| schedule.fail(failure, 0.0, now).as_secs())
        };
        let away = pauses(&Failure::Away(String::new()));
        assert_eq!((away[0], away[1], away[39]), (5, 10, 3600));
        let unproven = pauses(&Failure::Unproven(String::new()));
        assert_eq!((unproven[0], unproven[1], unproven[39]), (600, 1200, 12 * 3600));
        let refused =
            |seconds| Failure::Refused { words: String::new(), retry_after: Some(Duration::from_secs(seconds)) };
        assert_eq!(schedule.fail(&refused(4000), 0.0, now).as_secs(), 4000);
        assert_eq!(schedule.wait(None, 0, now).as_secs(), 4000);
        assert_eq!(schedule.fail(&refused(u64::MAX), 0.0, now), MAX_RETRY_AFTER);
        assert!(schedule.fail(&refused(1), 1.0, now) > Duration::from_mins(40), "its own pauses grow, with jitter");
        schedule.hurry(now);
        assert_eq!(schedule.wait(None, 0, now), Duration::ZERO);
    }
}
