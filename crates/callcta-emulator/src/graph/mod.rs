//! Graph: a request and the platform in, an answer out.

mod answer;
mod attachments;
mod auth;
mod batch;
mod calling;
mod context;
mod edges;
mod form;
mod messages;
mod multipart;
mod page;
mod params;
mod path;
mod people;
mod permissions;
mod personas;
mod profile;
mod refusal;
mod relaxed;
mod request;
mod route;
mod settings;
mod token;
mod unpack;
mod usage;
mod validate;

pub(crate) use self::answer::Answer;
pub(crate) use self::batch::Batch;
pub(crate) use self::form::pairs;
pub(crate) use self::params::Params;
pub(crate) use self::path::{is_message_post, strip_version};
pub use self::refusal::Refusal;
pub(crate) use self::refusal::error_body;
pub(crate) use self::request::Request;
pub(crate) use self::route::{Outcome, Progress, finish, handle, refused};
