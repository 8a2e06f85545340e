//! The crate is built in layers: each file imports only from its own layer and from those below
//! it, and no file imports one that imports it.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// From the ground up.
const LAYERS: &[&str] = &[
    "platform", "graph", "traffic", "server", "control", "emulator",
];

/// Crates that a layer must do without.
const FOREIGN: &[(&str, &[&str])] = &[
    (
        "platform",
        &["axum", "bytes", "http", "http_body", "hyper", "tokio"],
    ),
    ("graph", &["axum", "http_body", "hyper", "tokio"]),
    ("traffic", &["axum", "http_body", "hyper", "tokio"]),
];

/// A module by its path from the root.
type Module = Vec<String>;

/// The modules of a source tree and their text, tests and comments left out.
fn modules(dir: &Path, at: &Module, found: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut module = at.clone();
        if path.is_dir() {
            module.push(stem);
            modules(&path, &module, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") && stem != "tests" {
            if stem != "mod" && stem != "lib" {
                module.push(stem);
            }
            found.insert(module, code(&fs::read_to_string(&path).unwrap()));
        }
    }
}

fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
    text.lines()
        .map(|line| line.split("//").next().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The paths in a text that start with one of these words, braces spelt out.
fn paths(text: &str, starts: &[&str]) -> Vec<Vec<String>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for start in starts {
        for (at, _) in text.match_indices(&format!("{start}::")) {
            let before = text[..at].chars().next_back();
            // `a::super::b` does not exist, and `$crate::` is another crate's.
            if before.is_none_or(|c| !is_word(c) && c != ':' && c != '$') {
                tree(&text[at..], &mut Vec::new(), &mut found);
            }
        }
    }
    found
}

/// Reads a path, or a tree of them; gives what follows it.
fn tree<'a>(text: &'a str, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let depth = prefix.len();
    let mut text = text.trim_start();
    loop {
        if let Some(inner) = text.strip_prefix('{') {
            text = inner.trim_start();
            while !text.starts_with('}') {
                text = tree(text, prefix, found).trim_start();
                // Past a comma, or an `as` with its name.
                let end = text.find([',', '}']).unwrap();
                text = text[end..].trim_start_matches(',').trim_start();
            }
            text = &text[1..];
            break;
        }
        let end = text
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(text.len());
        prefix.push(text[..end].to_owned());
        text = &text[end..];
        match text.strip_prefix("::") {
            Some(rest) if rest.starts_with(|c: char| c.is_alphanumeric() || c == '{') => {
                text = rest;
            }
            _ => {
                found.push(prefix.clone());
                break;
            }
        }
    }
    prefix.truncate(depth);
    text
}

/// The module in which the thing that a path names is found.
fn resolve(path: &[String], from: &Module, all: &BTreeMap<Module, String>) -> Module {
    let mut at = from.clone();
    for (n, part) in path.iter().enumerate() {
        match part.as_str() {
            "crate" => at.clear(),
            "self" if n == 0 => {}
            "super" => {
                at.pop();
            }
            name => {
                at.push(name.to_owned());
                if !all.contains_key(&at) {
                    at.pop();
                    break;
                }
            }
        }
    }
    at
}

fn imports(all: &BTreeMap<Module, String>) -> BTreeMap<Module, BTreeSet<Module>> {
    all.iter()
        .map(|(module, text)| {
            let targets = paths(text, &["crate", "super", "self"])
                .iter()
                .map(|path| resolve(path, module, all))
                .filter(|target| target != module)
                .collect();
            (module.clone(), targets)
        })
        .collect()
}

/// A circle of modules, if there is any.
fn circle(imports: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Vec<Module>> {
    fn visit(
        module: &Module,
        imports: &BTreeMap<Module, BTreeSet<Module>>,
        way: &mut Vec<Module>,
        done: &mut BTreeSet<Module>,
    ) -> Option<Vec<Module>> {
        if let Some(at) = way.iter().position(|m| m == module) {
            return Some(way[at..].to_vec());
        }
        if !done.insert(module.clone()) {
            return None;
        }
        way.push(module.clone());
        let found = imports[module]
            .iter()
            .find_map(|next| visit(next, imports, way, done));
        way.pop();
        found
    }
    let mut done = BTreeSet::new();
    imports
        .keys()
        .find_map(|module| visit(module, imports, &mut Vec::new(), &mut done))
}

fn crate_modules() -> BTreeMap<Module, String> {
    let mut all = BTreeMap::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    modules(&src, &Vec::new(), &mut all);
    assert!(all.len() > 50, "{} modules", all.len());
    all
}

#[test]
fn arrows_run_downwards_only() {
    let all = crate_modules();
    let floor = |module: &Module| {
        let layer = module.first().expect("nothing is imported from the root");
        LAYERS
            .iter()
            .position(|name| name == layer)
            .unwrap_or_else(|| panic!("{layer} is not a layer"))
    };
    let mut arrows = 0;
    for (module, targets) in imports(&all) {
        for target in targets {
            assert!(
                floor(&target) <= floor(&module),
                "{} imports {}, which stands above it",
                module.join("::"),
                target.join("::")
            );
            arrows += 1;
        }
    }
    assert!(arrows > 150, "{arrows} arrows");
}

#[test]
fn no_file_imports_one_that_imports_it() {
    let circle = circle(&imports(&crate_modules()));
    assert_eq!(circle, None);
}

#[test]
fn the_lower_layers_know_no_socket() {
    for (module, text) in crate_modules() {
        for (layer, foreign) in FOREIGN {
            if module.first().is_some_and(|first| first == layer) {
                let found = paths(&text, foreign);
                assert!(found.is_empty(), "{}: {found:?}", module.join("::"));
            }
        }
    }
}

#[test]
fn what_is_wrong_is_found() {
    let joined = |text: &str| -> Vec<String> {
        paths(text, &["crate", "super", "self"])
            .iter()
            .map(|path| path.join("::"))
            .collect()
    };
    assert_eq!(
        joined("use crate::{a::{B, c::D as E}, f};\nlet x = super::g::h(self::I::J);"),
        [
            "crate::a::B",
            "crate::a::c::D",
            "crate::f",
            "super::g::h",
            "self::I::J"
        ]
    );
    let module = |name: &str| vec![name.to_owned()];
    let tree = BTreeMap::from([
        (module("a"), "use super::b::{self, X};".to_owned()),
        (module("b"), "fn f(c: crate::c::C) {}".to_owned()),
        (module("c"), "use crate::a;".to_owned()),
        (Vec::new(), String::new()),
    ]);
    assert_eq!(
        circle(&imports(&tree)),
        Some(vec![module("a"), module("b"), module("c")])
    );
}
