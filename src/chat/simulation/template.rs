//! The state that every world begins with, made once: four people, each signed in on
//! two devices, by a token on the one and by JWTs on the other, and a public room that
//! three of them are in.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, Version};
use tempfile::TempDir;

use super::login::Secret;
use crate::chat::Durability;
use crate::chat::app::{App, Config};
use crate::chat::model::chat::NewGroup;
use crate::chat::model::id::{ChatId, UserId};
use crate::chat::model::name::Username;
use crate::chat::model::password::Password;
use crate::chat::model::quota::Quota;
use crate::chat::model::time::{Clock, Timestamp};
use crate::chat::model::user::NewUser;
use crate::chat::tests::SMALL;

/// When every world begins.
pub(super) const DAWN: Timestamp = Timestamp(1_750_000_000_000);
/// How long a family of JWTs lasts.
pub(super) const FAMILY_LIFE: Duration = Duration::from_hours(30);
/// Bytes of files and texts: little, so that it is reached.
const QUOTA: Quota = Quota { user: 900, all: Some(1_800) };
/// Bytes of one user's where texts are so long that sockets cannot hold them.
const STORMY: u64 = 64 << 20;
/// Everybody's first password.
pub(super) const PASSWORD: &str = "password 0";
const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];

pub(super) struct Template {
    folder: TempDir,
    pub people: Vec<(UserId, &'static str, Vec<Secret>)>,
    pub den: ChatId,
}

impl Template {
    /// The one that all worlds share.
    pub fn get() -> &'static Self {
        static TEMPLATE: OnceLock<Template> = OnceLock::new();
        TEMPLATE.get_or_init(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
            runtime.block_on(Self::make())
        })
    }

    async fn make() -> Self {
        let folder = folder();
        let (chat, threads) =
            App::assemble(config(folder.path(), Clock::new(|| DAWN), false), cheap()).expect("opened");
        threads.start().expect("threads");
        let mut people = Vec::new();
        for name in NAMES {
            let new = NewUser {
                username: Username::parse(name).expect("a name"),
                email: None,
                password: Password::attempt(PASSWORD),
                display_name: None,
                is_admin: false,
            };
            let id = chat.create_user(new).await.expect("an account").user.id;
            let who = chat.check_password(&[name.into()], Password::attempt(PASSWORD)).await.expect("right");
            let token = chat.sign_in(who.clone()).await.expect("a token");
            let family = chat.open_family(who, FAMILY_LIFE).await.expect("a family");
            people.push((id, name, vec![Secret::Token(token), Secret::Family(family)]));
        }
        let alice = people[0].2[0].actor(&chat).expect("signed in");
        let den = chat.create_group(&alice, group("den", vec![people[1].0, people[2].0])).await.expect("a room").id;
        chat.close().await;
        Self { folder, people, den }
    }

    /// A world of its own that begins with this state.
    pub fn copy(&self) -> TempDir {
        let copy = folder();
        for file in ["fireside.db", "secret.key"] {
            std::fs::copy(self.folder.path().join(file), copy.path().join(file)).expect("copied");
        }
        copy
    }
}

pub(super) fn group(title: &str, members: Vec<UserId>) -> NewGroup {
    NewGroup { title: title.into(), description: String::new(), is_private: false, max_members: None, members }
}

pub(super) fn config(data: &Path, clock: Clock, has_storms: bool) -> Config {
    let quota = if has_storms { Quota { user: STORMY, ..QUOTA } } else { QUOTA };
    Config { durability: Durability::Normal, clock, quota, thresholds: SMALL, ..Config::of(data.to_owned()) }
}

/// The least that argon2 can be asked for: hashing is not what is looked at here.
pub(super) fn cheap() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).expect("parameters"))
}

/// In memory where the machine has such a place: what a disk keeps through a power cut
/// is not what is looked at either.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.or_else(|_| tempfile::tempdir()).expect("a folder")
}
