//! The command line of `callcta doctor`.

use clap::Args;

use super::emulate::Start;
use crate::settings::Settings;

/// `callcta doctor`.
#[derive(Args)]
pub struct DoctorArgs {
    /// The person who is to get the button, by Page-scoped ID
    #[arg(long, value_name = "PSID", help_heading = "Person")]
    pub to: Option<String>,

    /// When this person last wrote, tapped or reacted, such as 2026-11-28T09:00:00Z:
    /// your webhooks know, the API doesn't tell
    #[arg(long, value_name = "TIME", requires = "to", help_heading = "Person")]
    pub last_action: Option<Start>,

    /// Send the person a card with a call button, if nothing speaks against it
    #[arg(long, requires = "to", help_heading = "Person")]
    pub send_test: bool,

    /// The address to which the app's webhooks go
    #[arg(long, value_name = "URL", help_heading = "Webhooks")]
    pub webhook: Option<String>,

    /// The token with which the platform's challenge comes
    #[arg(
        long,
        value_name = "TOKEN",
        env = "CALLCTA_VERIFY_TOKEN",
        hide_env_values = true,
        help_heading = "Webhooks"
    )]
    pub verify_token: Option<String>,

    #[command(flatten, next_help_heading = "Page and connection")]
    pub settings: Settings,

    /// Print what was found as one line of JSON
    #[arg(long)]
    pub json: bool,
}
