//! A life with all operations, led through the public methods.

use crate::chat::app::App;
use crate::chat::auth::invite::Invite;
use crate::chat::message::MayDelete;
use crate::chat::model::admin::{Administrator, UserChange};
use crate::chat::model::chat::{Authority, ChatChange, NewGroup};
use crate::chat::model::event::Scope;
use crate::chat::model::id::{ChatId, InviteId, MemberId, MessageId, PostId, Seq, UserId};
use crate::chat::model::invite::{INVITE_LIFE, NewGroupInvite, NewInvite};
use crate::chat::model::label::Label;
use crate::chat::model::member::GroupRole;
use crate::chat::model::message::{Draft, Window};
use crate::chat::model::name::{Email, Emoji, IdempotencyKey, MessageText, Username};
use crate::chat::model::notify::{Level, Mute, NotifyChange};
use crate::chat::model::page::Page;
use crate::chat::model::password::Password;
use crate::chat::model::push::{NewPushSubscription, PushKeys, PushTarget};
use crate::chat::model::search::{Order, Question};
use crate::chat::model::second_factor::{Otp, step_at};
use crate::chat::model::server::{Beginning, Settings, SettingsChange};
use crate::chat::model::session::Actor;
use crate::chat::model::topic::Topics;
use crate::chat::model::user::{NewUser, ProfileChange, UserRef};

const FIRST: Page = Page { number: 1, size: 20 };

pub(super) async fn person(app: &App, name: &str) -> Actor {
    let new = NewUser {
        username: Username::parse(name).expect("a name"),
        email: Some(Email::parse(&format!("{name}@example.org")).expect("an address")),
        password: Password::attempt("password"),
        display_name: None,
        is_admin: false,
    };
    let (_, token) = app.register(new, Invite::Optional(None), Label::default()).await.expect("registered");
    app.authenticate(token.as_str()).expect("signed in")
}

fn text(words: &str) -> MessageText {
    MessageText::parse(words, 100).expect("text")
}

fn keyed(words: &str) -> Draft {
    Draft::of(text(words), IdempotencyKey::parse(words).ok())
}

/// Users: signing in and out, profiles, friends.
pub(super) async fn people(app: &App, alice: &Actor, bob: &Actor) {
    let login = ["alice".to_owned(), "alice@example.org".to_owned()];
    let user = app.check_password(&login, Password::attempt("password")).await.expect("her password");
    app.sign_in(user.clone()).await.expect("a token");
    app.open_session(user.clone()).await.expect("a session");
    let family = app.open_family(user, std::time::Duration::from_secs(60)).await.expect("a family");
    app.actor_of_family(family).expect("signed in");
    app.rotate_account_token(alice).await.expect("a token");
    app.account_token(alice).expect("the token");
    app.users(alice, FIRST).await.expect("users");
    app.others(alice, UserId(0), 9).expect("users");
    app.directory(alice, UserId(0), 9).expect("users");
    app.accounts().expect("users");
    app.search_users(alice, "bo", true).await.expect("bob");
    app.user(alice, bob.user).expect("bob");
    let email = Email::parse("a@example.org").expect("an address");
    let change = ProfileChange {
        bio: Some("hi".into()),
        email: Some((email, Password::attempt("password"))),
        ..ProfileChange::default()
    };
    app.change_profile(alice, change).await.expect("changed");
    app.publish_post(alice, "a".into(), "b".into()).await.expect("a post");
    app.posts(alice, None, PostId(0), 9).expect("posts");
    app.posts(alice, Some(alice.user), PostId(0), 9).expect("posts");
    app.add_friend(alice, "bob").await.expect("friends");
    app.profile(bob, "alice").await.expect("a profile");
    app.remove_friend(alice, "bob").await.expect("friends no more");
    app.change_password(bob, Password::attempt("password"), Password::attempt("passwords")).await.expect("changed");
    second_factor(app, bob).await;
}

/// Turning a second factor on, signing in by it, turning it off.
async fn second_factor(app: &App, bob: &Actor) {
    let password = || Password::attempt("passwords");
    let secret = app.start_second_factor(bob, password()).await.expect("a secret");
    let code = secret.code_at(step_at(app.now())).expect("a code");
    let mut recovery = app.confirm_second_factor(bob, Some(Otp::App(code))).await.expect("on");
    assert!(app.second_factor(bob.user).expect("asked").is_on);
    for otp in [recovery.pop().expect("a code"), "000000".into(), "nonsense".into()] {
        let who = app.check_password(&["bob".to_owned()], password()).await.expect("his password");
        drop(app.check_second_factor(who, Otp::parse(&otp)).await);
    }
    app.end_second_factor(bob, password()).await.expect("off");
    app.remove_second_factor(&Administrator::CommandLine, bob.user).await.expect_err("it is off");
}

/// Administering: users, invitations, links, tokens, the log.
pub(super) async fn administration(app: &App, bob: &Actor) {
    let by = &Administrator::CommandLine;
    let code = app.open_setup().expect("asked").expect("no admin yet");
    let root = NewUser {
        username: Username::parse("root").expect("a name"),
        email: None,
        password: Password::attempt("password"),
        display_name: None,
        is_admin: true,
    };
    let beginning = Beginning { name: Some("Hearth".into()), room: "Everyone".into() };
    let (root, token) = app.set_up(code.as_str(), root, beginning, Label::default()).await.expect("set up");
    let admin = Administrator::Admin(app.authenticate(token.as_str()).expect("signed in"));
    app.managed_users(&admin, "", FIRST).await.expect("users");
    app.managed_users(&admin, "bo", FIRST).await.expect("bob");
    for is_admin in [true, false] {
        let change = UserChange { is_admin: Some(is_admin), is_disabled: Some(is_admin) };
        app.change_user(&admin, bob.user, change).await.expect("changed");
    }
    let last = UserChange { is_admin: Some(false), is_disabled: None };
    app.change_user(by, root.user.id, last).await.expect_err("the last admin");
    let Settings { join_rooms, .. } = app.change_settings(&admin, SettingsChange::default()).await.expect("settings");
    let renamed = SettingsChange { name: Some("Den".into()), join_rooms: Some(Vec::new()) };
    app.change_settings(&admin, renamed).await.expect("renamed");
    assert_eq!(app.about().expect("about").name.as_deref(), Some("Den"));
    let again = SettingsChange { name: None, join_rooms: Some(join_rooms.clone()) };
    app.change_settings(&admin, again).await.expect("welcoming");
    let new = NewInvite { uses: 1, life: INVITE_LIFE, label: Label::default(), chat: join_rooms.first().copied() };
    let (invite, code) = app.create_invite(&admin, new).await.expect("an invitation");
    app.look_at_invite(code.as_str()).expect("live");
    let guest = NewUser {
        username: Username::parse("guest").expect("a name"),
        email: None,
        password: Password::attempt("password"),
        display_name: None,
        is_admin: false,
    };
    let shown = Invite::Required(Some(code.as_str().to_owned()));
    app.register_only(guest, shown).await.expect("a guest");
    app.invites(by, FIRST).await.expect("invitations");
    app.revoke_invite(by, invite.id).await.expect("revoked");
    let (code, _) = app.create_reset(by, bob.user).await.expect("a link");
    app.reset_password(code.as_str(), Password::attempt("passwords")).await.expect("reset");
    let bot = Label::cut("a bot");
    let (bot, _) = app.create_bot_token(bob.user, bot, Some(INVITE_LIFE)).await.expect("a token");
    app.bot_tokens().expect("tokens");
    app.revoke_bot_token(bot).await.expect("revoked");
    let login = ["bob".to_owned()];
    let who = app.check_password(&login, Password::attempt("passwords")).await.expect("his");
    let bob = app.authenticate(app.sign_in(who).await.expect("a token").as_str()).expect("signed in");
    app.sessions(&bob, FIRST).expect("sessions");
    app.end_session(&bob, bob.credential).await.expect("ended");
    app.end_sessions_of(by, bob.user).await.expect("ended");
    app.account_of("bob").expect("bob");
    app.set_password(bob.user, Password::attempt("password")).await.expect("set");
    app.status(by).await.expect("numbers");
    app.audit(by, FIRST).await.expect("the log");
    app.maintain().await.expect("maintained");
}

/// Chats: making, listing, joining, leaving, deleting.
pub(super) async fn places(app: &App, alice: &Actor, bob: &Actor) -> ChatId {
    let group = |title: &str| NewGroup {
        title: title.into(),
        description: String::new(),
        is_private: false,
        max_members: None,
        members: Vec::new(),
    };
    let den = app.create_group(alice, group("den")).await.expect("a group").id;
    app.public_chats(bob, FIRST).await.expect("rooms");
    app.join(bob, den).await.expect("joined");
    app.leave(bob, den).await.expect("left");
    app.add_members(alice, den, vec![bob.user]).await.expect("added");
    for role in [GroupRole::Admin, GroupRole::Member] {
        app.change_role(alice, den, bob.user, role).await.expect("changed");
    }
    let address = UserRef::Email(Email::parse("bob@example.com").expect("an address"));
    drop(app.user_meant(alice, den, &address));
    let new = NewGroupInvite { uses: 2, life: INVITE_LIFE };
    let code = app.invite_into(alice, den, new).await.expect("an invitation").code;
    app.leave(bob, den).await.expect("left");
    app.join_by(bob, code.as_str()).await.expect("joined");
    app.invites_into(alice, den, InviteId(i64::MAX), 9).expect("invitations");
    app.revoke_invite_into(alice, den, code.as_str()).await.expect("revoked");
    let change = ChatChange { avatar: Some(None), ..ChatChange::default() };
    app.change_chat(alice, den, change, Authority::Owner).await.expect("changed");
    app.avatar("nobody's").expect_err("there is none");
    app.members(alice, den, FIRST).expect("members");
    app.chats(alice, FIRST).expect("rooms");
    let found = app.chats_by_activity(alice, FIRST, None).await.expect("chats");
    app.next_overviews(alice, found.items.into(), |_| ()).await.expect("overviews");
    app.chats_by_activity(alice, FIRST, Some("de")).await.expect("chats");
    app.visible_chats(alice, false, ChatId(0), 9).await.expect("rooms");
    app.visible_chats(alice, true, ChatId(0), 9).await.expect("rooms");
    let gone = app.create_group(alice, group("gone")).await.expect("a group").id;
    app.post(alice, gone, keyed("last words")).await.expect("posted");
    app.delete_chat(alice, gone, Authority::Owner).await.expect("deleted");
    let (direct, _) = app.open_direct(alice, UserRef::Name("bob".into())).await.expect("a chat");
    app.chat_with_slug(alice, direct.slug.as_deref().unwrap_or_default()).expect("by name");
    app.direct_overviews(alice, ChatId(i64::MAX), 9).expect("directs");
    app.hide_direct(bob, direct.id).await.expect("hidden");
    app.post_to(alice, UserRef::Id(bob.user), keyed("hello")).await.expect("posted");
    den
}

/// Devices that are told of what is said.
pub(super) async fn devices(app: &App, alice: &Actor, bob: &Actor, den: ChatId) {
    app.push_key().await.expect("a key");
    let keys = PushKeys { p256dh: [4; 65], auth: [0; 16] };
    let target = PushTarget { endpoint: "https://push.example.org/1".to_owned(), keys };
    let new = NewPushSubscription { target, label: Label::default() };
    app.subscribe_to_push(alice, new.clone()).await.expect("subscribed");
    app.subscribe_to_push(bob, new.clone()).await.expect("moved");
    let (device, _) = app.subscribe_to_push(bob, new.clone()).await.expect("renewed");
    app.push_subscriptions(bob).expect("devices");
    app.push_target(bob, device.id).expect("a target");
    app.post(alice, den, keyed("to be told")).await.expect("posted");
    let found = app.due_pushes(app.follow_posts().expect("followed")).await.expect("looked");
    let (due, _) = found.dues.last().expect("a push");
    app.push(*due).expect("read").expect("still wanted");
    app.keep_pushed(found.upto).await.expect("kept");
    app.end_push_subscription(bob, device.id).await.expect("ended");
    app.end_push_endpoint(new.target.endpoint).await.expect("ended");
}

/// Messages: posting, reading, changing, catching up.
pub(super) async fn words(app: &App, alice: &Actor, bob: &Actor, den: ChatId) {
    let upload = async {
        let mut upload = app.begin_upload(alice).await.expect("begun");
        upload.write(b"words").await.expect("written");
        upload.finish("words.txt").await.expect("a file")
    };
    let file = upload.await;
    app.file(alice, file.id).expect("the file");
    let draft = Draft { attachments: vec![file.id], ..keyed("one") };
    let one = app.post(alice, den, draft.clone()).await.expect("posted").message.id;
    app.post(alice, den, draft).await.expect("the first again");
    let reply = Draft { reply_to: Some(one), ..keyed("two") };
    app.post(bob, den, reply).await.expect("posted");
    app.toggle_reaction(bob, one, Emoji::parse("👍").expect("an emoji")).await.expect("added");
    app.toggle_reaction(bob, one, Emoji::parse("👍").expect("an emoji")).await.expect("removed");
    app.toggle_reaction(bob, one, Emoji::parse("👍").expect("an emoji")).await.expect("added");
    app.edit(alice, one, text("uno")).await.expect("edited");
    let calls = app.post(bob, den, keyed("@alice @all @nobody")).await.expect("posted").message.id;
    app.own_part(alice, den).expect("her part");
    app.edit(bob, calls, text("@alice")).await.expect("edited");
    app.mentions(alice, None, 9).await.expect("mentions");
    let change = NotifyChange { level: Some(Some(Level::All)), muted_until: Some(Some(Mute::Forever)) };
    app.change_chat_notify(alice, den, change).await.expect("changed");
    app.mark_read(alice, den, Some(MessageId(one.0 + 1))).await.expect("read");
    app.mark_read(alice, den, None).await.expect("read");
    app.mark_unread(alice, den, MessageId(one.0 + 1)).await.expect("unread");
    app.pin(alice, one).await.expect("pinned");
    app.pins(alice, den, None, 9, |_| Ok(())).await.expect("pins");
    app.unpin(alice, one).await.expect("unpinned");
    for part in ["", "bo"] {
        app.people(alice, part, None, 9).await.expect("people");
        app.members_named(alice, den, part, MemberId(0), 9).await.expect("members");
    }
    app.typing(alice, den, true).expect("typing");
    for window in [Window::Page(FIRST), Window::Before(MessageId(99), 9), Window::After(MessageId(0), 9)] {
        app.written_history(alice, den, window, true, |_| Ok(())).await.expect("history");
    }
    app.start_of_newest(alice, den, MessageId(99), 9).await.expect("history");
    app.direct_messages(alice, None, FIRST, |_| Ok(())).await.expect("directs");
    app.direct_messages(alice, Some(bob.user), FIRST, |_| Ok(())).await.expect("directs");
    app.changes(bob, Seq(0), None).await.expect("changes");
    while app.index_piece().await.expect("entered").is_more {}
    app.edit(alice, one, text("uno due")).await.expect("edited");
    for typed in ["uno", "\"uno due\" -tre", "from:alice in:den before:2999-01-01", "has:link -from:bob"] {
        for order in [Order::Newest, Order::Relevance] {
            let question = Question::read(typed, &[]).expect("a question");
            app.search(alice, question, order, None, 9, |_| Ok(())).await.expect("searched");
        }
    }
    app.delete_message(alice, one, MayDelete::AuthorOrOwner).await.expect("deleted");
    app.changes(bob, Seq(0), None).await.expect("changes");
    for scope in [Scope::Chat(den), Scope::Pair(bob.user), Scope::All] {
        let socket = app.subscribe(alice, scope, Topics::ALL).await.expect("listening");
        // The one of the chat ends its call by going.
        let call = app.join_call(socket.subscriber(), false);
        assert_eq!(call.is_ok(), scope == Scope::Chat(den));
    }
    app.record_last_calls().await;
    app.maintain().await.expect("maintained");
}
