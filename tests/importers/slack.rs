//! A workspace's export.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::hostile::zip_of;
use super::{history, moves, room, signs_in};
use crate::world::{Caller, Fireside, Home};

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

fn person(id: &str, name: &str, more: &Value) -> Value {
    let mut user = json!({"id": id, "name": name, "profile": {"email": format!("{name}@example.org")}});
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user
}

/// What a small team said in two days.
fn export(path: &std::path::Path) {
    let users = json!([
        person("U1", "anna", &json!({"real_name": "Anna K.", "is_owner": true})),
        person(
            "U2",
            "boris",
            &json!({"profile": {"display_name": "Boris!", "email": "boris@example.org", "title": "Cook"}})
        ),
        person("U3", "clara", &json!({})),
        person("U4", "gone", &json!({"deleted": true})),
    ]);
    let channels = json!([{"id": "C1", "name": "general", "created": 1_714_500_000, "creator": "U1",
        "members": ["U1", "U2"], "purpose": {"value": "Everything"}}]);
    let groups =
        json!([{"id": "G1", "name": "secret", "created": 1_714_500_000, "creator": "U2", "members": ["U2", "U3"]}]);
    let dms = json!([{"id": "D1", "created": 1_714_500_000, "members": ["U1", "U3"]}]);
    let mpims = json!([{"id": "M1", "name": "mpdm-anna--boris--clara-1", "created": 1_714_500_000,
        "creator": "U3", "members": ["U1", "U2", "U3"]}]);
    let first = json!([
        {"type": "message", "user": "U1", "ts": "1714550400.000100", "subtype": "channel_join", "text": "<@U1> has joined"},
        {"type": "message", "user": "U1", "ts": "1714550403.000200", "text": "Lunch at <https://a.example|Ada's> &amp; tea? <@U2> :tada:",
         "thread_ts": "1714550403.000200",
         "reactions": [{"name": "+1", "users": ["U2", "U1"], "count": 2}, {"name": "our_own", "users": ["U2"], "count": 1}]},
        {"type": "message", "user": "U2", "ts": "1714550405.000300", "text": "Yes", "thread_ts": "1714550403.000200",
         "edited": {"user": "U2", "ts": "1714550409.000000"}},
    ]);
    let second = json!([
        {"type": "message", "subtype": "bot_message", "bot_id": "B9", "username": "Build Bot", "ts": "1714640000.000000",
         "text": "", "attachments": [{"fallback": "The build is <https://b.example|green>"}]},
        {"type": "message", "user": "U4", "ts": "1714640001.000000", "text": "Bye", "files": [{"name": "plan.pdf",
         "url_private": "https://files.example/plan.pdf?t=xoxe-secret"}]},
    ]);
    zip_of(
        path,
        &[
            ("users.json", bytes(&users)),
            ("channels.json", bytes(&channels)),
            ("groups.json", bytes(&groups)),
            ("dms.json", bytes(&dms)),
            ("mpims.json", bytes(&mpims)),
            ("general/2024-05-01.json", bytes(&first)),
            ("general/2024-05-02.json", bytes(&second)),
            ("secret/2024-05-01.json", bytes(&json!([{"user": "U3", "ts": "1714550404.0", "text": "Psst"}]))),
            ("D1/2024-05-01.json", bytes(&json!([{"user": "U3", "ts": "1714550401.0", "text": "Hi Anna"}]))),
            (
                "mpdm-anna--boris--clara-1/2024-05-01.json",
                bytes(&json!([{"user": "U3", "ts": "1714550402.0", "text": "All three"}])),
            ),
            ("lost/2024-05-01.json", bytes(&json!([]))),
            ("../../etc/2024-05-01.json", bytes(&json!([]))),
        ],
    );
}

/// Sets a password by the link that the administrator makes.
async fn comes_back(fireside: &Fireside, name: &str) -> Caller {
    fireside.home.runs(&["user", "passwd", name], "a new password\n").await.succeeded();
    signs_in(fireside, name, "a new password").await.expect("signed in")
}

#[tokio::test]
async fn a_team_moves_in_from_slack() {
    let (folder, home) = (TempDir::new().unwrap(), Home::new());
    let path = folder.path().join("export.zip");
    export(&path);
    let dry = moves(&home, "slack", &path, &["--dry-run"]).await;
    assert!(dry.succeeded().stdout.contains("7 messages would come"), "{dry:?}");
    assert!(!home.data().exists());
    let done = moves(&home, "slack", &path, &[]).await;
    let said = &done.succeeded().stdout;
    for fact in [
        "5 users came",
        "4 chats came",
        "7 messages came",
        "2 reactions came",
        "5 users have no password here",
        "1 messages did not come: they are notices of the system (channel_join)",
        "1 reactions did not come: their emoji is not known (:our_own:)",
        "1 files did not come: an export of Slack has their addresses alone (plan.pdf)",
        "1 days of messages did not come: their folder is in no list of channels (lost)",
        "come as accounts that are disabled (Build.Bot)",
    ] {
        assert!(said.contains(fact), "{fact}: {said}");
    }
    assert!(!said.contains("xoxe"), "{said}");
    let fireside = Fireside::start_in(home, &[]).await;
    assert!(!fireside.home.keeps(b"xoxe-secret"), "the secret of an address is not kept");
    signs_in(&fireside, "anna", "").await.expect_err("no password yet");
    let (anna, boris, clara) = (
        comes_back(&fireside, "anna").await,
        comes_back(&fireside, "boris").await,
        comes_back(&fireside, "clara").await,
    );

    let general = room(&anna, "general").await;
    assert_eq!((&general["is_private"], &general["description"]), (&json!(false), &json!("Everything")));
    let lunch = "Lunch at Ada's (https://a.example) & tea? @boris 🎉";
    let all = [lunch, "Yes", "The build is green (https://b.example)", "Bye\n[file: plan.pdf]"];
    assert_eq!(history(&boris, &general).await, all);
    let page = boris.get(&format!("/messages/api/chats/{}/messages/", general["id"])).await.is(200).json();
    let messages = page["results"].as_array().unwrap();
    let of = |content: &str| messages.iter().find(|message| message["content"] == content).unwrap();
    assert_eq!(of("Yes")["reply_to"], of(lunch)["id"], "{}", of("Yes"));
    assert_eq!((&of("Yes")["is_edited"], &of(lunch)["is_edited"]), (&json!(true), &json!(false)));
    assert_eq!((&of(lunch)["reactions"][0]["emoji"], &of(lunch)["reactions"][0]["count"]), (&json!("👍"), &json!(2)));
    assert_eq!(of(lunch)["created_at"], "2024-05-01T08:00:03.000Z");

    let secret = room(&clara, "secret").await;
    anna.get(&format!("/api/rooms/{}/", secret["id"])).await.refused(404, "not_found");
    assert_eq!(history(&clara, &room(&clara, "anna, boris, clara").await).await, ["All three"]);
    let direct = room(&anna, "clara").await;
    assert_eq!((&direct["is_direct"], &direct["unread_count"]), (&json!(true), &json!(0)));
    let inbox = anna.get("/d/inbox/api/messages/").await.is(200).json();
    assert_eq!(crate::world::contents(inbox["results"].as_array().unwrap()), ["Hi Anna"]);
}
