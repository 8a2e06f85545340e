//! Every answer in every cut.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

/// What a connection with this on it tells: status, header lines, body, and whether
/// it can be used again.
type Told = (u16, Vec<(String, String)>, Result<Vec<u8>, Malformed>, bool);

/// Reads an answer that arrives in pieces which end at `cuts`.
fn read(bytes: &[u8], cuts: &[usize]) -> Result<Told, Malformed> {
    let mut reader = Reader::new();
    let (mut at, mut head) = (0, None);
    let mut body = Vec::new();
    for &there in cuts.iter().chain([&bytes.len()]) {
        while reader.is_at_head()
            && let Some((length, one)) = reader.head(&bytes[at..there])?
        {
            at += length;
            head = Some(one).filter(|one| !one.is_interim());
        }
        if head.is_none() {
            continue;
        }
        while !reader.is_ended() && at < there {
            match reader.body(&bytes[at..there]) {
                Ok((count, piece)) => {
                    at += count;
                    body.extend_from_slice(piece);
                }
                Err(malformed) => {
                    let Head {
                        status, headers, ..
                    } = head.unwrap();
                    assert!(!reader.keeps());
                    return Ok((status, headers, Err(malformed), false));
                }
            }
        }
    }
    let Head {
        status, headers, ..
    } = head.ok_or(Malformed::CutShort)?;
    let body = reader
        .body(&[])
        .map(drop)
        .and_then(|()| reader.end())
        .map(|()| body);
    Ok((status, headers, body, reader.keeps() && at == bytes.len()))
}

/// What a whole answer tells, however it is cut.
#[track_caller]
fn answer(bytes: impl AsRef<[u8]>) -> Result<Told, Malformed> {
    let bytes = bytes.as_ref();
    let told = read(bytes, &[]);
    for first in 0..bytes.len() {
        assert_eq!(read(bytes, &[first]), told, "{first}");
    }
    assert_eq!(read(bytes, &(0..bytes.len()).collect::<Vec<_>>()), told);
    told
}

#[track_caller]
fn body_of(bytes: impl AsRef<[u8]>) -> (Result<String, Malformed>, bool) {
    let (status, _, body, keeps) = answer(bytes).unwrap();
    assert_eq!(status, 200);
    (body.map(|body| String::from_utf8(body).unwrap()), keeps)
}

#[track_caller]
fn is_read(bytes: &str, keeps: bool) {
    assert_eq!(body_of(bytes), (Ok("{}".to_owned()), keeps), "{bytes:?}");
}

#[test]
fn bodies_end_where_the_head_says() {
    for (head, rest, keeps) in [
        ("content-length: 2", "{}", true),
        ("Content-Length:2 ", "{}", true),
        ("content-length: 002", "{}", true),
        ("content-length: 2\r\ncontent-length: 2", "{}", false),
        ("content-length: 2, 2", "{}", false),
        (
            "content-length: 2\r\ntransfer-encoding: identity",
            "{}",
            false,
        ),
        ("content-length: 2", "{}HTTP/1.1 200 OK", false),
        (
            "content-length: 2\r\nconnection: Keep-Alive, CLOSE",
            "{}",
            false,
        ),
        (
            "content-length: 2\r\nconnection: a\r\nconnection: close",
            "{}",
            false,
        ),
        ("transfer-encoding: chunked", "2\r\n{}\r\n0\r\n\r\n", true),
        (
            "Transfer-Encoding: , CHUNKED ,",
            "1\r\n{\r\n01\r\n}\r\n000\r\n\r\n",
            true,
        ),
        (
            "transfer-encoding: chunked\r\ncontent-length: 9",
            "2\r\n{}\r\n0\r\n\r\n",
            false,
        ),
        (
            "content-length: x\r\ntransfer-encoding: chunked",
            "2\r\n{}\r\n0\r\n\r\n",
            false,
        ),
        ("x: y", "{}", false),
        ("transfer-encoding: identity", "{}", false),
        (
            "content-encoding: identity, identity\r\ncontent-length: 2",
            "{}",
            true,
        ),
    ] {
        is_read(&format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{rest}"), keeps);
    }
    for (head, rest, keeps) in [
        ("content-length: 2", "{}", false),
        ("content-length: 2\r\nconnection: keep-alive", "{}", true),
        (
            "transfer-encoding: chunked\r\nconnection: keep-alive",
            "2\r\n{}\r\n0\r\n\r\n",
            false,
        ),
    ] {
        is_read(&format!("HTTP/1.0 200 OK\r\n{head}\r\n\r\n{rest}"), keeps);
    }
}

#[test]
fn chunks_may_be_written_in_many_ways() {
    let long = format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "x".repeat(600));
    let trailer = format!("2\r\n{{}}\r\n0\r\nx: {}\r\n\r\n", "y".repeat(600));
    for (rest, keeps) in [
        (&*long, true),
        (&*trailer, true),
        ("2 ; a = \"b;c\" ; d\r\n{}\r\n0;e\r\n\r\n", true),
        ("2  \r\n{}\r\n0 \t\r\n\r\n", true),
        ("0000000000000000000000002\r\n{}\r\n0\r\n\r\n", true),
        ("2\r\n{}\r\n0\r\nx: y\r\nz: z\r\n\r\n", true),
        ("2\r\n{}\r\n0\r\nno trailer\r\n\r\n", true),
        (" 2\r\n{}\r\n0\r\n\r\n", false),
        // Lone line feeds and carriage returns.
        ("2\n{}\r\n0\r\n\r\n", false),
        ("2\r\n{}\n0\r\n\r\n", false),
        ("2\r\n{}\r\n0\n\n", false),
        ("2;a\rb\r\n{}\r\n0\r\n\r\n", false),
        ("2\r\n{}\r\n0\r\nx: a\rb\r\n\r\n", false),
        ("2\r\n{}\r\n0\r\nx: a\r\r\n\r\n", false),
        ("2\r\n{}\r\n0\r\n\rx: a\r\n\r\n", false),
        ("2\r\n{}\r\n0\r\nx: a\n\n", false),
        // All of the body is there.
        ("2\r\n{}\r\n0\r\n", false),
        ("2\r\n{}\r\n0\r\n\r", false),
        ("2\r\n{}\r\n0\r\nx: a\r", false),
    ] {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        is_read(&format!("{head}{rest}"), keeps);
    }
    let endless = "x: y\r\n".repeat(20_000);
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let told = read(format!("{head}2\r\n{{}}\r\n0\r\n{endless}").as_bytes(), &[]);
    let (_, _, body, keeps) = told.unwrap();
    assert_eq!((body.unwrap().as_slice(), keeps), (&b"{}"[..], false));
}

#[test]
fn bodies_that_end_nowhere_are_spoiled() {
    let long = format!(
        "transfer-encoding: chunked\r\n\r\n2;{}",
        "x".repeat(MAX_ANSWER_HEAD + 1)
    );
    for (rest, malformed) in [
        ("content-length: 2\r\n\r\n{", Malformed::CutShort),
        (
            "content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
            Malformed::Framing,
        ),
        ("content-length: 2, 3\r\n\r\n{}", Malformed::Framing),
        ("content-length:\r\n\r\n{}", Malformed::Framing),
        ("content-length: +2\r\n\r\n{}", Malformed::Framing),
        ("content-length: -2\r\n\r\n{}", Malformed::Framing),
        ("content-length: 0x2\r\n\r\n{}", Malformed::Framing),
        (
            "content-length: 99999999999999999999\r\n\r\n{}",
            Malformed::Framing,
        ),
        (
            "transfer-encoding: chunked, chunked\r\n\r\n",
            Malformed::Framing,
        ),
        (
            "transfer-encoding: chunked, identity, x\r\n\r\n",
            Malformed::Framing,
        ),
        ("transfer-encoding: chunked\r\n\r\n", Malformed::CutShort),
        ("transfer-encoding: chunked\r\n\r\n2", Malformed::CutShort),
        (
            "transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
            Malformed::CutShort,
        ),
        (
            "transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0",
            Malformed::CutShort,
        ),
        ("transfer-encoding: chunked\r\n\r\n\r\n{}", Malformed::Chunk),
        (
            "transfer-encoding: chunked\r\n\r\nzz\r\n{}",
            Malformed::Chunk,
        ),
        (
            "transfer-encoding: chunked\r\n\r\n0x2\r\n{}",
            Malformed::Chunk,
        ),
        ("transfer-encoding: chunked\r\n\r\n2\rx{}", Malformed::Chunk),
        (
            "transfer-encoding: chunked\r\n\r\n2 2\r\n{}",
            Malformed::Chunk,
        ),
        (
            "transfer-encoding: chunked\r\n\r\n;a\r\n{}",
            Malformed::Chunk,
        ),
        (
            "transfer-encoding: chunked\r\n\r\n2\r\n{}x\r\n",
            Malformed::Chunk,
        ),
        (
            "transfer-encoding: chunked\r\n\r\n2\r\n{}\rx\r\n",
            Malformed::Chunk,
        ),
        (
            "transfer-encoding: chunked\r\n\r\n10000000000000000\r\n",
            Malformed::Chunk,
        ),
        (&*long, Malformed::Chunk),
    ] {
        let told = read(format!("HTTP/1.1 200 OK\r\n{rest}").as_bytes(), &[20]);
        let (_, _, body, keeps) = told.unwrap();
        assert_eq!((body, keeps), (Err(malformed), false), "{rest:.60?}");
    }
}

#[test]
fn heads_may_be_written_in_many_ways() {
    for (head, keeps) in [
        ("HTTP/1.1 200 OK\r\n", true),
        ("HTTP/1.1 200 \r\n", true),
        ("HTTP/1.1 200\r\n", true),
        ("HTTP/1.1 200 caf\u{e9} \u{1f600}\r\n", true),
        ("HTTP/1.1 200 OK\r\nx:\r\ny: \r\nz:a\t b\r\n", true),
        ("HTTP/1.1 200 OK\r\nx: caf\u{e9}\r\n", true),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", true),
        (
            "HTTP/1.1 100 Continue\r\nx: y\r\n\r\nHTTP/1.1 103\r\nlink: a\r\nlink: b\r\n\r\n\
             HTTP/1.1 100\r\ncontent-length: 5\r\n\r\nHTTP/1.1 200 OK\r\n",
            true,
        ),
        (
            "HTTP/1.1 103 \r\nconnection: close\r\n\r\nHTTP/1.1 200 OK\r\n",
            false,
        ),
        ("HTTP/1.2 200 OK\r\n", false),
        ("HTTP/1.9 200\r\n", false),
        ("HTTP/1.1  200   OK\r\n", false),
        ("\r\n\n\r\nHTTP/1.1 200 OK\r\n", false),
        ("HTTP/1.1 200 OK\n", false),
        ("HTTP/1.1 200 OK\r\nx: y\n", false),
        ("HTTP/1.1 200 OK\r\nx : y\r\n", false),
        ("HTTP/1.1 200 OK\r\nx: a\r\n  b\r\n\tc\r\n", false),
        ("HTTP/1.1 200 OK\r\nx:\r\n b\r\n", false),
        ("HTTP/1.1 200 OK\r\nx: a\rb\0c\x7f\r\n", false),
    ] {
        is_read(&format!("{head}content-length: 2\r\n\r\n{{}}"), keeps);
    }
    let mut many = "HTTP/1.1 200 OK\r\n".to_owned();
    for number in 0..3000 {
        write!(many, "x-{number}: y\r\n").unwrap();
    }
    many += "content-length: 2\r\n\r\n{}";
    let (_, headers, body, keeps) = read(many.as_bytes(), &[20, 30_000]).unwrap();
    assert_eq!(
        (headers.len(), body, keeps),
        (3001, Ok(b"{}".to_vec()), true)
    );
    assert_eq!(headers[2999].0, "x-2999");
}

#[test]
fn header_lines_come_as_they_are_meant() {
    let mut bytes = b"HTTP/1.1 200 OK\r\nX-One:\t 1 \r\nx-two: a\r\n \t b \r\n  \r\n\tc\r\n\
        X-Latin: caf\xe9\r\nX-THREE : a\rb\r\nx-one: 2\r\nx-four:\r\n\r\n"
        .to_vec();
    let pairs = |told: Told| {
        let pairs = told
            .1
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>()
    };
    let expected = [
        "x-one=1",
        "x-two=a b  c",
        "x-three=a b",
        "x-one=2",
        "x-four=",
    ];
    assert_eq!(pairs(answer(&bytes).unwrap()), expected);
    // A line end in another place than the others'.
    bytes.retain(|byte| *byte != b'\r');
    let expected = [
        "x-one=1",
        "x-two=a b  c",
        "x-three=ab",
        "x-one=2",
        "x-four=",
    ];
    assert_eq!(pairs(answer(&bytes).unwrap()), expected);
}

#[test]
fn some_answers_have_no_body() {
    for (status, keeps) in [(204, true), (304, true), (101, false)] {
        for head in [
            "content-length: 5",
            "transfer-encoding: chunked",
            "content-encoding: br",
        ] {
            let told = answer(format!("HTTP/1.1 {status} x\r\n{head}\r\n\r\n")).unwrap();
            assert_eq!(
                (told.0, told.2, told.3),
                (status, Ok(Vec::new()), keeps),
                "{head}"
            );
        }
    }
}

#[test]
fn one_gzip_coding_is_left_to_be_unpacked() {
    let plain = |lines: &str, rest: &str| {
        let bytes = format!("HTTP/1.1 200 OK\r\n{lines}\r\n{rest}");
        let mut reader = Reader::new();
        let (length, head) = reader.head(bytes.as_bytes()).unwrap().unwrap();
        let body = reader.body(&bytes.as_bytes()[length..]).map(drop);
        let mut plain = Vec::new();
        head.write_plain(&mut plain);
        let plain = String::from_utf8(plain).unwrap();
        (plain.contains("\r\ncontent-encoding: gzip\r\n"), body)
    };
    for lines in [
        "content-encoding: gzip\r\n",
        "Content-Encoding: GZip\r\n",
        "content-encoding: x-gzip\r\n",
        "content-encoding: identity\r\ncontent-encoding: X-GZIP, identity\r\n",
        "transfer-encoding: gzip, chunked\r\n",
        "transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: x-gzip\r\n",
    ] {
        assert_eq!(plain(lines, "1\r\n"), (true, Ok(())), "{lines}");
    }
    assert_eq!(
        plain("content-encoding: gzip\r\ncontent-length: 0\r\n", ""),
        (false, Ok(()))
    );
    for (lines, names) in [
        ("content-encoding: br\r\n", "br"),
        ("content-encoding: ZSTD\r\ncontent-length: 1\r\n", "zstd"),
        ("content-encoding: deflate, gzip\r\n", "deflate and gzip"),
        (
            "content-encoding: gzip\r\ntransfer-encoding: gzip, chunked\r\n",
            "gzip and gzip",
        ),
        ("transfer-encoding: compress, chunked\r\n", "compress"),
        ("content-encoding: Bearer abc\r\n", "something"),
    ] {
        let coding = Malformed::Coding(names.to_owned());
        assert_eq!(plain(lines, "1\r\n"), (false, Err(coding)), "{lines}");
    }
}

#[test]
fn what_is_not_http_shows_soon() {
    for bytes in [
        "SSH-2.0-server\r\n",
        "{}",
        "<html>",
        "HTTP/2 200",
        "HTTP/1.1 20",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon here\r\n",
        "HTTP/1.1 200 OK\r\n: y\r\n",
        "HTTP/1.1 200 OK\r\nx y: z\r\n",
        "HTTP/1.1 200 OK\r\n x: folded\r\n",
        "a long text without any line in it, as a server of another protocol may send",
    ] {
        let told = read(bytes.as_bytes(), &[]);
        if bytes == "HTTP/1.1 20" {
            assert_eq!(told, Err(Malformed::CutShort));
        } else {
            assert_eq!(told, Err(Malformed::NotHttp), "{bytes}");
        }
    }
    let long = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(MAX_ANSWER_HEAD));
    assert_eq!(
        read(long.as_bytes(), &[9, 60_000]),
        Err(Malformed::HeadTooLong)
    );
}

/// Bytes that look like an answer, and rarely are one.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    let part = select(vec![
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 100\r\n",
        "content-length: ",
        "transfer-encoding: chunked",
        "content-encoding: gzip",
        "connection: close",
        "x: y",
        "\r\n",
        "\r\n\r\n",
        "\r",
        "\n",
        " ",
        ":",
        ",",
        ";",
        "0",
        "2",
        "{}",
        "2\r\n{}\r\n",
        "0\r\n\r\n",
        "\0",
        "\u{e9}",
    ]);
    let begin = select(vec![
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
    ]);
    (begin, vec(part, 0..40))
        .prop_map(|(begin, parts)| (begin.to_owned() + &parts.concat()).into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn cuts_make_no_difference(bytes in anything(), cuts in vec(any::<Index>(), 0..10)) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        // What is wrong with a head may show before or after its end.
        let (whole, cut) = (read(&bytes, &[]).ok(), read(&bytes, &cuts).ok());
        prop_assert_eq!(&whole, &cut);
        if let Some((status, _, body, keeps)) = whole {
            prop_assert!(status >= 100);
            prop_assert!(body.is_ok() || !keeps);
        }
    }
}
