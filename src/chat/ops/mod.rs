//! What the operator does with a server and its data folder: backups and the way back,
//! exports and imports of records, checks, maintenance, retention, metrics.

pub mod backup;
pub mod check;
pub mod clock;
pub mod gauges;
pub mod gc;
pub mod import_export;
pub mod maintenance;
pub mod readiness;
pub mod replication;
pub mod retention;
pub mod status;
pub mod storage;
