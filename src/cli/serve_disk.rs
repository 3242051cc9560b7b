//! Flags of `fireside serve` about the disk.

use clap::Args;

use crate::chat::file;

#[derive(Clone, Copy, Debug, Args)]
pub(super) struct DiskFlags {
    /// Refuse uploads while fewer bytes than these are free on the disk, so that messages go on
    #[arg(long, env = "FIRESIDE_MIN_FREE", default_value_t = file::MIN_FREE_BYTES, value_name = "BYTES")]
    pub min_free: u64,
}
