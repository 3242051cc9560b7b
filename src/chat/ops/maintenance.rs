//! What happens by itself: expired things go, what a crash left is tidied, and what is
//! kept for a time goes after that.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, interval_at};

use crate::chat::app::App;
use crate::chat::auth::audit::KEEP_AUDIT;
use crate::chat::auth::invite::KEEP_EXPIRED;
use crate::chat::auth::reset::RESET_LIFE;
use crate::chat::file;
use crate::chat::folder::erase;
use crate::chat::model::clock::MAX_STEP;
use crate::chat::model::error::Result;
use crate::chat::model::event::{Event, Steering};
use crate::chat::model::file::KEEP_UNUSED_FILES;
use crate::chat::model::hook::KEEP_HOOK_EVENTS;
use crate::chat::model::name::KEEP_KEYS;
use crate::chat::model::preview::PREVIEWS;
use crate::chat::store;
use crate::chat::store::Tx;

const EVERY: Duration = Duration::from_hours(1);
/// How often credentials that are over are looked for: the sockets that they opened end with them.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long after the start for the first time, so that nobody's first answer waits for it.
const FIRST: Duration = Duration::from_secs(1);
/// A file that no row knows is left alone this long: an upload may be about to write its row.
pub(in crate::chat) const SPARE_UNKNOWN_FILES: Duration = Duration::from_hours(1);

impl App {
    /// Does the maintenance soon and then every hour, as long as the runtime lives.
    pub(in crate::chat) fn start_maintenance(&self) {
        let look = async |app: &Self| app.end_expired().await;
        self.in_background(regularly(self.clone(), LOOK_EVERY, LOOK_EVERY, "looking for what is over", look));
        let maintain = async |app: &Self| app.maintain().await;
        self.in_background(regularly(self.clone(), FIRST, EVERY, "the hourly maintenance", maintain));
    }

    /// Ends credentials that are over, if there are any and the clock is to be believed.
    pub(in crate::chat) async fn end_expired(&self) -> Result<()> {
        let now = self.now();
        if self.clock_doubt().is_some() || !self.store.read(|db| store::credentials::has_expired(db, now))? {
            return Ok(());
        }
        self.forget_expired().await
    }

    /// Deletes nothing for its age while the clock is doubted, which was told when the doubt arose.
    pub(in crate::chat) async fn maintain(&self) -> Result<()> {
        self.tidy().await?;
        self.retain().await
    }

    /// Lets go of what is over, whatever the operator wants kept.
    pub(in crate::chat) async fn tidy(&self) -> Result<()> {
        self.erase_deleted_chats().await;
        if self.clock_doubt().is_some() {
            return Ok(());
        }
        self.forget_expired().await?;
        // An upload that goes on looks old after a jump. The next turn will do.
        if !self.clock_watch.is_steady() {
            return Ok(());
        }
        let app = self.clone();
        let swept = tokio::task::spawn_blocking(move || app.sweep_files()).await;
        if !matches!(swept, Ok(Ok(()))) {
            tracing::warn!("files that nothing knows could not be swept");
        }
        Ok(())
    }

    /// By the clock as it is now: it may be set until the writer's turn comes.
    pub(in crate::chat) async fn forget_expired(&self) -> Result<()> {
        let latest = self.now().plus(MAX_STEP);
        self.store
            .write(move |tx| {
                if tx.now > latest {
                    return Ok(());
                }
                store::clock::set_known(tx, tx.now)?;
                redate(tx)?;
                forget_expired(tx)
            })
            .await
    }

    /// Erases files that no row knows: uploads that a crash cut short, and files whose
    /// rows went in a commit that was the last before one.
    fn sweep_files(&self) -> std::io::Result<()> {
        // Somebody copies the files: the next turn will do.
        let Some(_turn) = erase::turn(&self.data)? else { return Ok(()) };
        for entry in std::fs::read_dir(&self.files)? {
            let entry = entry?;
            let age = SystemTime::now().duration_since(entry.metadata()?.modified()?).unwrap_or_default();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let known =
                age < SPARE_UNKNOWN_FILES || self.store.read(|db| store::files::is_known(db, &name)).unwrap_or(true);
            if !known {
                std::fs::remove_file(entry.path())?;
            }
        }
        self.sweep_previews()
    }

    /// Erases previews whose file is gone: a crash may have come between the two.
    fn sweep_previews(&self) -> std::io::Result<()> {
        let found = match std::fs::read_dir(self.data.join(PREVIEWS)) {
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            found => found?,
        };
        for entry in found {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_known = name.split_once('.').is_none_or(|(file, _)| self.files.join(file).exists());
            if !is_known {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// What was made while the clock was ahead has its time from now on, and not from then. Only what no
/// clock can have made that is believed: one that is a little behind must not shorten anything.
fn redate(tx: &Tx<'_>) -> Result<()> {
    let believed = tx.now.plus(MAX_STEP);
    store::credentials::redate(tx, believed)?;
    store::invites::redate(tx, believed)?;
    store::group_invites::redate(tx, believed)?;
    store::second_factors::redate(tx, believed)?;
    store::resets::redate(tx, believed, RESET_LIFE)
}

/// Does something after a `first` while and then as often as is said; what fails will be tried again.
async fn regularly(app: App, first: Duration, every: Duration, what: &str, act: impl AsyncFn(&App) -> Result<()>) {
    let mut turns = interval_at(Instant::now() + first, every);
    loop {
        turns.tick().await;
        if let Err(error) = act(&app).await {
            tracing::warn!(%error, "{what} will be tried again");
        }
    }
}

fn forget_expired(tx: &mut Tx<'_>) -> Result<()> {
    for (user, credential) in store::credentials::delete_expired(tx)? {
        tx.publish(Event::Steering(Steering::CredentialEnded { user, credential }));
    }
    store::resets::delete_expired(tx)?;
    store::invites::delete_expired(tx, tx.now.minus(KEEP_EXPIRED))?;
    store::group_invites::delete_expired(tx)?;
    store::audit::delete_older(tx, tx.now.minus(KEEP_AUDIT))?;
    store::idempotency::delete_older(tx, tx.now.minus(KEEP_KEYS))?;
    store::hook_events::delete_older(tx, tx.now.minus(KEEP_HOOK_EVENTS))?;
    forget_unused(tx).map(drop)
}

/// Erases a piece of the uploads that nobody attached. `true`: there may be more.
pub(in crate::chat) fn forget_unused(tx: &mut Tx<'_>) -> Result<bool> {
    let unused = store::files::unused_since(tx, tx.now.minus(KEEP_UNUSED_FILES))?;
    for file in &unused {
        file::erase(tx, file)?;
    }
    Ok(!unused.is_empty())
}
