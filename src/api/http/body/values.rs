//! The kinds of values that clients send: how each is read, and how it is described.

use super::Fields;
use super::table::FieldValue;
use crate::api::http::openapi::shape::{self, Shape};
use crate::chat::model::id::{ChatId, FileId, MessageId, UserId};
use crate::chat::model::label::{Label, MAX_LABEL};
use crate::chat::model::name::{
    self, Email, Emoji, MAX_BIO, MAX_DESCRIPTION, MAX_DISPLAY_NAME, MAX_POST, MAX_TITLE, MessageText, Username,
};
use crate::chat::model::password::Password;

/// Values that are parsed from text.
macro_rules! parsed {
    ($($kind:ty: $parse:expr, $shape:expr;)*) => {$(
        impl FieldValue for $kind {
            fn read(fields: &mut Fields, name: &str) -> Option<Self> {
                fields.parse(name, $parse)
            }

            fn shape() -> Shape {
                $shape
            }
        }
    )*};
}

/// Texts that have a rule of their own, and no type.
macro_rules! texts {
    ($($(#[$about:meta])* $kind:ident: $parse:expr, $shape:expr;)*) => {$(
        $(#[$about])*
        pub struct $kind(pub String);

        impl From<$kind> for String {
            fn from(text: $kind) -> Self {
                text.0
            }
        }

        impl FieldValue for $kind {
            fn read(fields: &mut Fields, name: &str) -> Option<Self> {
                fields.parse(name, $parse).map(Self)
            }

            fn shape() -> Shape {
                $shape
            }
        }
    )*};
}

/// Ids, as numbers or their digits.
macro_rules! ids {
    ($($kind:ident)*) => {$(
        impl FieldValue for $kind {
            fn read(fields: &mut Fields, name: &str) -> Option<Self> {
                fields.integer(name).map(Self)
            }

            fn shape() -> Shape {
                shape::id()
            }
        }
    )*};
}

parsed! {
    Username: Username::parse, shape::username();
    Email: Email::parse, shape::email();
    Password: Password::parse, shape::password();
    Emoji: Emoji::parse, shape::emoji();
    Label: Label::parse, shape::text(MAX_LABEL);
    String: |text| Ok(text.to_owned()), shape::string();
}

texts! {
    /// What a person is called.
    DisplayName: name::display_name, shape::filled(MAX_DISPLAY_NAME);
    /// What a person says of themselves.
    Bio: name::bio, shape::text(MAX_BIO);
    /// The title of a chat, a post or the server.
    Title: name::title, shape::filled(MAX_TITLE);
    /// What a room is for.
    Description: name::description, shape::text(MAX_DESCRIPTION);
    /// What a post says.
    PostText: name::post, shape::filled(MAX_POST);
    /// A word by itself: a name, a token.
    Word: |text| Ok(text.trim().to_owned()), shape::string();
}

ids! { ChatId FileId MessageId UserId }

impl FieldValue for bool {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        fields.boolean(name)
    }

    fn shape() -> Shape {
        shape::boolean()
    }
}

/// The text that an edit puts in the old one's place.
impl FieldValue for MessageText {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        fields.message(name)
    }

    fn shape() -> Shape {
        shape::new_text()
    }
}

/// A password that is tried.
pub struct Attempt(pub Password);

impl FieldValue for Attempt {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        fields.text(name).map(|text| Self(Password::attempt(&text)))
    }

    fn shape() -> Shape {
        shape::attempt()
    }
}

/// The code of an invitation, where one registers. What is no text is no code.
pub struct InviteCode(pub String);

impl FieldValue for InviteCode {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        let code = fields.value(name).and_then(serde_json::Value::as_str)?.trim();
        (!code.is_empty()).then(|| Self(code.to_owned()))
    }

    fn shape() -> Shape {
        shape::invite()
    }
}

/// Ids, at most so many.
pub struct Ids<const MAX: usize>(pub Vec<i64>);

impl<const MAX: usize> FieldValue for Ids<MAX> {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        fields.integers(name, MAX).map(Self)
    }

    fn shape() -> Shape {
        shape::ids(MAX)
    }
}

/// A whole number between two.
pub struct Within<const LEAST: u64, const MOST: u64>(pub u64);

impl<const LEAST: u64, const MOST: u64> FieldValue for Within<LEAST, MOST> {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        let number = fields.integer(name)?;
        match u64::try_from(number) {
            Ok(number) if (LEAST..=MOST).contains(&number) => Some(Self(number)),
            _ => fields.fault(name, format!("This is a number from {LEAST} to {MOST}.")),
        }
    }

    fn shape() -> Shape {
        let bound = |number| i64::try_from(number).unwrap_or(i64::MAX);
        shape::integer(bound(LEAST), bound(MOST))
    }
}
