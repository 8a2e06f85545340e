//! Bodies of type `multipart/form-data`. Of files only what they are is kept.

use memchr::memmem;

/// A file that came with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    /// The parameter under which it came.
    pub(crate) name: String,
    pub(crate) content_type: String,
    /// In bytes.
    pub(crate) size: usize,
}

/// Parameters and files.
pub(super) type Parts = (Vec<(String, String)>, Vec<File>);

/// Reads a body; what can't be read is told in a sentence.
pub(super) fn decode(content_type: &str, body: &[u8]) -> Result<Parts, String> {
    let boundary = parameter(content_type, "boundary")
        .filter(|boundary| !boundary.is_empty())
        .ok_or("the content type names no boundary")?;
    let delimiter = format!("\r\n--{boundary}");
    let (mut pairs, mut files) = (Vec::new(), Vec::new());
    // The first one may stand at the very beginning.
    let mut rest = if body.starts_with(&delimiter.as_bytes()[2..]) {
        &body[delimiter.len() - 2..]
    } else {
        after(body, delimiter.as_bytes()).ok_or("the boundary is not in the body")?
    };
    while !rest.starts_with(b"--") {
        let part = after(rest, b"\r\n").ok_or("a part ends before its head")?;
        let end = memmem::find(part, delimiter.as_bytes())
            .ok_or("the last part does not end with the boundary")?;
        let (head, content) = split(&part[..end]).ok_or("a part has no end of its head")?;
        let head = String::from_utf8_lossy(head);
        let header = |name: &str| {
            head.lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim())
        };
        let disposition = header("content-disposition").unwrap_or_default();
        let name = parameter(disposition, "name").ok_or("a part has no name")?;
        let is_file = ["filename", "filename*"]
            .iter()
            .any(|key| parameter(disposition, key).is_some());
        if is_file {
            files.push(File {
                name,
                content_type: header("content-type")
                    .unwrap_or("application/octet-stream")
                    .into(),
                size: content.len(),
            });
        } else {
            pairs.push((name, String::from_utf8_lossy(content).into_owned()));
        }
        rest = &part[end + delimiter.len()..];
    }
    Ok((pairs, files))
}

fn after<'a>(text: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    memmem::find(text, mark).map(|at| &text[at + mark.len()..])
}

/// A part's head and its content.
fn split(part: &[u8]) -> Option<(&[u8], &[u8])> {
    // A head without any line leaves only the empty one.
    if let Some(content) = part.strip_prefix(b"\r\n") {
        return Some((b"", content));
    }
    let at = memmem::find(part, b"\r\n\r\n")?;
    Some((&part[..at], &part[at + 4..]))
}

/// A parameter of a header's value, quoted or not.
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (found, next) = if let Some(quoted) = after.strip_prefix('"') {
            unquote(quoted)?
        } else {
            let end = after.find(';').unwrap_or(after.len());
            (after[..end].trim().to_owned(), &after[end..])
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(found);
        }
        rest = next.split_once(';')?.1;
    }
}

fn unquote(text: &str) -> Option<(String, &str)> {
    let mut found = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((found, &text[at + 1..])),
            // Browsers write file names of Windows with single backslashes.
            '\\' => match chars.next()?.1 {
                escaped @ ('"' | '\\') => found.push(escaped),
                other => found.extend(['\\', other]),
            },
            c => found.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_files() {
        let body = "preamble\r\n--x y\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\n\
                    {\"a\":\r\n1}\r\n--x y  \r\ncontent-disposition: form-data; filename=\"a\\\"b;.png\"; \
                    name=filedata\r\nContent-Type: image/png\r\n\r\n\u{1}\r\n--x\r\n--x y--\r\nend";
        let (pairs, files) =
            decode("multipart/form-data; boundary=\"x y\"", body.as_bytes()).unwrap();
        assert_eq!(pairs, [("message".into(), "{\"a\":\r\n1}".into())]);
        let file = File {
            name: "filedata".into(),
            content_type: "image/png".into(),
            size: "\u{1}\r\n--x".len(),
        };
        assert_eq!(files, [file]);
    }

    #[test]
    fn an_empty_form_and_broken_ones() {
        let read = |body: &str| decode("multipart/form-data;boundary=x", body.as_bytes());
        assert_eq!(read("--x--"), Ok(Parts::default()));
        for broken in [
            "",
            "--x",
            "--x\r\n",
            "--x\r\n\r\nno name\r\n--x--",
            "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nopen",
            "--x\r\nContent-Disposition: form-data; name=\"a\r\n\r\nb\r\n--x--",
        ] {
            assert!(read(broken).is_err(), "{broken:?}");
        }
        assert!(decode("multipart/form-data", b"--x--").is_err());
    }
}
