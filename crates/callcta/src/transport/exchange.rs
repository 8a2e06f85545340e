//! The place above TLS where the request's head is completed and the answer read: the
//! last end of ureq's connector chain.

use std::io::{self, ErrorKind};
use std::time::Duration;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

use super::answer::{Malformed, Reader};
use super::call;
use super::pool::Lent;

/// How long the trailer of a chunked body is waited for when all of the body is there.
const TRAILER: Duration = Duration::from_millis(500);

/// Last in the chain.
#[derive(Debug)]
pub(super) struct ExchangeConnector;

impl Connector<Lent> for ExchangeConnector {
    type Out = Exchange;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<Lent>,
    ) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|connection| Exchange {
            connection,
            reader: Reader::new(),
            ready: Vec::new(),
            taken: 0,
        }))
    }
}

/// Completes the head of a request, and reads the answer.
///
/// ureq-proto logs every byte of a request's head at trace level and ureq the
/// path and query, with no way to switch either off. So ureq is given a head
/// without path, query and `Authorization`, and they are put in here.
///
/// Of the answer ureq gets its status and its body, as of a server that says no more
/// and closes the connection behind it. The header lines go past it, and whether the
/// connection can be used again is known here.
#[derive(Debug)]
pub(super) struct Exchange {
    connection: Lent,
    reader: Reader,
    /// For ureq, as far as it isn't taken.
    ready: Vec<u8>,
    taken: usize,
}

impl Exchange {
    /// Makes ready what there is; `false` if it is nothing.
    fn advance(&mut self) -> Result<bool, Error> {
        let Self { reader, ready, .. } = self;
        let buffers = self.connection.buffers();
        while reader.is_at_head()
            && let Some((length, head)) = reader.head(buffers.input()).map_err(malformed)?
        {
            buffers.input_consume(length);
            if !head.is_interim() {
                head.write_plain(ready);
                call::answered(head.headers);
            }
        }
        while !reader.is_at_head() && !reader.is_ended() {
            match reader.body(buffers.input()) {
                Ok((0, _)) => break,
                Ok((count, piece)) => {
                    ready.extend_from_slice(piece);
                    buffers.input_consume(count);
                }
                // It is found again after what came before it.
                Err(_) if !ready.is_empty() => break,
                Err(error) => return Err(malformed(error)),
            }
        }
        if reader.is_ended() {
            ready.extend_from_slice(reader.instead_of_nothing());
        }
        Ok(!ready.is_empty())
    }

    /// Waits for more from the other side; `false` at its end.
    fn receive(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let is_whole = self.reader.is_whole();
        if is_whole {
            call::hurry(TRAILER);
        }
        match self.connection.await_input(timeout) {
            // All that matters is there.
            Err(_) if is_whole => Ok(false),
            Err(Error::Io(error)) if !self.reader.is_at_head() && is_end(&error) => Ok(false),
            result => result,
        }
    }
}

fn malformed(error: Malformed) -> Error {
    Error::Other(Box::new(error))
}

/// Whether the peer has ended the connection.
fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted
    )
}

impl Transport for Exchange {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let output = self.connection.buffers().output();
        let completed = call::take_head(|head| complete(output, amount, head));
        let amount = completed.unwrap_or(Ok(amount))?;
        self.connection.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        loop {
            if self.advance()? {
                return Ok(true);
            }
            if self.reader.is_ended() {
                return Ok(false);
            }
            if !self.receive(timeout)? {
                if self.reader.is_at_head() {
                    return Ok(false);
                }
                self.reader.end().map_err(malformed)?;
            }
        }
    }

    /// For ureq's pool, which is to stay empty.
    fn is_open(&mut self) -> bool {
        false
    }

    fn is_tls(&self) -> bool {
        self.connection.is_tls()
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let nothing_left = self.input().is_empty() && self.connection.buffers().input().is_empty();
        if self.reader.keeps() && nothing_left {
            self.connection.keep();
        }
    }
}

/// The input is what was made ready, all else is the connection's.
impl Buffers for Exchange {
    fn output(&mut self) -> &mut [u8] {
        self.connection.buffers().output()
    }

    fn input(&self) -> &[u8] {
        &self.ready[self.taken..]
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        // Nobody else adds to it.
        &mut []
    }

    fn input_appended(&mut self, _: usize) {}

    fn input_consume(&mut self, amount: usize) {
        self.taken += amount;
        if self.taken == self.ready.len() {
            self.ready.clear();
            self.taken = 0;
        }
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        self.connection.buffers().tmp_and_output()
    }

    fn can_use_input(&self) -> bool {
        !self.input().is_empty()
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
        return Err(io::Error::from(ErrorKind::InvalidInput).into());
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
