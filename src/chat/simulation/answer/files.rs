//! What answers promise about files.

use std::collections::HashSet;

use super::outcome;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::file::{File, KEEP_UNUSED_FILES};
use crate::chat::model::id::FileId;
use crate::chat::model::message::Posted;
use crate::chat::simulation::act::{Done, What};
use crate::chat::simulation::run::Stage;
use crate::chat::simulation::world::World;

pub(super) fn judge(world: &mut World, stage: &Stage, what: What, begun: usize, done: Done) -> Result<(), String> {
    match (what, done) {
        (What::Upload { file }, Done::Uploaded(result)) => {
            uploaded(world, file, begun, result);
            Ok(())
        }
        (What::Maintain { unused }, Done::Plain(Ok(()))) => kept_up(world, stage, begun, &unused),
        _ => Ok(()),
    }
}

fn uploaded(world: &mut World, file: usize, begun: usize, result: Result<Box<File>>) {
    // A full disk is found by the writer: what is refused at once has no room in the quota.
    let is_at_once = begun == world.step && matches!(result, Err(Error::StorageFull));
    let why = if is_at_once { ", in the quota" } else { "" };
    world.note(format!("  file {file}: {}{why}", outcome(&result)));
    world.files[file].file = result.ok().map(|stored| *stored);
}

/// A message has the files that it was sent with, all of its sender, each on no other message.
pub(super) fn attached(world: &mut World, sent: usize, posted: &Posted) -> Result<(), String> {
    let (entry, samples) = (&world.sent[sent], &mut world.files);
    let message = posted.message.id;
    let sent_with = entry.files.iter().filter_map(|file| samples[*file].file.as_ref());
    let sent_with: Vec<_> = sent_with.map(|file| file.id).collect();
    let has: Vec<_> = posted.message.attachments.iter().map(|file| file.id).collect();
    if has != sent_with {
        return Err(format!("d{sent} was sent with {sent_with:?}, and has {has:?}"));
    }
    for file in &entry.files {
        let sample = &mut samples[*file];
        if sample.person != entry.person {
            return Err(format!("d{sent} has file {file}, which is another's"));
        }
        sample.used_by.insert(message);
        if sample.used_by.len() > 1 {
            return Err(format!("file {file} hangs on {:?}", sample.used_by));
        }
    }
    if !has.is_empty() {
        world.note(format!("  with {} files", has.len()));
    }
    Ok(())
}

/// After the maintenance, what nobody has used for its time is gone.
fn kept_up(world: &mut World, stage: &Stage, begun: usize, unused: &[FileId]) -> Result<(), String> {
    let limit = world.earliest_since(begun) - i64::try_from(KEEP_UNUSED_FILES.as_millis()).expect("a day");
    let stored = stage.view.files();
    let left: HashSet<_> = stored.iter().map(|file| file.id).collect();
    let gone = unused.iter().filter(|id| !left.contains(id)).count();
    if gone > 0 {
        world.note(format!("  {gone} files that nobody used are gone"));
    }
    let mut late = stored.iter().filter(|file| file.message.is_none() && unused.contains(&file.id));
    match late.find(|file| file.created_at < limit) {
        Some(file) => Err(format!("file {} was not used in time, and is there", file.id)),
        None => Ok(()),
    }
}
