//! What can be measured without a server.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use callcta::{Request, SendOptions};
use clap::Args;

use crate::figures::{float, median, print_table};
use crate::own_clients::sample;
use crate::protocol::PSID;
use crate::{Field, Result};

#[derive(Args)]
pub struct Settings {
    #[command(flatten)]
    field: Field,
}

pub fn run(_: &Settings) -> Result<()> {
    Ok(())
}
