//! `apollo schema`: the JSON Schema of a scenario file, for editors.

use super::exit::Exit;
use super::screen::Screen;
use crate::scenario;

/// Prints the schema.
pub fn run(screen: &Screen) -> Exit {
    screen.print(&scenario::schema())
}
