//! What GitHub's webhooks send: an event by its name in a header, with what it is about.

use serde_json::Value;

use super::colour;
use super::payload::{Object, heading, lines, link, object, objects, signed, text};

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
        "star" => {
            let did = if text(payload, "action") == Some("deleted") { "unstarred" } else { "starred" };
            format!("{who} {did} the repository{place}")
        }
        "status" => ended("", payload, text(payload, "context"), text(payload, "state"), &place),
        "deployment_status" => {
            let found = object(payload, "deployment_status").zip(object(payload, "deployment"));
            let told = |(status, deployment): (&Object, &Object)| {
                ended("deployment to ", status, text(deployment, "environment"), text(status, "state"), &place)
            };
            found.map(told).unwrap_or_else(|| changed(event, payload, &who, &place))
        }
        _ => {
            let run = RUNS.iter().find_map(|(field, called)| Some((*called, object(payload, field)?)));
            match run {
                Some((called, run)) => {
                    let state = text(run, "conclusion").or_else(|| text(run, "status"));
                    ended(called, run, text(run, "name"), state.or_else(|| text(payload, "action")), &place)
                }
                None => changed(event, payload, &who, &place),
            }
        }
    }
}

/// What runs by itself, and what it is called.
const RUNS: &[(&str, &str)] = &[("workflow_run", "workflow "), ("workflow_job", "job "), ("check_run", "check ")];

/// What became of something that ran: how it went is what everybody looks for.
fn ended(called: &str, run: &Object, name: Option<&str>, state: Option<&str>, place: &str) -> String {
    let state = state.unwrap_or("changed");
    let branch = text(run, "head_branch").map(|branch| format!(" on {branch}")).unwrap_or_default();
    let name = heading(name.unwrap_or("it"), None);
    let url = ["html_url", "target_url", "log_url"].iter().find_map(|field| text(run, field));
    let first = link(&format!("{called}{name}: {}{branch}{place}", state.replace('_', " ")), url);
    let told = lines([Some(first), text(run, "description").map(str::to_owned)]);
    signed(Some(colour::of_state(state)), &told)
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
        let id = short(text(commit, "id").unwrap_or_default());
        let subject = text(commit, "message").and_then(|message| message.lines().next()).unwrap_or_default();
        Some(format!("- {id} {subject}"))
    });
    lines([Some(first)].into_iter().chain(told).chain([(more > 0).then(|| format!("… and {more} more"))]))
}

/// What an event is about, by the field that it stands in, and what that is called.
const SUBJECTS: &[(&str, &str)] = &[
    ("thread", "a thread of"),
    ("comment", "a comment on"),
    ("review", "a review of"),
    ("pull_request", "pull request"),
    ("issue", "issue"),
    ("release", "release"),
    ("discussion", "discussion"),
    ("deployment", "deployment"),
    ("forkee", "a fork,"),
    ("milestone", "milestone"),
    ("package", "package"),
    ("alert", "alert"),
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
    let is_remark = ["thread", "comment", "review"].contains(&field);
    let topic = ["pull_request", "issue", "discussion"].iter().find_map(|name| object(payload, name));
    let titled = if is_remark { topic } else { Some(subject) };
    let name = titled.map(named).or_else(|| text(subject, "commit_id").map(short)).unwrap_or_default();
    let did = match (field, action) {
        ("comment", "created") => format!("commented on {name}"),
        ("review", "commented") => format!("reviewed {name}"),
        ("review", "approved") => format!("approved {name}"),
        ("review", "changes_requested") => format!("requested changes to {name}"),
        ("pull_request", "synchronize") => format!("updated pull request {name}"),
        ("pull_request", "review_requested") => format!("requested a review of pull request {name}"),
        // What is no verb of the past stands behind.
        (_, action) if action.ends_with("ed") || action == "made" => {
            format!("{action} {called} {name}").replace('_', " ")
        }
        (_, action) => format!("changed {called} {name}: {}", action.replace('_', " ")),
    };
    let says = is_remark && !["deleted", "dismissed"].contains(&action) || ["opened", "published"].contains(&action);
    let says = text(subject, "body").filter(|_| says).map(str::to_owned);
    lines([Some(link(&format!("{who} {did}{place}"), text(subject, "html_url"))), says])
}

/// `#7 Its title`.
fn named(subject: &Object) -> String {
    let number = subject.get("number").and_then(Value::as_u64).map(|number| format!("#{number}"));
    let title = ["title", "name", "tag_name", "full_name", "environment"].iter().find_map(|name| text(subject, name));
    let parts = [number, title.map(str::to_owned)].into_iter().flatten();
    parts.collect::<Vec<_>>().join(" ")
}

fn short(commit: &str) -> String {
    format!("`{}`", commit.chars().take(SHORT).collect::<String>())
}
