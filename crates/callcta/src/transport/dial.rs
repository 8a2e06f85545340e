//! Opens connections: the first end of ureq's connector chain.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Weak};
use std::time::Instant;

use ureq::unversioned::transport::{
    ConnectionDetails, Connector, Either, ShutdownHandle, Transport,
};
use ureq::{Error, Timeout};

use super::background::Background;
use super::call;
use super::socket::SocketTransport;

/// Opens TCP connections, unless an earlier connector (a proxy's) has.
#[derive(Debug)]
pub(super) struct SocketConnector {
    pub(super) background: Arc<Background>,
}

impl<In: Transport> Connector<In> for SocketConnector {
    type Out = Either<In, SocketTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        if chained.is_some() {
            return Ok(chained.map(Either::A));
        }
        let addresses: Vec<SocketAddr> = details.addrs.iter().copied().collect();
        let deadline = call::deadline();
        let stream = self.background.run("callcta-connect", deadline, move || {
            connect_any(&addresses, deadline)
        })??;
        stream.set_nodelay(true)?;
        let transport = SocketTransport::over(
            stream,
            details.config.input_buffer_size(),
            details.config.output_buffer_size(),
        );
        let socket: Weak<dyn ShutdownHandle> = Arc::downgrade(&transport.handle());
        (details.register_shutdown)(socket)?;
        Ok(Some(Either::B(transport)))
    }
}

/// Tries the addresses in order. Each but the last may use half of the time that
/// is left, so that one that swallows packets leaves time for the others.
fn connect_any(addresses: &[SocketAddr], deadline: Option<Instant>) -> Result<TcpStream, Error> {
    let mut last = Error::HostNotFound;
    for (at, address) in addresses.iter().enumerate() {
        let connected = match deadline {
            None => TcpStream::connect(address),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err(Error::Timeout(Timeout::Connect));
                }
                let is_last = at + 1 == addresses.len();
                let budget = if is_last { left } else { left / 2 };
                TcpStream::connect_timeout(address, budget)
            }
        };
        last = match connected {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                Error::Timeout(Timeout::Connect)
            }
            Err(error) => error.into(),
        };
    }
    Err(last)
}
