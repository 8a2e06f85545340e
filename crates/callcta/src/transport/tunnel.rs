//! `CONNECT`: a way through a proxy.

use std::fmt;
use std::io;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

use super::failure::MAX_ANSWER_HEAD;

/// The proxy's answer to a `CONNECT` where it isn't a yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// An HTTP status.
    Status(u16),
    /// Status 407, with or without credentials in the `CONNECT`.
    Credentials {
        given: bool,
    },
    NotHttp,
    TooLong,
}

impl Refusal {
    /// Whether another try would end the same way.
    pub(super) fn is_final(self) -> bool {
        match self {
            Self::Status(408 | 425 | 429 | 500..) => false,
            Self::Status(_) | Self::Credentials { .. } | Self::NotHttp | Self::TooLong => true,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials { given: true } => {
                f.write_str("it refused the user and password of its URL (status 407)")
            }
            Self::Credentials { given: false } => f.write_str(
                "it wants a user and password (status 407), which go into its URL: \
                 http://user:password@host:port",
            ),
            Self::Status(status) => write!(f, "it refused with status {status}"),
            Self::NotHttp => f.write_str("its answer is not http/1.1"),
            Self::TooLong => write!(f, "its answer is longer than {MAX_ANSWER_HEAD} bytes"),
        }
    }
}

impl std::error::Error for Refusal {}

/// What is asked of a proxy.
pub(super) struct Connect<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) user_agent: &'a str,
    /// The value of `Proxy-Authorization`.
    pub(super) authorization: Option<&'a str>,
}

impl Connect<'_> {
    fn head(&self) -> String {
        let Self { host, port, .. } = self;
        let mut head = format!("CONNECT {host}:{port} HTTP/1.1\r\nhost: {host}:{port}\r\n");
        let mut add = |name: &str, value: &str| {
            for part in [name, ": ", value, "\r\n"] {
                head.push_str(part);
            }
        };
        if !self.user_agent.is_empty() {
            add("user-agent", self.user_agent);
        }
        if let Some(authorization) = self.authorization {
            add("proxy-authorization", authorization);
        }
        add("proxy-connection", "keep-alive");
        head + "\r\n"
    }
}

/// Asks the proxy at the other end for a tunnel and waits for its yes.
pub(super) fn open(
    mut proxy: Box<dyn Transport>,
    connect: &Connect<'_>,
    timeout: NextTimeout,
) -> Result<Box<dyn Transport>, Error> {
    let head = connect.head();
    let output = proxy.buffers().output();
    let room = output.get_mut(..head.len());
    room.ok_or(io::ErrorKind::InvalidInput)
        .map_err(io::Error::from)?
        .copy_from_slice(head.as_bytes());
    proxy.transmit_output(head.len(), timeout)?;
    loop {
        let more = proxy.await_input(timeout)?;
        let buffers = proxy.buffers();
        let refused = |refusal| Error::Other(Box::new(refusal));
        while let Some((length, status)) = answer(buffers.input()).map_err(refused)? {
            buffers.input_consume(length);
            match status {
                // More is to come.
                100..=199 => {}
                200..=299 => return Ok(Box::new(Tunnel(proxy))),
                407 => {
                    let given = connect.authorization.is_some();
                    return Err(refused(Refusal::Credentials { given }));
                }
                _ => return Err(refused(Refusal::Status(status))),
            }
        }
        if !more {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
    }
}

/// Length and status of the answer that `input` begins with, once it is whole.
fn answer(input: &[u8]) -> Result<Option<(usize, u16)>, Refusal> {
    const VERSION: &[u8] = b"HTTP/1.";
    let known = input.len().min(VERSION.len());
    if input[..known] != VERSION[..known] {
        return Err(Refusal::NotHttp);
    }
    let mut end = 0;
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        end += line.len();
        if line == b"\r\n" || line == b"\n" {
            let status = input.get(VERSION.len() + 2..VERSION.len() + 5);
            let status = status.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
            return status.map_or(Err(Refusal::NotHttp), |status| Ok(Some((end, status))));
        }
    }
    if input.len() > MAX_ANSWER_HEAD {
        return Err(Refusal::TooLong);
    }
    Ok(None)
}

/// What is inside knows nothing of the way to the proxy, encrypted or not.
#[derive(Debug)]
struct Tunnel(Box<dyn Transport>);

impl Transport for Tunnel {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_to_the_empty_line() {
        let whole = b"HTTP/1.1 200 OK\r\nx: y\r\n\r\nmore";
        assert_eq!(answer(whole), Ok(Some((whole.len() - 4, 200))));
        for end in 0..whole.len() - 4 {
            assert_eq!(answer(&whole[..end]), Ok(None), "{end}");
        }
        assert_eq!(answer(b"HTTP/1.0 407\n\n"), Ok(Some((14, 407))));
        for not_http in ["SSH-2.0-server\r\n", "<html>", "HTTP/2 200\r\n\r\n"] {
            assert_eq!(answer(not_http.as_bytes()), Err(Refusal::NotHttp));
        }
        assert_eq!(answer(b"HTTP/1.1 OK\r\n\r\n"), Err(Refusal::NotHttp));
        let long = [&whole[..17], &b"x".repeat(MAX_ANSWER_HEAD)].concat();
        assert_eq!(answer(&long), Err(Refusal::TooLong));
    }
}
