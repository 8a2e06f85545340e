//! Settings that can't be used are refused when the client is built.

use std::time::Duration;

use callcta::{Client, Delivery, ErrorKind};

fn refused(client: callcta::ClientBuilder) -> String {
    let error = client.build().expect_err("the setting can't be used");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(error.delivery(), Delivery::NotSent);
    error.to_string()
}

#[test]
fn a_page_id_has_digits_only() {
    for page_id in ["", "me", "12a", "1/2", " 1"] {
        assert_eq!(
            refused(Client::builder(page_id, "t")),
            "the Page id must have digits only"
        );
    }
}

#[test]
fn a_token_fits_into_a_header() {
    for token in ["", "a b", "a\r\nX-Evil: 1", "ü", "a\u{7f}"] {
        let text = refused(Client::builder("1", token));
        assert!(text.starts_with("the access token must be"), "{text}");
    }
    assert!(refused(Client::builder("1", "t").app_secret("")).contains("app secret"));
}

#[test]
fn a_base_url_is_https_unless_it_is_this_machine() {
    let build = |url: &str| Client::builder("1", "t").base_url(url);
    for url in [
        "https://graph.facebook.com",
        "https://graph.facebook.com/",
        "https://proxy.example/graph",
        "http://localhost:8080",
        "http://127.0.0.1:1",
        "http://127.8.9.1",
        "http://[::1]:8080",
    ] {
        assert!(build(url).build().is_ok(), "{url}");
    }
    for url in [
        "",
        "graph.facebook.com",
        "ftp://graph.facebook.com",
        "http://graph.facebook.com",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://[::2]",
        "https://user:password@graph.facebook.com",
        "https://graph.facebook.com?x=1",
        "https://graph.facebook.com#x",
        "https://",
        "https:// example.com",
    ] {
        let text = refused(build(url));
        assert!(text.starts_with("the base URL "), "{url}: {text}");
        assert!(!text.contains("password"), "{text}");
    }
}

#[test]
fn a_version_looks_like_one() {
    for version in ["26.0", "v26", "v26.", "v.0", "v26.0/x", "latest"] {
        let text = refused(Client::builder("1", "t").version(version));
        assert!(
            text.starts_with("the version must look like"),
            "{version}: {text}"
        );
    }
    for version in ["v26.0", "v20.0", ""] {
        assert!(
            Client::builder("1", "t").version(version).build().is_ok(),
            "{version}"
        );
    }
}

#[test]
fn a_ca_file_holds_certificates() {
    let text = refused(Client::builder("1", "t").extra_ca_pem("not a certificate"));
    assert!(text.contains("certificate"), "{text}");
}

#[test]
fn debug_shows_the_settings_but_no_secret() {
    let client = Client::builder("1", "EAAtoken")
        .app_secret("appsecret")
        .proxy("http://user:password@127.0.0.1:1")
        .timeout(Duration::from_secs(3))
        .build()
        .expect("the settings are right");
    let text = format!("{client:?}");
    for secret in ["EAAtoken", "appsecret", "password"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(text.contains("timeout: 3s"), "{text}");
}
