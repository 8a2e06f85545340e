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

#[test]
fn a_demo_whose_reader_went_away_is_no_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = callcta(&["demo"]).stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
