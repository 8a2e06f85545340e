use crate::support::{SECRET, TOKEN, callcta, run};

/// Checks a command's long help against its snapshot.
fn help_of(command: &str) {
    let words = command.split_whitespace().chain(["--help"]);
    let mut program = callcta(&words.collect::<Vec<_>>());
    // Values from the environment don't belong into help texts.
    program
        .env("CALLCTA_ACCESS_TOKEN", TOKEN)
        .env("CALLCTA_APP_SECRET", SECRET);
    let run = run(&mut program);
    assert_eq!(run.code, 0, "{run:?}");
    let name = if command.is_empty() {
        "callcta"
    } else {
        command
    };
    let name = name.replace(' ', "-");
    insta::assert_snapshot!(format!("help-{name}"), run.stdout);
}

#[test]
fn help_texts() {
    let commands = [
        "",
        "demo",
        "send",
        "check",
        "preview",
        "code",
        "emulate",
        "completions",
        "man",
    ];
    let webhook = [
        "webhook",
        "webhook listen",
        "webhook verify",
        "webhook send",
    ];
    let calling = [
        "settings",
        "settings get",
        "settings set",
        "calling",
        "calling status",
        "calling permissions",
        "calling subscribe",
        "doctor",
    ];
    let campaign = [
        "campaign",
        "campaign plan",
        "campaign run",
        "campaign resume",
        "campaign pause",
        "campaign status",
        "campaign change",
        "campaign retry",
        "campaign settle",
        "campaign export",
        "campaign report",
    ];
    for command in commands
        .into_iter()
        .chain(webhook)
        .chain(calling)
        .chain(campaign)
    {
        help_of(command);
    }
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let run = run(&mut callcta(&["completions", shell]));
        assert_eq!(run.code, 0);
        assert!(run.stdout.contains("expires-in-days"), "{shell}");
    }
    assert_eq!(run(&mut callcta(&["completions", "no-shell"])).code, 2);
}

#[test]
fn manual_pages() {
    let program = run(&mut callcta(&["man"]));
    assert_eq!(program.code, 0);
    assert!(
        program.stdout.contains(".TH callcta 1"),
        "{}",
        program.stdout
    );
    let send = run(&mut callcta(&["man", "send"]));
    assert!(
        send.stdout.contains(".TH callcta-send 1"),
        "{}",
        send.stdout
    );
    assert!(
        send.stdout.contains("CALLCTA_ACCESS_TOKEN"),
        "{}",
        send.stdout
    );
    let unknown = run(&mut callcta(&["man", "nothing"]));
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.starts_with("error: "), "{unknown:?}");
}

#[test]
fn all_manual_pages() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().to_str().unwrap();
    let written = run(&mut callcta(&["man", "--all", to]));
    assert_eq!(written.code, 0, "{written:?}");
    for (file, command) in [
        ("callcta.1", &[][..]),
        ("callcta-send.1", &["send"]),
        ("callcta-webhook-verify.1", &["webhook", "verify"]),
    ] {
        let page = std::fs::read_to_string(folder.path().join(file)).unwrap();
        let printed = run(&mut callcta(&[&["man"], command].concat()));
        let title = format!(".TH {} 1", file.trim_end_matches(".1"));
        assert!(page.contains(&title), "{page}");
        assert_eq!(page, printed.stdout, "{file}");
    }
    let missing = run(&mut callcta(&["man", "--all", "/nowhere/at/all"]));
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.starts_with("error: "), "{missing:?}");
}

#[test]
fn version() {
    let run = run(&mut callcta(&["--version"]));
    assert_eq!(
        run.stdout,
        format!("callcta {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn a_reader_of_help_may_go_away() {
    for args in [&["--help"][..], &["man"], &["completions", "bash"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = callcta(args).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{args:?}");
    }
}

#[test]
fn a_misplaced_flag_is_told_with_the_commands_that_have_it() {
    for (arguments, tip, usage) in [
        (
            &["send", "--port", "1"][..],
            "'callcta emulate' and 'callcta webhook listen' have --port",
            "Usage: callcta send [OPTIONS]",
        ),
        (
            &["--json", "send"],
            "--json goes behind 'callcta send'",
            "Usage: callcta send [OPTIONS]",
        ),
        (
            &["campaign", "--journal=x", "run"],
            "--journal goes behind 'callcta campaign run'",
            "Usage: callcta campaign run [OPTIONS]",
        ),
        (
            &["check", "--lang", "c", "a.json"],
            "'callcta code' has --lang",
            "Usage: callcta check [OPTIONS]",
        ),
        // Nobody has it.
        (&["send", "--prot"], "'--proxy'", "Usage: callcta send"),
    ] {
        let run = run(&mut callcta(arguments));
        assert_eq!((run.code, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains(tip), "{}", run.stderr);
        assert!(run.stderr.contains(usage), "{}", run.stderr);
    }
}
