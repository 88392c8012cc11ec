//! The committed schema is current. `UPDATE_SCHEMA=1 cargo test --test scenario_schema` writes it.

use std::path::Path;

#[test]
fn the_committed_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/scenario.schema.json");
    let now = apollo_sim::scenario::schema();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == now, "scenarios/scenario.schema.json is out of date; see the head of this test");
}
