//! What leads a database from each version to the next.

/// `MIGRATIONS[n]` leads from version n + 1 to n + 2.
pub const MIGRATIONS: &[&str] = &[
    TO_VERSION_2,
    TO_VERSION_3,
    TO_VERSION_4,
    TO_VERSION_5,
    TO_VERSION_6,
    TO_VERSION_7,
    TO_VERSION_8,
    TO_VERSION_9,
    TO_VERSION_10,
    TO_VERSION_11,
    TO_VERSION_12,
    TO_VERSION_13,
    TO_VERSION_14,
    TO_VERSION_15,
    TO_VERSION_16,
    TO_VERSION_17,
];

const TO_VERSION_2: &str = "
     -- Accounts without a mail server: labels, invitations, links, and what administrators did.
     CREATE INDEX users_admins ON users (id) WHERE is_admin = 1 AND is_disabled = 0;
     CREATE INDEX users_disabled ON users (id) WHERE is_disabled = 1;
     ALTER TABLE credentials ADD COLUMN label TEXT NOT NULL DEFAULT '';
     ALTER TABLE credentials ADD COLUMN is_bot INTEGER NOT NULL DEFAULT 0;
     CREATE INDEX credentials_of_bots ON credentials (user_id) WHERE is_bot = 1;
     CREATE TABLE invites (
         id         INTEGER PRIMARY KEY AUTOINCREMENT,
         code_hash  BLOB    NOT NULL UNIQUE,
         label      TEXT    NOT NULL,
         uses_left  INTEGER NOT NULL CHECK (uses_left >= 0),
         created_by INTEGER REFERENCES users,
         created_at INTEGER NOT NULL,
         expires_at INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX invites_by_expiry ON invites (expires_at);
     CREATE TABLE resets (
         user_id    INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
         code_hash  BLOB    NOT NULL UNIQUE,
         created_by INTEGER REFERENCES users,
         expires_at INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX resets_by_expiry ON resets (expires_at);
     CREATE TABLE audit (
         id       INTEGER PRIMARY KEY AUTOINCREMENT,
         at       INTEGER NOT NULL,
         actor_id INTEGER REFERENCES users,
         action   TEXT    NOT NULL,
         subject  TEXT    NOT NULL,
         detail   TEXT    NOT NULL
     ) STRICT;
     CREATE INDEX audit_by_age ON audit (at);

     -- How large pictures are. Those that are there already keep no size: what shows them does without.
     ALTER TABLE files ADD COLUMN width INTEGER;
     ALTER TABLE files ADD COLUMN height INTEGER;

     -- Names that are drawn alike. What it is for those that are there already, the program works out.
     ALTER TABLE users ADD COLUMN look_key TEXT NOT NULL DEFAULT '';
     CREATE INDEX users_by_look ON users (look_key);";

const TO_VERSION_3: &str = "
     -- Which messages a chat has, no more as an index: the newest few are entered later.
     DROP INDEX messages_by_chat;
     CREATE TABLE messages_by_chat (
         chat_id    INTEGER NOT NULL,
         message_id INTEGER NOT NULL,
         PRIMARY KEY (chat_id, message_id)
     ) STRICT, WITHOUT ROWID;
     INSERT INTO messages_by_chat SELECT chat_id, id FROM messages ORDER BY chat_id, id;
     ALTER TABLE sequence ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;
     UPDATE sequence SET indexed = (SELECT coalesce(max(id), 0) FROM messages);
     CREATE TRIGGER messages_leave_chat AFTER DELETE ON messages BEGIN
         DELETE FROM messages_by_chat WHERE chat_id = old.chat_id AND message_id = old.id;
     END;

     -- How long messages are kept, and whose files take the room.
     ALTER TABLE chats ADD COLUMN retain_days INTEGER;
     CREATE INDEX users_by_storage ON users (stored_bytes) WHERE stored_bytes > 0;";

const TO_VERSION_4: &str = "
     -- Who made a chat: that counts, and not to whom its ownership has passed. What is known
     -- of those that are there already is the owner.
     ALTER TABLE chats ADD COLUMN created_by INTEGER REFERENCES users;
     UPDATE chats SET created_by = owner_id WHERE is_deleted < 2;
     DROP INDEX chats_by_owner;
     CREATE INDEX chats_by_creator ON chats (created_by) WHERE is_deleted = 0;";

const TO_VERSION_5: &str = "
     -- Until when the time was known, and the attached files by their age.
     CREATE TABLE clock (
         only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
         known_at INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX files_attached ON files (created_at) WHERE message_id IS NOT NULL;";

const TO_VERSION_6: &str = "
     -- Bytes of each user's texts. Those that are there are added one by one: sums by user would
     -- be sorted, and that takes room on a disk that may have none.
     CREATE TABLE text_bytes (
         user_id INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
         bytes   INTEGER NOT NULL
     ) STRICT;
     CREATE TRIGGER messages_add_text AFTER INSERT ON messages BEGIN
         INSERT INTO text_bytes VALUES (new.sender_id, octet_length(new.content))
         ON CONFLICT (user_id) DO UPDATE SET bytes = bytes + excluded.bytes;
     END;
     CREATE TRIGGER messages_change_text AFTER UPDATE OF content ON messages BEGIN
         UPDATE text_bytes SET bytes = bytes + octet_length(new.content) - octet_length(old.content)
         WHERE user_id = new.sender_id;
     END;
     CREATE TRIGGER messages_drop_text AFTER DELETE ON messages BEGIN
         UPDATE text_bytes SET bytes = bytes - octet_length(old.content) WHERE user_id = old.sender_id;
     END;
     CREATE TRIGGER posts_add_text AFTER INSERT ON posts BEGIN
         INSERT INTO text_bytes VALUES (new.author_id, octet_length(new.title) + octet_length(new.content))
         ON CONFLICT (user_id) DO UPDATE SET bytes = bytes + excluded.bytes;
     END;
     CREATE TRIGGER posts_change_text AFTER UPDATE OF title, content ON posts BEGIN
         UPDATE text_bytes SET bytes = bytes + octet_length(new.title) + octet_length(new.content)
             - octet_length(old.title) - octet_length(old.content)
         WHERE user_id = new.author_id;
     END;
     CREATE TRIGGER posts_drop_text AFTER DELETE ON posts BEGIN
         UPDATE text_bytes SET bytes = bytes - octet_length(old.title) - octet_length(old.content)
         WHERE user_id = old.author_id;
     END;
     INSERT INTO text_bytes SELECT sender_id, octet_length(content) FROM messages WHERE true
     ON CONFLICT (user_id) DO UPDATE SET bytes = bytes + excluded.bytes;
     INSERT INTO text_bytes SELECT author_id, octet_length(title) + octet_length(content) FROM posts WHERE true
     ON CONFLICT (user_id) DO UPDATE SET bytes = bytes + excluded.bytes;";

const TO_VERSION_7: &str = "
     -- A name for the server, rooms that welcome every new account, invitations into groups, and pins.
     CREATE TABLE server (
         only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
         name     TEXT    NOT NULL
     ) STRICT;
     INSERT INTO server (only_row, name) VALUES (1, '');
     ALTER TABLE chats ADD COLUMN welcomes INTEGER NOT NULL DEFAULT 0;
     CREATE INDEX chats_welcoming ON chats (id) WHERE welcomes = 1 AND is_deleted = 0;
     ALTER TABLE invites ADD COLUMN chat_id INTEGER REFERENCES chats;
     CREATE TABLE group_invites (
         id         INTEGER PRIMARY KEY AUTOINCREMENT,
         chat_id    INTEGER NOT NULL REFERENCES chats,
         nonce      BLOB    NOT NULL,
         code_hash  BLOB    NOT NULL UNIQUE,
         uses_left  INTEGER NOT NULL CHECK (uses_left >= 0),
         created_by INTEGER NOT NULL REFERENCES users,
         created_at INTEGER NOT NULL,
         expires_at INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX group_invites_by_chat ON group_invites (chat_id);
     CREATE INDEX group_invites_by_expiry ON group_invites (expires_at);
     CREATE INDEX users_by_name ON users (substr(search_key, length(username_key) + 2)) WHERE is_disabled = 0;
     ALTER TABLE messages ADD COLUMN pinned_at INTEGER;
     CREATE INDEX messages_pinned ON messages (chat_id, pinned_at) WHERE pinned_at IS NOT NULL;";

const TO_VERSION_8: &str = "
     -- Names from before a move, by which people sign in who have another here.
     CREATE TABLE former_names (
         user_id  INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
         name_key TEXT    NOT NULL UNIQUE
     ) STRICT;
     -- The lines that calls leave.
     ALTER TABLE messages ADD COLUMN call_seconds INTEGER;";

const TO_VERSION_9: &str = "
     -- The words of messages. Those that are there are entered while the server serves.
     CREATE VIRTUAL TABLE search USING fts5(
         words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
     );
     INSERT INTO search (search, rank) VALUES ('automerge', 8);
     CREATE VIRTUAL TABLE search_terms USING fts5vocab('search', 'instance');
     CREATE TABLE search_state (
         only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
         is_on    INTEGER NOT NULL,
         below    INTEGER NOT NULL,
         upto     INTEGER NOT NULL
     ) STRICT;
     INSERT INTO search_state SELECT 1, 1, coalesce(max(id), 0), coalesce(max(id), 0) FROM messages;
     CREATE TABLE search_changed (
         message_id INTEGER PRIMARY KEY
     ) STRICT;
     CREATE TABLE search_gone (
         message_id INTEGER PRIMARY KEY
     ) STRICT;
     CREATE TRIGGER messages_change_search AFTER UPDATE OF content, attachment_count ON messages
     WHEN old.id <= (SELECT upto FROM search_state) AND old.id > (SELECT below FROM search_state) BEGIN
         INSERT INTO search_changed VALUES (old.id) ON CONFLICT DO NOTHING;
     END;
     CREATE TRIGGER messages_leave_search AFTER DELETE ON messages
     WHEN old.id <= (SELECT upto FROM search_state) AND old.id > (SELECT below FROM search_state) BEGIN
         DELETE FROM search_changed WHERE message_id = old.id;
         INSERT INTO search_gone VALUES (old.id) ON CONFLICT DO NOTHING;
     END;
     CREATE TABLE search_blocks (
         block  INTEGER PRIMARY KEY,
         oldest INTEGER NOT NULL,
         newest INTEGER NOT NULL
     ) STRICT;";

const TO_VERSION_10: &str = "
     -- Whom messages call. Of those that are there, whom they answer is known; names in them stay text.
     ALTER TABLE messages ADD COLUMN mention_count INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE messages ADD COLUMN answered_user INTEGER;
     CREATE TABLE mentions (
         message_id INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
         user_id    INTEGER NOT NULL,
         chat_id    INTEGER NOT NULL,
         sender_id  INTEGER NOT NULL,
         is_named   INTEGER NOT NULL,
         PRIMARY KEY (message_id, user_id)
     ) STRICT, WITHOUT ROWID;
     UPDATE messages SET answered_user = (SELECT a.sender_id FROM messages a WHERE a.id = messages.reply_to)
     WHERE reply_to IS NOT NULL;
     INSERT INTO mentions SELECT id, answered_user, chat_id, sender_id, 0 FROM messages
     WHERE answered_user IS NOT NULL AND answered_user <> sender_id ORDER BY id;
     CREATE INDEX mentions_of_user ON mentions (user_id, chat_id, message_id, sender_id);

     -- Of what people are told in each chat, and their quiet hours.
     ALTER TABLE members ADD COLUMN level TEXT;
     ALTER TABLE members ADD COLUMN muted_until INTEGER;
     CREATE TABLE notify (
         user_id    INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
         quiet_from INTEGER,
         quiet_to   INTEGER,
         quiet_zone TEXT,
         preview    INTEGER NOT NULL DEFAULT 1
     ) STRICT;

     -- Programs with an account of their own.
     ALTER TABLE users ADD COLUMN is_bot INTEGER NOT NULL DEFAULT 0;
     CREATE TABLE bots (
         user_id    INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
         made_by    INTEGER REFERENCES users
     ) STRICT;
     CREATE INDEX bots_by_maker ON bots (made_by, user_id);";

const TO_VERSION_11: &str = "
     -- URLs by which programs speak in a group.
     CREATE TABLE hooks (
         id          INTEGER PRIMARY KEY AUTOINCREMENT,
         chat_id     INTEGER NOT NULL REFERENCES chats,
         bot_id      INTEGER NOT NULL UNIQUE REFERENCES users,
         label       TEXT    NOT NULL,
         secret_hash BLOB    NOT NULL UNIQUE,
         created_at  INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX hooks_by_chat ON hooks (chat_id);";

const TO_VERSION_12: &str = "
     -- Second factors.
     CREATE TABLE second_factors (
         user_id       INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
         sealed_secret BLOB    NOT NULL,
         is_on         INTEGER NOT NULL DEFAULT 0,
         last_step     INTEGER NOT NULL DEFAULT -1,
         wrong_count   INTEGER NOT NULL DEFAULT 0,
         wrong_at      INTEGER NOT NULL DEFAULT 0
     ) STRICT;
     CREATE INDEX second_factors_by_step ON second_factors (last_step);
     CREATE TABLE recovery_codes (
         user_id   INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
         code_hash BLOB    NOT NULL,
         PRIMARY KEY (user_id, code_hash)
     ) STRICT, WITHOUT ROWID;";

const TO_VERSION_13: &str = "
     -- Who made a hook, or a bot without administering the server. Of hooks that are there it is not known.
     CREATE TABLE program_makers (
         user_id INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
         made_by INTEGER NOT NULL REFERENCES users
     ) STRICT;
     CREATE INDEX programs_by_maker ON program_makers (made_by, user_id);
     INSERT INTO program_makers SELECT user_id, made_by FROM bots JOIN users m ON m.id = made_by WHERE m.is_admin = 0;";

const TO_VERSION_14: &str = "
     -- Devices that are told of messages while no page is open, and what the server pushes with.
     CREATE TABLE push_subscriptions (
         id            INTEGER PRIMARY KEY AUTOINCREMENT,
         user_id       INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
         credential_id INTEGER NOT NULL REFERENCES credentials ON DELETE CASCADE,
         endpoint      TEXT    NOT NULL UNIQUE,
         p256dh        BLOB    NOT NULL,
         auth          BLOB    NOT NULL,
         label         TEXT    NOT NULL,
         created_at    INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX push_subscriptions_by_user ON push_subscriptions (user_id);
     CREATE INDEX push_subscriptions_by_credential ON push_subscriptions (credential_id);
     CREATE TABLE push (
         only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
         sealed_key BLOB    NOT NULL,
         upto       INTEGER NOT NULL
     ) STRICT;";

const TO_VERSION_15: &str = "
     -- Accounts elsewhere that sign somebody in here, and what they opened.
     CREATE TABLE identities (
         issuer     TEXT    NOT NULL,
         subject    TEXT    NOT NULL,
         user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
         PRIMARY KEY (issuer, subject)
     ) STRICT, WITHOUT ROWID;
     CREATE UNIQUE INDEX identities_of_user ON identities (user_id, issuer);
     ALTER TABLE credentials ADD COLUMN issuer TEXT;";

const TO_VERSION_16: &str = "
     -- Hooks that send.
     CREATE TABLE outgoing_hooks (
         hook_id       INTEGER PRIMARY KEY REFERENCES hooks ON DELETE CASCADE,
         url           TEXT    NOT NULL,
         events        INTEGER NOT NULL,
         only          TEXT    NOT NULL,
         nonce         BLOB    NOT NULL,
         cursor        INTEGER NOT NULL,
         furthest      INTEGER NOT NULL,
         replays       INTEGER NOT NULL DEFAULT 0,
         failures      INTEGER NOT NULL DEFAULT 0,
         failing_since INTEGER,
         retry_at      INTEGER,
         off_reason    TEXT
     ) STRICT;
     CREATE INDEX outgoing_hooks_retrying ON outgoing_hooks (retry_at) WHERE retry_at IS NOT NULL;
     CREATE TABLE hook_events (
         seq        INTEGER PRIMARY KEY,
         chat_id    INTEGER NOT NULL REFERENCES chats,
         kind       TEXT    NOT NULL,
         subject_id INTEGER NOT NULL,
         created_at INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX hook_events_by_chat ON hook_events (chat_id, seq);
     CREATE INDEX hook_events_by_age ON hook_events (created_at);
     CREATE TABLE deliveries (
         id         INTEGER PRIMARY KEY AUTOINCREMENT,
         hook_id    INTEGER NOT NULL REFERENCES hooks ON DELETE CASCADE,
         webhook_id TEXT    NOT NULL,
         seq        INTEGER,
         type       TEXT    NOT NULL,
         status     INTEGER,
         ms         INTEGER NOT NULL,
         at         INTEGER NOT NULL,
         error      TEXT
     ) STRICT;
     CREATE INDEX deliveries_by_hook ON deliveries (hook_id, id);";

const TO_VERSION_17: &str = "
     -- Pictures of groups.
     ALTER TABLE chats ADD COLUMN avatar_name TEXT;
     CREATE UNIQUE INDEX chats_by_avatar ON chats (avatar_name) WHERE avatar_name IS NOT NULL;
     ALTER TABLE files ADD COLUMN avatar_of_chat INTEGER REFERENCES chats;
     CREATE INDEX files_by_chat_avatar ON files (avatar_of_chat) WHERE avatar_of_chat IS NOT NULL;
     DROP INDEX files_unused;
     CREATE INDEX files_unused ON files (created_at)
         WHERE message_id IS NULL AND avatar_of IS NULL AND avatar_of_chat IS NULL;";
