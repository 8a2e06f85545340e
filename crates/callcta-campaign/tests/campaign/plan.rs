use callcta_campaign::{Error, ErrorKind, Planned, Result};

use crate::support::{Folder, MESSAGE, plan_with, settings};

const PLAIN: &str = r#"{"text": "hi"}"#;

fn planned(rows: &str) -> Result<Planned> {
    let folder = Folder::new();
    let message = if rows.contains("name") {
        MESSAGE
    } else {
        PLAIN
    };
    let planned = plan_with(&folder.path("journal"), rows, message, &settings());
    let kept = planned.as_ref().is_ok_and(|planned| planned.ok);
    // Nothing is left of a plan that isn't ok.
    assert_eq!(
        folder.names().len(),
        usize::from(kept),
        "{:?}",
        folder.names()
    );
    planned
}

/// The findings as `rule place rows lines`.
fn found(planned: &Planned) -> Vec<String> {
    let findings = planned.findings.iter();
    let told = findings.map(|it| {
        let (rule, place, rows, lines) = (it.rule, &it.place, it.rows, &it.lines);
        format!("{} {rule} {place} {rows} {lines:?}", it.weight.as_str())
    });
    told.collect()
}

fn refused(rows: &str) -> Error {
    planned(rows).expect_err("it can't be planned")
}

#[test]
fn a_plan_counts_its_rows_and_pages() {
    let planned = planned("psid;page;name\n1;7;Ada\n2;;Bo\n3;8;\n").unwrap();
    assert!(planned.ok);
    assert_eq!((planned.facts.rows, planned.ready), (3, 3));
    assert_eq!(
        planned.pages.into_iter().collect::<Vec<_>>(),
        [("7".to_owned(), 2), ("8".to_owned(), 1),]
    );
    assert_eq!(planned.facts.columns, ["psid", "page", "name"]);
    assert!(planned.notes.iter().any(|note| note.contains("semicolons")));
    assert!(
        planned
            .notes
            .iter()
            .any(|note| note.contains("no key of their own"))
    );
}

#[test]
fn what_is_the_same_twice_is_refused() {
    let rows = "psid,key\n1,a\n2,b\n1,c\n3,a\n4,a\n";
    let expected = [
        "fatal duplicate_key key 2 [5, 6]",
        "fatal duplicate_psid psid 1 [4]",
    ];
    let planned = planned(rows).unwrap();
    assert!(!planned.ok);
    assert_eq!(found(&planned), expected);
    // The same person may write to several Pages, each under another id or not.
    let folder = Folder::new();
    let rows = "psid,key,page\n1,a,7\n1,b,8\n";
    assert!(
        plan_with(&folder.path("journal"), rows, PLAIN, &settings())
            .unwrap()
            .ok
    );
    let mut allowing = settings();
    allowing.allow_repeated = true;
    let rows = "psid\n1\n1\n";
    assert!(
        plan_with(&folder.path("other"), rows, PLAIN, &allowing)
            .unwrap()
            .ok
    );
}

#[test]
fn rows_that_can_not_be_sent_are_told_per_rule_and_skipped_only_if_asked_for() {
    let message = r#"{"attachment": {"type": "template", "payload": {"template_type": "button",
        "text": "{{ text }}", "buttons": [{"type": "audio_call", "title": "Call Now",
        "expires_in_days": "{{ days | int }}"}]}}}"#;
    let long = "x".repeat(641);
    let rows = format!(
        "psid,key,text,days,window_until\n1,a,hi,7,\n2,b,,7,\n3,c,{long},7,\n4,d,hi,8,\n\
         5,e,hi,x,\nme,f,hi,1,\n7,g,hi,1,tomorrow\n,h,hi,1,\n"
    );
    let folder = Folder::new();
    let path = folder.path("journal");
    let planned = plan_with(&path, &rows, message, &settings()).unwrap();
    let payload = "message.attachment.payload";
    let expected = [
        "error blank_cell text 1 [3]".to_owned(),
        format!("error too_long {payload}.text 1 [4]"),
        format!("error out_of_range {payload}.buttons[0].expires_in_days 1 [5]"),
        "error render_failed attachment.payload.buttons[0].expires_in_days 1 [6]".to_owned(),
        "error invalid_id recipient.id 1 [7]".to_owned(),
        "error invalid_time window_until 1 [8]".to_owned(),
        "error blank_cell psid 1 [9]".to_owned(),
    ];
    assert_eq!(found(&planned), expected);
    assert!(!planned.ok && !path.exists());
    let mut skipping = settings();
    skipping.skip_invalid = true;
    let planned = plan_with(&path, &rows, message, &skipping).unwrap();
    assert!(planned.ok && path.exists());
    assert_eq!(
        (planned.ready, planned.facts.skipped, planned.facts.rows),
        (1, 7, 8)
    );
}

#[test]
fn rows_that_can_not_be_told_apart_are_never_skipped() {
    let mut skipping = settings();
    skipping.skip_invalid = true;
    skipping.page = None;
    for rows in [
        "psid,page\n1,7,x\n2,7\n",
        "psid,page\n1.2E+15,7\n2,7\n",
        "psid,page\n1,\n2,7\n",
        "psid,page\n1,my page\n2,7\n",
        "{\"psid\": 1, \"page\": 7}\n{\"psid\": 2.5, \"page\": 7}\n",
    ] {
        let folder = Folder::new();
        let planned = plan_with(&folder.path("journal"), rows, PLAIN, &skipping).unwrap();
        assert!(!planned.ok, "{rows}");
    }
}

#[test]
fn rounded_ids_need_a_confirmation() {
    let rows = "psid\n1254477777772000\n1254477777773000\n1254477777774000\n";
    let planned = planned(rows).unwrap();
    assert_eq!(found(&planned), ["fatal excel_rounded psid 3 [2, 3, 4]"]);
    let mut confirmed = settings();
    confirmed.ids_confirmed = true;
    let folder = Folder::new();
    assert!(
        plan_with(&folder.path("journal"), rows, PLAIN, &confirmed)
            .unwrap()
            .ok
    );
}

#[test]
fn a_placeholder_without_a_column_is_an_error_before_anything() {
    let folder = Folder::new();
    for rows in [
        "psid,nome\n1,Ada\n",
        "{\"psid\": \"1\", \"nome\": \"Ada\"}\n",
    ] {
        let error = plan_with(&folder.path("j"), rows, MESSAGE, &settings()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Template);
        assert!(
            error
                .to_string()
                .contains("name; the columns are: psid, nome"),
            "{error}"
        );
    }
    // JSON lines need not all have it.
    let rows = "{\"psid\": \"1\"}\n{\"psid\": \"2\", \"name\": \"Bo\"}\n";
    assert!(planned(rows).unwrap().ok);
    assert!(folder.names().is_empty());
}

#[test]
fn no_rows_are_an_error() {
    assert_eq!(refused("psid,name\n").kind(), ErrorKind::Input);
    assert_eq!(refused("").kind(), ErrorKind::Input);
}

#[test]
fn warnings_are_told_and_pass() {
    let message = r#"{"attachment": {"type": "template", "payload": {"template_type": "button",
        "text": "{{ name }}", "buttons": [{"type": "audio_call",
        "title": "A title that is certainly too long"}]}}}"#;
    let folder = Folder::new();
    let rows = "psid,name\n1,Ada\n2,Bo\n";
    let planned = plan_with(&folder.path("journal"), rows, message, &settings()).unwrap();
    assert!(planned.ok);
    let place = "message.attachment.payload.buttons[0].title";
    assert_eq!(
        found(&planned),
        [format!("warning too_long {place} 2 [2, 3]")]
    );
}

#[test]
fn times_are_told_as_they_were_understood() {
    let folder = Folder::new();
    let rows = "psid,window_until\n1,2999-01-01T12:00+01:00\n2,2999-06-01T12:00[Europe/Berlin]\n\
                3,2999-03-01T12:00Z\n4,\n";
    let path = folder.path("journal");
    let planned = plan_with(&path, rows, r#"{"text": "hi"}"#, &settings()).unwrap();
    let notes = planned.notes.join("; ");
    let first = notes.find("windows close between 2999-01-01T11:00:00Z");
    let last = notes.find(" and 2999-06-01T10:00:00Z");
    assert!(first.is_some() && first < last, "{notes}");
}
