//! Answers to what is no message: an object, or a refusal.

use serde_json::{Map, Value};

use super::loose::{Body, Start};
use super::{Reader, graph, read_with, unclear, unreadable};
use crate::error::{Delivery, Error, ErrorKind};
use crate::graph_error::CallingCodes;
use crate::lenient::succeeded;
use crate::transport::HttpResponse;
use crate::usage::Usage;

type Object = Map<String, Value>;

/// Takes what was asked for from an answer, or says why it isn't there.
pub(crate) type Take<'a, T> = dyn Fn(Object) -> Result<T, &'static str> + 'a;

/// Reads an answer that is a JSON object. Those of which `holds_errors` is true are what
/// was asked for although there is an error in them. `blank` takes credentials out of the
/// platform's texts.
pub(crate) fn read_json<T>(
    response: HttpResponse,
    calling: &CallingCodes,
    blank: &dyn Fn(&str) -> String,
    holds_errors: fn(&Object) -> bool,
    take: &Take<'_, T>,
) -> Result<(T, Usage), Error> {
    read_with(response, calling, blank, |reader, body, _| {
        let object = reader.object(body, holds_errors)?;
        take(object).map_err(unreadable)
    })
}

impl Reader<'_> {
    fn object(&self, body: &[u8], holds_errors: fn(&Object) -> bool) -> Result<Object, Error> {
        let body = Body::new(body);
        let document = body.read();
        let value = document.whole.then(|| body.value()).flatten();
        let object = match value {
            Some(Value::Object(object)) => Some(object),
            _ => None,
        };
        if let Some(object) = object.as_ref().filter(|object| holds_errors(object)) {
            return Ok(object.clone());
        }
        if let Some(error) = self.judge(&graph::claims(&document.roots, false)) {
            return Err(error);
        }
        match object {
            Some(object) if succeeded(&object) == Some(false) => {
                let what = "the platform says that it did not do it";
                Err(Error::new(ErrorKind::Api, Delivery::Rejected).with_detail(what))
            }
            Some(object) => Ok(object),
            None if document.whole && body.start() == Start::Json => {
                Err(unreadable("the answer is JSON, but not what was asked for"))
            }
            None => Err(unclear(&body, &document)),
        }
    }
}
