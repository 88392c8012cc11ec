//! Tests of fair sharing: stories with known answers, laws, and agreement with the slow twin.

mod audit;
mod instances;
mod stories;
mod twin;
