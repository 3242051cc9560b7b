//! Uploading files, whole or not, and choosing some for a message.

use std::collections::BTreeSet;

use super::{Act, Done, Operation, What};
use crate::chat::app::App;
use crate::chat::file::Upload;
use crate::chat::model::error::Result;
use crate::chat::model::file::File;
use crate::chat::model::session::Actor;
use crate::chat::simulation::world::{Sample, World};

/// Largest file, in bytes.
const MAX_SIZE: usize = 700;

pub(super) fn upload(world: &mut World, app: &App, login: usize, actor: Actor) -> Act {
    let size = 1 + world.dice.below(MAX_SIZE);
    let (app, who) = (app.clone(), actor.username.clone());
    if world.dice.chance(15) {
        let operation = async move {
            let whole = send(&app, &actor, size).await;
            Done::Plain(whole.map(drop))
        };
        return (format!("an upload of {who} is cut off after {size} bytes"), What::Cut, on_disk(operation));
    }
    let file = world.files.len();
    let person = world.logins[login].person;
    world.files.push(Sample { person, file: None, used_by: BTreeSet::new() });
    let operation = async move { Done::Uploaded(store(&app, &actor, size, file).await.map(Box::new)) };
    (format!("{who} uploads file {file} of {size} bytes"), What::Upload { file }, on_disk(operation))
}

async fn store(app: &App, actor: &Actor, size: usize, file: usize) -> Result<File> {
    send(app, actor, size).await?.finish(&format!("file {file}")).await
}

async fn send(app: &App, actor: &Actor, size: usize) -> Result<Upload> {
    let mut upload = app.begin_upload(actor).await?;
    upload.write(&vec![b'x'; size / 2]).await?;
    upload.write(&vec![b'x'; size - size / 2]).await?;
    Ok(upload)
}

/// What waits for threads of the runtime's own has no turn of its own to wait for.
fn on_disk(operation: impl Future<Output = Done> + 'static) -> Operation {
    Box::pin(tokio::task::unconstrained(operation))
}

/// Files for somebody's message, mostly their own: places among the world's.
pub(super) fn some(world: &mut World, person: usize) -> Vec<usize> {
    let is_own = world.dice.chance(80);
    let may = |file: &Sample| file.file.is_some() && (!is_own || file.person == person);
    let known: Vec<_> = (0..world.files.len()).filter(|at| may(&world.files[*at])).collect();
    let count = if world.dice.chance(50) { 1 + world.dice.below(2) } else { 0 };
    (0..count).filter_map(|_| world.dice.pick(&known).copied()).collect()
}
