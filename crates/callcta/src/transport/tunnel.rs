//! `CONNECT`: a way through a proxy.

use std::fmt;
use std::io;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

use super::answer::{MAX_ANSWER_HEAD, Malformed, Reader};

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
    let refused = |refusal| Error::Other(Box::new(refusal));
    let mut reader = Reader::new();
    loop {
        let more = proxy.await_input(timeout)?;
        let buffers = proxy.buffers();
        while reader.is_at_head()
            && let Some((length, head)) = reader.head(buffers.input()).map_err(|error| {
                refused(match error {
                    Malformed::HeadTooLong => Refusal::TooLong,
                    _ => Refusal::NotHttp,
                })
            })?
        {
            buffers.input_consume(length);
            match head.status {
                _ if head.is_interim() => {}
                200..=299 => return Ok(Box::new(Tunnel(proxy))),
                407 => {
                    let given = connect.authorization.is_some();
                    return Err(refused(Refusal::Credentials { given }));
                }
                status => return Err(refused(Refusal::Status(status))),
            }
        }
        if !more {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
    }
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
