use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{callcta, run, run_with_input};

const CARD: &str = r#"{"attachment": {"type": "template", "payload": {"template_type": "button",
    "text": "Shall we talk?", "buttons": [{"type": "audio_call", "title": "Call Now"}]}}}"#;

/// A folder for one test, with a card in it.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir(&path).unwrap();
    fs::write(path.join("card.json"), CARD).unwrap();
    path
}

#[test]
fn a_page_goes_to_standard_output_or_to_a_file() {
    let piped = run_with_input(&mut callcta(&["preview", "-"]), CARD);
    assert_eq!((piped.code, piped.stderr.as_str()), (0, ""));
    assert!(piped.stdout.starts_with("<!doctype html>"), "{piped:?}");
    let again = run_with_input(&mut callcta(&["preview", "-", "-o", "-"]), CARD);
    assert_eq!(
        again.stdout, piped.stdout,
        "a page depends on its message alone"
    );

    let folder = folder("preview-file");
    let arguments = ["preview", "card.json", "-o", "page.html"];
    let filed = run(callcta(&arguments).current_dir(&folder));
    assert_eq!((filed.code, filed.stdout.as_str()), (0, "page.html\n"));
    let page = fs::read_to_string(folder.join("page.html")).unwrap();
    assert_eq!(page, piped.stdout.replace("standard input", "card.json"));
}

#[test]
fn without_a_browser_the_page_is_there_all_the_same() {
    let folder = folder("preview-open");
    let mut command = callcta(&["preview", "card.json", "--open"]);
    let outcome = run(command.current_dir(&folder).env("PATH", &folder));
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (2, "card.preview.html\n")
    );
    assert!(
        outcome.stderr.contains("no browser could be opened"),
        "{outcome:?}"
    );
    assert!(folder.join("card.preview.html").is_file());
}

#[test]
fn what_is_no_message_has_no_page() {
    let outcome = run_with_input(&mut callcta(&["preview", "-"]), "[1]");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""));
    assert!(outcome.stderr.contains("wrong_type"), "{outcome:?}");
    let folder = folder("preview-missing");
    let outcome = run(callcta(&["preview", "nothing.json"]).current_dir(&folder));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
    let outcome =
        run(callcta(&["preview", "card.json", "-o", "no/page.html"]).current_dir(&folder));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
}
