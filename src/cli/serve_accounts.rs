//! Flags of `fireside serve` about accounts.

use clap::{Args, ValueEnum};

use crate::chat::model::bot::BotMakers;
use crate::chat::model::second_factor::FactorRequirement;

#[derive(Clone, Copy, Debug, Args)]
pub(super) struct AccountFlags {
    /// Who may make bots: administrators, or everybody with an account
    #[arg(long, env = "FIRESIDE_BOTS", value_enum, default_value_t = BotsFlag::Admins)]
    bots: BotsFlag,
    /// Who has to have a second factor: administrators, or everybody; whoever has none can only set one up
    #[arg(long, env = "FIRESIDE_REQUIRE_SECOND_FACTOR", value_enum, value_name = "WHO")]
    require_second_factor: Option<FactorFlag>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum BotsFlag {
    Admins,
    Open,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FactorFlag {
    Admins,
    All,
}

impl AccountFlags {
    pub fn bots(self) -> BotMakers {
        match self.bots {
            BotsFlag::Admins => BotMakers::Administrators,
            BotsFlag::Open => BotMakers::Everybody,
        }
    }

    pub fn factor_required(self) -> FactorRequirement {
        match self.require_second_factor {
            None => FactorRequirement::Nobody,
            Some(FactorFlag::Admins) => FactorRequirement::Admins,
            Some(FactorFlag::All) => FactorRequirement::All,
        }
    }
}
