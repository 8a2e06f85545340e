//! An answer before it becomes HTTP.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};

use super::refusal::{GraphError, quoted};
use crate::platform::AnswerShape;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=UTF-8");

/// Status, headers and body.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: HeaderValue,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            content_type: JSON,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    pub(super) fn refused(error: &GraphError, status: u16, trace_id: &str) -> Self {
        let mut answer = Self::json(status, error.body(trace_id));
        if let Ok(value) = HeaderValue::try_from(trace_id) {
            answer
                .headers
                .push((HeaderName::from_static("x-fb-trace-id"), value));
        }
        if matches!(error.code, 104 | 190) {
            answer.headers.push((
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(
                    "OAuth \"Facebook Platform\" \"invalid_token\" \"Invalid OAuth access token\"",
                ),
            ));
        }
        answer
    }

    /// Adds a header; what HTTP does not allow is left out.
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.headers.push((name, value));
        }
    }

    /// The answer to a successful send. `psid` is `None` where Graph leaves it out;
    /// `attachment_id` is that of a file that can be sent again.
    pub(super) fn sent(
        shape: AnswerShape,
        psid: Option<&str>,
        message_id: &str,
        attachment_id: Option<&str>,
    ) -> Self {
        let mid = quoted(message_id);
        let mut body = match (shape, psid.map(quoted)) {
            (AnswerShape::MessageIdOnly, _) | (_, None) => format!("{{\"message_id\":{mid}}}"),
            (AnswerShape::Flat, Some(psid)) => {
                format!("{{\"recipient_id\":{psid},\"message_id\":{mid}}}")
            }
            (AnswerShape::NestedBoth, Some(psid)) => {
                format!("{{\"recipient\":{{\"id\":{psid},\"message_id\":{mid}}}}}")
            }
            (AnswerShape::NestedId, Some(psid)) => {
                format!("{{\"recipient\":{{\"id\":{psid}}},\"message_id\":{mid}}}")
            }
        };
        if let Some(id) = attachment_id {
            body.pop();
            body = body + ",\"attachment_id\":" + &quoted(id) + "}";
        }
        Self::json(200, body)
    }
}
