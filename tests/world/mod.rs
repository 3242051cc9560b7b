//! The words the tests are written in: a server, the people who use it, the
//! rooms they open, the sockets they listen on. No assertion about a feature
//! lives here, only what every answer of a kind must look like.

pub mod answer;
pub mod bytes;
pub mod caller;
pub mod checker;
pub mod document;
pub mod home;
pub mod machine;
pub mod person;
pub mod raw;
pub mod recording;
pub mod room;
pub mod server;
pub mod site;
pub mod socket;
pub mod totp;

pub use answer::Answer;
pub use caller::Caller;
pub use home::Home;
pub use person::Person;
pub use room::Room;
pub use server::Fireside;
pub use socket::{Heard, Listener};

/// People with accounts on a server, each called as here.
macro_rules! people {
    ($fireside:ident: $($name:ident),+) => {
        $(let $name = $fireside.registers(stringify!($name)).await;)+
    };
}
pub(crate) use people;

/// The id of anything the server describes as an object.
#[track_caller]
pub fn id(thing: &serde_json::Value) -> i64 {
    thing["id"].as_i64().unwrap_or_else(|| panic!("no numeric id in {thing}"))
}

/// The texts of a page or list of messages, in its order.
#[track_caller]
pub fn contents(messages: &[serde_json::Value]) -> Vec<String> {
    messages.iter().map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}
