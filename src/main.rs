//! The `apollo` command.
fn main() {}
