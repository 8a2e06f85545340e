//! Reading what the public package wrote as JSON: nothing that nobody asked for.

use callcta::{Error, Result, nearest};
use serde_json::{Map, Value};

/// Why a value was not taken.
pub enum Refused {
    /// The value can't be used; where it stands, and what it must be.
    Invalid { path: String, what: String },
    /// callcta refused what was read.
    Core(Error),
}

pub type Read<T> = std::result::Result<T, Refused>;

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Refused::Core(error)
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Core(error) => error,
            Refused::Invalid { path, what } => {
                Error::invalid_argument(format!("{path} {what}").trim_start())
            }
        }
    }
}

impl Refused {
    fn because(what: impl Into<String>) -> Self {
        Refused::Invalid {
            path: String::new(),
            what: what.into(),
        }
    }

    pub fn must(what: &str) -> Self {
        Refused::because(format!("must be {what}"))
    }

    /// The same, seen from the object around.
    pub fn within(self, outer: &str) -> Self {
        match self {
            Refused::Invalid { path, what } => Refused::Invalid {
                path: match path.chars().next() {
                    None => outer.to_owned(),
                    Some('[') => format!("{outer}{path}"),
                    Some(_) => format!("{outer}.{path}"),
                },
                what,
            },
            other @ Refused::Core(_) => other,
        }
    }
}

/// What a text holds; it is JSON, since the public package wrote it.
pub fn parse(json: &str) -> Read<Value> {
    serde_json::from_str(json).map_err(|_| Refused::must("less deeply nested"))
}

/// The names of all fields that anything is taken from: those that an object of a class,
/// which has more than its own fields, is asked for.
pub const NAMES: &str = "accessToken appSecret attempts baseDelayMs baseUrl bodyLimit buttons
    callingNotEnabledCodes capacity code commentId connectTimeoutMs deadline deadlineMs
    defaultAction
    elements expiresInDays extraCaPem fallbackUrl fields gameMetadata headers id imageUrl lookAhead
    maxDelayMs maxIdleConnections message messageFields messagingType messengerExtensions
    metadata notificationType number onRetry options outbox pace pageId payload personPace personaId postId proxy
    proxyFromEnv raw replyTo retry retryUnknown sharable subcode subtitle tag template
    text timeoutMs title to tokenPlacement ttlDays type unchecked url useMe userAgent userRef
    version webviewHeightRatio webviewShareButton workers";

/// Where the public package puts what an object of a class answered.
const INHERITED: &str = "\0";

/// The fields of an object that are not read yet.
pub struct Fields {
    own: Map<String, Value>,
    inherited: Map<String, Value>,
    /// The names that were asked for.
    asked: Vec<String>,
}

impl Fields {
    pub fn of(value: Value) -> Read<Self> {
        let mut own = object(value)?;
        let inherited = match own.remove(INHERITED) {
            Some(Value::Object(inherited)) => inherited,
            _ => Map::new(),
        };
        let asked = Vec::new();
        Ok(Fields {
            own,
            inherited,
            asked,
        })
    }

    /// Null says the same as nothing.
    fn remove(&mut self, name: &str) -> Option<Value> {
        debug_assert!(
            NAMES.split_whitespace().any(|known| known == name),
            "{name} must be among the names"
        );
        self.asked.push(name.to_owned());
        let value = self.own.remove(name);
        let value = value.or_else(|| self.inherited.remove(name));
        value.filter(|value| !value.is_null())
    }

    pub fn take<T>(&mut self, name: &str, read: impl FnOnce(Value) -> Read<T>) -> Read<Option<T>> {
        let value = self.remove(name).map(read).transpose();
        value.map_err(|error| error.within(name))
    }

    pub fn need<T>(&mut self, name: &str, read: impl FnOnce(Value) -> Read<T>) -> Read<T> {
        if let Some(value) = self.take(name, read)? {
            return Ok(value);
        }
        let mut own = self.own.keys();
        let meant = own.find(|key| nearest(key, [name]).is_some());
        let meant = meant.map(|key| format!("; did you mean it by {key}?"));
        let what = format!("given{}", meant.unwrap_or_default());
        Err(Refused::must(&what).within(name))
    }

    /// Hands the field to a builder's method, if it is there.
    pub fn set<B, T>(
        &mut self,
        builder: B,
        name: &str,
        read: impl FnOnce(Value) -> Read<T>,
        set: impl FnOnce(B, T) -> B,
    ) -> Read<B> {
        Ok(match self.take(name, read)? {
            Some(value) => set(builder, value),
            None => builder,
        })
    }

    /// Hands each further field, under `fields`, to a builder's method.
    pub fn set_each<B>(
        &mut self,
        builder: B,
        name: &str,
        set: impl Fn(B, String, Value) -> B,
    ) -> Read<B> {
        self.set(builder, name, object, |builder, fields| {
            let fields = fields.into_iter();
            fields.fold(builder, |builder, (key, value)| set(builder, key, value))
        })
    }

    /// Hands the fields with these names to a builder's method that takes them by
    /// the core's names, which are the same in snake case.
    pub fn set_named<B>(
        &mut self,
        mut builder: B,
        names: &str,
        set: impl Fn(B, &str, Value) -> Result<B>,
    ) -> Read<B> {
        for name in names.split_whitespace() {
            if let Some(value) = self.remove(name) {
                let core = snake_case(name);
                builder = set(builder, &core, value).map_err(|error| {
                    let text = error.to_string();
                    match text.strip_prefix(&core) {
                        Some(what) => Refused::because(what.trim_start()).within(name),
                        None => Refused::Core(error),
                    }
                })?;
            }
        }
        Ok(builder)
    }

    /// Refuses what nobody asked for: a misspelt field must not get lost.
    pub fn end(self) -> Read<()> {
        let Some(key) = self.own.keys().next() else {
            return Ok(());
        };
        let asked = || self.asked.iter().map(String::as_str);
        let mut what = "is not a field of this object".to_owned();
        if let Some(meant) = nearest(key, asked()) {
            what.extend(["; did you mean ", meant, "?"]);
            if key.contains('_') {
                what.push_str(" Names of the wire form go through fromWire");
            }
        } else if asked().any(|name| name == "fields") {
            what.push_str("; others go into fields or raw");
        }
        Err(Refused::because(what).within(key))
    }
}

fn snake_case(name: &str) -> String {
    let letters = name.chars().flat_map(|letter| {
        let above = letter.is_ascii_uppercase().then_some('_');
        above.into_iter().chain([letter.to_ascii_lowercase()])
    });
    letters.collect()
}

pub fn text(value: Value) -> Read<String> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(Refused::must("a text")),
    }
}

pub fn boolean(value: Value) -> Read<bool> {
    let yes = value.as_bool();
    yes.ok_or_else(|| Refused::must("true or false"))
}

pub fn number(value: Value) -> Read<f64> {
    value.as_f64().ok_or_else(|| Refused::must("a number"))
}

/// A number without a fraction.
pub fn whole(value: Value) -> Read<i64> {
    let Value::Number(number) = value else {
        return Err(Refused::must("a number"));
    };
    let is_large = number.as_f64().is_some_and(|number| number.fract() == 0.0);
    number.as_i64().ok_or_else(|| {
        Refused::must(if is_large {
            "a whole number within 64 bits"
        } else {
            "a whole number"
        })
    })
}

/// A whole number that is not negative and fits.
pub fn count<T: TryFrom<i64>>(value: Value) -> Read<T> {
    T::try_from(whole(value)?).map_err(|_| Refused::must("a whole number, 0 or more"))
}

pub fn object(value: Value) -> Read<Map<String, Value>> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(Refused::must("an object")),
    }
}

pub fn list<T>(read: impl Fn(Value) -> Read<T>) -> impl FnOnce(Value) -> Read<Vec<T>> {
    move |value| {
        let Value::Array(items) = value else {
            return Err(Refused::must("a list"));
        };
        let items = items
            .into_iter()
            .enumerate()
            .map(|(index, item)| read(item).map_err(|error| error.within(&format!("[{index}]"))));
        items.collect()
    }
}
