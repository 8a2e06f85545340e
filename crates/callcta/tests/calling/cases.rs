//! Reads the shared cases of calling and runs one.

use std::fs;
use std::path::Path;

use callcta::{Client, ClientBuilder, Error, RequestOptions, RetryPolicy};
use serde_json::{Map, Value, json};

pub struct Case {
    file: String,
    pub object: Map<String, Value>,
}

/// Every case of every file of the folder.
pub fn read(folder: &Path) -> Vec<Case> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|name| name == "json"))
        .collect();
    files.sort();
    let cases = |path: std::path::PathBuf| {
        let text = fs::read_to_string(&path).expect("the file can be read");
        let cases: Vec<Map<String, Value>> = serde_json::from_str(&text).expect("it is an array");
        let file = path.file_stem().expect("it has a name");
        let file = file.to_string_lossy().into_owned();
        cases.into_iter().map(move |object| Case {
            file: file.clone(),
            object,
        })
    };
    files.into_iter().flat_map(cases).collect()
}

impl Case {
    pub fn name(&self) -> &str {
        self.object["name"].as_str().expect("a case has a name")
    }

    /// Where its server is, behind the address of all.
    pub fn path(&self) -> String {
        format!("{}/{}", self.file, self.name())
    }

    pub fn client() -> ClientBuilder {
        Client::builder("1234567890", "test-token").retry(RetryPolicy::none())
    }

    /// What comes of it.
    pub fn report(&self, client: &Client) -> Value {
        let unchecked = self.object.get("unchecked") == Some(&true.into());
        let options = RequestOptions::new().unchecked(unchecked);
        let with = self.object.get("with").and_then(Value::as_object).cloned();
        let ask = self.object["ask"].as_str().expect("a case asks something");
        let calling = client.calling().with(options);
        let mut report = json!({"file": self.file, "name": self.name()});
        match calling.by_name(ask, with.unwrap_or_default()) {
            Ok(result) => report["result"] = result,
            Err(error) => report["error"] = told(&error),
        }
        report
    }
}

fn told(error: &Error) -> Value {
    let mut told = json!({
        "kind": error.kind().as_str(),
        "delivery": error.delivery().as_str(),
        "may_retry": error.may_retry(),
    });
    if let Some(graph) = error.graph() {
        told["code"] = graph.code.into();
        if let Some(subcode) = graph.subcode {
            told["subcode"] = subcode.into();
        }
    }
    if let Some(status) = error.http_status() {
        told["http_status"] = status.into();
    }
    let violations: Vec<_> = error
        .violations()
        .iter()
        .map(|violation| {
            json!({
                "path": violation.path,
                "rule": violation.rule.as_str(),
                "severity": violation.severity.as_str(),
                "message": violation.message,
            })
        })
        .collect();
    if !violations.is_empty() {
        told["violations"] = violations.into();
    }
    told
}
