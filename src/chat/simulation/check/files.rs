//! What has to hold of files: their rows, their bytes, and who reads them.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use crate::chat::app::App;
use crate::chat::model::file::KEEP_UNUSED_FILES;
use crate::chat::model::session::Actor;
use crate::chat::simulation::run::Stage;
use crate::chat::simulation::world::{Fate, Sample, World};
use crate::chat::store::simulated::View;

/// After a commit: each row has its bytes, a message's files are its sender's, and nobody
/// has more than they may.
pub(in crate::chat::simulation) fn stored(stage: &Stage) -> Result<(), String> {
    let (mut taken, mut all) = (stage.view.texts(), 0);
    for file in stage.view.files() {
        let size = u64::try_from(file.size).expect("a size");
        *taken.entry(file.uploader).or_default() += size;
        all += size;
        let bytes = std::fs::metadata(place(&stage.app, &file.name)).map(|found| found.len()).ok();
        if bytes != Some(size) {
            return Err(format!("file {} has {size} bytes, and on the disk {bytes:?}", file.id));
        }
        if file.sender != file.uploader {
            return Err(format!("{} uploaded file {}, and {} sent it", file.uploader, file.id, file.sender));
        }
    }
    let quota = stage.app.quota();
    match taken.iter().find(|(_, bytes)| **bytes > quota.user) {
        Some((user, bytes)) => Err(format!("{user} has {bytes} bytes of files and texts")),
        None if quota.all.is_some_and(|most| all > most) => Err(format!("all have {all} bytes of files")),
        None => Ok(()),
    }
}

/// What was acknowledged is there until its message goes, or its time is over without one;
/// and when its row is gone, so are its bytes.
pub(in crate::chat::simulation) fn known(world: &World, stage: &Stage) -> Result<(), String> {
    if world.files.iter().all(|sample| sample.file.is_none()) {
        return Ok(());
    }
    let rows: HashMap<_, _> = stage.view.files().into_iter().map(|row| (row.id, row)).collect();
    for (number, sample) in world.files.iter().enumerate() {
        let Some(file) = &sample.file else { continue };
        match rows.get(&file.id) {
            Some(row) if row.message.is_none() && !sample.used_by.is_empty() => {
                return Err(format!("file {number} hung on {:?}, and hangs on nothing", sample.used_by));
            }
            Some(_) => {}
            None if !may_be_gone(world, stage, number, sample) => return Err(format!("file {number} is gone")),
            None => {
                let name = file.storage_name.as_str();
                if place(&stage.app, name).exists() && !stage.leftovers.contains(name) {
                    return Err(format!("file {number} is gone, and its bytes are there"));
                }
            }
        }
    }
    Ok(())
}

/// Its message or its chat may be gone, or its time without one is over.
fn may_be_gone(world: &World, stage: &Stage, number: usize, sample: &Sample) -> bool {
    let kept = i64::try_from(KEEP_UNUSED_FILES.as_millis()).expect("a day");
    let is_old = sample.file.as_ref().is_some_and(|file| world.latest - file.created_at.0 > kept);
    if is_old && sample.used_by.is_empty() {
        return true;
    }
    let mut uses = world.sent.iter().filter(|sent| sent.files.contains(&number));
    uses.any(|sent| {
        let is_deleted = |fate: &Fate| matches!(fate, Fate::Stored(id) if stage.view.is_deleted(*id));
        stage.view.is_gone(sent.chat) || sent.fates.iter().any(is_deleted)
    })
}

/// When nothing is under way: somebody reads their own files, and those of messages that they see.
pub(in crate::chat::simulation) fn readable(stage: &Stage, actor: &Actor) -> Result<(), String> {
    let files = stage.view.files();
    if files.is_empty() {
        return Ok(());
    }
    let visible = stage.view.visible_to(actor.user);
    for file in files {
        let is_gone = file.chat.is_some_and(|chat| stage.view.is_gone(chat));
        let sees = file.message.is_some_and(|message| visible.contains_key(&message));
        let may = !is_gone && (sees || file.uploader == actor.user);
        let does = stage.app.file(actor, file.id).is_ok();
        if may != does {
            return Err(format!("{} may read file {}: {may}, and does: {does}", actor.username, file.id));
        }
    }
    Ok(())
}

/// When nothing is under way: no upload takes room, or has left something.
pub(in crate::chat::simulation) fn none_on_its_way(stage: &Stage) -> Result<(), String> {
    if !stage.app.incoming.is_empty() {
        return Err("nothing is on its way, and takes room".into());
    }
    let left = unknown(&stage.app, &stage.view);
    match left.iter().find(|name| name.ends_with(".part") && !stage.leftovers.contains(*name)) {
        Some(name) => Err(format!("nothing is on its way, and {name} is there")),
        None => Ok(()),
    }
}

/// Names in the folder of files that no row has.
pub(in crate::chat::simulation) fn unknown(app: &App, view: &View) -> HashSet<String> {
    let rows: HashSet<_> = view.files().into_iter().map(|file| file.name).collect();
    let entries = std::fs::read_dir(&app.files).expect("the folder");
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| !rows.contains(name)).collect()
}

fn place(app: &App, name: &str) -> PathBuf {
    app.files.join(name)
}
