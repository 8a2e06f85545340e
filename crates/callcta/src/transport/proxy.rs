//! Which requests go through which proxy.

use std::fmt;
use std::net::IpAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use ureq::http::Uri;

use super::failure::unusable;
use super::target::{has_valid_authority, place};
use super::{TransportConfig, TransportError};

/// Longest user name and password together.
const MAX_CREDENTIALS: usize = 4 * 1024;

/// An HTTP proxy, by the address of which it shows itself.
pub(super) struct Proxy {
    pub(super) uri: Uri,
    /// The value of `Proxy-Authorization`.
    pub(super) authorization: Option<String>,
}

impl Proxy {
    /// From `[scheme://][user[:password]@]host[:port][/]`; the scheme is `http` or
    /// `https`, the former if there is none.
    fn new(url: &str) -> Result<Self, &'static str> {
        const NOT_VALID: &str = "is not a valid URL";
        let url = url.trim();
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let scheme = scheme.to_ascii_lowercase();
        if rest.is_empty() {
            return Err(NOT_VALID);
        }
        if scheme != "http" && scheme != "https" {
            return Err(
                "has a scheme other than http and https, and only HTTP proxies are supported",
            );
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (credentials, place) = match rest[..end].rsplit_once('@') {
            Some((credentials, place)) => (Some(credentials), place),
            None => (None, &rest[..end]),
        };
        let uri = Uri::try_from(format!("{scheme}://{place}/"))
            .ok()
            .filter(has_valid_authority)
            .ok_or(NOT_VALID)?;
        let authorization = credentials.map(basic).transpose()?;
        Ok(Self { uri, authorization })
    }
}

/// The value of `Proxy-Authorization` for percent-encoded `user:password`.
fn basic(credentials: &str) -> Result<String, &'static str> {
    if credentials.len() > MAX_CREDENTIALS {
        return Err("has credentials that are too long");
    }
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    let mut plain: Vec<u8> = percent_decode_str(user).collect();
    plain.push(b':');
    plain.extend(percent_decode_str(password));
    Ok(format!("Basic {}", BASE64_STANDARD.encode(plain)))
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = place(&self.uri);
        write!(f, "{host}:{port}")
    }
}

/// What the settings and the environment say about proxies.
pub(super) enum Proxies {
    Never,
    Always(Proxy),
    ByScheme {
        http: Option<Result<Proxy, TransportError>>,
        https: Option<Result<Proxy, TransportError>>,
        except: Exceptions,
    },
}

impl Proxies {
    /// # Errors
    ///
    /// When the proxy of the settings can't be used. One of the environment is
    /// looked at when it is needed.
    pub(super) fn new(config: &TransportConfig) -> Result<Self, TransportError> {
        if let Some(url) = &config.proxy {
            let proxy =
                Proxy::new(url).map_err(|why| unusable(&format!("the setting proxy {why}")))?;
            return Ok(Self::Always(proxy));
        }
        if !config.proxy_from_env {
            return Ok(Self::Never);
        }
        Ok(Self::from_env(|name| {
            let value = std::env::var_os(name)?;
            Some(value.to_string_lossy().into_owned())
        }))
    }

    /// As curl reads the environment: the first variable that is set decides, and
    /// an empty one means no proxy.
    fn from_env(get: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&'static str]| {
            let set = |name: &&'static str| get(name).map(|value| (*name, value));
            let (name, value) = names.iter().find_map(set)?;
            if value.trim().is_empty() {
                return None;
            }
            let unusable = |why| unusable(&format!("the environment variable {name} {why}"));
            Some(Proxy::new(&value).map_err(unusable))
        };
        // In a CGI program a client's header `Proxy` arrives as `HTTP_PROXY`.
        let upper = match get("REQUEST_METHOD") {
            Some(_) => "http_proxy",
            None => "HTTP_PROXY",
        };
        let excepted = ["no_proxy", "NO_PROXY"].into_iter().find_map(&get);
        Self::ByScheme {
            http: first(&["http_proxy", upper, "all_proxy", "ALL_PROXY"]),
            https: first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            except: Exceptions::read(&excepted.unwrap_or_default()),
        }
    }

    /// The proxy for this URL.
    ///
    /// # Errors
    ///
    /// When it would be one that can't be used.
    pub(super) fn of(&self, uri: &Uri) -> Result<Option<&Proxy>, TransportError> {
        match self {
            Self::Never => Ok(None),
            Self::Always(proxy) => Ok(Some(proxy)),
            Self::ByScheme {
                http,
                https,
                except,
            } => {
                let proxy = if uri.scheme_str() == Some("https") {
                    https
                } else {
                    http
                };
                match proxy {
                    Some(proxy) if !except.hold(uri) => {
                        proxy.as_ref().map(Some).map_err(Clone::clone)
                    }
                    _ => Ok(None),
                }
            }
        }
    }
}

/// The list of `NO_PROXY`.
pub(super) struct Exceptions(Vec<Exception>);

struct Exception {
    hosts: Hosts,
    /// All if there is none.
    port: Option<u16>,
}

enum Hosts {
    All,
    /// The name and what ends in a dot and the name; lower case.
    Domain(String),
    /// The addresses that share so many leading bits.
    Network(IpAddr, u32),
}

impl Exceptions {
    /// Of a list such as `example.com, .internal:8443, 10.0.0.0/8, [::1]`.
    fn read(list: &str) -> Self {
        let items = list.split(|at: char| at == ',' || at.is_whitespace());
        Self(items.filter_map(Exception::read).collect())
    }

    fn hold(&self, uri: &Uri) -> bool {
        let (host, port) = place(uri);
        let host = host
            .trim_matches(['[', ']'])
            .trim_end_matches('.')
            .to_ascii_lowercase();
        self.0
            .iter()
            .any(|one| one.port.is_none_or(|own| own == port) && one.hosts.hold(&host))
    }
}

impl Exception {
    fn read(item: &str) -> Option<Self> {
        // The colon of a port comes after a name, an IPv4 address or a bracket.
        let (host, port) = match item.rsplit_once(':') {
            Some((host, port)) if host.ends_with(']') || !host.contains(':') => {
                (host, port.parse().ok())
            }
            _ => (item, None),
        };
        let hosts = Hosts::read(&host.to_ascii_lowercase())?;
        Some(Self { hosts, port })
    }
}

impl Hosts {
    fn read(host: &str) -> Option<Self> {
        if host == "*" {
            return Some(Self::All);
        }
        let network = host.replace(['[', ']'], "");
        let (ip, bits) = match network.split_once('/') {
            Some((ip, bits)) => (ip, bits.parse().ok()),
            None => (network.as_str(), Some(u128::BITS)),
        };
        if let (Ok(ip), Some(bits)) = (ip.parse(), bits) {
            return Some(Self::Network(ip, bits));
        }
        let name = host.trim_start_matches('*').trim_matches('.');
        (!name.is_empty()).then(|| Self::Domain(name.to_owned()))
    }

    fn hold(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Domain(name) => host
                .strip_suffix(name.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            Self::Network(network, bits) => host.parse().is_ok_and(|ip: IpAddr| {
                ip.is_ipv4() == network.is_ipv4()
                    && (left_aligned(ip) ^ left_aligned(*network)).leading_zeros() >= *bits
            }),
        }
    }
}

fn left_aligned(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()) << 96,
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env<'a>(set: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<String> + use<'a> {
        |name| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    /// The proxy for a URL, or why there is none that can be used.
    fn chosen(set: &[(&str, &str)], url: &str) -> String {
        let uri = url.parse().unwrap();
        match Proxies::from_env(env(set)).of(&uri) {
            Ok(Some(proxy)) => proxy.to_string(),
            Ok(None) => "none".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_proxy_is_read_as_people_write_it() {
        let shown = |url: &str| {
            let proxy = Proxy::new(url).unwrap();
            let scheme = proxy.uri.scheme_str().unwrap().to_owned();
            (scheme, proxy.to_string(), proxy.authorization)
        };
        for (url, scheme, place, credentials) in [
            ("p.test:3128", "http", "p.test:3128", None),
            ("http://p.test", "http", "p.test:80", None),
            ("HTTPS://p.test/", "https", "p.test:443", None),
            (" http://[::1]:3128/x?y#z ", "http", "[::1]:3128", None),
            ("user:pass@p.test:1", "http", "p.test:1", Some("user:pass")),
            (
                "http://u%40x:p%3Aw@p.test:1",
                "http",
                "p.test:1",
                Some("u@x:p:w"),
            ),
            ("http://u:p@w@p.test:1", "http", "p.test:1", Some("u:p@w")),
            ("http://user@p.test:1", "http", "p.test:1", Some("user:")),
        ] {
            let basic = credentials.map(|plain| format!("Basic {}", BASE64_STANDARD.encode(plain)));
            assert_eq!(
                shown(url),
                (scheme.to_owned(), place.to_owned(), basic),
                "{url}"
            );
        }
        for url in [
            "",
            "http://",
            ":::",
            "not a proxy",
            "nonsense://",
            "socks5://p.test",
            "http://p.test:99999",
        ] {
            assert!(Proxy::new(url).is_err(), "{url}");
        }
    }

    #[test]
    fn the_first_variable_that_is_set_decides() {
        let all: &[(&str, &str)] = &[
            ("https_proxy", "a.test:1"),
            ("HTTPS_PROXY", "b.test:1"),
            ("http_proxy", "c.test:1"),
            ("HTTP_PROXY", "d.test:1"),
            ("all_proxy", "e.test:1"),
            ("ALL_PROXY", "f.test:1"),
        ];
        let (http, https) = ("http://h.test/", "https://h.test/");
        let order = |url, order: &[usize]| {
            let names: Vec<&str> = order.iter().map(|at| all[*at].1).collect();
            for (from, name) in names.iter().enumerate() {
                let left: Vec<_> = order[from..].iter().map(|at| all[*at]).collect();
                assert_eq!(chosen(&left, url), *name);
            }
        };
        order(https, &[0, 1, 4, 5]);
        order(http, &[2, 3, 4, 5]);
        assert_eq!(chosen(&all[2..4], https), "none");
        assert_eq!(chosen(&all[..2], http), "none");
        assert_eq!(chosen(&[], https), "none");
        assert_eq!(chosen(&[("https_proxy", ""), all[5]], https), "none");
        // A CGI program.
        let cgi = ("REQUEST_METHOD", "POST");
        assert_eq!(chosen(&[cgi, all[3]], http), "none");
        assert_eq!(chosen(&[cgi, all[2]], http), all[2].1);
        assert_eq!(chosen(&[cgi, all[1]], https), all[1].1);
    }

    #[test]
    fn only_the_variable_that_decides_must_be_usable() {
        let socks = ("ALL_PROXY", "socks5://user:secret@s.test:1");
        let (http, https) = ("http://h.test/", "https://h.test/");
        assert_eq!(
            chosen(&[socks, ("HTTPS_PROXY", "p.test:1")], https),
            "p.test:1"
        );
        let message = chosen(&[socks, ("HTTPS_PROXY", "p.test:1")], http);
        assert!(
            message.starts_with("the environment variable ALL_PROXY has a scheme"),
            "{message}"
        );
        assert!(!message.contains("secret"), "{message}");
        assert_eq!(chosen(&[socks, ("NO_PROXY", "h.test")], https), "none");
    }

    #[test]
    fn hosts_are_excepted_as_people_write_them() {
        let direct = |list: &str, url: &str| {
            let set = [("ALL_PROXY", "p.test:1"), ("NO_PROXY", list)];
            chosen(&set, url) == "none"
        };
        for (list, hosts, others) in [
            ("", "", "h.test"),
            ("*", "h.test [::1] 127.0.0.1", ""),
            (
                "h.test",
                "h.test a.h.test A.H.Test. h.test:8443",
                "xh.test h.test.x test",
            ),
            (".h.test", "h.test a.h.test", "xh.test"),
            ("*.h.test", "h.test a.b.h.test", "xh.test"),
            ("h.test.", "h.test h.test.", "x.test"),
            ("a.test, h.test  b.test,,", "a.test h.test b.test", "c.test"),
            ("h.test:443", "h.test a.h.test:443", "h.test:8443"),
            ("*:8443", "h.test:8443", "h.test"),
            ("10.1.2.3", "10.1.2.3 10.1.2.3:1", "10.1.2.4 h.test"),
            ("10.1.2.3:8443", "10.1.2.3:8443", "10.1.2.3"),
            (
                "10.0.0.0/8,192.168.1.0/25",
                "10.9.9.9 192.168.1.127",
                "11.0.0.0 192.168.1.128 10.test",
            ),
            ("::1", "[::1] [0:0:0:0:0:0:0:1] [::1]:8443", "[::2] h.test"),
            ("[::1]", "[::1] [::1]:8443", "[::2]"),
            ("[::1]:8443", "[::1]:8443", "[::1]"),
            ("fe80::/10", "[fe80::1] [febf::1]", "[fec0::1] 254.128.0.1"),
            ("0.0.0.0/0", "10.1.2.3", "[::1] h.test"),
            (". .. [ 10.0.0.0/x", "", "h.test 10.0.0.1"),
        ] {
            let split = |list: &'static str| list.split(' ').filter(|host| !host.is_empty());
            for (hosts, expected) in [(hosts, true), (others, false)] {
                for host in split(hosts) {
                    assert_eq!(
                        direct(list, &format!("https://{host}/")),
                        expected,
                        "{list:?} {host}"
                    );
                }
            }
        }
        let lower = [
            ("all_proxy", "p.test:1"),
            ("no_proxy", "h.test"),
            ("NO_PROXY", "i.test"),
        ];
        assert_eq!(chosen(&lower, "https://h.test/"), "none");
        assert_eq!(chosen(&lower, "https://i.test/"), "p.test:1");
    }
}
