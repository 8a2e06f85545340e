//! Where the emulator is: below which path, and under which names.

use std::net::IpAddr;

use http::Uri;
use http::uri::PathAndQuery;

/// Where an emulator is reached, and by which pages of a browser.
#[derive(Clone, Debug, Default)]
pub(crate) struct Site {
    /// Empty, or a path with a slash at its start and none at its end.
    prefix: String,
    /// Names beside those of this machine, in lower case, with or without a port.
    names: Vec<String>,
    /// Origins whose pages may ask and read everything; `*` for all.
    origins: Vec<String>,
}

impl Site {
    /// Fails with a sentence about what is no path, name or origin.
    pub(crate) fn new(prefix: &str, names: &[String], origins: &[String]) -> Result<Self, String> {
        let prefix = prefix.trim_matches('/');
        let prefix = match prefix {
            "" => String::new(),
            path => format!("/{path}"),
        };
        if prefix.contains(['?', '#'])
            || prefix.parse::<PathAndQuery>().is_err() && !prefix.is_empty()
        {
            return Err(format!("the prefix {prefix:?} is not a path"));
        }
        for name in names {
            if name.is_empty() || name.contains(['/', '*', ' ', '@']) {
                return Err(format!("{name:?} is not the name of a host"));
            }
        }
        for origin in origins {
            let good = origin.parse::<Uri>().is_ok_and(|uri| {
                let origin_of = uri.scheme().zip(uri.authority());
                origin_of.is_some_and(|(scheme, host)| format!("{scheme}://{host}") == *origin)
            });
            if !good && origin != "*" {
                return Err(format!(
                    "{origin:?} is not an origin such as http://localhost:3000"
                ));
            }
        }
        Ok(Self {
            prefix,
            names: names.iter().map(|name| name.to_ascii_lowercase()).collect(),
            origins: origins
                .iter()
                .map(|origin| origin.to_ascii_lowercase())
                .collect(),
        })
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What is left of a path below the prefix; `None` if it isn't below it.
    fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix(&self.prefix)?;
        rest.starts_with('/').then_some(rest)
    }

    /// A path and query as if there were no prefix. A proxy may have taken it off already.
    pub(super) fn inside<'a>(&self, target: &'a str) -> &'a str {
        self.below(target).unwrap_or(target)
    }

    /// The same for a URI; `None` if it stays as it is.
    pub(super) fn inside_uri(&self, uri: &Uri) -> Option<Uri> {
        if self.prefix.is_empty() {
            return None;
        }
        let target = self.below(uri.path_and_query()?.as_str())?;
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(target.parse().ok()?);
        Uri::from_parts(parts).ok()
    }

    /// Whether a path is the prefix itself, without the slash that relative links need.
    pub(super) fn is_bare(&self, path: &str) -> bool {
        !self.prefix.is_empty() && path == self.prefix
    }

    /// Whether a host, with a port or without, is this emulator.
    pub(crate) fn is_known(&self, host: &str) -> bool {
        is_loopback(host) || self.is_named(host)
    }

    /// Whether a host is one that was named.
    pub(crate) fn is_named(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let name = name_of(&host);
        self.names
            .iter()
            .any(|known| *known == host || known == name)
    }

    /// The names beside those of this machine, without ports and brackets.
    #[cfg(feature = "tls")]
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.names.iter().map(|host| name_of(host));
        names.map(|name| name.trim_start_matches('[').trim_end_matches(']'))
    }

    /// Whether pages of an origin may ask and read everything.
    pub(crate) fn lets_in(&self, origin: &str) -> bool {
        let origin = origin.to_ascii_lowercase();
        self.origins
            .iter()
            .any(|known| *known == origin || known == "*")
    }
}

/// A host without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Whether a host, with a port or without, can only mean this machine. A foreign name that resolves
/// to it will not do.
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = name_of(host).to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(prefix: &str, names: &[&str], origins: &[&str]) -> Result<Site, String> {
        let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        Site::new(prefix, &owned(names), &owned(origins))
    }

    #[test]
    fn names() {
        let site = site("", &["Emu.example", "[2001:db8::1]:80"], &[]).unwrap();
        for good in [
            "localhost",
            "localhost:80",
            "127.0.0.1:1",
            "[::1]:9",
            "[::1]",
            "a.localhost:1",
            "emu.Example:1",
            "emu.example",
            "[2001:db8::1]:80",
        ] {
            assert!(site.is_known(good), "{good}");
        }
        for bad in [
            "",
            "example.com",
            "localhost.example.com:80",
            "10.0.0.1",
            "127.0.0.1.example.com",
            "a.emu.example",
            "[2001:db8::1]:81",
        ] {
            assert!(!site.is_known(bad), "{bad}");
        }
        assert!(!site.is_named("localhost"));
    }

    #[test]
    fn prefixes() {
        for prefix in ["/emu", "emu/", "/emu/"] {
            let site = site(prefix, &[], &[]).unwrap();
            assert_eq!(site.inside("/emu/v26.0/me?x=/emu"), "/v26.0/me?x=/emu");
            assert_eq!(site.inside("/emu"), "/emu");
            assert_eq!(site.inside("/emus/x"), "/emus/x");
            assert!(site.is_bare("/emu"));
            let uri = "/emu/a/b?c=d".parse().unwrap();
            assert_eq!(site.inside_uri(&uri).unwrap().to_string(), "/a/b?c=d");
        }
        let none = site("/", &[], &[]).unwrap();
        assert_eq!(none.inside("/x"), "/x");
        assert!(!none.is_bare("") && none.inside_uri(&"/x".parse().unwrap()).is_none());
        assert!(site("a b", &[], &[]).is_err());
        assert!(site("a?b", &[], &[]).is_err());
    }

    #[test]
    fn origins() {
        let some = site("", &[], &["http://localhost:3000"]).unwrap();
        assert!(some.lets_in("http://localhost:3000"));
        assert!(!some.lets_in("http://localhost:3001"));
        assert!(!some.lets_in("null"));
        assert!(site("", &[], &["*"]).unwrap().lets_in("null"));
        for bad in ["localhost:3000", "http://localhost:3000/", "null", ""] {
            assert!(site("", &[], &[bad]).is_err(), "{bad}");
        }
        for bad in ["", "http://x", "*.example"] {
            assert!(site("", &[bad], &[]).is_err(), "{bad}");
        }
    }
}
