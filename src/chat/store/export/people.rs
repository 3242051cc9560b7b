//! People, what signs them in, whom they know and what they posted: which rows, and
//! how each is read.

use rusqlite::Row;
use rusqlite::types::Type;

use super::{ExportFilter, TALKED, moment};
use crate::chat::model::id::UserId;
use crate::chat::model::record::{Credential, CredentialKind, Friend, Identity, Post, Record, SecondFactor, User};
use crate::chat::model::second_factor::FactorSecret;
use crate::chat::model::time::Timestamp;
use crate::chat::model::token::Keys;
use crate::chat::store::notify;

/// Of whom everything is told, and of whom only the names.
pub fn users(wanted: ExportFilter) -> String {
    let (is_whole, which) = match wanted {
        ExportFilter::All => ("1", "1"),
        ExportFilter::Chat(_) => (
            "0",
            "u.id IN (SELECT user_id FROM members WHERE chat_id = ?1
                      UNION SELECT sender_id FROM messages WHERE chat_id = ?1
                      UNION SELECT owner_id FROM chats WHERE id = ?1
                      UNION SELECT created_by FROM chats WHERE id = ?1
                      UNION SELECT actor_id FROM chat_log WHERE chat_id = ?1
                      UNION SELECT user_id FROM chat_log WHERE chat_id = ?1
                      UNION SELECT uploader_id FROM files WHERE avatar_of_chat = ?1
                     UNION SELECT low_user FROM chats WHERE id = ?1
                      UNION SELECT high_user FROM chats WHERE id = ?1
                      UNION SELECT r.user_id FROM reactions r JOIN messages g ON g.id = r.message_id
                            WHERE g.chat_id = ?1)",
        ),
        ExportFilter::User(_) => (
            "u.id = ?1",
            "u.id = ?1 OR u.id IN (
                SELECT friend_id FROM friends WHERE user_id = ?1
                UNION SELECT c.owner_id FROM chats c WHERE c.id IN (TALKED)
                UNION SELECT c.created_by FROM chats c WHERE c.id IN (TALKED)
                UNION SELECT c.low_user FROM chats c WHERE c.id IN (TALKED)
                UNION SELECT c.high_user FROM chats c WHERE c.id IN (TALKED))",
        ),
    };
    let made_by = if matches!(wanted, ExportFilter::All) { "b.made_by" } else { "NULL" };
    format!(
        "SELECT u.id, u.username, u.display_name, {is_whole} AS is_whole, u.email, u.bio, u.is_admin, u.is_disabled, u.is_bot,
                {made_by} AS made_by, u.created_at, u.last_seen_at, u.password_hash, f.name_key,
                s.sealed_secret, s.last_step,
                (SELECT group_concat(hex(r.code_hash), ' ' ORDER BY r.code_hash) FROM recovery_codes r WHERE r.user_id = u.id) AS recovery,
                n.quiet_from, n.quiet_to, n.quiet_zone, coalesce(n.preview, 1) AS preview
         FROM users u LEFT JOIN former_names f ON f.user_id = u.id LEFT JOIN notify n ON n.user_id = u.id
              LEFT JOIN bots b ON b.user_id = u.id
              LEFT JOIN second_factors s ON s.user_id = u.id AND s.is_on = 1 WHERE {} ORDER BY u.id",
        which.replace("TALKED", TALKED)
    )
}

pub fn user(secrets: Option<&Keys>) -> impl Fn(&Row<'_>) -> rusqlite::Result<Record> {
    move |row| {
        let mut user = User {
            id: row.get("id")?,
            username: row.get("username")?,
            display_name: row.get("display_name")?,
            is_bot: row.get("is_bot")?,
            ..User::default()
        };
        if row.get("is_whole")? {
            user.email = row.get::<_, Option<String>>("email")?.filter(|email| !email.is_empty());
            user.bio = row.get("bio")?;
            (user.is_admin, user.is_disabled) = (row.get("is_admin")?, row.get("is_disabled")?);
            (user.created_at, user.last_seen_at) = (moment(row, "created_at")?, moment(row, "last_seen_at")?);
            if let Some(keys) = secrets.filter(|_| !user.is_bot) {
                user.password_hash = row.get("password_hash")?;
                user.second_factor = second_factor(row, keys)?;
            }
            (user.former_name, user.made_by) = (row.get("name_key")?, row.get("made_by")?);
            user.quiet = notify::quiet(row)?.map(|quiet| quiet.to_string());
            user.hides_preview = !row.get::<_, bool>("preview")?;
        }
        Ok(Record::User(user))
    }
}

fn second_factor(row: &Row<'_>, keys: &Keys) -> rusqlite::Result<Option<SecondFactor>> {
    let Some(sealed) = row.get::<_, Option<Vec<u8>>>("sealed_secret")? else { return Ok(None) };
    // Without it whoever imports would ask for the password alone.
    let secret = FactorSecret::unsealed(&sealed, &keys.factor_key(), UserId(row.get("id")?)).ok_or_else(|| {
        let why = "a second factor does not open by secret.key".into();
        rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, why)
    })?;
    let recovery: Option<String> = row.get("recovery")?;
    let recovery = recovery.unwrap_or_default().to_ascii_lowercase();
    Ok(Some(SecondFactor {
        secret: secret.to_base32(),
        last_step: row.get("last_step").map(|step: i64| Some(step).filter(|step| *step >= 0))?,
        recovery_sha256: recovery.split_whitespace().map(str::to_owned).collect(),
    }))
}

pub fn credentials(wanted: ExportFilter, has_secrets: bool) -> String {
    let which = match wanted {
        ExportFilter::All if has_secrets => "kind IN ('account', 'device')",
        ExportFilter::All | ExportFilter::Chat(_) => "0",
        ExportFilter::User(_) => "user_id = ?1",
    };
    format!(
        "SELECT user_id, kind, label, is_bot, secret_hash, created_at, used_at, expires_at, issuer
         FROM credentials WHERE {which} ORDER BY id"
    )
}

pub fn credential(has_secrets: bool) -> impl Fn(&Row<'_>) -> rusqlite::Result<Record> {
    move |row| {
        let kind = match row.get_ref("kind")?.as_str()? {
            "account" => CredentialKind::Account,
            "session" => CredentialKind::Session,
            "refresh" => CredentialKind::Refresh,
            _ => CredentialKind::Device,
        };
        Ok(Record::Credential(Credential {
            user: row.get("user_id")?,
            kind,
            label: row.get("label")?,
            is_bot: row.get("is_bot")?,
            secret_sha256: if has_secrets { Some(hex::encode(row.get_ref("secret_hash")?.as_blob()?)) } else { None },
            created_at: Timestamp(row.get("created_at")?),
            used_at: Timestamp(row.get("used_at")?),
            expires_at: moment(row, "expires_at")?,
            issuer: row.get("issuer")?,
        }))
    }
}

pub fn identities(wanted: ExportFilter) -> String {
    let which = match wanted {
        ExportFilter::All => "1",
        ExportFilter::Chat(_) => "0",
        ExportFilter::User(_) => "user_id = ?1",
    };
    format!("SELECT user_id, issuer, subject FROM identities WHERE {which} ORDER BY user_id, issuer")
}

pub fn identity(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record::Identity(Identity {
        user: row.get("user_id")?,
        issuer: row.get("issuer")?,
        subject: row.get("subject")?,
    }))
}

pub fn friends(wanted: ExportFilter) -> String {
    let which = match wanted {
        ExportFilter::All => "user_id < friend_id",
        ExportFilter::Chat(_) => "0",
        ExportFilter::User(_) => "user_id = ?1",
    };
    format!("SELECT user_id, friend_id, created_at FROM friends WHERE {which} ORDER BY user_id, friend_id")
}

pub fn friend(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record::Friend(Friend {
        user: row.get("user_id")?,
        friend: row.get("friend_id")?,
        created_at: Timestamp(row.get("created_at")?),
    }))
}

pub fn posts(wanted: ExportFilter) -> String {
    let which = match wanted {
        ExportFilter::All => "1",
        ExportFilter::Chat(_) => "0",
        ExportFilter::User(_) => "author_id = ?1",
    };
    format!("SELECT author_id, title, content, created_at FROM posts WHERE {which} ORDER BY id")
}

pub fn post(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record::Post(Post {
        author: row.get("author_id")?,
        title: row.get("title")?,
        content: row.get("content")?,
        created_at: Timestamp(row.get("created_at")?),
    }))
}
