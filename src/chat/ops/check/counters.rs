//! Numbers that rows keep, worked out anew.

use super::{CheckProgress, Db, Finding, Findings, Verdict, integrity, store};
use crate::chat::model::thresholds::SearchThresholds;

/// Chats that are named in a sentence; more would not help.
const MAX_NAMED: usize = 10;

pub(super) fn sequence(db: &Db, way: &mut CheckProgress<'_>) -> Findings {
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    let above = count(integrity::above_sequence(db)?);
    let undead = count(integrity::undead(db)?);
    let misplaced = count(integrity::misplaced(db)?);
    way.next_line();
    Ok(vec![
        Finding::of("sequence", above, "the sequence is ahead of every change", "changes are above the sequence"),
        Finding::of("deleted", undead, "what was deleted is gone", "messages were deleted and are there"),
        Finding::of(
            "chats-messages",
            misplaced,
            "chats know their messages",
            "messages do not stand under their chats",
        ),
    ])
}

/// Chats whose number of one kind is wrong.
#[derive(Default)]
struct CounterFaults {
    count: u64,
    named: Vec<i64>,
}

impl CounterFaults {
    fn note(&mut self, chat: i64, is_wrong: bool) {
        if is_wrong {
            self.count += 1;
            if self.named.len() < MAX_NAMED {
                self.named.push(chat);
            }
        }
    }

    fn finding(&self, about: &'static str, good: &str, wrong: &str) -> Finding {
        if self.count == 0 {
            return Finding::new(about, Verdict::Good, good);
        }
        let named: Vec<_> = self.named.iter().map(ToString::to_string).collect();
        let says = format!("{wrong} in {} chats: {}", self.count, named.join(", "));
        Finding::new(about, Verdict::Found, says)
    }
}

pub(super) fn chats(db: &Db, way: &mut CheckProgress<'_>) -> Findings {
    let [mut messages, mut newest, mut members, mut seen, mut cleared] =
        [const { CounterFaults { count: 0, named: Vec::new() } }; 5];
    let (mut after, mut done) = (0, 0);
    let all = integrity::chats_in_all(db)?;
    loop {
        let ids = integrity::chats(db, after)?;
        let Some(last) = ids.last() else { break };
        after = *last;
        for id in ids {
            let faults = integrity::chat(db, id)?;
            messages.note(id, faults.messages);
            newest.note(id, faults.newest);
            members.note(id, faults.members);
            seen.note(id, faults.seen > 0);
            cleared.note(id, faults.cleared > 0);
            done += 1;
            way.at(done, all);
        }
    }
    way.next_line();
    Ok(vec![
        messages.finding("message-counts", "chats count their messages", "another number of messages"),
        newest.finding("newest-messages", "chats know their newest message", "another newest message"),
        members.finding("member-counts", "chats count their members", "another number of members"),
        seen.finding("read-counts", "members count what they have read", "members who have read another number"),
        cleared.finding("cleared-counts", "members count what they cleared", "members who cleared another number"),
    ])
}

pub(super) fn messages(db: &Db, way: &mut CheckProgress<'_>) -> Findings {
    let (mut after, mut attachments, mut reactions) = (0, 0, 0);
    let last = u64::try_from(integrity::last_message(db)?).unwrap_or(0);
    while let Some(piece) = integrity::messages(db, after)? {
        attachments += u64::try_from(piece.attachments).unwrap_or(0);
        reactions += u64::try_from(piece.reactions).unwrap_or(0);
        after = piece.upto;
        way.at(u64::try_from(after).unwrap_or(0), last);
    }
    let mentions = u64::try_from(integrity::wrong_mentions(db)?).unwrap_or(0);
    way.next_line();
    let wrong = "messages count another number than there is";
    Ok(vec![
        Finding::of("attachment-counts", attachments, "messages count their attachments", wrong),
        Finding::of("reaction-counts", reactions, "messages count their reactions", wrong),
        Finding::of("mentions", mentions, "messages know whom they mention", wrong),
    ])
}

pub(super) fn search(db: &Db, way: &mut CheckProgress<'_>) -> Findings {
    let found = store::search::integrity::compare(db, SearchThresholds::default())?;
    way.next_line();
    let Some(faults) = found else {
        return Ok(vec![Finding::new("search", Verdict::Note, "no index of words is kept")]);
    };
    let again = "a start with `--search off` and one without it make it anew";
    Ok(vec![
        Finding::of(
            "search",
            faults.misplaced,
            "the messages are in the index of words",
            &format!("messages are in the index of words and not there, or the other way round: {again}"),
        ),
        Finding::of(
            "search-words",
            faults.wrong,
            "the index of words knows what the messages say",
            &format!("groups of messages have other words than the index knows: {again}"),
        ),
    ])
}

pub(super) fn users(db: &Db, way: &mut CheckProgress<'_>) -> Findings {
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    let bytes = count(integrity::wrong_bytes(db)?);
    let texts = integrity::wrong_texts(db)? as u64;
    let avatars = count(integrity::lost_avatars(db)?);
    way.next_line();
    Ok(vec![
        Finding::of("stored-bytes", bytes, "users count the bytes of their files", "users count other bytes"),
        Finding::of("text-bytes", texts, "users count the bytes of their texts", "users count other bytes of texts"),
        Finding::of(
            "avatars",
            avatars,
            "every avatar has its picture",
            "users or groups have an avatar without a picture",
        ),
    ])
}
