//! The header is what cbindgen makes of the sources, and says what the core says.
//!
//! `UPDATE_HEADER=1` writes it.

use std::collections::HashMap;
use std::fs;
use std::io;
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
    with_enums(&String::from_utf8(header).expect("it is text"))
}

/// The type of each constant, of all source files.
fn types() -> HashMap<String, String> {
    let files = fs::read_dir(here().join("src")).expect("there are sources");
    let read = |file: io::Result<fs::DirEntry>| fs::read_to_string(file?.path());
    let constants = files.map(read).collect::<io::Result<String>>();
    let constants = constants.expect("the sources are readable");
    let constants = constants.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("pub const ")?.split_once(": ")?;
        let (of, _) = rest.split_once(" = ")?;
        Some((name.to_owned(), of.to_owned()))
    });
    constants.collect()
}

/// Makes the constants, for which cbindgen writes macros, known to debuggers and to
/// those who read no macros: those of one type become an enum below it, which doesn't
/// say how wide the type is, and any other an enum of its own.
fn with_enums(header: &str) -> String {
    let types = types();
    let (mut parts, mut enums) = (Vec::new(), HashMap::<&str, String>::new());
    for part in header.split("\n\n") {
        let constant = part.split_once("\n#define ").and_then(|(doc, define)| {
            let (name, number) = define.split_once(' ')?;
            Some((doc, name, number, types.get(name)?))
        });
        match constant {
            None => parts.push(part.to_owned()),
            Some((doc, name, number, of)) if of.starts_with("callcta_") => {
                let doc = doc.replace('\n', "\n  ");
                let constants = enums.entry(of).or_default();
                constants.extend(["  ", &doc, "\n  ", name, " = ", number, ",\n"]);
            }
            Some((doc, name, number, _)) => {
                parts.push(format!("{doc}\nenum {{ {name} = {number} }};"));
            }
        }
    }
    for part in &mut parts {
        let alias = part.rsplit_once("typedef uint32_t ");
        let alias = alias.and_then(|(_, name)| name.strip_suffix(';'));
        if let Some((name, constants)) = alias.and_then(|name| enums.remove_entry(name)) {
            part.extend(["\n\nenum ", name, "_constant {\n", &constants, "};"]);
        }
    }
    assert!(enums.is_empty(), "their types are in the header");
    parts.join("\n\n")
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
    let pace = format!("enum {{ CALLCTA_PACE = {} }};\n", callcta::limits::PACE);
    assert!(header.contains(&pace), "{pace}");
    let kinds = callcta::ErrorKind::ALL.iter();
    let kinds = kinds.map(|it| (it.as_str(), it.number()));
    let refusals = callcta::webhook::RefusalKind::ALL.iter();
    let refusals = refusals.map(|it| (it.as_str(), it.number()));
    for (name, number) in kinds.chain(refusals) {
        let line = format!("  CALLCTA_{} = {number},\n", name.to_uppercase());
        assert!(header.contains(&line), "{line}");
    }
}

#[test]
fn every_delivery_reason_and_severity_has_its_number() {
    let header = committed();
    let deliveries = Delivery::ALL.iter();
    let deliveries = deliveries.map(|it| ("DELIVERY", it.as_str(), it.number()));
    let reasons = CancelReason::ALL.iter();
    let reasons = reasons.map(|it| ("REASON", it.as_str(), it.number()));
    let severities = Severity::ALL.iter();
    let severities = severities.map(|it| ("SEVERITY", it.as_str(), it.number()));
    for (what, name, number) in deliveries.chain(reasons).chain(severities) {
        let name = name.to_uppercase();
        let line = format!("  CALLCTA_{what}_{name} = {number},\n");
        assert!(header.contains(&line), "{line}");
    }
}
