//! People and groups of unit tests.

use super::auth::invite::Invite;
use super::handle::Chat;
use super::model::id::ChatId;
use super::model::label::Label;
use super::model::limits::Limits;
use super::model::name::Username;
use super::model::password::Password;
use super::model::room::NewGroup;
use super::model::session::Asker;
use super::model::user::NewUser;

/// So little of everything that a few messages are on both sides of each border.
pub const SMALL: Limits = Limits { participants: 2, changes: 4, waiting: 5, recent: 3 };

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
pub async fn person(chat: &Chat, name: &str) -> Asker {
    let registered = chat.register(new_user(name), Invite::Optional(None), Label::default()).await;
    let (_, token) = registered.expect("an account");
    chat.authenticate(token.as_str()).expect("signed in")
}

/// A private group of `owner` with others.
pub async fn group(chat: &Chat, owner: &Asker, others: &[&Asker]) -> ChatId {
    let new = NewGroup {
        title: "den".into(),
        description: String::new(),
        is_private: true,
        max_members: None,
        members: others.iter().map(|other| other.user).collect(),
    };
    chat.create_group(owner, new).await.expect("a group").id
}
