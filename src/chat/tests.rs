//! People and groups of unit tests.

use std::time::Duration;

use super::app::App;
use super::auth::invite::Invite;
use super::model::chat::NewGroup;
use super::model::id::ChatId;
use super::model::label::Label;
use super::model::name::Username;
use super::model::password::Password;
use super::model::session::Actor;
use super::model::thresholds::{SearchThresholds, Thresholds};
use super::model::user::NewUser;

/// So little of everything that a few messages are on both sides of each border; and a seed has one history, however
/// slow the machine is that plays it.
pub const SMALL: Thresholds = Thresholds {
    participants: 2,
    changes: 4,
    waiting: 5,
    unindexed: 3,
    unindexed_searched: 2,
    recent: 3,
    search: SearchThresholds {
        looked_through: 2,
        piece: 4,
        block_bits: 3,
        expansions: 3,
        expansions_alone: 5,
        uninterrupted: 40,
        newest: 3,
    },
    reader_wait: Duration::from_mins(10),
};

/// Somebody of whom little else matters.
pub fn new_user(name: &str) -> NewUser {
    NewUser {
        username: Username::parse(name).expect("a name"),
        email: None,
        password: Password::attempt("password"),
        display_name: None,
        is_admin: false,
    }
}

/// Registered and signed in.
pub async fn person(app: &App, name: &str) -> Actor {
    let registered = app.register(new_user(name), Invite::Optional(None), Label::default()).await;
    let (_, token) = registered.expect("an account");
    app.authenticate(token.as_str()).expect("signed in")
}

/// A private group of `owner` with others.
pub async fn group(app: &App, owner: &Actor, others: &[&Actor]) -> ChatId {
    let new = NewGroup {
        title: "den".into(),
        description: String::new(),
        is_private: true,
        max_members: None,
        members: others.iter().map(|other| other.user).collect(),
    };
    app.create_group(owner, new).await.expect("a group").id
}

/// So many more members of a group.
pub async fn crowd(app: &App, chat: ChatId, many: u32) {
    let crowd = format!(
        "WITH RECURSIVE n(n) AS (SELECT 1001 UNION ALL SELECT n + 1 FROM n WHERE n < 1000 + {many})
         INSERT INTO users (id, username, username_key, email, password_hash, display_name, search_key, token_nonce, created_at)
         SELECT n, 'p' || n, 'p' || n, '', '', 'p', 'p' || n || ' p', x'00', 0 FROM n;
         INSERT INTO members (chat_id, user_id, joined_at) SELECT {0}, id, 0 FROM users WHERE id > 1000;
         UPDATE chats SET member_count = member_count + {many} WHERE id = {0};",
        chat.0
    );
    app.store.write(move |tx| Ok(tx.execute_batch(&crowd)?)).await.expect("a crowd");
}
