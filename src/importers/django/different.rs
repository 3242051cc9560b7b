//! What people will find different from the project, in sentences for those who tell them.

use super::plan::Plan;
use super::shape::HIDDEN;
use crate::chat::ops::import_export::Import;

/// Ends the report with what no count tells.
pub(super) fn tell(plan: &Plan, import: &mut Import) {
    let has = |kind: &str| plan.get(kind).is_some();
    let has_column = |kind: &str, column: &str| plan.get(kind).is_some_and(|mapped| mapped.column(column).is_some());
    let sentences = [
        (true, "browsers sign in again; passwords stay, and tokens of the REST framework"),
        (true, "people, chats and messages have other numbers: links that name the old ones lead elsewhere"),
        (true, "superusers are administrators; staff, groups and permissions have no rights of their own"),
        (true, "whoever signs in may find everybody by name, and begin a direct chat with them"),
        (true, "times without a zone are read as UTC"),
        (has_column("chats", "title"), "a direct chat has no title of its own: each of the two sees the other's name"),
        (
            has("chats") && !has_column("chats", "is_private") && !has_column("chats", "is_public"),
            "all groups are private: the project does not say which are open",
        ),
        (
            has("reads") || has_column("messages", "is_read"),
            "what somebody has read goes up to one message: older ones that they had skipped count as read",
        ),
        (
            has(HIDDEN),
            "what somebody had deleted for themselves alone stays hidden as far as it was the oldest of a direct chat",
        ),
        (has("reactions"), "reactions keep their order and not their times"),
        (has_column("messages", "updated"), "a text has the time of its last change, and not those before"),
        (has("friends"), "friends are each other's: there are no requests, and nobody follows one-sidedly"),
        (has("posts"), "posts are for everybody who signs in"),
        (has("messages"), "nothing notifies anybody of what came"),
    ];
    for (_, sentence) in sentences.iter().filter(|(holds, _)| *holds) {
        import.note(format!("different here: {sentence}"));
    }
}
