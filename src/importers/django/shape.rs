//! What is looked for in a Django database, and under which names.
//!
//! The five documents whose APIs this server speaks come from five Django projects. They
//! print their objects, and two list their models; the names below are what such
//! projects call these things. A mapping file says what differs.

/// A kind of thing, and how its table is known.
pub(super) struct Kind {
    /// Its name in a mapping file.
    pub name: &'static str,
    /// A table's name is one of these, or ends with `_` and one; the first that fits counts.
    pub endings: &'static [&'static str],
    /// Its columns.
    pub fields: &'static [Field],
}

/// A column, and how it is known.
pub(super) struct Field {
    /// Its name in a mapping file.
    pub name: &'static str,
    /// What it may be called; the first that is there counts.
    pub columns: &'static [&'static str],
    /// The kinds whose tables it may refer to: a foreign key is taken whatever it is called.
    pub refers: &'static [&'static str],
    /// A table without it is not this kind's.
    pub is_required: bool,
}

const fn must(name: &'static str, columns: &'static [&'static str]) -> Field {
    Field { name, columns, refers: &[], is_required: true }
}

const fn may(name: &'static str, columns: &'static [&'static str]) -> Field {
    Field { name, columns, refers: &[], is_required: false }
}

const fn key(name: &'static str, columns: &'static [&'static str], refers: &'static [&'static str]) -> Field {
    Field { name, columns, refers, is_required: true }
}

const fn maybe_key(name: &'static str, columns: &'static [&'static str], refers: &'static [&'static str]) -> Field {
    Field { name, columns, refers, is_required: false }
}

const PERSON: &[&str] = &["users", "profiles"];
const CREATED: &[&str] = &["created_at", "created", "timestamp", "sent_at", "date", "uploaded_at", "created_on"];
const TEXT: &[&str] = &["content", "body", "text", "message"];

/// All kinds, each after those that its columns refer to.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "users",
        endings: &["user", "customuser", "appuser"],
        fields: &[
            must("id", &["id"]),
            must("username", &["username", "login", "email"]),
            must("password", &["password"]),
            may("email", &["email"]),
            may("display_name", &["display_name", "full_name", "name"]),
            may("first_name", &["first_name"]),
            may("last_name", &["last_name"]),
            may("bio", &["bio", "about"]),
            may("avatar", &["avatar", "image", "photo", "picture"]),
            may("is_active", &["is_active"]),
            may("is_superuser", &["is_superuser"]),
            may("created", &["date_joined", "created_at"]),
            may("last_seen", &["last_seen", "last_login"]),
        ],
    },
    Kind {
        name: "profiles",
        endings: &["profile", "userprofile"],
        fields: &[
            must("id", &["id", "user_id"]),
            key("user", &["user_id"], &["users"]),
            may("display_name", &["display_name", "full_name", "name"]),
            may("bio", &["bio", "about", "description"]),
            may("avatar", &["image", "avatar", "photo", "picture"]),
        ],
    },
    Kind {
        name: "tokens",
        endings: &["authtoken_token"],
        fields: &[must("key", &["key"]), key("user", &["user_id"], &["users"]), may("created", &["created"])],
    },
    Kind {
        name: "friends",
        endings: &["friends", "friendship", "friend"],
        fields: &[
            key("user", &["from_profile_id", "from_user_id", "profile_id", "user_id"], PERSON),
            key("friend", &["to_profile_id", "to_user_id", "friend_id", "user_id"], PERSON),
            may("created", CREATED),
        ],
    },
    Kind {
        name: "posts",
        endings: &["post"],
        fields: &[
            must("id", &["id"]),
            key("author", &["author_id", "user_id", "profile_id", "owner_id"], PERSON),
            may("title", &["title"]),
            must("text", TEXT),
            must("created", CREATED),
        ],
    },
    Kind {
        name: "chats",
        endings: &["directchat", "chatroom", "room", "chat", "conversation", "thread"],
        fields: &[
            must("id", &["id"]),
            may("title", &["title", "name"]),
            may("description", &["description", "topic"]),
            may("type", &["chat_type", "type", "kind", "room_type"]),
            may("is_direct", &["is_direct", "is_dm"]),
            may("is_private", &["is_private"]),
            may("max_members", &["max_participants", "max_members"]),
            maybe_key("owner", &["owner_id", "created_by_id", "creator_id", "host_id"], PERSON),
            may("created", CREATED),
            may("updated", &["updated_at", "updated"]),
        ],
    },
    Kind {
        name: "members",
        endings: &[
            "members",
            "participants",
            "roomparticipant",
            "roommember",
            "chatmember",
            "chatparticipant",
            "participant",
            "membership",
            "member",
            "users",
        ],
        fields: &[
            key("chat", &["chat_id", "room_id"], &["chats"]),
            key("user", &["user_id", "member_id"], PERSON),
            may("joined", &["joined_at", "joined", "created_at"]),
            may("is_admin", &["is_admin"]),
            may("role", &["role"]),
            may("last_read", &["last_read_at", "last_read"]),
        ],
    },
    Kind {
        name: "admins",
        endings: &["admins", "moderators"],
        fields: &[key("chat", &["chat_id", "room_id"], &["chats"]), key("user", &["user_id"], PERSON)],
    },
    Kind {
        name: "messages",
        endings: &["message", "directmessage", "chatmessage"],
        fields: &[
            must("id", &["id"]),
            maybe_key("chat", &["chat_id", "room_id", "chat_room_id", "conversation_id"], &["chats"]),
            key("sender", &["sender_id", "author_id", "from_user_id", "user_id"], PERSON),
            may("receiver", &["receiver_id", "recipient_id", "to_user_id"]),
            must("text", TEXT),
            must("created", CREATED),
            may("updated", &["edited_at", "updated_at", "updated"]),
            may("is_edited", &["is_edited", "edited"]),
            may("is_deleted", &["is_deleted", "deleted"]),
            may("is_read", &["is_read", "read"]),
            may("reply_to", &["reply_to_id", "parent_id", "parent_message_id"]),
            may("file", &["attachment", "file", "image"]),
        ],
    },
    Kind {
        name: "reads",
        endings: &["read_by", "readreceipt", "messagereadreceipt", "messageread", "messagereceipt"],
        fields: &[key("message", &["message_id"], &["messages"]), key("user", &["user_id"], PERSON)],
    },
    Kind {
        name: "reactions",
        endings: &["reaction", "messagereaction"],
        fields: &[
            key("message", &["message_id"], &["messages"]),
            key("user", &["user_id"], PERSON),
            must("emoji", &["emoji", "reaction"]),
        ],
    },
    Kind {
        name: "files",
        endings: &["file", "fileupload", "uploadedfile", "sharedfile", "attachment", "messageattachment"],
        fields: &[
            must("id", &["id"]),
            must("path", &["file", "path", "upload", "attachment", "document"]),
            may("name", &["original_name", "original_filename", "file_name", "filename", "name"]),
            may("message", &["message_id"]),
            may("created", CREATED),
        ],
    },
    Kind {
        name: "attachments",
        endings: &["message_attachments", "message_files", "attachments", "files"],
        fields: &[key("message", &["message_id"], &["messages"]), key("file", &["file_id"], &["files"])],
    },
];

/// The kind of this name.
pub(super) fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
