//! The rules of Meta's pages, checked before anything is sent.

mod button;
mod checker;
mod request;
mod template;

pub(crate) use self::request::request;
