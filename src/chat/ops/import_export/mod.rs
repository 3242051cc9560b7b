//! Export and import: everything in a documented form, and the way back.
//!
//! An export is a tar archive as a backup is (any `tar` unpacks it), of these members in
//! this order:
//!
//! | member | what it is |
//! |---|---|
//! | `manifest` | `key value` lines: format, program, records, files, bytes |
//! | `files/<sha256>` | the bytes of each uploaded file, once, in the order of their sums |
//! | `records.jsonl` | a [`Record`](crate::chat::model::record::Record) a line, in UTF-8, each ended by a line feed |
//! | `checksum` | SHA-256 of every byte before its header |
//!
//! The format of the manifest is `export-1`; [`Head::version`](crate::chat::model::record::Head::version) is the version of the
//! records, 1. A reader refuses what it does not know: another version, another kind of
//! record, a field that is not listed. So a change of any of it is a new version.
//!
//! | record | names | has |
//! |---|---|---|
//! | `head` | | version, program, scope (`server`, `chat`, `user`), has_secrets |
//! | `user` | made_by | id, username, display_name, email, bio, is_admin, is_disabled, is_bot, created_at, last_seen_at, password_hash, former_name, quiet, hides_preview |
//! | `credential` | user | kind (`account`, `device`, `session`, `refresh`), label, is_bot, secret_sha256, created_at, used_at, expires_at, issuer |
//! | `identity` | user | issuer, subject |
//! | `friend` | user, friend | created_at |
//! | `post` | author | title, content, created_at |
//! | `chat` | pair, owner, created_by | id, title, description, is_private, max_members, retain_days, created_at, updated_at, active_at |
//! | `message` | chat, sender, reply_to, mentions | id, text, created_at, edited_at, pinned_at, call_seconds, mentions_all |
//! | `reaction` | message, user | emoji |
//! | `file` | uploader, message, avatar_of_chat | name, size, sha256, created_at, is_avatar |
//! | `member` | chat, user | role (`member`, `admin`), joined_at, joined_after, read_upto, cleared_upto, is_hidden, level, muted_until, is_muted |
//!
//! Each struct says of each field what it means and what leaving it out means. The kinds
//! come in this order, and ids of messages grow, so that one pass can check and store them.
//!
//! Not in there: the server's secret and what is derived from it (so browsers sign in
//! again, and JWTs end), invitations, links that set a password, the audit log, what was
//! deleted, keys of sends. Hashes of passwords and tokens are, if the operator says so:
//! whoever reads them can try passwords at leisure.
//!
//! Two exports of one state are the same, byte for byte.

mod check;
mod export;
mod import;
mod lines;
mod names;
mod order;
mod people;
mod read;
mod report;
mod talk;
mod target;
#[cfg(test)]
#[expect(clippy::print_stdout, reason = "it says which lines it mutated")]
mod tests;

pub use super::super::hasher::no_password;
pub use check::MAX_FILE;
pub use export::{ExportScope, Exported, export, stream};
pub use import::{Import, OnConflict, Options, StoredFile};
pub use read::{read_archive, read_folder};
pub use report::Report;
