//! The connection: made when it is needed, given up when it fails, and never waited for
//! without an end.

use std::fmt::Write as _;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_postgres::Client;
use tokio_postgres::error::{DbError, Severity, SqlState};

use super::address::PostgresAddress;
use crate::error::{Error, ErrorKind, Result};

/// How long a step of a run may take: beyond that the connection is worth nothing.
pub(super) const STEP: Option<Duration> = Some(Duration::from_secs(10));

/// How long it may take until a connection can be used, whichever host is tried.
const CONNECTED: Duration = Duration::from_secs(60);

/// What fails in a piece of work with a connection.
pub(super) enum Failure {
    Server(tokio_postgres::Error),
    Own(Error),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Failure::Server(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Own(error)
    }
}

/// What work with a connection comes to.
pub(super) type Work<T> = std::result::Result<T, Failure>;

/// One connection to a server. Nothing is kept in the session, so that a pooler may give
/// each transaction to another one.
pub(super) struct Server {
    address: PostgresAddress,
    runtime: Runtime,
    client: Option<Client>,
}

impl Server {
    pub(super) fn new(address: PostgresAddress) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Error::journal(error.to_string()))?;
        Ok(Server {
            address,
            runtime,
            client: None,
        })
    }

    pub(super) fn address(&self) -> &PostgresAddress {
        &self.address
    }

    /// Does something with the connection, and gives the connection up if that takes too
    /// long or breaks it. After an error it isn't known whether it was done.
    pub(super) fn run<T>(
        &mut self,
        limit: Option<Duration>,
        work: impl AsyncFnOnce(&mut Client) -> Work<T>,
    ) -> Result<T> {
        let mut client = match self.client.take().filter(|client| !client.is_closed()) {
            Some(client) => client,
            None => self.connect()?,
        };
        let done = self.runtime.block_on(async {
            let work = work(&mut client);
            match limit {
                Some(limit) => timeout(limit, work).await.ok(),
                None => Some(work.await),
            }
        });
        let Some(done) = done else {
            return Err(Error::journal(
                "the journal's server doesn't answer, and its connection was given up",
            ));
        };
        let over = matches!(&done, Err(Failure::Server(error)) if is_over(error));
        if !over && !client.is_closed() {
            self.client = Some(client);
        }
        done.map_err(|failure| match failure {
            Failure::Server(error) => told(&error),
            Failure::Own(error) => error,
        })
    }

    /// Does something that may be done twice: once more over a new connection, if the one
    /// that was kept turns out to be gone.
    pub(super) fn again<T>(
        &mut self,
        limit: Option<Duration>,
        work: impl AsyncFn(&mut Client) -> Work<T>,
    ) -> Result<T> {
        let kept = self.client.is_some();
        let done = self.run(limit, async |client| work(client).await);
        if done.is_err() && kept && self.client.is_none() {
            return self.run(limit, work);
        }
        done
    }

    /// Makes sure of the connection, before something that can't be done twice.
    pub(super) fn ready(&mut self) -> Result<()> {
        self.again(STEP, async |client| {
            client.query_typed("select 1", &[]).await?;
            Ok(())
        })
    }

    fn connect(&mut self) -> Result<Client> {
        let connector = self.address.trust.connector()?;
        let config = &self.address.config;
        let connected = self.runtime.block_on(async {
            let connect = async {
                let (client, connection) = config.connect(connector).await?;
                // It ends with the connection, of which every request hears.
                drop(tokio::spawn(connection));
                let recovers = client
                    .query_typed("select pg_is_in_recovery()", &[])
                    .await?;
                Ok((client, recovers.first().is_some_and(|line| line.get(0))))
            };
            timeout(CONNECTED, connect).await
        });
        let unreachable = |why: &str| {
            let host = self.address.host();
            Error::journal(format!(
                "can't connect to the journal's server {host}: {why}"
            ))
        };
        let (client, recovers) = connected
            .map_err(|_| unreachable("it doesn't answer"))?
            .map_err(|error: tokio_postgres::Error| {
                let mut why = words(&error);
                if let Some(no_password) = &self.address.no_password {
                    let _ = write!(why, "; {no_password}");
                }
                unreachable(&why)
            })?;
        if recovers {
            // What it has may be old, and a claim that it hasn't would be made again.
            return Err(unreachable(
                "it is a replica, and a journal is read from the primary",
            ));
        }
        Ok(client)
    }
}

/// Whether the connection is of no use after an error.
fn is_over(error: &tokio_postgres::Error) -> bool {
    let severity = error.as_db_error().map(DbError::parsed_severity);
    matches!(
        severity,
        None | Some(Some(Severity::Fatal | Severity::Panic))
    )
}

/// A server's error in words, without the details that may quote values.
fn told(error: &tokio_postgres::Error) -> Error {
    let kind = match error.code() {
        // Two loads of the same rows in another order.
        Some(code) if *code == SqlState::T_R_DEADLOCK_DETECTED => ErrorKind::InUse,
        _ => ErrorKind::Journal,
    };
    let why = match error.code() {
        Some(code) if *code == SqlState::T_R_DEADLOCK_DETECTED => {
            "somebody else loads the same rows; try again".to_owned()
        }
        Some(code)
            if *code == SqlState::UNDEFINED_TABLE || *code == SqlState::INVALID_SCHEMA_NAME =>
        {
            "it has no tables of callcta; make them (callcta campaign migrate)".to_owned()
        }
        _ => words(error),
    };
    Error::new(kind, format!("the journal's server says no: {why}"))
}

fn words(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return format!("{} ({})", error.message(), error.code().code());
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        let _ = write!(text, ": {error}");
        source = error.source();
    }
    text
}
