//! The place above TLS where the request's head is completed: the last end of
//! ureq's connector chain.

use std::io;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

use super::call;

/// Last in the chain: completes the head of the request.
///
/// ureq-proto logs every byte of a request's head at trace level and ureq the
/// path and query, with no way to switch either off. So ureq is given a head
/// without path, query and `Authorization`, and they are put in here.
#[derive(Debug)]
pub(super) struct HeadConnector;

impl<In: Transport> Connector<In> for HeadConnector {
    type Out = HeadTransport<In>;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|inner| HeadTransport { inner }))
    }
}

#[derive(Debug)]
pub(super) struct HeadTransport<T> {
    inner: T,
}

impl<T: Transport> Transport for HeadTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let output = self.inner.buffers().output();
        let completed = call::take_head(|head| complete(output, amount, head));
        let amount = completed.unwrap_or(Ok(amount))?;
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// Replaces the first line of the `amount` bytes in `output` with `head`.
fn complete(output: &mut [u8], amount: usize, head: &[u8]) -> Result<usize, Error> {
    let line = output[..amount]
        .windows(2)
        .position(|pair| pair == b"\r\n")
        .map_or(amount, |end| end + 2);
    let total = head.len() + amount - line;
    if total > output.len() {
        return Err(io::Error::from(io::ErrorKind::InvalidInput).into());
    }
    output.copy_within(line..amount, head.len());
    output[..head.len()].copy_from_slice(head);
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_replaced() {
        let mut output = *b"POST / HTTP/1.1\r\nhost: h\r\n\r\n______________________________";
        let amount = b"POST / HTTP/1.1\r\nhost: h\r\n\r\n".len();
        let head = b"POST /longer HTTP/1.1\r\nx: y\r\n";
        let total = complete(&mut output, amount, head).unwrap();
        assert_eq!(
            &output[..total],
            b"POST /longer HTTP/1.1\r\nx: y\r\nhost: h\r\n\r\n"
        );
        assert!(complete(&mut output[..30], amount, head).is_err());
    }
}
