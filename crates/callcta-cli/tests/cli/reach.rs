//! Under which names, below which path and by which pages an emulator is reached.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::running::Running;
use crate::support::{callcta, run};

/// Sends a request as it stands to `host:port`; the whole answer.
fn raw(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = request.replacen("\n\n", "\nConnection: close\n\n", 1);
    stream
        .write_all(request.replace('\n', "\r\n").as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// A header of an answer.
fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next().unwrap();
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(": ")?;
        found.eq_ignore_ascii_case(name).then_some(value)
    })
}

/// Where an emulator listens, without scheme and path.
fn address(emulator: &Running) -> String {
    let url = emulator.text("url").trim_start_matches("http://");
    url.split('/').next().unwrap().to_owned()
}

#[test]
fn only_names_that_were_allowed_lead_to_the_own_side() {
    let emulator = Running::start(&["--allow-host", "emu.example,Other.example:81"]);
    let address = address(&emulator);
    let get = |host: &str, more: &str| {
        let request = format!("GET /_emulator/ready HTTP/1.1\nHost: {host}\n{more}\n");
        status(&raw(&address, &request))
    };
    assert_eq!(get("emu.example", ""), 200);
    assert_eq!(get("emu.example:8080", ""), 200);
    assert_eq!(get("other.example:81", ""), 200);
    assert_eq!(get("other.example", ""), 403);
    assert_eq!(get("rebound.example", ""), 403);
    assert_eq!(get("emu.example", "Origin: https://emu.example\n"), 200);
    assert_eq!(get("emu.example", "Origin: https://else.example\n"), 403);
    // A proxy that writes its own name for the emulator into Host says who was asked for.
    assert_eq!(get("localhost", "X-Forwarded-Host: emu.example\n"), 200);
    assert_eq!(get("localhost", "X-Forwarded-Host: rebound.example\n"), 403);
    assert_eq!(get("rebound.example", "X-Forwarded-Host: localhost\n"), 403);
    emulator.close();

    let emulator = Running::start(&[]);
    let request = "GET /_emulator/ready HTTP/1.1\nHost: emu.example\n\n";
    assert_eq!(status(&raw(&self::address(&emulator), request)), 403);
    emulator.close();
}

#[test]
fn pages_of_an_origin_are_let_in_only_if_told_so() {
    let origin = "http://localhost:3000";
    let preflight = |path: &str, origin: &str| {
        format!(
            "OPTIONS {path} HTTP/1.1\nHost: localhost\nOrigin: {origin}\n\
             Sec-Fetch-Site: same-site\nAccess-Control-Request-Method: PATCH\n\
             Access-Control-Request-Headers: content-type,authorization\n\n"
        )
    };
    let simple = |path: &str, origin: &str| {
        format!(
            "GET {path} HTTP/1.1\nHost: localhost\nOrigin: {origin}\nSec-Fetch-Site: same-site\n\n"
        )
    };
    let (control, graph) = ("/_emulator/state", "/v26.0/me");

    let closed = Running::start(&[]);
    for request in [
        preflight(control, origin),
        preflight(graph, origin),
        simple(control, origin),
        simple(graph, origin),
    ] {
        let answer = raw(&address(&closed), &request);
        assert_eq!(header(&answer, "access-control-allow-origin"), None);
        assert_ne!(status(&answer) / 100, 2, "{answer}");
    }
    closed.close();

    let open = Running::start(&["--allow-origin", origin]);
    let ask = |request: &str| raw(&address(&open), request);
    for path in [control, graph] {
        let answer = ask(&preflight(path, origin));
        assert_eq!(status(&answer), 204, "{answer}");
        assert_eq!(header(&answer, "access-control-allow-origin"), Some(origin));
        assert_eq!(
            header(&answer, "access-control-allow-methods"),
            Some("PATCH")
        );
        let names = header(&answer, "access-control-allow-headers");
        assert_eq!(names, Some("content-type,authorization"));
        let answer = ask(&simple(path, origin));
        assert_eq!(header(&answer, "access-control-allow-origin"), Some(origin));
        assert_eq!(header(&answer, "vary"), Some("origin"));
        let other = ask(&preflight(path, "http://localhost:3001"));
        assert_eq!(header(&other, "access-control-allow-origin"), None);
    }
    assert_eq!(status(&ask(&simple(control, origin))), 200);
    assert_eq!(status(&ask(&simple(control, "http://localhost:3001"))), 403);
    // A page of that origin whose name is not the emulator's own is another matter.
    let rebound = simple(control, origin).replace("Host: localhost", "Host: rebound.example");
    assert_eq!(status(&ask(&rebound)), 403);
    open.close();

    let wide_open = Running::start(&["--allow-origin", "*"]);
    let answer = raw(
        &address(&wide_open),
        &simple(control, "https://any.example"),
    );
    assert_eq!(status(&answer), 200);
    wide_open.close();
}

/// A reverse proxy for what is below `/emu`, which writes its own name for the emulator into
/// Host, and may take `/emu` off.
fn proxy(upstream: String, takes_off: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut request = String::new();
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let lower = line.to_ascii_lowercase();
                if lower.starts_with("host:") {
                    line = format!("Host: {upstream}\r\n");
                } else if let Some(value) = lower.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                } else if request.is_empty() && takes_off {
                    line = line.replacen(" /emu/", " /", 1);
                }
                request += &line;
                if line == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let mut up = TcpStream::connect(&upstream).unwrap();
            up.write_all(request.as_bytes()).unwrap();
            up.write_all(&body).unwrap();
            let mut answer = Vec::new();
            up.read_to_end(&mut answer).unwrap();
            stream.write_all(&answer).unwrap();
        }
    });
    own
}

/// What a browser finds that follows the page's own links from `/emu/`.
fn browse(proxy: &str) {
    let get = |path: &str| {
        let request = format!(
            "GET {path} HTTP/1.1\nHost: {proxy}\nSec-Fetch-Site: same-origin\n\
             Sec-Fetch-Mode: cors\n\n"
        );
        let answer = raw(proxy, &request);
        assert_eq!(status(&answer), 200, "{path}: {answer}");
        answer
    };
    let page = get("/emu/");
    let mut links = 0;
    for link in page.split("href=\"").chain(page.split("src=\"")).skip(1) {
        let link = link.split('"').next().unwrap();
        if link.starts_with(['#', 'd', '<', 'H']) {
            continue;
        }
        assert!(!link.starts_with('/'), "{link}");
        get(&format!("/emu/{link}"));
        links += 1;
    }
    assert!(links >= 2, "{page}");
    let script = get("/emu/inbox/api.js");
    assert!(script.contains("\"_emulator/\""), "{script}");
    get("/emu/_emulator/state");
    let change = format!(
        "POST /emu/_emulator/clock HTTP/1.1\nHost: {proxy}\nOrigin: http://{proxy}\n\
         Sec-Fetch-Site: same-origin\nContent-Type: application/json\nContent-Length: 16\n\n\
         {{\"advance_ms\":1}}"
    );
    let answer = raw(proxy, &change);
    assert_eq!(status(&answer), 200, "{answer}");
}

#[test]
fn it_works_behind_a_proxy_that_takes_the_path_off() {
    let emulator = Running::start(&[]);
    browse(&proxy(address(&emulator), true));
    emulator.close();
}

#[test]
fn it_works_below_a_path() {
    let emulator = Running::start(&["--prefix", "/emu"]);
    assert!(emulator.text("url").ends_with("/emu"));
    assert_eq!(emulator.send(emulator.psid()).code, 0);
    for takes_off in [true, false] {
        browse(&proxy(address(&emulator), takes_off));
    }
    let bare = raw(
        &address(&emulator),
        "GET /emu HTTP/1.1\nHost: localhost\n\n",
    );
    assert_eq!(
        (status(&bare), header(&bare, "location")),
        (308, Some("/emu/"))
    );
    // What was asked below the path is told as Graph sees it, and can be sent again.
    let url = format!("{}/_emulator/requests", emulator.text("url"));
    let requests = ureq::get(&url)
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    let requests: Value = serde_json::from_str(&requests).unwrap();
    let request = &requests["requests"][0];
    let path = request["path"].as_str().unwrap();
    assert!(path.starts_with("/v26.0/"), "{path}");
    let again = format!("{}{path}", emulator.text("url"));
    assert!(
        request["curl"].as_str().unwrap().contains(&again),
        "{request}"
    );
    emulator.close();
}

#[test]
fn it_listens_where_it_is_told_to() {
    let emulator = Running::start(&["--listen", "0.0.0.0"]);
    assert!(emulator.text("url").starts_with("http://127.0.0.1:"));
    assert_eq!(emulator.send(emulator.psid()).code, 0);
    let (status, log) = emulator.close();
    assert_eq!(status.code(), Some(0));
    assert!(log.contains("warning:"), "{log}");
}

#[test]
fn the_clock_starts_where_it_is_told_to() {
    let clock = |emulator: &Running| -> Value {
        let url = format!("{}/_emulator/clock", emulator.text("url"));
        let text = ureq::get(&url)
            .call()
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let closed = "200000000000002";
    let fixed = Running::start(&["--clock", "2031-02-03T04:05:06+01:00"]);
    assert_eq!(clock(&fixed)["now"], 1_927_854_306_000_i64);
    assert_eq!(clock(&fixed)["start"], 1_927_854_306_000_i64);
    // Windows are open and closed as ever.
    assert_eq!(fixed.send(fixed.psid()).code, 0);
    assert_eq!(fixed.send(closed).json()["kind"], "outside_window");
    fixed.close();

    let file = format!("{}/clock-seed.json", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(
        &file,
        r#"{"pages":{"7":{"tokens":[{"token":"T"}]}},"people":{"9":{}}}"#,
    )
    .unwrap();
    let today = Running::start(&["--clock", "now", "--seed-file", &file]);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis();
    let shown = clock(&today)["now"].as_u64().unwrap();
    assert!(now.abs_diff(shown.into()) < 60_000, "{shown} is not {now}");
    assert_eq!(today.send("9").code, 0);
    today.close();
}

#[test]
fn what_is_no_place_is_a_usage_error() {
    for args in [
        ["--prefix", "a b"],
        ["--allow-host", "http://x.example"],
        ["--allow-origin", "localhost:3000"],
        ["--clock", "yesterday"],
        ["--listen", "localhost"],
        // An address for documentation, which no machine has.
        ["--listen", "192.0.2.1"],
    ] {
        let refused = run(callcta(&["emulate"]).args(args));
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{args:?}");
        assert!(refused.stderr.contains(args[1]), "{refused:?}");
    }
}
