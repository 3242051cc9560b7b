//! How the types of the model stand in columns.

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::chat::model::id::{
    ChatId, CredentialId, DeliveryId, FileId, HookId, InviteId, MemberId, MessageId, PostId, PushId, Seq, UserId,
};
use crate::chat::model::time::Timestamp;

macro_rules! integers {
    ($($name:ident)*) => {$(
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_i64().map(Self)
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.0.into())
            }
        }
    )*};
}

integers! {
    UserId ChatId MessageId MemberId FileId PostId CredentialId InviteId HookId PushId DeliveryId Seq Timestamp
}
