//! Reads the shared cases of webhooks and runs one.

use std::fs;
use std::path::Path;

use callcta::webhook::{self, Secrets};
use serde_json::{Map, Value, json};

pub struct Case {
    file: String,
    object: Map<String, Value>,
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
        let file = path
            .file_stem()
            .expect("it has a name")
            .to_string_lossy()
            .into_owned();
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

    #[allow(dead_code)] // used by the tests only
    pub fn body(&self) -> &str {
        self.object["body"].as_str().expect("a case has a body")
    }

    /// What the case says should come of it.
    #[allow(dead_code)] // used by the tests only
    pub fn expected(&self) -> Value {
        let mut expected = json!({"file": self.file, "name": self.name()});
        for key in ["refusal", "webhook"] {
            if let Some(value) = self.object.get(key) {
                expected[key] = value.clone();
            }
        }
        expected
    }

    /// What comes of it.
    pub fn report(&self) -> Value {
        let body = self.body();
        let secrets = match self.object.get("secrets") {
            None => Secrets::new(["test-secret"]),
            Some(secrets) => {
                let secrets = secrets.as_array().expect("secrets are an array");
                Secrets::new(
                    secrets
                        .iter()
                        .map(|secret| secret.as_str().expect("a text")),
                )
            }
        }
        .expect("there are secrets");
        let header = match self.object.get("header") {
            None => {
                let signer = Secrets::new(["test-secret"]).expect("there is a secret");
                Some(signer.sign(body.as_bytes()))
            }
            Some(header) => header.as_str().map(str::to_owned),
        };
        let header = header.as_ref().map(String::as_bytes);
        let mut report = json!({"file": self.file, "name": self.name()});
        match webhook::verify_and_parse(body.as_bytes(), header, &secrets) {
            Ok(webhook) => {
                report["webhook"] = json!({
                    "object": webhook.object,
                    "secret": webhook.secret,
                    "events": webhook.events,
                });
            }
            Err(refusal) => report["refusal"] = json!(refusal.kind().as_str()),
        }
        report
    }
}
