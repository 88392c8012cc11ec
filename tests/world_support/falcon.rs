//! The reference plan.

/// Falcon as committed.
pub fn falcon() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/falcon.toml");
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"))
}
