//! What GitHub's webhooks send: an event by its name in a header, with what it is about.

use serde_json::Value;

use super::payload::{Object, heading, lines, link, object, objects, text};

/// Commits of a push that are told one by one.
const MAX_COMMITS: usize = 10;
/// Hex digits by which people know a commit.
const SHORT: usize = 7;

pub fn words(event: &str, payload: &Object) -> String {
    let place = object(payload, "repository").or_else(|| object(payload, "organization"));
    let place = place.and_then(|place| text(place, "full_name").or_else(|| text(place, "login")));
    let place = place.map(|place| format!(" in {place}")).unwrap_or_default();
    let who = object(payload, "sender").and_then(|sender| text(sender, "login")).unwrap_or("GitHub");
    let who = heading(who, None);
    match event {
        "ping" => lines([Some(format!("{who} set up this hook{place}")), text(payload, "zen").map(str::to_owned)]),
        "push" => pushed(payload, &who, &place),
        "create" | "delete" => {
            let kind = text(payload, "ref_type").unwrap_or("ref");
            format!("{who} {event}d {kind} {}{place}", text(payload, "ref").unwrap_or_default())
        }
        _ => changed(event, payload, &who, &place),
    }
}

fn pushed(payload: &Object, who: &str, place: &str) -> String {
    let branch = text(payload, "ref").unwrap_or_default();
    let branch = branch.strip_prefix("refs/heads/").or_else(|| branch.strip_prefix("refs/tags/")).unwrap_or(branch);
    let is = |name: &str| payload.get(name) == Some(&Value::Bool(true));
    let commits: Vec<&Object> = objects(payload, "commits").collect();
    let did = match commits.len() {
        _ if is("deleted") => format!("deleted {branch}"),
        0 => format!("pushed {branch}"),
        1 => format!("{} 1 commit to {branch}", if is("forced") { "force-pushed" } else { "pushed" }),
        many => format!("{} {many} commits to {branch}", if is("forced") { "force-pushed" } else { "pushed" }),
    };
    let first = link(&format!("{who} {did}{place}"), text(payload, "compare"));
    let more = commits.len().saturating_sub(MAX_COMMITS);
    let told = commits.iter().take(MAX_COMMITS).map(|commit| {
        let id: String = text(commit, "id").unwrap_or_default().chars().take(SHORT).collect();
        let subject = text(commit, "message").and_then(|message| message.lines().next()).unwrap_or_default();
        Some(format!("- `{id}` {subject}"))
    });
    lines([Some(first)].into_iter().chain(told).chain([(more > 0).then(|| format!("… and {more} more"))]))
}

/// What an event is about, by the field that it stands in, and what that is called.
const SUBJECTS: &[(&str, &str)] = &[
    ("comment", "a comment on"),
    ("review", "a review of"),
    ("pull_request", "pull request"),
    ("issue", "issue"),
    ("release", "release"),
    ("discussion", "discussion"),
    ("workflow_run", "workflow"),
    ("workflow_job", "job"),
    ("check_run", "check"),
    ("deployment", "deployment"),
    ("forkee", "fork"),
];

fn changed(event: &str, payload: &Object, who: &str, place: &str) -> String {
    let found = SUBJECTS.iter().find_map(|(field, called)| Some((*field, *called, object(payload, field)?)));
    let Some((field, called, subject)) = found else {
        let action = text(payload, "action").map(|action| format!(" {action}")).unwrap_or_default();
        return format!("{who}: {}{action}{place}", event.replace('_', " "));
    };
    let is_merged = subject.get("merged") == Some(&Value::Bool(true));
    let action = match text(payload, "action").unwrap_or("made") {
        "closed" if is_merged => "merged",
        "submitted" if field == "review" => text(subject, "state").unwrap_or("submitted"),
        action => action,
    };
    // A comment or a review is about something else, which has the title.
    let is_remark = ["comment", "review"].contains(&field);
    let topic = ["pull_request", "issue", "discussion"].iter().find_map(|name| object(payload, name));
    let titled = if is_remark { topic } else { Some(subject) };
    let name = titled.map(named).unwrap_or_default();
    let outcome = ["conclusion", "state"].iter().find_map(|name| text(subject, name));
    let outcome = outcome.filter(|_| ["workflow_run", "workflow_job", "check_run"].contains(&field));
    let outcome = outcome.map(|outcome| format!(": {outcome}")).unwrap_or_default();
    let first = format!("{who} {} {called} {name}{outcome}{place}", action.replace('_', " "));
    let says = if is_remark || ["opened", "published"].contains(&action) { text(subject, "body") } else { None };
    lines([Some(link(&first, text(subject, "html_url"))), says.map(str::to_owned)])
}

/// `#7 Its title`.
fn named(subject: &Object) -> String {
    let number = subject.get("number").and_then(Value::as_u64).map(|number| format!("#{number}"));
    let title = ["title", "name", "tag_name", "full_name"].iter().find_map(|name| text(subject, name));
    let parts = [number, title.map(str::to_owned)].into_iter().flatten();
    parts.collect::<Vec<_>>().join(" ")
}
