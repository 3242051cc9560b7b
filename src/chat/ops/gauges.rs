//! How the core is: counters that cost an atomic addition, and a look at all of them.
//!
//! What is counted is written here once; who shows it, and in which format, is above.

use super::status::size;
use crate::chat::app::App;
use crate::chat::model::backup::Backups;
use crate::chat::model::error::{Denial, Error, Result};
use crate::chat::model::gauges::{DiskGauges, HasherGauges, HubGauges, ReaderGauges, WriterGauges};
use crate::chat::model::session::Actor;
use crate::chat::model::storage;

/// How the core is at one moment.
#[derive(Clone, Debug)]
pub struct Gauges {
    pub writer: WriterGauges,
    pub readers: ReaderGauges,
    pub hasher: HasherGauges,
    pub hub: HubGauges,
    pub disk: DiskGauges,
    /// What was copied.
    pub backups: Option<Backups>,
    /// What tells the time.
    pub clock: ClockGauges,
}

#[derive(Clone, Copy, Debug)]
pub struct ClockGauges {
    /// Nothing is deleted for its age until the operator confirms it.
    pub is_doubted: bool,
    /// How often it was seen to jump.
    pub jumps: u64,
}

impl App {
    /// How everything is, for an administrator of the server.
    pub async fn gauges_for(&self, actor: &Actor) -> Result<Gauges> {
        if actor.is_admin { self.gauges().await } else { Err(Error::Forbidden(Denial::NotServerAdmin)) }
    }

    /// How everything is, for the operator.
    pub async fn gauges(&self) -> Result<Gauges> {
        let app = self.clone();
        let disk = tokio::task::spawn_blocking(move || app.disk()).await.map_err(|_| Error::Internal)?;
        let (writer, readers) = self.store.gauges();
        let (hasher, hub, backups) = (self.hasher.gauges(), self.hub.gauges(), self.backups());
        let clock = ClockGauges { is_doubted: self.clock_doubt().is_some(), jumps: self.clock_watch.jumps() };
        Ok(Gauges { writer, readers, hasher, hub, disk, backups, clock })
    }

    fn disk(&self) -> DiskGauges {
        DiskGauges {
            database: size(&storage::database(&self.data)),
            log: size(&storage::log(&self.data)),
            files: self.files_size.get(&self.files),
            free: self.free_disk(),
        }
    }

    /// Bytes that this process may still write beside what is there.
    pub(in crate::chat) fn free_disk(&self) -> Option<u64> {
        let system = rustix::fs::statvfs(&self.data).ok()?;
        Some(system.f_bavail.saturating_mul(system.f_frsize))
    }
}
