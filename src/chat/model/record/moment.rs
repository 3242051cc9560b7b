//! Times as records have them: RFC 3339, in UTC with milliseconds.

use std::time::UNIX_EPOCH;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

use crate::chat::model::time::Timestamp;

pub fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(at)
}

pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let text = std::borrow::Cow::<str>::deserialize(from)?;
    let wrong = || D::Error::custom("a time is like 2025-01-01T12:00:00.000Z");
    let moment = humantime::parse_rfc3339(&text).map_err(|_| wrong())?;
    let since = moment.duration_since(UNIX_EPOCH).map_err(|_| wrong())?;
    i64::try_from(since.as_millis()).map(Timestamp).map_err(|_| wrong())
}

pub mod maybe {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::chat::model::time::Timestamp;

    #[expect(clippy::ref_option, reason = "serde asks for a reference")]
    pub fn serialize<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => super::serialize(at, to),
            None => to.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        #[derive(Deserialize)]
        struct Moment(#[serde(with = "super")] Timestamp);
        Ok(Option::<Moment>::deserialize(from)?.map(|Moment(at)| at))
    }
}
