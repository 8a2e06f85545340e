//! Reads answers as RFC 9110 and 9112 allow them to be, however their bytes are cut.
//!
//! ureq takes some of them for broken, such as an interim answer with header lines,
//! long chunk extensions or many header lines, and waits for ever for the end of
//! others. So it is given a plain head and the bare body of what is read here.

mod chunks;
mod head;

use std::{fmt, mem};

use self::chunks::Chunks;
use self::head::Framing;
pub(super) use self::head::Head;

/// Longest head of an answer. As much may be in the extensions and the trailer of a
/// chunked body.
pub(super) const MAX_ANSWER_HEAD: usize = 64 * 1024;

/// At the beginning, input is looked at also when no line of it has come to its end:
/// what isn't HTTP shows at once.
const FIRST_WORDS: usize = 64;

/// A gzip stream of nothing.
const NOTHING: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x03\0\0\0\0\0\0\0\0\0";

/// What is wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    NotHttp,
    HeadTooLong,
    /// Where the body ends isn't said, or not clearly.
    Framing,
    Chunk,
    CutShort,
    /// The body is encoded in a way that nobody asked for.
    Coding(String),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHttp => "the answer is not valid http/1.1",
            Self::HeadTooLong => {
                return write!(
                    f,
                    "the answer's head is longer than {MAX_ANSWER_HEAD} bytes"
                );
            }
            Self::Framing => "the answer's headers don't tell clearly how long it is",
            Self::Chunk => "the answer is not valid http/1.1: a chunk of it is broken",
            Self::CutShort => "the answer was cut short: unexpected end of file",
            Self::Coding(name) => {
                return write!(
                    f,
                    "the answer is encoded with {name}, which wasn't asked for"
                );
            }
        })
    }
}

impl std::error::Error for Malformed {}

/// Reads one answer.
#[derive(Debug)]
pub(super) struct Reader {
    state: State,
    /// Nothing so far speaks against using the connection again.
    keeps: bool,
    /// The body is a gzip stream, of which nothing came yet.
    gzip: bool,
}

#[derive(Debug)]
enum State {
    /// Of what is there of the head, so much was looked at.
    Head(usize),
    Length(u64),
    Chunked(Chunks),
    UntilClose,
    Broken(Malformed),
    Ended,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self {
            state: State::Head(0),
            keeps: true,
            gzip: false,
        }
    }

    /// Whether the head is still to come.
    pub(super) fn is_at_head(&self) -> bool {
        matches!(self.state, State::Head(_))
    }

    /// The head that `input` begins with and its length, once it is whole. If it is
    /// only an interim one, the next one is read in the same way.
    pub(super) fn head(&mut self, input: &[u8]) -> Result<Option<(usize, Head)>, Malformed> {
        let State::Head(seen) = &mut self.state else {
            return Ok(None);
        };
        let new = input.get(*seen..).unwrap_or_default();
        let read = if *seen < FIRST_WORDS || new.contains(&b'\n') {
            Head::read(input)?
        } else {
            None
        };
        let length = read.as_ref().map_or(input.len(), |(length, _)| *length);
        if length > MAX_ANSWER_HEAD {
            return Err(Malformed::HeadTooLong);
        }
        let Some((_, head)) = &read else {
            *seen = length;
            return Ok(None);
        };
        self.keeps &= head.keeps;
        self.gzip = head.gzip;
        self.state = match &head.body {
            _ if head.is_interim() => State::Head(0),
            Ok(Framing::Length(0)) => State::Ended,
            Ok(Framing::Length(length)) => State::Length(*length),
            Ok(Framing::Chunked) => State::Chunked(Chunks::new()),
            Ok(Framing::UntilClose) => State::UntilClose,
            Err(malformed) => State::Broken(malformed.clone()),
        };
        Ok(read)
    }

    /// The next piece of the body in `input`, and how much was read to get there. It is
    /// empty at the end of `input` and of the answer.
    pub(super) fn body<'a>(&mut self, input: &'a [u8]) -> Result<(usize, &'a [u8]), Malformed> {
        let (read, piece) = match &mut self.state {
            State::Length(left) => {
                let count = usize::try_from(*left).map_or(input.len(), |it| it.min(input.len()));
                *left -= count as u64;
                (count, &input[..count])
            }
            State::Chunked(chunks) => chunks.read(input)?,
            State::UntilClose => (input.len(), input),
            State::Broken(malformed) => return Err(malformed.clone()),
            State::Head(_) | State::Ended => (0, &[][..]),
        };
        self.gzip &= piece.is_empty();
        match &self.state {
            State::Length(0) => self.state = State::Ended,
            State::Chunked(chunks) if chunks.is_ended() => {
                self.keeps &= chunks.plain;
                self.state = State::Ended;
            }
            _ => {}
        }
        Ok((read, piece))
    }

    /// Nothing more will come.
    pub(super) fn end(&mut self) -> Result<(), Malformed> {
        if !self.is_whole() && !matches!(self.state, State::UntilClose) {
            return Err(Malformed::CutShort);
        }
        self.keeps &= self.is_ended();
        self.state = State::Ended;
        Ok(())
    }

    /// Whether all of the body was there, if perhaps not what may follow it.
    pub(super) fn is_whole(&self) -> bool {
        match &self.state {
            State::Chunked(chunks) => chunks.is_whole(),
            state => matches!(state, State::Ended),
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Whether the connection can be used again.
    pub(super) fn keeps(&self) -> bool {
        self.keeps && self.is_ended()
    }

    /// What is to be unpacked if there is no body although there should be a gzip
    /// stream.
    pub(super) fn instead_of_nothing(&mut self) -> &'static [u8] {
        if mem::take(&mut self.gzip) {
            NOTHING
        } else {
            &[]
        }
    }
}

impl Head {
    /// The same head for somebody to whom the connection is closed behind the body.
    pub(super) fn write_plain(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(b"HTTP/1.1 ");
        to.extend_from_slice(self.status.to_string().as_bytes());
        if self.gzip {
            to.extend_from_slice(b"\r\ncontent-encoding: gzip");
        }
        to.extend_from_slice(b"\r\n\r\n");
    }
}

#[cfg(test)]
mod tests;
