//! What a project's database says, in SQL that the importer knows nothing of, against what came of it.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::Project;
use crate::world::Home;
use crate::world::home::Outcome;

/// A project in one style: how its tables are read. Texts in braces of the queries are named below.
pub(super) struct Style {
    pub name: &'static str,
    pub users: &'static str,
    /// Chats as `id, label`: the title of a group, the sorted names of a pair.
    chats: &'static str,
    /// Messages as `chat, sender, text, time` with the label of the chat, deleted ones too.
    said: &'static str,
    /// By kind, how many rows the project has of it.
    counts: &'static [(&'static str, &'static str)],
    /// The table of messages, its column of texts, and its model.
    pub messages: (&'static str, &'static str, &'static str),
    /// A message that a test deletes.
    pub victim: &'static str,
    /// What was deleted already.
    pub gone: &'static [&'static str],
}

/// How many of each line.
pub(super) type Facts = BTreeMap<String, usize>;

const ROOMS: &str = "SELECT r.id, CASE r.is_direct WHEN 1 THEN pair.names ELSE r.name END AS label FROM rooms_room r
    LEFT JOIN (SELECT room_id, group_concat(username, '+') AS names FROM (SELECT room_id, username
        FROM rooms_roomparticipant p JOIN {users} u ON u.id = p.user_id ORDER BY username) GROUP BY room_id) pair
    ON pair.room_id = r.id";
const DIRECTS: &str =
    "SELECT directchat_id AS id, group_concat(username, '+') AS label FROM (SELECT directchat_id, username
    FROM direct_directchat_participants p JOIN {users} u ON u.id = p.userID ORDER BY username) GROUP BY directchat_id";

pub(super) const STYLES: &[Style] = &[
    Style {
        name: "rooms",
        users: "accounts_user",
        chats: ROOMS,
        said: "SELECT c.label, u.username, m.content, m.created_at FROM rooms_message m
               JOIN chat c ON c.id = m.room_id JOIN {users} u ON u.id = m.author_id",
        counts: &[
            ("messages", "SELECT count(*) FROM rooms_message"),
            ("members", "SELECT count(*) FROM rooms_roomparticipant"),
            ("files", "SELECT count(*) + 1 FROM rooms_message_attachments"),
            ("credentials", "SELECT count(*) FROM authtoken_token"),
        ],
        messages: ("rooms_message", "content", "rooms.message"),
        victim: "I do",
        gone: &[],
    },
    Style {
        name: "rooms_own",
        users: "auth_user",
        chats: ROOMS,
        said: "SELECT c.label, u.username, m.content, m.created_at FROM chat_message m
               JOIN chat c ON c.id = m.room_id JOIN {users} u ON u.id = m.author_id",
        counts: &[
            ("messages", "SELECT count(*) FROM chat_message"),
            ("members", "SELECT count(*) FROM rooms_roomparticipant"),
            (
                "files",
                "SELECT (SELECT count(*) FROM files_file) + (SELECT count(*) FROM accounts_profile WHERE avatar <> '')",
            ),
            ("reactions", "SELECT count(*) FROM chat_messagereaction"),
            ("credentials", "SELECT count(*) FROM authtoken_token"),
        ],
        messages: ("chat_message", "content", "chat.message"),
        victim: "Hello, all",
        gone: &["Wet as a fish"],
    },
    Style {
        name: "messenger",
        users: "auth_user",
        chats: "SELECT r.id, CASE WHEN instr(r.name, '_') THEN names ELSE r.name END AS label FROM messenger_chatroom r
                JOIN (SELECT chatroom_id, group_concat(username, '+') AS names FROM (SELECT chatroom_id, username
                    FROM messenger_chatroom_members p JOIN auth_user u ON u.id = p.user_id ORDER BY username)
                    GROUP BY chatroom_id) ON chatroom_id = r.id",
        said: "SELECT c.label, u.username, m.content, m.timestamp FROM messenger_message m
               JOIN chat c ON c.id = m.room_id JOIN auth_user u ON u.id = m.user_id",
        counts: &[
            ("messages", "SELECT count(*) FROM messenger_message"),
            ("posts", "SELECT count(*) FROM profiles_post"),
            ("friends", "SELECT count(*) / 2 FROM profiles_profile_friends"),
            ("files", "SELECT count(*) FROM profiles_profile WHERE image NOT LIKE '%default%'"),
        ],
        messages: ("messenger_message", "content", "messenger.message"),
        victim: "And here again",
        gone: &[],
    },
    Style {
        name: "directs",
        users: "auth_user",
        chats: DIRECTS,
        said: "SELECT c.label, u.username, m.body, m.created FROM direct_directmessage m
               JOIN chat c ON c.id = m.chat_id JOIN {users} u ON u.id = m.sender_id",
        counts: &[
            ("messages", "SELECT count(*) FROM direct_directmessage"),
            ("members", "SELECT count(*) FROM direct_directchat_participants"),
        ],
        messages: ("direct_directmessage", "body", "direct.directmessage"),
        victim: "Two",
        gone: &[],
    },
    Style {
        name: "directs_own",
        users: "api_userwithtype",
        chats: DIRECTS,
        said: "SELECT c.label, u.username, m.body, m.created FROM direct_directmessage m
               JOIN chat c ON c.id = m.chat_id JOIN {users} u ON u.id = m.sender_id",
        counts: &[
            ("messages", "SELECT count(*) FROM direct_directmessage"),
            ("files", "SELECT count(*) FROM api_profile WHERE profile_picture NOT LIKE '%default%'"),
        ],
        messages: ("direct_directmessage", "body", "direct.directmessage"),
        victim: "Two for you",
        gone: &[],
    },
    Style {
        name: "messaging",
        users: "auth_user",
        chats:
            "SELECT c.id, CASE c.chat_type WHEN 'dm' THEN names ELSE c.title END AS label FROM django_messaging_chat c
                JOIN (SELECT chat_id, group_concat(username, '+') AS names FROM (SELECT chat_id, username
                    FROM django_messaging_chat_members p JOIN auth_user u ON u.id = p.user_id ORDER BY username)
                    GROUP BY chat_id) ON chat_id = c.id",
        said: "SELECT c.label, u.username, m.content, m.created_at FROM django_messaging_message m
               JOIN chat c ON c.id = m.chat_id JOIN auth_user u ON u.id = m.sender_id",
        counts: &[
            ("messages", "SELECT count(*) FROM django_messaging_message"),
            ("members", "SELECT count(*) FROM django_messaging_chat_members"),
            ("reactions", "SELECT count(*) FROM django_messaging_messagereaction"),
        ],
        messages: ("django_messaging_message", "content", "django_messaging.message"),
        victim: "Hello Anna",
        gone: &["Taken back"],
    },
    Style {
        name: "messaging_own",
        users: "auth_user",
        chats: "SELECT c.id, CASE WHEN c.is_group OR c.is_room THEN c.title ELSE names END AS label
                FROM django_messaging_chatroom c
                JOIN (SELECT chat_id, group_concat(username, '+') AS names FROM (SELECT chat_id, username
                    FROM django_messaging_chatmembership p JOIN auth_user u ON u.id = p.user_id ORDER BY username)
                    GROUP BY chat_id) ON chat_id = c.id",
        said: "SELECT c.label, u.username, m.content, m.created_at FROM django_messaging_message m
               JOIN chat c ON c.id = m.chat_id JOIN auth_user u ON u.id = m.sender_id",
        counts: &[
            ("messages", "SELECT count(*) FROM django_messaging_message"),
            ("members", "SELECT count(*) FROM django_messaging_chatmembership"),
            ("reactions", "SELECT count(*) FROM django_messaging_messagereaction"),
            ("files", "SELECT count(*) FROM django_messaging_message WHERE file_attachment <> ''"),
        ],
        messages: ("django_messaging_message", "content", "django_messaging.message"),
        victim: "Hello Anna",
        gone: &["Taken back at once"],
    },
    Style {
        name: "inbox",
        users: "auth_user",
        chats: "SELECT 0 AS id, '' AS label",
        said: "SELECT CASE WHEN s.username < r.username THEN s.username || '+' || r.username
                           WHEN s.id = r.id THEN s.username ELSE r.username || '+' || s.username END,
                      s.username, m.content, m.timestamp
               FROM inbox_message m JOIN auth_user s ON s.id = m.sender_id JOIN auth_user r ON r.id = m.receiver_id",
        counts: &[("messages", "SELECT count(*) FROM inbox_message")],
        messages: ("inbox_message", "content", "inbox.message"),
        victim: "Hello",
        gone: &[],
    },
];

impl Style {
    fn sql(&self, query: &str) -> String {
        let key =
            if self.users == "auth_user" || self.users == "accounts_user" { "user_id" } else { "userwithtype_id" };
        query.replace("{users}", self.users).replace("userID", key)
    }

    /// What the project has and has not deleted.
    pub fn truth(&self, project: &Path, deleted: &[&str]) -> Facts {
        let db = Connection::open(project).unwrap();
        let direct = if self.name == "inbox" { "" } else { " OR label NOT LIKE '%+%' AND label = sender" };
        let (chats, said) = (self.sql(self.chats), self.sql(self.said));
        let mut facts = facts(
            &db,
            &format!(
                "WITH chat AS ({chats}), said (label, sender, text, at) AS ({said})
                 SELECT 'message', CASE WHEN 0{direct} THEN label || '+(left)' ELSE label END, sender,
                        CASE text WHEN '' THEN '*' ELSE text END, strftime('%Y-%m-%dT%H:%M:%fZ', at) FROM said"
            ),
        );
        let of_users = format!("SELECT 'user', replace(username, '@', '.'), '', '', '' FROM {}", self.users);
        facts.extend(self::facts(&db, &of_users));
        let is_deleted = |fact: &String| deleted.iter().any(|text| fact.contains(&format!("|{text}|")));
        facts.retain(|fact, _| !is_deleted(fact));
        facts
    }

    /// Rows of the project are there, or the report counts them among those that are not.
    pub fn all_are_accounted_for(&self, project: &Path, home: &Home, report: &str) {
        let (source, here) = (Connection::open(project).unwrap(), Connection::open(home.database()).unwrap());
        let count = |db: &Connection, sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        for (kind, sql) in self.counts {
            let there: String = match *kind {
                "members" => {
                    "SELECT count(*) FROM members m JOIN users u ON u.id = m.user_id WHERE username NOT LIKE 'left-%'"
                        .to_owned()
                }
                "credentials" => "SELECT count(*) FROM credentials WHERE kind = 'device'".to_owned(),
                "friends" => "SELECT count(*) / 2 FROM friends".to_owned(),
                kind => format!("SELECT count(*) FROM {kind}"),
            };
            let (had, came) = (count(&source, sql), count(&here, &there));
            let left_out = counted(report, &format!("{kind} did not come: "));
            assert_eq!(had, came + left_out, "{}: {kind}: {report}", self.name);
        }
    }
}

/// The sum of the numbers before some words of a report.
pub(super) fn counted(report: &str, words: &str) -> i64 {
    let counts = report.lines().filter_map(|line| line.split_once(' ').filter(|(_, rest)| rest.starts_with(words)));
    counts.map(|(count, _)| count.parse::<i64>().unwrap()).sum()
}

/// Users and messages of a database of Fireside.
pub(super) fn came(home: &Home) -> Facts {
    let db = Connection::open(home.database()).unwrap();
    let mut came = facts(
        &db,
        "WITH name (id, name) AS (SELECT id, CASE WHEN username LIKE 'left-%' THEN '(left)' ELSE username END FROM users),
              side (chat, name) AS (SELECT c.id, n.name FROM chats c JOIN name n ON n.id IN (c.low_user, c.high_user)
                                    ORDER BY n.name = '(left)', n.name),
              pair (chat, names) AS (SELECT chat, group_concat(name, '+') FROM side GROUP BY chat)
         SELECT 'message', coalesce(p.names, c.title), n.name,
                CASE WHEN m.content = '' OR m.content LIKE '[%]' THEN '*' ELSE m.content END,
                strftime('%Y-%m-%dT%H:%M:%fZ', m.created_at / 1000.0, 'unixepoch')
         FROM messages m JOIN chats c ON c.id = m.chat_id JOIN name n ON n.id = m.sender_id LEFT JOIN pair p ON p.chat = c.id",
    );
    let users = "SELECT 'user', username, '', '', '' FROM users WHERE username NOT LIKE 'left-%'";
    came.extend(facts(&db, users));
    came
}

fn facts(db: &Connection, sql: &str) -> Facts {
    let mut query = db.prepare(sql).unwrap_or_else(|cause| panic!("{cause}: {sql}"));
    let mut facts = Facts::new();
    let rows =
        query.query_map([], |row| (0..5).map(|place| row.get::<_, String>(place)).collect::<Result<Vec<_>, _>>());
    for row in rows.unwrap() {
        *facts.entry(row.unwrap().join("|")).or_default() += 1;
    }
    facts
}

/// Every number of the report of what is not read is what the project has.
pub(super) fn unread_is_counted(project: &Path, report: &str) -> usize {
    let db = Connection::open(project).unwrap();
    let mut checked = 0;
    for line in report.lines().filter_map(|line| line.strip_prefix("not read: ")) {
        let (name, count) = line.strip_suffix(" rows)").and_then(|line| line.split_once(" (")).unwrap();
        let sql = match name.split_once('.') {
            Some((table, column)) => format!(
                "SELECT count(*) FROM \"{table}\" WHERE \"{column}\" IS NOT NULL AND \"{column}\" NOT IN ('', 0, '0')"
            ),
            None => format!("SELECT count(*) FROM \"{name}\""),
        };
        assert_eq!(db.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap().to_string(), count, "{line}");
        checked += 1;
    }
    checked
}

/// The project came whole, and nothing else.
pub(super) fn is_whole(style: &Style, project: &Project, home: &Home, done: &Outcome, deleted: &[&str]) {
    let report = &done.succeeded().stdout;
    let mut gone = style.gone.to_vec();
    gone.extend(deleted);
    assert_eq!(came(home), style.truth(&project.database(), &gone), "{}: {report}", style.name);
    style.all_are_accounted_for(&project.database(), home, report);
    for text in gone {
        assert!(!home.keeps(text.as_bytes()), "{}: {text} was deleted: {report}", style.name);
    }
}
