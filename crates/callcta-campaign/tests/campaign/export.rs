use std::collections::BTreeMap;

use callcta_campaign::{Access, ExportSettings, Filter, Journal, SqliteJournal, State, export};

use crate::support::{Folder, plan_with, settings};

const ROWS: &str = "psid,note,key,window_until\n\
    0012,\"a \"\"b\"\",\nc\",k1,2999-01-01T00:00:00.5+01:00\n\
    13,=1+1,k2,\n\
    14,,\"k,3\",\n";

fn exported(journal: &mut SqliteJournal, settings: ExportSettings) -> String {
    let mut out = Vec::new();
    let rows = export(journal, &Filter::default(), settings, &mut out).unwrap();
    assert_eq!(rows, 3);
    String::from_utf8(out).unwrap()
}

/// What the journal has of each row, by key.
fn rows(journal: &mut SqliteJournal) -> BTreeMap<String, String> {
    let mut rows = BTreeMap::new();
    let each = &mut |recipient: callcta_campaign::Recipient| {
        let row = &recipient.row;
        let cells: Vec<_> = row
            .cells
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let told = format!(
            "{} {} {cells:?} {:?}",
            row.psid, row.page, recipient.window_until
        );
        rows.insert(row.key.clone(), told);
        Ok(true)
    };
    journal.list(&Filter::default(), each).unwrap();
    rows
}

#[test]
fn what_is_exported_can_be_read_in_again() {
    let folder = Folder::new();
    let message = r#"{"text": "hi"}"#;
    let path = folder.path("journal");
    plan_with(&path, ROWS, message, &settings()).unwrap();
    let mut journal = SqliteJournal::open(&path, Access::Change).unwrap();
    let before = rows(&mut journal);
    let mut json = ExportSettings::default();
    json.json_lines = true;
    for (number, settings_of) in [ExportSettings::default(), json].into_iter().enumerate() {
        let text = exported(&mut journal, settings_of);
        let path = folder.path(&format!("again-{number}"));
        let planned = plan_with(&path, &text, message, &settings()).unwrap();
        assert!(planned.ok, "{:?}", planned.findings);
        let mut again = SqliteJournal::open(&path, Access::Change).unwrap();
        assert_eq!(rows(&mut again), before, "{text}");
        assert_eq!(exported(&mut again, settings_of), text);
    }
}

#[test]
fn an_export_tells_what_became_of_each_row() {
    let folder = Folder::new();
    let path = folder.path("journal");
    plan_with(&path, ROWS, r#"{"text": "hi"}"#, &settings()).unwrap();
    let mut journal = SqliteJournal::open(&path, Access::Change).unwrap();
    let text = exported(&mut journal, ExportSettings::default());
    assert!(
        text.starts_with("psid,note,key,window_until,page,callcta_state,"),
        "{text}"
    );
    assert!(text.contains("13,=1+1,k2,,7,queued,"), "{text}");
    let mut excel = ExportSettings::default();
    excel.excel = true;
    let text = exported(&mut journal, excel);
    assert!(
        text.starts_with("\u{feff}psid,") && text.contains("\"=\"\"0012\"\"\""),
        "{text}"
    );
    let mut none = Vec::new();
    let sent = Filter::state(State::Sent);
    assert_eq!(export(&mut journal, &sent, excel, &mut none).unwrap(), 0);
}
