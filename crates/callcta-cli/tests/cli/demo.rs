use crate::support::{callcta, run};

#[test]
fn everything_comes_out_as_documented() {
    let run = run(&mut callcta(&["demo"]));
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!(run.stderr, "");
    insta::with_settings!({filters => [(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT")]}, {
        insta::assert_snapshot!("demo", run.stdout);
    });
}

#[cfg(unix)]
#[test]
fn kept_open_it_can_be_looked_at_until_a_signal() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::Stdio;

    let mut child = callcta(&["demo", "--keep-open"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let line = stdout
        .lines()
        .map(Result::unwrap)
        .find(|line| line.starts_with("The inbox page is at "))
        .unwrap();
    let url = line
        .split([' ', ';'])
        .find(|word| word.starts_with("http://"))
        .unwrap();
    let page = ureq::get(url).call().unwrap().into_body().into_reader();
    let mut start = [0; 15];
    page.take(15).read_exact(&mut start).unwrap();
    assert!(start.eq_ignore_ascii_case(b"<!doctype html>"), "{start:?}");
    crate::support::signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_demo_whose_reader_went_away_is_no_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = callcta(&["demo"]).stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
