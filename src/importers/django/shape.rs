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
const CREATED: &[&str] =
    &["created_at", "created", "timestamp", "sent_at", "date", "uploaded_at", "created_on", "date_created"];
const UPDATED: &[&str] = &["edited_at", "updated_at", "updated", "modified_at"];
const TEXT: &[&str] = &["content", "body", "text", "message"];
const DISPLAY_NAME: &[&str] = &["display_name", "full_name", "fullname", "nickname", "name"];
const FIRST_NAME: &[&str] = &["first_name", "firstname", "given_name"];
const LAST_NAME: &[&str] = &["last_name", "surname", "lastname", "family_name"];
const BIO: &[&str] = &["bio", "about", "about_me", "description"];
const AVATAR: &[&str] = &[
    "avatar",
    "image",
    "photo",
    "picture",
    "profile_picture",
    "profile_image",
    "profile_photo",
    "profile_pic",
    "avatar_image",
    "user_image",
    "userpic",
];

/// What a mapping calls the column that says that a row was deleted, of any kind.
pub(super) const IS_DELETED: &str = "is_deleted";

/// All kinds, each after those that its columns refer to.
/// The kind of rows that say who has deleted a message for themselves alone.
pub(super) const HIDDEN: &str = "hidden";

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "users",
        endings: &["user", "customuser", "appuser"],
        fields: &[
            must("id", &["id"]),
            must(
                "username",
                &["username", "user_name", "login", "handle", "email", "email_address", "phone", "phone_number"],
            ),
            must("password", &["password"]),
            may("email", &["email", "email_address"]),
            may("display_name", DISPLAY_NAME),
            may("first_name", FIRST_NAME),
            may("last_name", LAST_NAME),
            may("bio", &["bio", "about", "about_me"]),
            may("avatar", AVATAR),
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
            may("display_name", DISPLAY_NAME),
            may("first_name", FIRST_NAME),
            may("last_name", LAST_NAME),
            may("bio", BIO),
            may("avatar", AVATAR),
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
            may("is_direct", &["is_direct", "is_dm", "is_personal"]),
            may("is_group", &["is_group", "is_group_chat"]),
            may("is_private", &["is_private"]),
            may("is_public", &["is_public", "is_room", "is_open"]),
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
            "roommembership",
            "chatmember",
            "chatmembership",
            "chatparticipant",
            "chatroommember",
            "chatroommembership",
            "conversationparticipant",
            "conversationmember",
            "participant",
            "membership",
            "member",
            "users",
        ],
        fields: &[
            key("chat", &["chat_id", "room_id", "chat_room_id", "conversation_id"], &["chats"]),
            key("user", &["user_id", "member_id", "participant_id"], PERSON),
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
            may("updated", UPDATED),
            may("is_edited", &["is_edited", "edited"]),
            may("is_read", &["is_read", "read"]),
            may("reply_to", &["reply_to_id", "parent_id", "parent_message_id"]),
            may("file", &["file_attachment", "attachment", "file", "media", "media_file", "document"]),
            may("image", &["image", "photo", "picture"]),
            may("audio", &["audio", "voice", "voice_message", "audio_file"]),
            may("video", &["video", "video_file"]),
        ],
    },
    Kind {
        name: "reads",
        endings: &["read_by", "readreceipt", "messagereadreceipt", "messageread", "messagereceipt"],
        fields: &[key("message", &["message_id"], &["messages"]), key("user", &["user_id"], PERSON)],
    },
    Kind {
        name: HIDDEN,
        endings: &[
            "hidden_for",
            "hidden_by",
            "hidden_from",
            "deleted_for",
            "deleted_by",
            "deleted_for_users",
            "deleted_by_users",
            "removed_for",
            "removed_by",
            "hiddenmessage",
            "messagehidden",
            "messagehide",
            "deletedmessage",
            "messagedeletion",
            "messagedelete",
            "messagedeleted",
            "messagedeletedfor",
            "usermessagedeletion",
            "userdeletedmessage",
        ],
        fields: &[
            key("message", &["message_id"], &["messages"]),
            key("user", &["user_id", "deleted_by_id", "hidden_by_id"], PERSON),
            may("is_hidden", &["is_hidden", "is_deleted", "hidden", "deleted"]),
        ],
    },
    Kind {
        name: "reactions",
        endings: &["reaction", "messagereaction"],
        fields: &[
            key("message", &["message_id"], &["messages"]),
            key("user", &["user_id"], PERSON),
            must("emoji", &["emoji", "reaction"]),
            may("id", &["id"]),
            may("created", CREATED),
        ],
    },
    Kind {
        name: "files",
        endings: &[
            "file",
            "fileupload",
            "uploadedfile",
            "sharedfile",
            "attachment",
            "messageattachment",
            "messagefile",
            "messageimage",
            "chatfile",
        ],
        fields: &[
            must("id", &["id"]),
            must("path", &["file", "path", "upload", "attachment", "document", "image"]),
            may("name", &["original_name", "original_filename", "file_name", "filename", "name"]),
            may("message", &["message_id"]),
            may("created", CREATED),
        ],
    },
    Kind {
        name: "attachments",
        endings: &[
            "message_attachments",
            "message_files",
            "messageattachment",
            "messagefile",
            "attachments",
            "attachment",
            "files",
        ],
        fields: &[
            key("message", &["message_id"], &["messages"]),
            key("file", &["file_id", "fileupload_id", "uploadedfile_id", "attachment_id", "upload_id"], &["files"]),
            may("id", &["id"]),
        ],
    },
];

/// The kind of this name.
pub(super) fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
