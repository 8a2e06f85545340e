use std::collections::HashMap;
use std::fs;

use super::*;

fn with(url: &str, variables: &[(&str, &str)]) -> Result<PostgresAddress> {
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    PostgresAddress::with(url, &|name| {
        variables.get(name).map(|value| (*value).to_owned())
    })
}

fn said(url: &str, variables: &[(&str, &str)], name: &str) -> String {
    let address = with(url, variables).unwrap();
    address.said.get(name).cloned().unwrap_or_default()
}

#[test]
fn a_url_wins_over_the_environment() {
    let url = "postgresql://ada:pa%3Ass@db.example:6000/mine?sslmode=disable";
    let variables = [
        ("PGUSER", "x"),
        ("PGPORT", "1"),
        ("PGPASSWORD", "x"),
        ("PGAPPNAME", "me"),
    ];
    for (name, value) in [
        ("user", "ada"),
        ("password", "pa:ss"),
        ("host", "db.example"),
        ("port", "6000"),
        ("dbname", "mine"),
        ("application_name", "me"),
    ] {
        assert_eq!(said(url, &variables, name), value, "{name}");
    }
    let variables = [("PGHOST", "db"), ("PGUSER", "bob"), ("PGPORT", "7000")];
    for (name, value) in [
        ("host", "db"),
        ("user", "bob"),
        ("port", "7000"),
        ("dbname", "bob"),
    ] {
        assert_eq!(said("postgresql://", &variables, name), value, "{name}");
    }
}

#[test]
fn hosts_may_be_several_or_sockets() {
    let url = "postgres://a,b:2,[::1]:3/x?user=u";
    let address = with(url, &[]).unwrap();
    assert_eq!(address.config.get_ports(), [5432, 2, 3]);
    assert_eq!(address.config.get_hosts().len(), 3);
    assert_eq!(
        address.to_string(),
        "postgresql://a,b:2,[::1]:3/x?user=u"
            .replace("?user=u", "")
            .replace("//a", "//u@a")
    );
    // Of several servers, only the primary will do.
    let attrs = address.config.get_target_session_attrs();
    assert_eq!(attrs, TargetSessionAttrs::ReadWrite);
    for url in [
        "postgresql://u@%2Frun%2Fpg/x",
        "postgresql://u@/x?host=/run/pg",
    ] {
        assert_eq!(with(url, &[]).unwrap().host(), "/run/pg");
    }
}

#[test]
fn no_password_is_ever_shown() {
    for url in [
        "postgresql://ada:hunter2@db/x",
        "postgresql://ada@db/x?password=hunter2",
        "postgresql://ada:hunter2@/x?host=/run/pg&port=6000",
    ] {
        let address = with(url, &[]).unwrap();
        assert_eq!(address.config.get_password(), Some(&b"hunter2"[..]));
        let text = format!("{address} {address:?}");
        assert!(text.contains("ada@") && !text.contains("hunter2"), "{text}");
    }
    for url in [
        "postgresql://ada:hunter2@db:port/x",
        "postgresql://ada:hunter2@db/x?nonsense=hunter2",
        "postgresql://ada:hunter2@db/x?sslmode=hunter2",
        "postgresql://ada:hunter2@[db/x",
    ] {
        let error = with(url, &[]).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_service_and_a_password_file_fill_the_gaps() {
    let folder = std::env::temp_dir().join(format!("callcta-address-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let home = folder.to_str().unwrap();
    let services = "[callcta]\nhost=db.example\nuser=worker\ndbname=mine\nsslmode=disable\n";
    fs::write(folder.join(".pg_service.conf"), services).unwrap();
    let passwords = folder.join(".pgpass");
    fs::write(&passwords, "other:*:*:*:no\ndb.example:5432:*:worker:yes\n").unwrap();
    let variables = [("HOME", home), ("PGSERVICE", "callcta")];
    let open = with("postgresql://", &variables).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As libpq: what others may read is not used.
        fs::set_permissions(&passwords, fs::Permissions::from_mode(0o644)).unwrap();
        let open = with("postgresql://", &variables).unwrap();
        assert_eq!(open.config.get_password(), None);
        assert!(open.no_password.unwrap().contains("others may read it"));
        fs::set_permissions(&passwords, fs::Permissions::from_mode(0o600)).unwrap();
    }
    drop(open);
    let kept = with("postgresql://", &variables).unwrap();
    assert_eq!(kept.config.get_password(), Some(&b"yes"[..]));
    assert_eq!(kept.said["dbname"], "mine");
    // What the URL says wins, and the password is that of what was found.
    let other = with("postgresql://reader@/?service=callcta", &[("HOME", home)]).unwrap();
    assert_eq!(
        (other.said["user"].as_str(), other.config.get_password()),
        ("reader", None)
    );
    let error = with("postgresql://?service=none", &[("HOME", home)]).unwrap_err();
    assert!(error.to_string().contains("no service"), "{error}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_would_read_from_a_replica_is_refused() {
    for (attrs, fine) in [
        ("any", true),
        ("read-write", true),
        ("primary", true),
        ("standby", false),
        ("prefer-standby", false),
    ] {
        let url = format!("postgresql://u@db/x?target_session_attrs={attrs}");
        assert_eq!(with(&url, &[]).is_ok(), fine, "{attrs}");
    }
}

#[test]
fn modes_of_tls_need_what_they_need() {
    let mode =
        |query: &str| with(&format!("postgresql://u@db/x?{query}"), &[]).map(|it| it.trust.mode);
    assert_eq!(mode("").unwrap(), Mode::Prefer);
    assert_eq!(mode("sslmode=require").unwrap(), Mode::Require);
    assert_eq!(mode("ssl=true").unwrap(), Mode::Require);
    assert!(mode("sslmode=verify-full").is_err());
    assert!(mode("sslmode=nonsense").is_err());
    assert_eq!(mode("sslrootcert=system").unwrap(), Mode::VerifyFull);
    assert!(mode("sslrootcert=system&sslmode=require").is_err());
    // A file of roots makes `require` check, as libpq does.
    let here = file!();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    assert!(path.exists(), "{here}");
    let query = format!("sslmode=require&sslrootcert={}", path.display());
    assert_eq!(mode(&query).unwrap(), Mode::VerifyCa);
    assert!(mode("sslcert=a").is_err());
}
