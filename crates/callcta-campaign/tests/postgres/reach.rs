//! The way to the server: TLS and passwords.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use callcta_campaign::{Journal as _, PostgresAddress, PostgresJournal, Result};

use crate::support::Database;

/// What lies beside the server: certificates.
fn beside(name: &str) -> String {
    let folder = env::var("CALLCTA_TEST_POSTGRES_FOLDER").expect("just test-postgres says where");
    PathBuf::from(folder).join(name).display().to_string()
}

fn open(database: &Database, user: &str, host: &str, query: &str) -> Result<PostgresJournal> {
    let url = database
        .url
        .replace("postgres@127.0.0.1", &format!("{user}@{host}"));
    PostgresJournal::open(&PostgresAddress::new(&format!("{url}?{query}"))?, "autumn")
}

/// Whether the connection that is open is encrypted.
fn is_encrypted(database: &Database) -> Vec<Vec<Option<String>>> {
    database.sql(
        "select ssl from pg_stat_ssl join pg_stat_activity using (pid) \
         where application_name = 'callcta' and datname = current_database()",
    )
}

#[test]
#[ignore = "needs PostgreSQL: just test-postgres"]
fn modes_of_tls_check_what_they_say() {
    let database = Database::new();
    drop(database.campaign(1));
    let (ca, other, own) = (beside("ca.crt"), beside("other.crt"), beside("server.crt"));
    let roots = |mode: &str, path: &str| format!("sslmode={mode}&sslrootcert={path}");
    for (host, query, encrypted) in [
        ("127.0.0.1", "sslmode=disable".to_owned(), "f"),
        ("127.0.0.1", String::new(), "t"),
        ("127.0.0.1", "sslmode=require".to_owned(), "t"),
        ("localhost", roots("verify-ca", &ca), "t"),
        ("127.0.0.1", roots("verify-full", &ca), "t"),
        // The certificate itself may be what is trusted.
        ("127.0.0.1", roots("verify-full", &own), "t"),
    ] {
        // Not before: a server ends what belongs to a connection after that is closed.
        let mut journal = open(&database, "postgres", host, &query).unwrap();
        let found = is_encrypted(&database);
        let last = found.last().unwrap()[0].as_deref();
        assert!(
            found
                .iter()
                .any(|line| line[0].as_deref() == Some(encrypted)),
            "{query}: {last:?}"
        );
        journal.counts().unwrap();
    }
    for (host, query) in [
        ("127.0.0.1", roots("verify-full", &other)),
        ("127.0.0.1", roots("verify-ca", &other)),
        // With roots, `require` checks them.
        ("127.0.0.1", roots("require", &other)),
        // It is for an address, and for no name.
        ("localhost", roots("verify-full", &ca)),
        ("localhost", roots("verify-full", &own)),
        ("127.0.0.1", "sslrootcert=system".to_owned()),
    ] {
        let error = open(&database, "postgres", host, &query).err();
        let error = error.unwrap_or_else(|| panic!("{query} is taken for safe"));
        assert!(
            error.to_string().contains("certificate"),
            "{query}: {error}"
        );
    }
}

#[test]
#[ignore = "needs PostgreSQL: just test-postgres"]
fn a_password_comes_from_a_file_and_is_never_told() {
    let database = Database::new();
    drop(database.campaign(1));
    database.sql(
        "drop role if exists secret; create role secret login password 'hunter2:\\x' superuser",
    );
    let file = env::temp_dir().join(format!("callcta-pgpass-{}", std::process::id()));
    let passfile = format!("passfile={}", file.display());
    let write = |text: &str| {
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    };
    write("127.0.0.1:*:*:secret:hunter2\\:\\\\x\n");
    // With TLS the password's proof is bound to the connection.
    for tls in ["sslmode=require&channel_binding=require", "sslmode=disable"] {
        let opened = open(
            &database,
            "secret",
            "127.0.0.1",
            &format!("{passfile}&{tls}"),
        );
        opened.unwrap();
    }
    write("127.0.0.1:*:*:secret:wrong-hunter3\n");
    let error = open(&database, "secret", "127.0.0.1", &passfile)
        .err()
        .unwrap();
    let text = format!("{error} {error:?}");
    assert!(
        text.contains("password") && !text.contains("hunter3"),
        "{text}"
    );
    write("127.0.0.1:*:*:somebody:hunter2\n");
    let error = open(&database, "secret", "127.0.0.1", &passfile)
        .err()
        .unwrap();
    assert!(error.to_string().contains("has no line for"), "{error}");
    fs::remove_file(&file).unwrap();
    database.sql("drop owned by secret; drop role secret");
}
