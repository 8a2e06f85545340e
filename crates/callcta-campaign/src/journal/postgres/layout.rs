//! The tables, and how they come about.

use std::time::Duration;

use tokio_postgres::Client;

use super::address::PostgresAddress;
use super::server::{Failure, Server, Work};
use crate::error::{Error, ErrorKind, Result};

/// The layouts, each made of the one before. One that was published never changes.
const LAYOUTS: [&str; 2] = [include_str!("layout/1.sql"), include_str!("layout/2.sql")];

const ROLES: &str = include_str!("layout/roles.sql");

/// The layout that this callcta works with.
fn newest() -> i32 {
    i32::try_from(LAYOUTS.len()).unwrap_or(i32::MAX)
}

/// How long somebody else who makes the tables is waited for.
const PATIENCE: Duration = Duration::from_secs(600);

/// Makes the tables, or brings them to the layout of this callcta, and returns the layouts
/// before and after. Rows are kept. To be called with the role that shall own the tables.
///
/// # Errors
///
/// Of the kind [`Journal`](crate::ErrorKind::Journal).
pub fn migrate(address: &PostgresAddress) -> Result<(i32, i32)> {
    let mut server = Server::new(address.clone())?;
    server.run(Some(PATIENCE), async |client| {
        let transaction = client.transaction().await?;
        // One at a time; the number is any that nobody else takes.
        let alone = "select pg_advisory_xact_lock(7161727711)";
        transaction.query_typed(alone, &[]).await?;
        let there = "select to_regclass('callcta.layout') is not null";
        let there: bool = transaction.query_typed_one(there, &[]).await?.get(0);
        let before = if there {
            let version = "select coalesce(max(version), 0) from callcta.layout";
            transaction.query_typed_one(version, &[]).await?.get(0)
        } else {
            0
        };
        if before > newest() {
            return Err(Failure::Own(newer(before)));
        }
        if (1..newest()).contains(&before) {
            // What runs goes on with the statements that it knows.
            let running = "select count(*) from callcta.worker \
                 where expires_at > clock_timestamp()";
            let running: i64 = transaction.query_typed_one(running, &[]).await?.get(0);
            if running > 0 {
                let text = format!("{running} workers run; migrate when they have ended");
                return Err(Error::new(ErrorKind::InUse, text).into());
            }
        }
        for (version, layout) in (1..).zip(LAYOUTS) {
            if version > before {
                transaction.batch_execute(layout).await?;
                let insert = format!("insert into callcta.layout (version) values ({version})");
                transaction.batch_execute(&insert).await?;
            }
        }
        transaction.commit().await?;
        Ok((before, newest()))
    })
}

fn newer(version: i32) -> Error {
    Error::journal(format!(
        "the journal has layout {version}, and this callcta knows {}; update callcta",
        newest()
    ))
}

/// Refuses a server without tables, or with others than this callcta knows.
pub(super) async fn check(client: &Client) -> Work<()> {
    let version = "select max(version) from callcta.layout";
    let version: Option<i32> = client.query_typed_one(version, &[]).await?.get(0);
    let version = version.unwrap_or_default();
    if version > newest() {
        return Err(newer(version).into());
    }
    if version < newest() {
        let text = format!(
            "the journal has layout {version}, and this callcta needs {}; migrate it \
             (callcta campaign migrate)",
            newest()
        );
        return Err(Error::journal(text).into());
    }
    Ok(())
}

/// The statements that give three roles no more than they need: one that loads, one that
/// sends and one that looks.
///
/// # Errors
///
/// Of the kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if a name is none.
pub fn grants(loader: &str, worker: &str, reader: &str) -> Result<String> {
    let mut text = ROLES.to_owned();
    for (place, name) in [
        ("{loader}", loader),
        ("{worker}", worker),
        ("{reader}", reader),
    ] {
        if name.is_empty() || name.contains('\0') {
            return Err(Error::invalid("a role needs a name"));
        }
        let name = format!("\"{}\"", name.replace('"', "\"\""));
        text = text.replace(place, &name);
    }
    Ok(text)
}
