//! Times as records have them: RFC 3339, in UTC with milliseconds.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

use crate::chat::model::moment::moment;
use crate::chat::model::time::Timestamp;

pub fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(at)
}

pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let text = std::borrow::Cow::<str>::deserialize(from)?;
    moment(&text).ok_or_else(|| D::Error::custom("a time is like 2025-01-01T12:00:00.000Z"))
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
