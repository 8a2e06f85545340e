//! The header is what cbindgen makes of the sources, and says what the core says.
//!
//! `UPDATE_HEADER=1` writes it.

use std::fs;
use std::path::Path;

use callcta::{CancelReason, Delivery, Severity};
use cbindgen::{Builder, Config};

const MAJOR: &str = env!("CARGO_PKG_VERSION_MAJOR");
const MINOR: &str = env!("CARGO_PKG_VERSION_MINOR");
const PATCH: &str = env!("CARGO_PKG_VERSION_PATCH");

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn committed() -> String {
    fs::read_to_string(here().join("include/callcta.h")).expect("the header is readable")
}

/// The crate's documentation as a C comment.
fn first_comment() -> String {
    let source = fs::read_to_string(here().join("src/lib.rs")).expect("the source is readable");
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let lines = lines.map(|line| format!(" *{}\n", line.replace(" # ", " ").replace('`', "")));
    let text: String = lines.collect();
    format!(
        "/* SPDX-License-Identifier: {} */\n\n/*\n{text} */",
        env!("CARGO_PKG_LICENSE")
    )
}

fn version_macros() -> String {
    format!(
        "\n/* The version of this header; callcta_version() is that of the library. */\n\
         #define CALLCTA_VERSION \"{MAJOR}.{MINOR}.{PATCH}\"\n\
         #define CALLCTA_VERSION_MAJOR {MAJOR}\n\
         #define CALLCTA_VERSION_MINOR {MINOR}\n\
         #define CALLCTA_VERSION_PATCH {PATCH}\n\
         /* Grows with the version: 0x010203 is 1.2.3. */\n\
         #define CALLCTA_VERSION_NUMBER \\\n    \
         (CALLCTA_VERSION_MAJOR << 16 | CALLCTA_VERSION_MINOR << 8 | CALLCTA_VERSION_PATCH)"
    )
}

fn generated() -> String {
    let mut config = Config::from_file(here().join("cbindgen.toml")).expect("it is a good file");
    config.header = Some(first_comment());
    config.after_includes = Some(version_macros());
    let bindings = Builder::new()
        .with_crate(here())
        .with_config(config)
        .generate()
        .expect("cbindgen reads the sources");
    let mut header = Vec::new();
    bindings.write(&mut header);
    String::from_utf8(header).expect("it is text")
}

#[test]
fn the_header_is_up_to_date() {
    let generated = generated();
    if std::env::var_os("UPDATE_HEADER").is_some() {
        fs::write(here().join("include/callcta.h"), &generated).unwrap();
    }
    assert!(
        generated == committed(),
        "include/callcta.h differs from the sources: run `just gen` in bindings/c"
    );
}

#[test]
fn numbers_are_those_of_the_core() {
    let header = committed();
    let pace = format!("#define CALLCTA_PACE {:.1}\n", callcta::limits::PACE);
    assert!(header.contains(&pace), "{pace}");
    for kind in callcta::ErrorKind::ALL {
        let name = kind.as_str().to_uppercase();
        let line = format!("#define CALLCTA_{name} {}\n", kind.number());
        assert!(header.contains(&line), "{line}");
    }
}

#[test]
fn every_delivery_reason_and_severity_has_its_number() {
    let header = committed();
    let deliveries = [Delivery::NotSent, Delivery::Rejected, Delivery::Unknown]
        .map(|it| ("DELIVERY", it.as_str(), it.number()));
    let reasons = [CancelReason::Closed, CancelReason::Aborted]
        .map(|it| ("REASON", it.as_str(), it.number()));
    let severities =
        [Severity::Error, Severity::Warning].map(|it| ("SEVERITY", it.as_str(), it.number()));
    for (what, name, number) in deliveries.into_iter().chain(reasons).chain(severities) {
        let name = name.to_uppercase();
        let line = format!("#define CALLCTA_{what}_{name} {number}\n");
        assert!(header.contains(&line), "{line}");
    }
}
