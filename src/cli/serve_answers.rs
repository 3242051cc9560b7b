//! Flags of `fireside serve` about answers that nobody reads.

use std::time::Duration;

use clap::Args;

use super::flags::lifetime;
use super::serve_disk::size;
use crate::api::http::backlog::MAX_WAITING;
use crate::api::http::wire::ANSWER_TIMEOUT;
use crate::server::AnswerLimits;

#[derive(Clone, Copy, Debug, Args)]
pub(super) struct AnswerFlags {
    /// How long a connection stays open whose client reads nothing of an answer: like 60s
    #[arg(long, env = "FIRESIDE_ANSWER_TIMEOUT", default_value_t = ANSWER_TIMEOUT.into(), value_name = "TIME", value_parser = timeout)]
    answer_timeout: humantime::Duration,
    /// Memory for answers that clients have not read yet: like 64MiB. Beyond it, long answers are refused
    #[arg(long, env = "FIRESIDE_ANSWER_MEMORY", default_value_t = MAX_WAITING, value_name = "SIZE", value_parser = size)]
    answer_memory: u64,
}

impl AnswerFlags {
    pub fn answers(self) -> AnswerLimits {
        AnswerLimits { timeout: self.answer_timeout.into(), memory: self.answer_memory }
    }
}

fn timeout(text: &str) -> Result<humantime::Duration, String> {
    lifetime(text).map(|time: Duration| time.into())
}
