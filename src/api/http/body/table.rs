//! What a body has in it, written once: a struct whose fields are read from a request, and described in its document.
//!
//! ```ignore
//! body! {
//!     /// A post that is to be.
//!     NewPost { title: Title, content: Option<PostText> }
//! }
//! let NewPost { title, content } = request.body().await?;
//! doc.takes(&NewPost::table());
//! ```

use super::Fields;
use crate::api::http::openapi::shape::{self, Field, Shape, any_of, described, word};
use crate::api::http::reply::ApiError;
use crate::api::http::request::Request;

/// A kind of value that clients send.
pub trait FieldValue: Sized {
    /// Reads it. `None`: it is missing or `null`, or what is wrong with it was noted.
    fn read(fields: &mut Fields, name: &str) -> Option<Self>;

    /// Reads it where it has to be there.
    fn require(fields: &mut Fields, name: &str) -> Option<Self> {
        if fields.demand(name) { Self::read(fields, name) } else { None }
    }

    /// How it is described.
    fn shape() -> Shape;
}

/// A field of a body: a [`FieldValue`] has to be there, an `Option` of one may be missing.
pub trait Entry: Sized {
    /// Reads it. `None`: what is wrong was noted.
    fn entry(fields: &mut Fields, name: &str) -> Option<Self>;

    /// The field, described: in these words, if there are any.
    fn field(name: &'static str, sentence: &str) -> Field;
}

impl<V: FieldValue> Entry for V {
    fn entry(fields: &mut Fields, name: &str) -> Option<Self> {
        V::require(fields, name)
    }

    fn field(name: &'static str, sentence: &str) -> Field {
        shape::need(name, in_words(V::shape(), sentence))
    }
}

impl<V: FieldValue> Entry for Option<V> {
    fn entry(fields: &mut Fields, name: &str) -> Option<Self> {
        Some(V::read(fields, name))
    }

    fn field(name: &'static str, sentence: &str) -> Field {
        shape::may(name, in_words(V::shape(), sentence))
    }
}

/// A field of a form that people leave blank: that is as if it were not there.
pub struct MaybeBlank<V>(pub Option<V>);

impl<V: FieldValue> Entry for MaybeBlank<V> {
    fn entry(fields: &mut Fields, name: &str) -> Option<Self> {
        let text = fields.value(name).and_then(serde_json::Value::as_str);
        let is_blank = text.is_some_and(|text| text.trim().is_empty());
        Some(Self(if is_blank { None } else { V::read(fields, name) }))
    }

    fn field(name: &'static str, sentence: &str) -> Field {
        let sentence = if sentence.is_empty() { "May be blank." } else { sentence };
        shape::may(name, in_words(any_of([V::shape(), word("")]), sentence))
    }
}

/// A field of a change: `null` takes away what is there, `Some(None)`.
pub struct MaybeNull<V>(pub Option<Option<V>>);

impl<V: FieldValue> Entry for MaybeNull<V> {
    fn entry(fields: &mut Fields, name: &str) -> Option<Self> {
        Some(Self(if fields.is_null(name) { Some(None) } else { V::read(fields, name).map(Some) }))
    }

    fn field(name: &'static str, sentence: &str) -> Field {
        shape::may(name, in_words(V::shape(), sentence))
    }
}

fn in_words(shape: Shape, sentence: &str) -> Shape {
    if sentence.is_empty() { shape } else { described(shape, sentence.trim()) }
}

/// What is read from a request as a whole. [`body!`] makes it.
pub trait Body: Sized {
    /// Reads all fields, or ends with everything that is wrong with them.
    fn read(fields: &mut Fields) -> Result<Self, ApiError>;

    /// The fields, described.
    fn table() -> Vec<Field>;
}

impl Request {
    /// Reads the body, from JSON or a form.
    pub async fn body<B: Body>(&mut self) -> Result<B, ApiError> {
        B::read(&mut self.fields().await?)
    }
}

/// Structs that are read from requests, by the names of their fields. What is said of a field goes into the document.
macro_rules! body {
    ($($(#[$about:meta])* $name:ident {
        $($(#[doc = $sentence:literal])* $field:ident: $kind:ty),* $(,)?
    })*) => {$(
        $(#[$about])*
        pub struct $name {
            $($(#[doc = $sentence])* pub $field: $kind,)*
        }

        impl $crate::api::http::body::Body for $name {
            fn read(
                fields: &mut $crate::api::http::body::Fields,
            ) -> Result<Self, $crate::api::http::reply::ApiError> {
                $(let $field = <$kind as $crate::api::http::body::Entry>::entry(fields, stringify!($field));)*
                fields.check()?;
                match ($($field,)*) {
                    ($(Some($field),)*) => Ok(Self { $($field,)* }),
                    _ => Err($crate::api::http::reply::ApiError::Malformed("A field is missing.".into())),
                }
            }

            fn table() -> Vec<$crate::api::http::openapi::shape::Field> {
                vec![$(<$kind as $crate::api::http::body::Entry>::field(
                    stringify!($field),
                    concat!($($sentence),*),
                ),)*]
            }
        }
    )*};
}
pub(in crate::api) use body;
