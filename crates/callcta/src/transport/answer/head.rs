//! The head of an answer: its status, its header lines, and how the end of its body
//! is found (RFC 9112, section 6.3).

use std::str;

use httparse::{EMPTY_HEADER, Header, ParserConfig, Response, Status};

use super::Malformed;

/// Header lines for which no memory is asked of the system.
const USUAL_LINES: usize = 48;

/// A head, as far as it matters here.
#[derive(Debug)]
pub(in crate::transport) struct Head {
    pub(in crate::transport) status: u16,
    /// Names in lower case. Values that are not UTF-8 are left out.
    pub(in crate::transport) headers: Vec<(String, String)>,
    pub(super) body: Result<Framing, Malformed>,
    /// The body is a gzip stream.
    pub(super) gzip: bool,
    /// Nothing speaks against using the connection again.
    pub(super) keeps: bool,
}

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

impl Head {
    /// The head that `input` begins with, and its length; `None` if it isn't whole.
    pub(super) fn read(input: &[u8]) -> Result<Option<(usize, Self)>, Malformed> {
        let (input, lines) = lines(input);
        let mut usual = [EMPTY_HEADER; USUAL_LINES];
        let mut many = Vec::new();
        let room = if lines <= USUAL_LINES {
            &mut usual[..]
        } else {
            many.resize(lines, EMPTY_HEADER);
            &mut many[..]
        };
        let mut answer = Response::new(room);
        match answer.parse(input) {
            Ok(Status::Complete(length)) => {
                let plain = is_plain(&input[..length]);
                Ok(Some((length, Self::of(&answer, plain)?)))
            }
            Ok(Status::Partial) => Ok(None),
            Err(_) => Self::read_leniently(input, lines),
        }
    }

    /// As `read`, but takes what the RFCs allow without liking it, too: folded lines,
    /// control characters, blanks in front of a colon, later versions of HTTP/1.
    fn read_leniently(input: &[u8], lines: usize) -> Result<Option<(usize, Self)>, Malformed> {
        let tidy = tidy(input);
        let mut headers = vec![EMPTY_HEADER; lines];
        let mut answer = Response::new(&mut headers);
        let read = ParserConfig::default()
            .allow_spaces_after_header_name_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_multiple_spaces_in_response_status_delimiters(true)
            .parse_response(&mut answer, &tidy);
        match read {
            Ok(Status::Complete(length)) => Ok(Some((length, Self::of(&answer, false)?))),
            Ok(Status::Partial) => Ok(None),
            Err(_) => Err(Malformed::NotHttp),
        }
    }

    fn of(answer: &Response<'_, '_>, plain: bool) -> Result<Self, Malformed> {
        let (headers, is_1_0) = (&*answer.headers, answer.version == Some(0));
        let status = answer.code.filter(|status| *status >= 100);
        let status = status.ok_or(Malformed::NotHttp)?;
        let says = |option: &[u8]| tokens(headers, "connection").any(|it| is(it, option));
        let mut keeps = plain && !says(b"close") && (!is_1_0 || says(b"keep-alive"));

        let mut codings: Vec<_> = tokens(headers, "content-encoding").collect();
        let mut body = framing(headers, is_1_0, &mut codings, &mut keeps);
        if matches!(status, 100..=199 | 204 | 304) {
            body = Ok(Framing::Length(0));
            // What follows is of another protocol.
            keeps &= status != 101;
        }
        codings.retain(|coding| !is(coding, b"identity"));
        let gzip = match *codings {
            _ if body == Ok(Framing::Length(0)) => false,
            [] => false,
            [coding] if is(coding, b"gzip") || is(coding, b"x-gzip") => true,
            _ => {
                body = body.and(Err(Malformed::Coding(names(&codings))));
                false
            }
        };
        Ok(Self {
            status,
            headers: headers.iter().filter_map(text).collect(),
            keeps: keeps && matches!(body, Ok(Framing::Length(_) | Framing::Chunked)),
            body,
            gzip,
        })
    }

    /// Whether the answer proper is still to come.
    pub(in crate::transport) fn is_interim(&self) -> bool {
        matches!(self.status, 100..=199) && self.status != 101
    }
}

/// How the body is delimited. Its transfer codings are added to `codings`; what could
/// be understood in two ways makes that the connection isn't kept.
fn framing<'a>(
    headers: &[Header<'a>],
    is_1_0: bool,
    codings: &mut Vec<&'a [u8]>,
    keeps: &mut bool,
) -> Result<Framing, Malformed> {
    let has = |name: &str| headers.iter().any(|it| it.name.eq_ignore_ascii_case(name));
    let length = length(headers, keeps);
    if !has("transfer-encoding") {
        return length.map(|length| length.map_or(Framing::UntilClose, Framing::Length));
    }
    // A length beside it doesn't count, and HTTP/1.0 doesn't know it.
    *keeps &= !has("content-length") && !is_1_0;
    let mut transfer: Vec<_> = tokens(headers, "transfer-encoding").collect();
    transfer.retain(|coding| !is(coding, b"identity"));
    let framing = match transfer.split_last() {
        None => {
            *keeps = false;
            length?.map_or(Framing::UntilClose, Framing::Length)
        }
        Some((last, others)) if is(last, b"chunked") => {
            codings.extend(others);
            Framing::Chunked
        }
        Some(_) => {
            codings.extend(&transfer);
            Framing::UntilClose
        }
    };
    if codings.iter().any(|coding| is(coding, b"chunked")) {
        return Err(Malformed::Framing);
    }
    Ok(framing)
}

/// The value of `Content-Length`. The same one several times is one.
fn length(headers: &[Header<'_>], keeps: &mut bool) -> Result<Option<u64>, Malformed> {
    let mut length = None;
    for header in headers
        .iter()
        .filter(|it| is(it.name.as_bytes(), b"content-length"))
    {
        for value in header.value.split(|byte| *byte == b',') {
            let digits = value.trim_ascii();
            let digits = Some(digits).filter(|it| it.iter().all(u8::is_ascii_digit));
            let number = digits.and_then(|it| str::from_utf8(it).ok()?.parse().ok());
            let number: u64 = number.ok_or(Malformed::Framing)?;
            if length.is_some() {
                *keeps = false;
            }
            if *length.get_or_insert(number) != number {
                return Err(Malformed::Framing);
            }
        }
    }
    Ok(length)
}

fn is(token: &[u8], name: &[u8]) -> bool {
    token.eq_ignore_ascii_case(name)
}

/// The members of a list, over all its lines.
fn tokens<'a>(headers: &[Header<'a>], name: &str) -> impl Iterator<Item = &'a [u8]> {
    headers
        .iter()
        .filter(move |header| header.name.eq_ignore_ascii_case(name))
        .flat_map(|header| header.value.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|token| !token.is_empty())
}

/// For an error: what somebody else wrote is quoted only if it looks like a name.
fn names(codings: &[&[u8]]) -> String {
    let name = |coding: &&[u8]| {
        let text = str::from_utf8(coding).ok()?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        (text.len() <= 20 && text.bytes().all(plain)).then(|| text.to_ascii_lowercase())
    };
    let names: Option<Vec<_>> = codings.iter().take(4).map(name).collect();
    names.map_or("something".to_owned(), |names| names.join(" and "))
}

/// A header line for the caller; the parts of a folded one become one again.
fn text(header: &Header<'_>) -> Option<(String, String)> {
    let value = str::from_utf8(header.value).ok()?;
    let value = if value.contains('\n') {
        let parts: Vec<_> = value.lines().map(str::trim_ascii).collect();
        parts.join(" ")
    } else {
        value.to_owned()
    };
    Some((header.name.to_ascii_lowercase(), value))
}

/// `input` as far as the empty line behind a head, if there is one; and how many lines
/// that may be.
fn lines(input: &[u8]) -> (&[u8], usize) {
    let (mut end, mut count, mut begun) = (0, 0, false);
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        end += line.len();
        count += 1;
        let is_empty = matches!(line, b"\r\n" | b"\n");
        if begun && is_empty {
            break;
        }
        begun |= !is_empty;
    }
    (&input[..end], count)
}

/// Whether all lines end as they should, and the first one is the status line.
fn is_plain(head: &[u8]) -> bool {
    let ends = head.split_inclusive(|byte| *byte == b'\n');
    head.starts_with(b"HTTP/") && ends.into_iter().all(|line| line.ends_with(b"\r\n"))
}

/// Replaces control characters by blanks and a later minor version by 1. Everything
/// stays at its place.
fn tidy(input: &[u8]) -> Vec<u8> {
    let mut tidy = input.to_vec();
    let following = input.iter().skip(1).map(Some).chain([None]);
    for (byte, next) in tidy.iter_mut().zip(following) {
        let ends_line = *byte == b'\n' || *byte == b'\r' && matches!(next, Some(b'\n') | None);
        if byte.is_ascii_control() && *byte != b'\t' && !ends_line {
            *byte = b' ';
        }
    }
    let version = b"HTTP/1.";
    let from = input.iter().position(|byte| !byte.is_ascii_whitespace());
    let line = &mut tidy[from.unwrap_or(0)..];
    if line.starts_with(version)
        && let Some(minor @ b'2'..=b'9') = line.get_mut(version.len())
    {
        *minor = b'1';
    }
    tidy
}
