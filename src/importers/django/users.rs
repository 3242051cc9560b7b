//! Accounts, their profiles and their tokens.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::plan::{Plan, TablePlan};
use super::reader::{Known, Reader};
use super::source::{IS_GONE, Source, TableRow};
use crate::chat::model::record::{Credential, CredentialKind, Record, User};
use crate::chat::model::session::MOVED_TOKEN_LABEL;
use crate::chat::model::time::Timestamp;
use crate::chat::ops::import_export::{Import, no_password};
use crate::importers::report::ImportReport;
use crate::importers::{ImportError, text};

/// How Django begins a password that nobody can type.
const UNUSABLE: char = '!';
/// Ways of hashing whose hashes sign in here.
const ACCEPTED: [&str; 2] = ["pbkdf2_sha256$", "argon2$argon2id$"];
/// Longest token that is taken, in characters: those of Django REST Framework have 40.
const MAX_TOKEN: usize = 128;
const WERE_DELETED: &str =
    "users were deleted there, and come as disabled accounts with a name alone, for the messages they sent";

/// What a profile adds to its user.
#[derive(Default)]
struct Profile {
    name: Option<String>,
    bio: Option<String>,
    avatar: Option<String>,
}

/// Takes every user in, and returns who is who.
pub(super) fn read(
    source: &Source,
    plan: &Plan,
    import: &mut Import,
    report: &mut ImportReport,
    now: Timestamp,
) -> Result<Known, ImportError> {
    let mut known = Known::default();
    let profiles = profiles(source, plan, &mut known)?;
    let Some(mapped) = plan.get("users") else { return Ok(known) };
    source.each(mapped, &order(mapped), true, |cells| {
        let Some(id) = cells.key("id") else {
            report.leave_out("users", "they have no id", cells.text("username").unwrap_or_default());
            return Ok(());
        };
        let wished = wished(mapped, cells);
        let username = known.names.name(wished, id, report).as_str().to_owned();
        known.users.insert(id, wished.to_owned());
        if cells.is(IS_GONE) {
            report.change(WERE_DELETED, username.clone());
            known.gone.insert(id);
            return Ok(import.take(Record::User(nobody_more(id, username, None, now)))?);
        }
        let profile = profiles.get(&id);
        if cells.is("is_superuser") {
            report.change("users are administrators here, too", username.clone());
        }
        let password_hash = password(cells, &username, report);
        let avatar = filled(cells, "avatar").or_else(|| profile.and_then(|profile| profile.avatar.clone()));
        known.avatars.extend(avatar.filter(|path| !is_default(path)).map(|path| (id, path)));
        let address = cells.text("email").or_else(|| is_address(mapped).then(|| cells.text("username")).flatten());
        let email = known.names.email(address.unwrap_or_default(), report);
        // Who signed in by an address that came does so by that.
        let signed_in_as = cells.text("username").unwrap_or_default().trim();
        let is_as_ever = signed_in_as.is_empty() || signed_in_as == username || email.as_deref() == Some(signed_in_as);
        let former_name = (!is_as_ever).then(|| signed_in_as.to_owned());
        let user = User {
            id,
            username,
            display_name: display_name(mapped, cells, profile),
            email,
            bio: bio(cells, profile),
            is_admin: cells.is("is_superuser"),
            is_disabled: mapped.column("is_active").is_some() && !cells.is("is_active"),
            created_at: Some(cells.time("created").unwrap_or(now)),
            last_seen_at: cells.time("last_seen"),
            password_hash,
            former_name,
            ..User::default()
        };
        Ok(import.take(Record::User(user))?)
    })?;
    Ok(known)
}

/// An account that stands for somebody who has none any more: what they wrote needs a name.
pub(super) fn nobody_more(id: i64, username: String, display_name: Option<String>, at: Timestamp) -> User {
    User {
        id,
        username,
        display_name,
        is_disabled: true,
        created_at: Some(at),
        password_hash: Some(no_password()),
        ..User::default()
    }
}

fn order(mapped: &TablePlan) -> Vec<&str> {
    mapped.column("id").into_iter().collect()
}

fn profiles(source: &Source, plan: &Plan, known: &mut Known) -> Result<HashMap<i64, Profile>, ImportError> {
    let mut profiles = HashMap::new();
    let Some(mapped) = plan.get("profiles") else { return Ok(profiles) };
    source.each(mapped, &order(mapped), false, |cells| {
        if let (Some(id), Some(user)) = (cells.key("id"), cells.key("user")) {
            known.profiles.insert(id, user);
            let name = own_name(mapped, cells).or_else(|| joined_name(cells));
            let [bio, avatar] = ["bio", "avatar"].map(|field| filled(cells, field));
            profiles.insert(user, Profile { name, bio, avatar });
        }
        Ok(())
    })?;
    Ok(profiles)
}

fn filled(cells: &TableRow<'_>, field: &str) -> Option<String> {
    cells.text(field).map(str::trim).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

/// A project in which people are their addresses has names made of these.
fn wished<'a>(mapped: &TablePlan, cells: &'a TableRow<'_>) -> &'a str {
    let text = cells.text("username").unwrap_or_default();
    if is_address(mapped) { text.split('@').next().unwrap_or_default() } else { text }
}

fn is_address(mapped: &TablePlan) -> bool {
    mapped.column("username").is_some_and(|column| column.contains("email"))
}

/// The picture that a project shows for those who have none.
fn is_default(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with("default"))
}

fn display_name(mapped: &TablePlan, cells: &TableRow<'_>, profile: Option<&Profile>) -> Option<String> {
    let own = own_name(mapped, cells).or_else(|| profile?.name.clone()).or_else(|| joined_name(cells));
    text::display_name(&own.unwrap_or_default())
}

/// A name that somebody is to be shown by. One that is called no more than `name` may be the first of two.
fn own_name(mapped: &TablePlan, cells: &TableRow<'_>) -> Option<String> {
    let name = filled(cells, "display_name")?;
    let is_first = mapped.column("display_name") == Some("name") && mapped.column("first_name").is_none();
    let surname = filled(cells, "last_name").filter(|_| is_first);
    Some(surname.map_or_else(|| name.clone(), |surname| format!("{name} {surname}")))
}

fn joined_name(cells: &TableRow<'_>) -> Option<String> {
    let names: Vec<String> = ["first_name", "last_name"].iter().filter_map(|field| filled(cells, field)).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

fn bio(cells: &TableRow<'_>, profile: Option<&Profile>) -> String {
    let own = filled(cells, "bio").or_else(|| profile?.bio.clone());
    text::bio(&own.unwrap_or_default())
}

fn password(cells: &TableRow<'_>, username: &str, report: &mut ImportReport) -> Option<String> {
    let hash = cells.text("password").unwrap_or_default();
    if ACCEPTED.iter().any(|kind| hash.starts_with(kind)) {
        return Some(hash.to_owned());
    }
    if !hash.is_empty() && !hash.starts_with(UNUSABLE) {
        report.change("users have a password of a kind that is not known here", username);
    }
    None
}

impl Reader<'_> {
    /// Tokens of Django REST Framework, which open what they opened.
    pub(super) fn tokens(&mut self) -> Result<(), ImportError> {
        self.each("tokens", &["user"], |reader, mapped, cells| {
            let user = reader.person(mapped, cells, "user").filter(|user| !reader.people.gone.contains(user));
            let Some(user) = user else {
                reader.report.leave_out("credentials", "tokens of nobody", "");
                return Ok(());
            };
            let is_token =
                |text: &&str| (1..=MAX_TOKEN).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
            let Some(token) = cells.text("key").filter(is_token) else {
                reader.report.leave_out("credentials", "tokens of another form", "");
                return Ok(());
            };
            let created_at = cells.time("created").unwrap_or(reader.now);
            let credential = Credential {
                user,
                kind: CredentialKind::Account,
                label: MOVED_TOKEN_LABEL.to_owned(),
                is_bot: false,
                secret_sha256: Some(hex::encode(Sha256::digest(token.as_bytes()))),
                created_at,
                used_at: created_at,
                expires_at: None,
                issuer: None,
            };
            Ok(reader.import.take(Record::Credential(credential))?)
        })
    }
}
