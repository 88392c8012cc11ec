//! The language and a plan in words: JSON schema, Markdown reference, and what `apollo check` prints.

mod dates;
mod describe;
mod lanes;
mod namespace;
mod origins;
mod reference;
mod rhythm;
mod schema;
mod storage;
mod sweep;

pub use describe::describe;
pub use reference::reference;
pub use schema::schema;
pub use sweep::cells as cells_of;
