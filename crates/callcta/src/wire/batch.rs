//! The answer to a batch: a list of answers, in order.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::Value;

use super::{Asked, read, unreadable};
use crate::error::{Delivery, Error, ErrorKind};
use crate::graph_error::CallingCodes;
use crate::transport::{Connection, HttpResponse};
use crate::usage::Usage;

/// Reads the answer to a batch of so many messages: the answer to each, with the figures of
/// the whole, or why there is none.
pub(crate) fn read_batch(
    response: HttpResponse,
    count: usize,
    calling: &CallingCodes,
    blank: &dyn Fn(&str) -> String,
) -> Vec<Result<(HttpResponse, Usage), Error>> {
    let status = response.status;
    let usage = Usage::from_headers(&response.headers);
    let (bytes, whole) = match &response.body {
        Ok(bytes) => (bytes, true),
        Err(_) => (&response.partial, false),
    };
    let answers = (200..300).contains(&status).then(|| entries(bytes));
    let Some((entries, ended)) = answers.filter(|(entries, _)| !entries.is_empty()) else {
        // The batch as a whole was refused, or nobody knows.
        let nobody = Asked {
            psid: None,
            message: true,
        };
        let error = match read(response, &nobody, calling, blank) {
            Ok(_) => unreadable("the answer is that to one message, not to a batch"),
            Err(error) => error,
        };
        return (0..count).map(|_| Err(error.clone())).collect();
    };
    // Who can't say how many there were can't say which is whose.
    if entries.len() > count || (ended && whole && entries.len() != count) {
        let error = unreadable("the answer isn't about as many messages as were sent");
        let error = error.with_http(status, None, usage);
        return (0..count).map(|_| Err(error.clone())).collect();
    }
    let lost = || unreadable("the answer to the batch broke off before this message's");
    let answers = (0..count).map(|at| {
        let answer = entries.get(at).ok_or_else(lost).and_then(answer);
        match answer {
            Ok(answer) => Ok((answer, usage.clone())),
            Err(error) => Err(error.with_http(status, None, usage.clone())),
        }
    });
    answers.collect()
}

/// The answer to one message.
fn answer(entry: &Value) -> Result<HttpResponse, Error> {
    if entry.is_null() {
        let what = "the platform didn't get to an answer in its time";
        return Err(Error::new(ErrorKind::Service, Delivery::Unknown).with_detail(what));
    }
    let code = entry["code"]
        .as_u64()
        .and_then(|code| u16::try_from(code).ok());
    let (Some(code), Some(body)) = (code, entry["body"].as_str()) else {
        return Err(unreadable(
            "the answer of the batch to this message can't be read",
        ));
    };
    let mut answer = HttpResponse::new(code, body);
    let json = ("content-type".to_owned(), "application/json".to_owned());
    answer.headers.push(json);
    // It might be somebody else's, as on a connection that is used again.
    answer.connection = Connection::reused();
    Ok(answer)
}

/// The entries of a list, as far as they are whole, and whether the list is.
fn entries(json: &[u8]) -> (Vec<Value>, bool) {
    let mut entries = Vec::new();
    let mut json = serde_json::Deserializer::from_slice(json);
    let ended = Entries(&mut entries).deserialize(&mut json).is_ok() && json.end().is_ok();
    (entries, ended)
}

struct Entries<'a>(&'a mut Vec<Value>);

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(entry) = list.next_element()? {
            self.0.push(entry);
        }
        Ok(())
    }
}
