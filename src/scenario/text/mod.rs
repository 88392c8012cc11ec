//! Text: reading files within limits, positions, and the tree of a TOML text with overlays and overrides.

pub mod address;
pub mod encoding;
pub mod files;
pub mod guard;
pub mod overlay;
pub mod overrides;
pub mod source;
pub mod tree;
