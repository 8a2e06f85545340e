//! The bytes of an input: hashed, without a byte order mark, and all of them UTF-8.

use std::io::{self, Read};
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::error::Error;

/// Longest record, in bytes: a quotation mark that is never closed would otherwise take
/// all the rest of a file for one cell.
pub(super) const RECORD_MAX: u64 = 1 << 20;

/// Most bytes that are read ahead of a record.
pub(super) const BUFFER: usize = 64 * 1024;

const SAVE: &str = "save it as CSV UTF-8";

/// What is known about the bytes so far.
#[derive(Default)]
pub(super) struct Seen {
    /// Handed out.
    total: AtomicU64,
    /// Where the record begins that is being read.
    mark: AtomicU64,
    /// Whether the last byte that was handed out ends a line.
    at_line_end: AtomicBool,
    hash: Mutex<Sha256>,
    failure: Mutex<Option<Error>>,
}

impl Seen {
    /// A record begins here.
    pub(super) fn mark(&self, byte: u64) {
        self.mark.store(byte, Ordering::Relaxed);
    }

    /// Whether a record that ends at this byte lacks a line end, as a file's last one may.
    pub(super) fn ends_without_line_end(&self, byte: u64) -> bool {
        byte == self.total.load(Ordering::Relaxed) && !self.at_line_end.load(Ordering::Relaxed)
    }

    /// The hash of everything, once it has been read.
    pub(super) fn hash(&self) -> String {
        let mut hash = self.hash.lock().unwrap_or_else(PoisonError::into_inner);
        hex(&mem::take(&mut *hash).finalize())
    }

    /// Why reading failed.
    pub(super) fn failure(&self, error: &io::Error) -> Error {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        let told = failure.take();
        told.unwrap_or_else(|| Error::input(format!("can't read the recipients: {error}")))
    }

    fn fail(&self, error: Error) -> io::Error {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        *failure = Some(error);
        io::ErrorKind::InvalidData.into()
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) struct Bytes<R> {
    inner: R,
    seen: Arc<Seen>,
    started: bool,
    /// What was read to look for a byte order mark.
    head: Vec<u8>,
    /// A character of which the rest is still to come.
    partial: Vec<u8>,
    line: u64,
    /// Bytes of the line so far.
    column: u64,
}

impl<R: Read> Bytes<R> {
    pub(super) fn new(inner: R, seen: Arc<Seen>) -> Self {
        Bytes {
            inner,
            seen,
            started: false,
            head: Vec::new(),
            partial: Vec::new(),
            line: 1,
            column: 0,
        }
    }

    fn take(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = loop {
            match self.inner.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        let mut hash = (self.seen.hash.lock()).unwrap_or_else(PoisonError::into_inner);
        hash.update(&buffer[..count]);
        Ok(count)
    }

    /// Looks for what tells the encoding.
    fn start(&mut self) -> io::Result<()> {
        self.started = true;
        let mut head = [0; 4];
        let mut length = 0;
        while length < head.len() {
            match self.take(&mut head[length..])? {
                0 => break,
                count => length += count,
            }
        }
        let head = &head[..length];
        let wide = head.starts_with(&[0xff, 0xfe])
            || head.starts_with(&[0xfe, 0xff])
            || head.len() > 1 && head[..2].contains(&0);
        if wide {
            let text = format!("line 1, byte 1: this is UTF-16, not UTF-8; {SAVE}");
            return Err(self.seen.fail(Error::input(text)));
        }
        self.head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).to_vec();
        Ok(())
    }

    fn check(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !self.partial.is_empty() && !bytes.is_empty() {
            self.partial.push(bytes[0]);
            bytes = &bytes[1..];
            match std::str::from_utf8(&self.partial) {
                Ok(_) => {
                    self.column += self.partial.len() as u64;
                    self.partial.clear();
                }
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(self.not_utf8(self.partial[0])),
            }
        }
        match std::str::from_utf8(bytes) {
            Ok(_) => self.count(bytes),
            Err(error) => {
                let (good, rest) = bytes.split_at(error.valid_up_to());
                self.count(good);
                if error.error_len().is_some() {
                    return Err(self.not_utf8(rest[0]));
                }
                self.partial = rest.to_vec();
            }
        }
        Ok(())
    }

    fn count(&mut self, bytes: &[u8]) {
        match memchr::memrchr(b'\n', bytes) {
            Some(last) => {
                self.line += memchr::memchr_iter(b'\n', bytes).count() as u64;
                self.column = (bytes.len() - last - 1) as u64;
            }
            None => self.column += bytes.len() as u64,
        }
    }

    fn not_utf8(&self, byte: u8) -> io::Error {
        let (line, column) = (self.line, self.column + 1);
        let text = format!(
            "line {line}, byte {column}: 0x{byte:02X} is not UTF-8, but likely Windows-1252, as \
             Excel's plain CSV is; {SAVE}"
        );
        self.seen.fail(Error::input(text))
    }
}

impl<R: Read> Read for Bytes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.started {
            self.start()?;
        }
        let total = self.seen.total.load(Ordering::Relaxed);
        let record = total.saturating_sub(self.seen.mark.load(Ordering::Relaxed));
        if record > RECORD_MAX + BUFFER as u64 {
            let text = format!(
                "a row that ends in line {} or later has more than {RECORD_MAX} bytes; is a \
                 quotation mark not closed?",
                self.line
            );
            return Err(self.seen.fail(Error::input(text)));
        }
        let count = if self.head.is_empty() {
            self.take(buffer)?
        } else {
            let count = self.head.len().min(buffer.len());
            buffer[..count].copy_from_slice(&self.head[..count]);
            self.head.drain(..count);
            count
        };
        if count == 0 && !buffer.is_empty() && !self.partial.is_empty() {
            return Err(self.not_utf8(self.partial[0]));
        }
        self.check(&buffer[..count])?;
        if let Some(last) = buffer[..count].last() {
            let ends = *last == b'\n';
            self.seen.at_line_end.store(ends, Ordering::Relaxed);
        }
        let total = total + count as u64;
        self.seen.total.store(total, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out so many bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(buffer.len()).min(self.0.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn read(bytes: &[u8], step: usize) -> Result<String, String> {
        let seen = Arc::new(Seen::default());
        let mut text = String::new();
        match Bytes::new(Slow(bytes, step), Arc::clone(&seen)).read_to_string(&mut text) {
            Ok(_) => Ok(text),
            Err(error) => Err(seen.failure(&error).to_string()),
        }
    }

    #[test]
    fn what_is_not_utf8_is_told_by_line_and_byte_however_it_arrives() {
        for step in [1, 2, 3, 5, 4096] {
            assert_eq!(read("\u{feff}a,ä😀\n".as_bytes(), step).unwrap(), "a,ä😀\n");
            assert_eq!(read("ä\n😀".as_bytes(), step).unwrap(), "ä\n😀");
            assert_eq!(read(b"", step).unwrap(), "");
            let told = |bytes: &[u8]| read(bytes, step).unwrap_err();
            assert!(
                told(b"id\nJ\xe4ger\n").starts_with("line 2, byte 2: 0xE4 is not UTF-8"),
                "{step}"
            );
            assert!(told(b"id\n\xc3\xa4\xe2\x82").starts_with("line 2, byte 3: 0xE2"));
            for wide in [
                &b"\xff\xfei\0d\0"[..],
                b"\xfe\xff\0i\0d",
                b"i\0d\0",
                b"\0i\0d",
            ] {
                assert!(told(wide).contains("UTF-16"), "{wide:?}");
            }
        }
    }

    #[test]
    fn the_hash_is_that_of_the_file() {
        let hash = |bytes: &[u8]| {
            let seen = Arc::new(Seen::default());
            let mut reader = Bytes::new(bytes, Arc::clone(&seen));
            io::copy(&mut reader, &mut io::sink()).unwrap();
            seen.hash()
        };
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hash(b""), empty);
        assert_ne!(hash(b"\xef\xbb\xbfa"), hash(b"a"));
    }

    #[test]
    fn a_record_without_end_is_refused() {
        let endless = vec![b'a'; 3 << 20];
        assert!(read(&endless, 4096).unwrap_err().contains("not closed"));
    }
}
