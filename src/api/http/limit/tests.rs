use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use std::net::IpAddr;

use super::{Counter, Limits, RateLimit, RateLimits, Tried, network};
use crate::chat::model::id::UserId;

#[test]
fn limits_are_read_from_words() {
    for good in ["off", "5/min", "1/s", "1000/h"] {
        assert!(good.parse::<RateLimit>().is_ok(), "{good}");
    }
    for bad in ["", "5", "0/min", "-1/s", "5/day", "x/min", "5 per min"] {
        assert!(bad.parse::<RateLimit>().is_err(), "{bad}");
    }
}

#[test]
fn sign_ins_are_counted_by_what_is_tried_and_by_address() {
    let five: RateLimit = "5/min".parse().expect("a limit");
    let limits = Limits::new(&RateLimits { auth: five, api: five, upload: five, ws: five });
    let home: IpAddr = "192.0.2.1".parse().expect("an address");
    let tries = |name: &str, times| {
        (0..times).filter(|_| limits.check_sign_in(home, Tried::Name(name)).unsaid().is_ok()).count()
    };
    assert_eq!(tries("alice", 9), 5);
    assert_eq!(tries("ALICE ", 1), 0, "the same name, spelled otherwise");
    assert!(limits.check_sign_in(home, Tried::Account(UserId(1))).unsaid().is_ok(), "an account is no name");
    assert_eq!((0..100).map(|n| tries(&format!("user{n}"), 1)).sum::<usize>(), 19, "30 in all, 11 of them gone");
}

#[test]
fn an_account_is_spent_for_one_network_after_as_many_attempts_as_a_name() {
    let five: RateLimit = "5/min".parse().expect("a limit");
    let limits = Limits::new(&RateLimits { auth: five, ..RateLimits::OFF });
    let [home, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse::<IpAddr>().expect("an address"));
    assert_eq!((0..9).filter(|_| !limits.is_account_spent(home, UserId(1))).count(), 5);
    assert!(!limits.is_account_spent(home, UserId(2)) && !limits.is_account_spent(other, UserId(1)));
    assert!(limits.check_sign_in(home, Tried::Account(UserId(1))).unsaid().is_err(), "by its owner, too");
    assert!(limits.check_sign_in(home, Tried::NoToken).unsaid().is_ok(), "which tries no account");
}

#[test]
fn a_table_holds_those_who_were_here_lately_and_no_more_than_it_may() {
    let counter = Counter::<u32>::new("test", "1/h".parse().expect("a limit"));
    let entries = || counter.limit.as_ref().map_or(0, |(_, limiter)| limiter.read().len());
    assert!((0..50).all(|key| counter.check(&key).unsaid().is_ok()));
    counter.forget(50);
    assert!(counter.check(&7).unsaid().is_err() && entries() == 50, "they are not too many");
    counter.forget(49);
    assert!(entries() == 0 && counter.check(&7).unsaid().is_ok());
    let swift = Counter::<u32>::new("test", "4000000000/s".parse().expect("a limit"));
    assert!((0..50).all(|key| swift.check(&key).unsaid().is_ok()));
    std::thread::sleep(std::time::Duration::from_millis(1));
    swift.forget(50);
    assert_eq!(swift.limit.as_ref().map(|(_, limiter)| limiter.read().len()), Some(0));
}

#[test]
fn neighbours_in_one_network_count_as_one() {
    let address = |text: &str| network(text.parse().expect("an address"));
    assert_eq!(address("2001:db8::1"), address("2001:db8::ffff"));
    assert_ne!(address("2001:db8:0:1::1"), address("2001:db8:0:2::1"));
    assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
}

proptest! {
    /// Whatever is taken can be gone by: however often that is, the first time is free.
    #[test]
    fn any_rate_is_taken_or_refused(noise in "[0-9a-z/ +-]{0,14}", number in any::<u32>(), unit in "(s|min|h)") {
        drop(noise.parse::<RateLimit>());
        let rate = format!("{number}/{unit}").parse::<RateLimit>();
        prop_assert_eq!(rate.is_ok(), number > 0);
        let Ok(rate) = rate else { return Ok(()) };
        let limits = Limits::new(&RateLimits { auth: rate, api: rate, upload: rate, ws: rate });
        let home = IpAddr::from([192, 0, 2, 1]);
        let taken = (0..3).filter(|_| limits.check_sign_in(home, Tried::Name("alice")).unsaid().is_ok()).count();
        prop_assert!(taken >= 1 && (number < 3 || taken == 3));
        prop_assert!(unit == "s" || u32::try_from(taken) == Ok(number.min(3)), "{taken} of {number}/{unit}");
    }
}
