//! The name of a request: in its answer and in every line of the log about it.

use warp::http::HeaderMap;

use super::headers::REQUEST_ID;

/// Longest id that is taken over.
const MAX_ID: usize = 64;

/// The id that a trusted proxy gave the request, so that its log and ours agree; else a
/// new one. Others could write into our log what they like.
pub(super) fn of(headers: &HeaderMap, is_trusted: bool) -> String {
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    match given.filter(|id| is_trusted && is_sound(id)) {
        Some(id) => id.to_owned(),
        None => hex::encode(rand::random::<[u8; 8]>()),
    }
}

fn is_sound(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=MAX_ID).contains(&id.len()) && id.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use warp::http::{HeaderMap, HeaderValue};

    use super::{MAX_ID, of};

    fn with(id: &str) -> HeaderMap {
        HeaderMap::from_iter([(super::REQUEST_ID, HeaderValue::from_str(id).expect("a header"))])
    }

    #[test]
    fn a_trusted_proxy_names_its_requests() {
        assert_eq!(of(&with("6f1c-ABC_1.2"), true), "6f1c-ABC_1.2");
        assert_ne!(of(&with("6f1c-ABC_1.2"), false), "6f1c-ABC_1.2", "anybody else does not");
    }

    #[test]
    fn a_name_that_would_spoil_the_log_is_replaced() {
        for bad in ["", "a b", "a=b", "\"x\"", &"x".repeat(MAX_ID + 1)] {
            let id = of(&with(bad), true);
            assert_ne!(id, bad);
            assert_eq!(id.len(), 16, "{id}");
        }
    }

    proptest! {
        /// It stands in answers and in the log, whatever was sent.
        #[test]
        fn any_header_leaves_a_name_that_can_be_written(bytes in proptest::collection::vec(any::<u8>(), 0..80), plain in "[A-Za-z0-9._-]{1,64}") {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let id = of(&HeaderMap::from_iter([(super::REQUEST_ID, value)]), true);
                prop_assert!((1..=MAX_ID).contains(&id.len()) && super::is_sound(&id), "{id}");
            }
            prop_assert_eq!(of(&with(&plain), true), plain.clone());
            prop_assert!(of(&with(&plain), false) != plain);
        }
    }
}
