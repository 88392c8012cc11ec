//! Many runs: replications, targets, results.

pub mod results;
