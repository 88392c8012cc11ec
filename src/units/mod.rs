//! What a number means: instants and durations in integer nanoseconds, and the physical quantities of a plan.
//!
//! Knows no other module of the project. The table of units lives in [`dimension`]; [`parse`](mod@parse) and
//! [`print`](mod@print) go from text to number and back, [`duration`] and [`calendar`] do so for time, [`dist_text`]
//! for random quantities. The typed values live in [`time`] and [`quantity`].

pub mod calendar;
pub mod dimension;
pub mod dist;
pub mod dist_text;
pub mod duration;
mod error;
mod lex;
pub mod parse;
pub mod pattern;
pub mod print;
pub mod quantity;
pub mod time;

pub use calendar::CalendarSpan;
pub use dimension::Dimension;
pub use dist::Dist;
pub use dist_text::{parse_dist, print_dist};
pub use duration::{Span, parse_duration_or_calendar};
pub use error::UnitError;
pub use parse::{from_number, nearest, parse};
pub use pattern::{pattern, pattern_duration_or_calendar};
pub use print::{display, print, unsigned_zero};
pub use quantity::{ByteRate, Bytes, Money, Power, Ratio};
pub use time::{SimDuration, SimTime, rounded};
