//! Backups that make themselves: when they are due, and when somebody asks.
//!
//! One thread makes them all, so there are never two at once. When the next is due is
//! worked out from the newest in the folder: a restart neither hastens nor delays it.

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::make::{file_name, make};
use super::rotation;
use crate::chat::app::App;
use crate::chat::memory::backups::{BackupQueue, BackupWorker, PATIENCE, State};
use crate::chat::model::backup::{BackupError, BackupHealth, BackupSchedule, Backups, LastBackup, at};
use crate::chat::model::storage;
use crate::chat::model::time::Timestamp;
use crate::chat::store::copy;

/// The folder for backups, in the data folder, unless the operator names another.
pub const FOLDER: &str = "backups";
/// How long after a failure the next try is due, at most.
const RETRY: Duration = Duration::from_mins(5);
/// How long the thread sleeps at most: somebody may set the clock, or empty the folder.
const LONGEST_NAP: Duration = Duration::from_mins(1);
/// Who answers people comes before who copies: `nice`, for the thread alone.
const NICENESS: i32 = 10;

impl App {
    /// From now on backups are made when they are due and when somebody asks.
    pub fn keep_backups(&self, plan: BackupSchedule) -> Result<(), BackupError> {
        let folder = std::path::absolute(&plan.folder).map_err(at(&plan.folder))?;
        if folder.starts_with(std::path::absolute(&self.files).map_err(at(&self.files))?) {
            return Err(BackupError::Misplaced(plan.folder));
        }
        let begun = self.clock.now();
        let there = rotation::list(&plan.folder).unwrap_or_default();
        let last = there.iter().rfind(|kept| kept.made <= begun).map(|kept| LastBackup {
            made: kept.made,
            bytes: kept.bytes,
            took: None,
        });
        let queue = Arc::new(BackupQueue {
            plan,
            data: self.data.clone(),
            reserve: self.min_free,
            clock: self.clock.clone(),
            begun,
            state: Mutex::new(State { last, ..State::default() }),
        });
        let (ask, asked) = sync_channel(1);
        if self.backup_worker.set(BackupWorker { queue: Arc::clone(&queue), ask }).is_ok() {
            let thread = thread::Builder::new().name("backup".into());
            thread.spawn(move || queue.serve(&asked)).map_err(at(folder))?;
        }
        Ok(())
    }

    /// Asks for a backup now.
    pub fn back_up(&self) {
        if let Some(backup_worker) = self.backup_worker.get()
            && backup_worker.ask.try_send(()).is_err()
        {
            tracing::info!("a backup is about to be made already");
        }
    }

    /// How it goes with the backups; `None` where there were none and shall be none.
    pub fn backups(&self) -> Option<Backups> {
        self.backup_worker.get().and_then(|backup_worker| backup_worker.queue.look())
    }
}

impl BackupQueue {
    fn serve(&self, asked: &Receiver<()>) {
        // Elsewhere than on Linux a priority is the whole process's, and not the thread's.
        if cfg!(target_os = "linux")
            && let Err(cause) = rustix::process::nice(NICENESS)
        {
            tracing::debug!(%cause, "backups are made with the priority of everything else");
        }
        loop {
            let nap = self.until_due().unwrap_or(LONGEST_NAP).min(LONGEST_NAP);
            let is_time = match asked.recv_timeout(nap) {
                Ok(()) => true,
                Err(RecvTimeoutError::Timeout) => self.until_due() == Some(Duration::ZERO),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if is_time {
                self.make();
            }
        }
    }

    /// How long until the next is due. One that seems to come from the future says nothing.
    fn until_due(&self) -> Option<Duration> {
        let (every, now) = (self.plan.every?, self.clock.now());
        let there = rotation::list(&self.plan.folder).unwrap_or_default();
        let newest = there.iter().map(|kept| kept.made).rfind(|made| *made <= now);
        let failed = self.state.lock().failure.as_ref().map(|(at, _)| *at).filter(|at| *at <= now);
        let due = newest.map_or(now, |made| made.plus(every));
        let due = failed.map_or(due, |failed| due.max(failed.plus(RETRY.min(every))));
        Some(Duration::from_millis(u64::try_from(due.0.saturating_sub(now.0)).unwrap_or(0)))
    }

    fn make(&self) {
        let begun = Instant::now();
        let made = catch_unwind(AssertUnwindSafe(|| self.try_to_make())).unwrap_or(Err(BackupError::Panicked));
        let mut state = self.state.lock();
        match made {
            Ok(made) => {
                let took = begun.elapsed();
                tracing::info!(bytes = made.bytes, ms = took.as_millis(), "backed up");
                state.last = Some(LastBackup { took: Some(took), ..made });
                state.failure = None;
            }
            Err(failure) => {
                tracing::error!(%failure, "the backup failed");
                state.failure = Some((self.clock.now(), failure.to_string()));
                state.failures += 1;
            }
        }
    }

    fn try_to_make(&self) -> Result<LastBackup, BackupError> {
        let folder = &self.plan.folder;
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
        self.check_room()?;
        let now = self.moment();
        make(&self.data, folder, now, &mut |_, _| ())?;
        let path = folder.join(file_name(now));
        let bytes = path.metadata().map_err(at(&path))?.len();
        if let Err(cause) = rotation::prune(folder, self.plan.keep, &path) {
            tracing::warn!(%cause, "old backups stay");
        }
        Ok(LastBackup { made: now, bytes, took: None })
    }

    /// A second that names no backup yet.
    fn moment(&self) -> Timestamp {
        loop {
            let now = self.clock.now();
            if !self.plan.folder.join(file_name(now)).exists() {
                return now;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// A backup must not take the room that messages need. Beside the archive there is for
    /// a while the copy of the database that goes into it.
    fn check_room(&self) -> Result<(), BackupError> {
        let (folder, database) = (&self.plan.folder, storage::database(&self.data));
        let size = |path: &Path| path.metadata().map_or(0, |file| file.len());
        let copy = size(&database) + size(&storage::log(&self.data));
        let (_, files) = copy::files(&database)?;
        let device = |path: &Path| path.metadata().map(|found| found.dev()).map_err(at(path));
        let reserve = if device(folder)? == device(&self.data)? { self.reserve } else { 0 };
        let disk = rustix::fs::statvfs(folder).map_err(|errno| at(folder)(errno.into()))?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let needed = (2 * copy).saturating_add(files).saturating_add(reserve);
        if free < needed { Err(BackupError::NoRoom { folder: folder.clone(), needed, free }) } else { Ok(()) }
    }

    fn look(&self) -> Option<Backups> {
        let state = self.state.lock();
        let failure = state.failure.as_ref().map(|(_, why)| why.clone());
        let since = state.last.map_or(self.begun, |last| last.made);
        let is_overdue =
            self.plan.every.is_some_and(|every| since.plus(every.saturating_mul(PATIENCE)) < self.clock.now());
        let health = match failure {
            Some(_) => BackupHealth::Failed,
            None if is_overdue => BackupHealth::Overdue,
            None => BackupHealth::Well,
        };
        let is_none = self.plan.every.is_none() && state.last.is_none() && failure.is_none();
        (!is_none).then_some(Backups { last: state.last, failure, failures: state.failures, is_overdue, health })
    }
}
