//! What the operator does with a server and its data folder: backups and the way back,
//! exports and imports of records, checks, upkeep, retention, figures.

pub mod backup;
pub mod check;
pub mod clock;
pub mod gauges;
pub mod gc;
pub mod moving;
pub mod readiness;
pub mod replication;
pub mod retention;
pub mod status;
pub mod storage;
pub mod upkeep;
