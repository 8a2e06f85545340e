//! Reading JavaScript objects: own properties only, and none that nobody asked for.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::time::{Duration, SystemTime};

use callcta::Error;
use napi::bindgen_prelude::{FromNapiValue, Unknown};
use napi::sys::{self, ValueType};
use napi::{JsValue, Status, check_status};
use serde_json::{Map, Value};

/// Why a value was not taken.
pub enum Refused {
    /// JavaScript threw, in a getter for instance.
    Thrown(napi::Error),
    /// The value can't be used; where it stands, and what it must be.
    Invalid { path: String, what: String },
    /// callcta refused what was read.
    Core(Error),
}

pub type Read<T> = Result<T, Refused>;

impl From<napi::Error> for Refused {
    fn from(error: napi::Error) -> Self {
        Refused::Thrown(error)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Refused::Core(error)
    }
}

impl Refused {
    pub fn must(what: &str) -> Self {
        Refused::Invalid {
            path: String::new(),
            what: format!("must be {what}"),
        }
    }

    fn unknown_field() -> Self {
        Refused::Invalid {
            path: String::new(),
            what: "is not a field of this object; others go into fields or raw".to_owned(),
        }
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
            other => other,
        }
    }
}

/// Calls a Node-API function that writes one result.
macro_rules! node_api {
    ($function:ident, $($argument:expr),+) => {{
        let mut result = MaybeUninit::uninit();
        // SAFETY: on the thread of the environment and inside of a handle scope, since
        // `Js` comes from an argument of the current call; the values are of that call.
        check_status!(unsafe { sys::$function($($argument),+, result.as_mut_ptr()) })?;
        // SAFETY: written, as the status said.
        unsafe { result.assume_init() }
    }};
}

/// A JavaScript value of the current call, and its type.
#[derive(Clone, Copy)]
pub struct Js<'env> {
    env: sys::napi_env,
    raw: sys::napi_value,
    kind: sys::napi_valuetype,
    lives: PhantomData<&'env ()>,
}

impl<'env> Js<'env> {
    pub fn new(value: Unknown<'env>) -> Read<Self> {
        let value = value.value();
        Js::of(value.env, value.value)
    }

    fn of(env: sys::napi_env, raw: sys::napi_value) -> Read<Self> {
        let kind = node_api!(napi_typeof, env, raw);
        let lives = PhantomData;
        Ok(Js {
            env,
            raw,
            kind,
            lives,
        })
    }

    pub fn is_undefined(self) -> bool {
        self.kind == ValueType::napi_undefined
    }

    pub fn is_string(self) -> bool {
        self.kind == ValueType::napi_string
    }

    pub fn is_function(self) -> bool {
        self.kind == ValueType::napi_function
    }

    fn must_be(self, kind: sys::napi_valuetype, what: &str) -> Read<Self> {
        let right = self.kind == kind;
        right.then_some(self).ok_or_else(|| Refused::must(what))
    }

    fn is_array(self) -> Read<bool> {
        Ok(node_api!(napi_is_array, self.env, self.raw))
    }

    fn length(self) -> Read<u32> {
        Ok(node_api!(napi_get_array_length, self.env, self.raw))
    }

    fn element(self, index: u32) -> Read<Js<'env>> {
        let element = node_api!(napi_get_element, self.env, self.raw, index);
        Js::of(self.env, element)
    }

    /// Converts with napi's own conversion, which checks the type.
    fn convert<T: FromNapiValue>(self) -> napi::Result<T> {
        // SAFETY: the value is alive, and of `env`.
        unsafe { T::from_napi_value(self.env, self.raw) }
    }
}

/// The properties of an object that are not read yet.
pub struct Fields<'env>(Vec<(String, Js<'env>)>);

impl<'env> Fields<'env> {
    /// The own enumerable properties of an object; what is `undefined` isn't there.
    pub fn of(value: Js<'env>) -> Read<Self> {
        value.must_be(ValueType::napi_object, "an object")?;
        let Js { env, raw, .. } = value;
        let filter = sys::KeyFilter::enumerable | sys::KeyFilter::skip_symbols;
        let own = sys::KeyCollectionMode::own_only;
        let strings = sys::KeyConversion::numbers_to_strings;
        let names = node_api!(napi_get_all_property_names, env, raw, own, filter, strings);
        let count = node_api!(napi_get_array_length, env, names);
        let mut fields = Vec::with_capacity(count as usize);
        for index in 0..count {
            let key = node_api!(napi_get_element, env, names, index);
            let field = node_api!(napi_get_property, env, raw, key);
            let field = Js::of(env, field)?;
            if !field.is_undefined() {
                fields.push((string(env, key)?, field));
            }
        }
        Ok(Fields(fields))
    }

    /// No properties when the object itself is left out.
    pub fn of_optional(value: Js<'env>) -> Read<Self> {
        if value.is_undefined() {
            return Ok(Fields(Vec::new()));
        }
        Fields::of(value)
    }

    pub fn skip(&mut self, name: &str) {
        self.0.retain(|(key, _)| key != name);
    }

    pub fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Js<'env>) -> Read<T>,
    ) -> Read<Option<T>> {
        let Some(index) = self.0.iter().position(|(key, _)| key == name) else {
            return Ok(None);
        };
        let (_, value) = self.0.swap_remove(index);
        read(value).map(Some).map_err(|error| error.within(name))
    }

    pub fn need<T>(&mut self, name: &str, read: impl FnOnce(Js<'env>) -> Read<T>) -> Read<T> {
        self.take(name, read)?
            .ok_or_else(|| Refused::must("given").within(name))
    }

    /// Hands the property to a builder's method, if it is there.
    pub fn set<B, T>(
        &mut self,
        builder: B,
        name: &str,
        read: impl FnOnce(Js<'env>) -> Read<T>,
        set: impl FnOnce(B, T) -> B,
    ) -> Read<B> {
        Ok(match self.take(name, read)? {
            Some(value) => set(builder, value),
            None => builder,
        })
    }

    /// Hands each further field, under `name`, to a builder's method.
    pub fn set_each<B>(
        &mut self,
        builder: B,
        name: &str,
        set: impl Fn(B, String, Value) -> B,
    ) -> Read<B> {
        let fields = self.take(name, json_object)?.unwrap_or_default();
        Ok(fields
            .into_iter()
            .fold(builder, |builder, (key, value)| set(builder, key, value)))
    }

    /// Refuses what nobody asked for: a misspelt field must not get lost.
    pub fn end(self) -> Read<()> {
        match self.0.first() {
            Some((key, _)) => Err(Refused::unknown_field().within(key)),
            None => Ok(()),
        }
    }
}

fn string(env: sys::napi_env, raw: sys::napi_value) -> Read<String> {
    const SHORT: usize = 256;
    let mut short = [0u8; SHORT];
    let start = short.as_mut_ptr().cast();
    let length = node_api!(napi_get_value_string_utf8, env, raw, start, SHORT);
    // A cut string may lack up to one character of 4 bytes, and has its NUL.
    if length < SHORT - 4 {
        return Ok(String::from_utf8_lossy(&short[..length]).into_owned());
    }
    // SAFETY: the value is alive, and of `env`.
    Ok(unsafe { String::from_napi_value(env, raw) }?)
}

pub fn text(value: Js<'_>) -> Read<String> {
    let value = value.must_be(ValueType::napi_string, "a string")?;
    string(value.env, value.raw)
}

pub fn boolean(value: Js<'_>) -> Read<bool> {
    Ok(value
        .must_be(ValueType::napi_boolean, "a boolean")?
        .convert()?)
}

fn number(value: Js<'_>) -> Read<f64> {
    Ok(value
        .must_be(ValueType::napi_number, "a number")?
        .convert()?)
}

/// A number without a fraction.
#[allow(clippy::cast_possible_truncation)] // inside of the range checked before
pub fn whole(value: Js<'_>) -> Read<i64> {
    let number = number(value)?;
    // Every whole number up to here has its own f64.
    let safe = number.fract() == 0.0 && number.abs() <= 2f64.powi(53);
    safe.then_some(number as i64)
        .ok_or_else(|| Refused::must("a whole number"))
}

/// A whole number that is not negative and fits.
pub fn count<T: TryFrom<i64>>(value: Js<'_>) -> Read<T> {
    T::try_from(whole(value)?).map_err(|_| Refused::must("a whole number that is not negative"))
}

pub fn milliseconds(value: Js<'_>) -> Read<Duration> {
    Duration::try_from_secs_f64(number(value)? / 1000.0)
        .map_err(|_| Refused::must("a number of milliseconds"))
}

pub fn date(value: Js<'_>) -> Read<SystemTime> {
    let expected = || Refused::must("a valid Date");
    let Js { env, raw, .. } = value;
    if !node_api!(napi_is_date, env, raw) {
        return Err(expected());
    }
    let since_epoch: f64 = node_api!(napi_get_date_value, env, raw);
    let since_epoch = since_epoch / 1000.0;
    let length = Duration::try_from_secs_f64(since_epoch.abs()).map_err(|_| expected())?;
    let date = if since_epoch < 0.0 {
        SystemTime::UNIX_EPOCH.checked_sub(length)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(length)
    };
    date.ok_or_else(expected)
}

pub fn list<'env, T>(read: impl Fn(Js<'env>) -> Read<T>) -> impl FnOnce(Js<'env>) -> Read<Vec<T>> {
    move |value| {
        if !value.is_array()? {
            return Err(Refused::must("an array"));
        }
        (0..value.length()?)
            .map(|index| {
                read(value.element(index)?).map_err(|error| error.within(&format!("[{index}]")))
            })
            .collect()
    }
}

/// Anything that JSON can hold.
pub fn json(value: Js<'_>) -> Read<Value> {
    value.convert().map_err(|error| match error.status {
        Status::PendingException => error.into(),
        _ => Refused::must("made of what JSON can hold"),
    })
}

pub fn json_object(value: Js<'_>) -> Read<Map<String, Value>> {
    match json(value)? {
        Value::Object(object) => Ok(object),
        _ => Err(Refused::must("an object")),
    }
}
