//! Tests of fair sharing: stories with known answers, laws, and agreement with the slow twin.

#![expect(clippy::float_cmp, reason = "rates worked out on paper that are exact in binary must be met exactly")]

mod audit;
mod instances;
mod stories;
mod twin;
