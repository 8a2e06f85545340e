//! The chunked coding (RFC 9112, section 7.1), without its extensions and trailer.

use super::{MAX_ANSWER_HEAD, Malformed};

/// Takes the coding off, byte by byte, holding none back.
#[derive(Debug)]
pub(super) struct Chunks {
    state: State,
    /// What extensions and trailer may still take.
    budget: usize,
    /// Nothing was out of the ordinary.
    pub(super) plain: bool,
}

/// What comes next. The numbers are sizes of chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The first digit of a size.
    Start,
    Size(u64),
    /// More blanks behind a size, or what follows them.
    Blank(u64),
    /// An extension to be left out; `cr` if its last byte was one.
    Extension {
        size: u64,
        cr: bool,
    },
    /// The line feed behind a size.
    SizeEnd(u64),
    Data(u64),
    /// The line end behind a chunk.
    DataEnd,
    DataEndLf,
    /// A line of the trailer, of which there is something already.
    Trailer {
        some: bool,
        cr: bool,
    },
    Ended,
}

impl Chunks {
    pub(super) fn new() -> Self {
        Self {
            state: State::Start,
            budget: MAX_ANSWER_HEAD,
            plain: true,
        }
    }

    /// Whether the last chunk was read, though perhaps not what follows it.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.state, State::Trailer { .. } | State::Ended)
    }

    pub(super) fn is_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Reads as far as the next piece of the body: how much was read, and that piece,
    /// which is empty at the end of `input` or of the answer.
    pub(super) fn read<'a>(&mut self, input: &'a [u8]) -> Result<(usize, &'a [u8]), Malformed> {
        let mut at = 0;
        while let Some(&byte) = input.get(at)
            && self.state != State::Ended
        {
            if let State::Data(left) = &mut self.state {
                let rest = &input[at..];
                let count = usize::try_from(*left).map_or(rest.len(), |it| it.min(rest.len()));
                *left -= count as u64;
                if *left == 0 {
                    self.state = State::DataEnd;
                }
                return Ok((at + count, &rest[..count]));
            }
            self.state = self.after(byte)?;
            at += 1;
        }
        Ok((at, &[]))
    }

    fn after(&mut self, byte: u8) -> Result<State, Malformed> {
        let size = match self.state {
            State::Size(size)
            | State::Blank(size)
            | State::SizeEnd(size)
            | State::Extension { size, .. } => size,
            _ => 0,
        };
        // Behind the last chunk comes the trailer.
        let chunk = if size == 0 {
            State::Trailer {
                some: false,
                cr: false,
            }
        } else {
            State::Data(size)
        };
        Ok(match (self.state, byte) {
            (State::Start | State::Size(_), digit) if digit.is_ascii_hexdigit() => {
                let digit = char::from(digit).to_digit(16).unwrap_or_default();
                let size = size.checked_mul(16).ok_or(Malformed::Chunk)?;
                State::Size(size + u64::from(digit))
            }
            (State::Size(_) | State::Blank(_), b' ' | b'\t') => {
                self.spend()?;
                State::Blank(size)
            }
            (State::Size(_) | State::Blank(_), b';') => State::Extension { size, cr: false },
            (State::Size(_) | State::Blank(_), b'\r') => State::SizeEnd(size),
            (State::SizeEnd(_), b'\n') => chunk,
            (State::Extension { cr, .. }, b'\n') => {
                self.plain &= cr;
                chunk
            }
            (State::Extension { cr, .. }, byte) => {
                self.spend()?;
                self.plain &= !cr;
                State::Extension {
                    size,
                    cr: byte == b'\r',
                }
            }
            (State::DataEnd, b'\r') => State::DataEndLf,
            (State::DataEndLf, b'\n') => State::Start,
            (State::Trailer { some, cr }, b'\n') => {
                self.plain &= cr;
                if some { chunk } else { State::Ended }
            }
            (State::Trailer { some, cr }, byte) if self.spend().is_ok() => {
                self.plain &= !cr;
                State::Trailer {
                    some: some || cr || byte != b'\r',
                    cr: byte == b'\r',
                }
            }
            // Nobody needs the rest of it, or what isn't quite as it should be.
            (State::Trailer { .. }, _) => {
                self.plain = false;
                State::Ended
            }
            (State::Size(_) | State::Blank(_), b'\n') => {
                self.plain = false;
                chunk
            }
            (State::Start, b' ' | b'\t') | (State::DataEnd, b'\n') => {
                self.plain = false;
                State::Start
            }
            _ => return Err(Malformed::Chunk),
        })
    }

    fn spend(&mut self) -> Result<(), Malformed> {
        self.budget = self.budget.checked_sub(1).ok_or(Malformed::Chunk)?;
        Ok(())
    }
}
