-- The whole database of Fireside: one world for five chat dialects.
--
-- Every table is STRICT, so that a value of a wrong type is an error here and not
-- a surprise later. Times are UTC milliseconds since 1970. Ids that a person may
-- have seen never return after a deletion (AUTOINCREMENT, or the sequence below), nor
-- after a restore, which leaves a gap in both.
-- The path from a person to a thing goes through `members`: who is not in there
-- finds nothing.

-- People. A username never changes, so frames and room names may carry it.
CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    username      TEXT    NOT NULL,          -- NFKC, as its owner spelled it
    username_key  TEXT    NOT NULL UNIQUE,   -- folded: two names that differ by case only are one
    email         TEXT    NOT NULL,          -- '' for none
    email_key     TEXT    UNIQUE,            -- folded; NULL for none, so that many may have none
    password_hash TEXT    NOT NULL,          -- PHC string, argon2id; until the first sign-in perhaps Django's
    display_name  TEXT    NOT NULL,          -- the username until its owner says otherwise
    bio           TEXT    NOT NULL DEFAULT '',
    search_key    TEXT    NOT NULL,          -- folded "username display name", for user search
    avatar_name   TEXT    UNIQUE,            -- the unguessable name under /media/user_images/
    token_nonce   BLOB    NOT NULL,          -- the account token is HMAC(server secret, nonce): never stored
    is_admin      INTEGER NOT NULL DEFAULT 0,
    is_disabled   INTEGER NOT NULL DEFAULT 0,
    stored_bytes  INTEGER NOT NULL DEFAULT 0, -- sum of the sizes of one's files, for the quota (texts: text_bytes)
    created_at    INTEGER NOT NULL,
    last_seen_at  INTEGER,
    look_key      TEXT    NOT NULL DEFAULT '', -- what names of other alphabets share that are drawn alike
    is_bot        INTEGER NOT NULL DEFAULT 0 -- a program's: it has no password and no account token
) STRICT;
CREATE INDEX users_by_look ON users (look_key);
CREATE INDEX users_by_search ON users (search_key);
CREATE INDEX users_by_name ON users (substr(search_key, length(username_key) + 2)) WHERE is_disabled = 0; -- the display name, folded
CREATE INDEX users_admins ON users (id) WHERE is_admin = 1 AND is_disabled = 0; -- the last of them stays one
CREATE INDEX users_by_storage ON users (stored_bytes) WHERE stored_bytes > 0; -- who takes the room, and all of it
CREATE INDEX users_disabled ON users (id) WHERE is_disabled = 1;

-- Names from before a move, of people who have another here: they sign in by them, too, where nobody
-- has that name or address now.
CREATE TABLE former_names (
    user_id  INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    name_key TEXT    NOT NULL UNIQUE         -- folded, as users.username_key is
) STRICT;

-- Programs with an account of their own, as long as their maker keeps them.
CREATE TABLE bots (
    user_id    INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    made_by    INTEGER REFERENCES users        -- NULL: the command line
) STRICT;
CREATE INDEX bots_by_maker ON bots (made_by, user_id);

-- Accounts elsewhere that sign somebody in here, known by these two alone: at a provider of
-- OpenID Connect, or (issuer `proxy`) as a trusted proxy names them.
CREATE TABLE identities (
    issuer     TEXT    NOT NULL,             -- letter by letter as its tokens say it
    subject    TEXT    NOT NULL,
    user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX identities_of_user ON identities (user_id, issuer);

-- How people are told of what happens, where they said so.
CREATE TABLE notify (
    user_id    INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    quiet_from INTEGER,                      -- minute of the day; NULL: no quiet hours
    quiet_to   INTEGER,
    quiet_zone TEXT,                         -- an IANA name
    preview    INTEGER NOT NULL DEFAULT 1    -- pushes carry the text
) STRICT;

-- Everything that signs somebody in. Only the SHA-256 of a secret is kept, so a
-- stolen database opens no session. A JWT is bound to its `refresh` row.
CREATE TABLE credentials (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id     INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    kind        TEXT    NOT NULL CHECK (kind IN ('account', 'device', 'session', 'refresh')),
    secret_hash BLOB    NOT NULL UNIQUE,
    created_at  INTEGER NOT NULL,
    used_at     INTEGER NOT NULL,            -- written at most once an hour
    expires_at  INTEGER,                     -- NULL: until it is revoked
    label       TEXT    NOT NULL DEFAULT '', -- what its owner knows it by: the device's own words, or a name
    is_bot      INTEGER NOT NULL DEFAULT 0,  -- made for a program at the command line: sign-ins make no room at its cost
    issuer      TEXT                         -- by whose word it was opened; NULL: by a password
) STRICT;
CREATE INDEX credentials_by_user ON credentials (user_id, kind);
CREATE INDEX credentials_of_bots ON credentials (user_id) WHERE is_bot = 1;
CREATE INDEX credentials_by_expiry ON credentials (expires_at) WHERE expires_at IS NOT NULL;

-- Second factors: what an authenticator app shares with the server. Codes have to be made of it again and
-- again, so that a hash would not do: it is sealed with a key that is derived from `secret.key`.
CREATE TABLE second_factors (
    user_id       INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    sealed_secret BLOB    NOT NULL,          -- nonce, ciphertext and tag of ChaCha20-Poly1305, bound to the user
    is_on         INTEGER NOT NULL DEFAULT 0, -- 0: it waits for its first code, and counts for nothing
    last_step     INTEGER NOT NULL DEFAULT -1, -- of 30 seconds since 1970: codes up to this one are used
    wrong_count   INTEGER NOT NULL DEFAULT 0, -- wrong codes since the last right one
    wrong_at      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX second_factors_by_step ON second_factors (last_step);

-- Codes for when the app is lost, of 80 random bits. A row goes when its code is used.
CREATE TABLE recovery_codes (
    user_id   INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    code_hash BLOB    NOT NULL,              -- SHA-256
    PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;

-- Devices that are told of messages while no page is open, by the push service of their browser. One
-- ends with the credential that made it.
CREATE TABLE push_subscriptions (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    credential_id INTEGER NOT NULL REFERENCES credentials ON DELETE CASCADE,
    endpoint      TEXT    NOT NULL UNIQUE,   -- the URL that the push service gave the browser
    p256dh        BLOB    NOT NULL,          -- the browser's public key: 65 bytes
    auth          BLOB    NOT NULL,          -- and the secret that goes with it: 16 bytes
    label         TEXT    NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX push_subscriptions_by_user ON push_subscriptions (user_id);
CREATE INDEX push_subscriptions_by_credential ON push_subscriptions (credential_id);

-- What the server pushes with. No row until it does for the first time.
CREATE TABLE push (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    sealed_key BLOB    NOT NULL,             -- the key that push services know it by, under the server's secret
    upto       INTEGER NOT NULL              -- messages up to this one were looked at
) STRICT;

-- Invitations to register. The code is in the link that was sent, and nowhere here.
CREATE TABLE invites (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    code_hash  BLOB    NOT NULL UNIQUE,        -- SHA-256
    label      TEXT    NOT NULL,
    uses_left  INTEGER NOT NULL CHECK (uses_left >= 0),
    created_by INTEGER REFERENCES users,       -- NULL: the command line; else good while they are an admin
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    chat_id    INTEGER REFERENCES chats        -- the group that its guest joins; NULL: none
) STRICT;
CREATE INDEX invites_by_expiry ON invites (expires_at);

-- Links that set a new password: one for each user, so that a new one ends the older.
CREATE TABLE resets (
    user_id    INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    code_hash  BLOB    NOT NULL UNIQUE,        -- SHA-256
    created_by INTEGER REFERENCES users,       -- as of an invitation
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX resets_by_expiry ON resets (expires_at);

-- Who administered what: a row in the transaction of each act, kept for 400 days.
CREATE TABLE audit (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    actor_id INTEGER REFERENCES users,         -- NULL: the command line
    action   TEXT    NOT NULL,
    subject  TEXT    NOT NULL,                 -- a username, or an invitation's id
    detail   TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_by_age ON audit (at);

-- Conversations. A direct chat is unique for its unordered pair, in the database
-- and not only in the code; low = high is a person's notes to self.
CREATE TABLE chats (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT    NOT NULL CHECK (kind IN ('direct', 'group')),
    low_user        INTEGER REFERENCES users,
    high_user       INTEGER REFERENCES users,
    slug            TEXT    UNIQUE,           -- `<a>_<b>` of a direct chat, fixed at creation; a group is `room-<id>`
    title           TEXT    NOT NULL DEFAULT '',
    title_key       TEXT    NOT NULL DEFAULT '', -- folded, for search
    description     TEXT    NOT NULL DEFAULT '',
    is_private      INTEGER NOT NULL DEFAULT 1,
    max_members     INTEGER,                  -- NULL: the server's own limit
    owner_id        INTEGER NOT NULL REFERENCES users,
    member_count    INTEGER NOT NULL DEFAULT 0,
    message_count   INTEGER NOT NULL DEFAULT 0, -- messages that still exist
    last_message_id INTEGER,                  -- the newest that still exists
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,         -- last change of the chat itself
    active_at       INTEGER NOT NULL,         -- last message or creation: what lists are ordered by
    is_deleted      INTEGER NOT NULL DEFAULT 0, -- 1: has no members any more, and its messages are being erased;
                                              -- 2: they are, and nothing is left of it but its number
    retain_days     INTEGER,                  -- older messages go; 0: none does; NULL: as the server is told
    created_by      INTEGER REFERENCES users, -- whose limit it counts for: it stays when the ownership passes on;
                                              -- NULL when the chat was erased
    welcomes        INTEGER NOT NULL DEFAULT 0, -- 1: every new account joins it
    avatar_name     TEXT,                     -- a group's picture: the unguessable name under /media/user_images/
    UNIQUE (low_user, high_user),
    CHECK (kind = 'group' OR (low_user <= high_user AND slug IS NOT NULL))
) STRICT;
CREATE INDEX chats_public ON chats (id) WHERE kind = 'group' AND is_private = 0 AND is_deleted = 0;
CREATE INDEX chats_by_creator ON chats (created_by) WHERE is_deleted = 0;
CREATE INDEX chats_to_erase ON chats (id) WHERE is_deleted = 1;
CREATE INDEX chats_welcoming ON chats (id) WHERE welcomes = 1 AND is_deleted = 0;
CREATE UNIQUE INDEX chats_by_avatar ON chats (avatar_name) WHERE avatar_name IS NOT NULL;

-- Who came into a group, who left it and how it was renamed, for whoever opens it later: the newest of each group.
CREATE TABLE chat_log (
    id         INTEGER PRIMARY KEY,
    chat_id    INTEGER NOT NULL REFERENCES chats,
    kind       TEXT    NOT NULL CHECK (kind IN ('joined', 'added', 'left', 'removed', 'renamed')),
    actor_id   INTEGER NOT NULL REFERENCES users, -- who did it
    user_id    INTEGER REFERENCES users,      -- who came or went; NULL: nobody did
    old_title  TEXT,                          -- of a renaming
    new_title  TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX chat_log_by_chat ON chat_log (chat_id, id);

-- Invitations into a group, for people who have an account. An admin of the group sees the
-- code again at any time, so it is derived rather than kept: HMAC(server secret, nonce).
CREATE TABLE group_invites (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    chat_id    INTEGER NOT NULL REFERENCES chats,
    nonce      BLOB    NOT NULL,
    code_hash  BLOB    NOT NULL UNIQUE,        -- SHA-256
    uses_left  INTEGER NOT NULL CHECK (uses_left >= 0),
    created_by INTEGER NOT NULL REFERENCES users, -- good while they are an admin of the group
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX group_invites_by_chat ON group_invites (chat_id);
CREATE INDEX group_invites_by_expiry ON group_invites (expires_at);

-- URLs by which programs speak in a group, each as a bot of its own that nothing signs in.
CREATE TABLE hooks (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    chat_id     INTEGER NOT NULL REFERENCES chats,
    bot_id      INTEGER NOT NULL UNIQUE REFERENCES users,
    label       TEXT    NOT NULL,
    secret_hash BLOB    NOT NULL UNIQUE,      -- SHA-256 of what stands in the URL; of one that sends, of what nobody knows
    created_at  INTEGER NOT NULL,
    off_reason  TEXT                          -- NULL: it is on
) STRICT;
CREATE INDEX hooks_by_chat ON hooks (chat_id);

-- Who made a hook, or a bot without administering the server: what such programs store and say is counted for
-- all that one person has made, and so is how many they are. A row stays when its program has ended, as its
-- account and its words do.
CREATE TABLE program_makers (
    user_id INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    made_by INTEGER NOT NULL REFERENCES users
) STRICT;
CREATE INDEX programs_by_maker ON program_makers (made_by, user_id);

-- Those that send: what happens in their group goes to a URL, in the order of its numbers.
CREATE TABLE outgoing_hooks (
    hook_id       INTEGER PRIMARY KEY REFERENCES hooks ON DELETE CASCADE,
    url           TEXT    NOT NULL,
    events        INTEGER NOT NULL,          -- a bit for each kind that is sent
    only          TEXT    NOT NULL,          -- which messages: all, mentions of the bot, or those that begin with a /word
    nonce         BLOB    NOT NULL,          -- the secret that signs is HMAC(server secret, nonce): never stored
    cursor        INTEGER NOT NULL,          -- what took a number up to this one was sent
    furthest      INTEGER NOT NULL,          -- the cursor at its highest: a replay sets it back
    replays       INTEGER NOT NULL DEFAULT 0, -- what is under way when one begins moves no cursor
    failures      INTEGER NOT NULL DEFAULT 0, -- attempts in a row that failed
    failing_since INTEGER,
    retry_at      INTEGER                    -- NULL: the next event goes at once
) STRICT;
CREATE INDEX outgoing_hooks_retrying ON outgoing_hooks (retry_at) WHERE retry_at IS NOT NULL;

-- What such hooks send beside new messages, which are found by their numbers. Written in groups that
-- have one, and kept for 30 days, as far as a replay goes back.
CREATE TABLE hook_events (
    seq        INTEGER PRIMARY KEY,          -- the number of the event; of erased and purged: the message's own
    chat_id    INTEGER NOT NULL REFERENCES chats,
    kind       TEXT    NOT NULL,             -- updated, deleted, erased (deleted, told by another row), purged, added, removed
    subject_id INTEGER NOT NULL,             -- a message, a user, or for erased and purged the number of the deletion
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX hook_events_by_chat ON hook_events (chat_id, seq);
CREATE INDEX hook_events_by_age ON hook_events (created_at);

-- The last attempts of each hook that sends, for its admins.
CREATE TABLE deliveries (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    hook_id    INTEGER NOT NULL REFERENCES hooks ON DELETE CASCADE,
    webhook_id TEXT    NOT NULL,
    seq        INTEGER,                      -- NULL: a test
    type       TEXT    NOT NULL,
    status     INTEGER,                      -- NULL: no answer
    ms         INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    error      TEXT                          -- NULL: it was taken
) STRICT;
CREATE INDEX deliveries_by_hook ON deliveries (hook_id, id);

-- Who is in which chat. The counters make unread numbers and page counts O(1):
--   unread = chats.message_count - seen_count
--   count  = chats.message_count - cleared_count
-- They change in the transaction that changes the messages.
CREATE TABLE members (
    id            INTEGER PRIMARY KEY AUTOINCREMENT, -- standing: the lowest is the longest in the chat
    chat_id       INTEGER NOT NULL REFERENCES chats ON DELETE CASCADE,
    user_id       INTEGER NOT NULL REFERENCES users,
    is_admin      INTEGER NOT NULL DEFAULT 0,
    joined_at     INTEGER NOT NULL,
    joined_mark   INTEGER NOT NULL DEFAULT 0, -- newest message at joining: nothing up to it was read here
    read_mark     INTEGER NOT NULL DEFAULT 0, -- everything up to this message is read
    seen_count    INTEGER NOT NULL DEFAULT 0, -- existing messages that are read, or one's own
    cleared_mark  INTEGER NOT NULL DEFAULT 0, -- messages up to this one are gone from this member's view
    cleared_count INTEGER NOT NULL DEFAULT 0, -- existing messages up to cleared_mark
    is_hidden     INTEGER NOT NULL DEFAULT 0, -- not listed until a new message comes (direct chats only)
    level         TEXT,                     -- of what they are told: all, mentions, nothing; NULL: by the chat's size
    muted_until   INTEGER,                  -- NULL: not mute; the greatest number: for ever
    UNIQUE (chat_id, user_id)
) STRICT;
CREATE INDEX members_of_user ON members (user_id, is_hidden, chat_id);
CREATE INDEX members_by_standing ON members (chat_id);

-- One number for every change to a message, on the whole server: what a client
-- has seen, in one integer. A new message takes a number too, and its row says so:
-- the newest number is the greater of this value and the newest message's id.
CREATE TABLE sequence (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    value    INTEGER NOT NULL,
    indexed  INTEGER NOT NULL DEFAULT 0       -- messages up to this one are in messages_by_chat
) STRICT;
INSERT INTO sequence (only_row, value) VALUES (1, 0);

-- Messages that exist. A message's id is the sequence number it was born with,
-- so ids grow in commit order and an unchanged message has seq = id: catching up
-- needs an index of its own only for the few that changed later.
CREATE TABLE messages (
    id               INTEGER PRIMARY KEY,
    chat_id          INTEGER NOT NULL REFERENCES chats,
    sender_id        INTEGER NOT NULL REFERENCES users,
    content          TEXT    NOT NULL,
    reply_to         INTEGER,                  -- may name a message that was deleted since
    attachment_count INTEGER NOT NULL DEFAULT 0, -- 0 spares the look-up
    reaction_count   INTEGER NOT NULL DEFAULT 0, -- likewise
    created_at       INTEGER NOT NULL,
    edited_at        INTEGER,
    seq              INTEGER NOT NULL,         -- number of the last change
    pinned_at        INTEGER,                  -- NULL: it is not pinned
    call_seconds     INTEGER,                  -- NULL: somebody's words; else a call's line: 0 if nobody answered
    mention_count    INTEGER NOT NULL DEFAULT 0, -- of rows that name somebody: 0 spares the look-up
    answered_user    INTEGER                   -- who said what it answers, which may be gone
) STRICT;
CREATE INDEX messages_changed ON messages (chat_id, seq) WHERE seq > id;
CREATE INDEX messages_pinned ON messages (chat_id, pinned_at) WHERE pinned_at IS NOT NULL;

-- Which messages a chat has. Not an index, since that would write a page for every chat
-- that somebody speaks in with each commit: the newest few are entered later, together.
CREATE TABLE messages_by_chat (
    chat_id    INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    PRIMARY KEY (chat_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER messages_leave_chat AFTER DELETE ON messages BEGIN
    DELETE FROM messages_by_chat WHERE chat_id = old.chat_id AND message_id = old.id;
END;

-- All that is left of a deleted message, for those who catch up.
CREATE TABLE tombstones (
    message_id INTEGER PRIMARY KEY,
    chat_id    INTEGER NOT NULL REFERENCES chats,
    seq        INTEGER NOT NULL
) STRICT;
CREATE INDEX tombstones_by_chat ON tombstones (chat_id, seq);

CREATE TABLE reactions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT, -- order of reacting
    message_id INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    user_id    INTEGER NOT NULL REFERENCES users,
    emoji      TEXT    NOT NULL,
    UNIQUE (message_id, emoji, user_id)
) STRICT;

-- Calls that go on, as they would be told of if they ended now: one that a crash cuts leaves its line
-- in the history at the next start.
CREATE TABLE open_calls (
    chat_id      INTEGER PRIMARY KEY REFERENCES chats,
    starter_id   INTEGER NOT NULL REFERENCES users, -- who joined first
    last_id      INTEGER NOT NULL REFERENCES users, -- who joined last
    has_video    INTEGER NOT NULL,
    was_answered INTEGER NOT NULL,
    seconds      INTEGER NOT NULL              -- that it is known to have lasted so far
) STRICT;

-- Whom messages call: by an `@` and their name, everybody in the chat at once (user 0), and
-- who is answered. What is called for whom is counted above the members' marks.
CREATE TABLE mentions (
    message_id INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    user_id    INTEGER NOT NULL,
    chat_id    INTEGER NOT NULL,
    sender_id  INTEGER NOT NULL,
    is_named   INTEGER NOT NULL,              -- 0: answered, and not named
    PRIMARY KEY (message_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_of_user ON mentions (user_id, chat_id, message_id, sender_id);

-- Uploaded files. A file is attached once (message_id and position say where),
-- or is somebody's avatar or a group's, or dies a day after its upload.
CREATE TABLE files (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    uploader_id  INTEGER NOT NULL REFERENCES users,
    name         TEXT    NOT NULL,            -- as the uploader calls it; never a path on disk
    size         INTEGER NOT NULL,            -- bytes
    content_type TEXT    NOT NULL,            -- by the file's first bytes, not by the client's word
    sha256       TEXT    NOT NULL,            -- hex
    storage_name TEXT    NOT NULL UNIQUE,     -- random; the name in the folder `files`
    created_at   INTEGER NOT NULL,
    message_id   INTEGER REFERENCES messages,
    position     INTEGER NOT NULL DEFAULT 0,  -- order among the message's attachments
    avatar_of    INTEGER REFERENCES users,
    width        INTEGER,                     -- pixels, of a picture whose header tells
    height       INTEGER,
    avatar_of_chat INTEGER REFERENCES chats
) STRICT;
CREATE INDEX files_by_message ON files (message_id, position) WHERE message_id IS NOT NULL;
CREATE INDEX files_by_avatar ON files (avatar_of) WHERE avatar_of IS NOT NULL;
CREATE INDEX files_by_chat_avatar ON files (avatar_of_chat) WHERE avatar_of_chat IS NOT NULL;
CREATE INDEX files_attached ON files (created_at) WHERE message_id IS NOT NULL; -- which have been kept for long enough
CREATE INDEX files_unused ON files (created_at)
    WHERE message_id IS NULL AND avatar_of IS NULL AND avatar_of_chat IS NULL;

-- What the server is called.
CREATE TABLE server (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    name     TEXT    NOT NULL                 -- '' until somebody names it
) STRICT;
INSERT INTO server (only_row, name) VALUES (1, '');

-- Until when the server knew the time: nothing is deleted for its age while the machine's
-- clock is far from it. Written once an hour.
CREATE TABLE clock (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    known_at INTEGER NOT NULL
) STRICT;

-- A send that names a key happens once: the key leads back to its first result.
CREATE TABLE idempotency_keys (
    user_id      INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    key          TEXT    NOT NULL,
    content_hash BLOB    NOT NULL,            -- SHA-256 of chat, text, attachments and reply: other content is a conflict
    message_id   INTEGER NOT NULL,            -- may have been deleted since
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- The messenger dialect's profile page: posts, and friends (mutual: two rows).
CREATE TABLE posts (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    author_id  INTEGER NOT NULL REFERENCES users,
    title      TEXT    NOT NULL,
    content    TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX posts_by_author ON posts (author_id);

CREATE TABLE friends (
    user_id    INTEGER NOT NULL REFERENCES users,
    friend_id  INTEGER NOT NULL REFERENCES users,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, friend_id),
    CHECK (user_id <> friend_id)
) STRICT;

-- Bytes of the texts that each user has stored, for the quota: of messages, and of posts with
-- their titles. Triggers keep them, so that no way of writing or deleting a text forgets to.
-- A table of its own, since every message changes a row of it and the rows of users are wide.
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

-- The words of messages, for search: an index without a copy of what it indexes. The program folds and
-- parts the words (`src/chat/model/search/words.rs`), so that the tokenizer has nothing left to
-- do; among them are tokens in full width letters for the sender, the chat, what is attached
-- and the block of numbers. Positions are not kept, which is half the size: what is found is read anyway,
-- and a phrase is looked for then. Messages are entered later, together (`src/chat/store/search/`).
CREATE VIRTUAL TABLE search USING fts5(
    words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);
INSERT INTO search (search, rank) VALUES ('automerge', 8);
CREATE VIRTUAL TABLE search_terms USING fts5vocab('search', 'instance');
CREATE TABLE search_state (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    is_on    INTEGER NOT NULL,
    below    INTEGER NOT NULL,                -- messages up to this one wait since before there was an index
    upto     INTEGER NOT NULL                 -- those above `below`, up to this one, are entered
) STRICT;
INSERT INTO search_state (only_row, is_on, below, upto) VALUES (1, 1, 0, 0);

-- Messages that are entered and are not as they were: who searches looks at them as they are.
CREATE TABLE search_changed (
    message_id INTEGER PRIMARY KEY
) STRICT;
-- And those that are gone.
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

-- When the entered messages of a block of numbers were posted: a day is looked for in few blocks.
CREATE TABLE search_blocks (
    block  INTEGER PRIMARY KEY,
    oldest INTEGER NOT NULL,
    newest INTEGER NOT NULL
) STRICT;

-- What `MIGRATIONS` in chat/store/migrations.rs lead to.
PRAGMA user_version = 20;
