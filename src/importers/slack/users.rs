//! People and programs: those that the export lists, and those that only messages name.

use std::collections::BTreeMap;

use super::chats::Channels;
use super::json::{Message, Profile, User};
use super::{ImportError, Slack, failed};
use crate::chat::model::record::{self, Record};
use crate::chat::ops::import_export::Import;
use crate::importers::people::People;
use crate::importers::report::ImportReport;
use crate::importers::text;

/// Speakers at most that are in no list of users.
const MAX_STRANGERS: usize = 10_000;

/// The users that the export lists.
pub(super) fn listed(slack: &mut Slack, report: &mut ImportReport) -> Result<Vec<User>, ImportError> {
    let (users, odd) = slack.list::<User>("users.json")?;
    (0..odd).for_each(|_| report.leave_out("users", "they are not written as users are", ""));
    for user in users.iter().filter(|user| !user.id.is_empty()) {
        let id = next(slack);
        slack.ids.entry(user.id.clone()).or_insert(id);
    }
    if slack.ids.is_empty() { failed("there is nobody in users.json") } else { Ok(users) }
}

fn next(slack: &Slack) -> i64 {
    i64::try_from(slack.ids.len()).unwrap_or(i64::MAX - 1) + 1
}

/// By what Slack knows a speaker by.
pub(super) fn speaker(message: &Message) -> Option<&str> {
    let known = [&message.user, &message.bot_id, &message.username];
    known.into_iter().flatten().map(String::as_str).find(|known| !known.is_empty())
}

/// Reads all messages for those who speak and are not listed: people of other workspaces,
/// and programs. By what they are known by, their name.
pub(super) fn strangers(
    slack: &mut Slack,
    listed: &[User],
    lists: &Channels,
    step: &mut impl FnMut(),
) -> Result<BTreeMap<String, String>, ImportError> {
    let mut strangers = BTreeMap::new();
    debug_assert!(!listed.is_empty(), "an empty list was refused");
    slack.each_date(lists, |slack, messages, _| {
        for dated in &messages {
            let Some(known) = speaker(&dated.message).filter(|known| !slack.ids.contains_key(*known)) else { continue };
            if !super::messages::is_said(&dated.message) || strangers.contains_key(known) {
                continue;
            }
            if strangers.len() >= MAX_STRANGERS {
                return failed(format!("more than {MAX_STRANGERS} speak that are not in users.json"));
            }
            let profile = dated.message.user_profile.as_ref();
            let name = profile.and_then(|profile| profile.name.clone()).or_else(|| dated.message.username.clone());
            strangers.insert(known.to_owned(), name.unwrap_or_else(|| known.to_owned()));
        }
        step();
        Ok(())
    })?;
    for known in strangers.keys() {
        let id = next(slack);
        slack.ids.insert(known.clone(), id);
    }
    Ok(strangers)
}

/// Takes all of them in. Nobody has a password; programs and strangers cannot sign in.
pub(super) fn take(
    slack: &mut Slack,
    listed: &[User],
    strangers: &BTreeMap<String, String>,
    import: &mut Import,
    report: &mut ImportReport,
) -> Result<(), ImportError> {
    let mut people = People::default();
    let mut taken = std::collections::HashSet::new();
    for user in listed {
        let Some(id) = slack.ids.get(&user.id).copied().filter(|id| taken.insert(*id)) else {
            report.leave_out("users", "they have no id, or another's", user.name.clone());
            continue;
        };
        let username = people.name(&user.name, id, report).as_str().to_owned();
        slack.names.insert(user.id.clone(), username.clone());
        let Profile { display_name, real_name, email, title, .. } = &user.profile;
        let shown = [display_name, real_name, &user.real_name].into_iter().flatten();
        import.take(Record::User(record::User {
            id,
            username,
            display_name: shown.filter_map(|name| text::display_name(name)).next(),
            email: people.email(email.as_deref().unwrap_or_default(), report),
            bio: text::bio(title.as_deref().unwrap_or_default()),
            is_disabled: user.deleted || user.is_bot,
            ..record::User::default()
        }))?;
    }
    for (known, name) in strangers {
        let Some(id) = slack.ids.get(known).copied() else { continue };
        let username = people.name(name, id, report).as_str().to_owned();
        report.change("speakers are in no list of users, and come as accounts that are disabled", username.clone());
        slack.names.insert(known.clone(), username.clone());
        let display_name = text::display_name(name);
        import.take(Record::User(record::User {
            id,
            username,
            display_name,
            is_disabled: true,
            ..record::User::default()
        }))?;
    }
    Ok(())
}
