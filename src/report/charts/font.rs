//! The bundled font: charts look the same on a machine that has none, and no system library is asked.

use std::sync::Once;

use plotters::style::{FontStyle, register_font};

/// Name under which the font is known to the drawing library.
pub(super) const FAMILY: &str = "sans-serif";

static REGULAR: &[u8] = include_bytes!("../fonts/DejaVuSans-latin.ttf");
static BOLD: &[u8] = include_bytes!("../fonts/DejaVuSans-Bold-latin.ttf");
static ONCE: Once = Once::new();

/// Makes the font known; cheap to call again.
pub(super) fn register() {
    ONCE.call_once(|| {
        for (style, bytes) in [(FontStyle::Normal, REGULAR), (FontStyle::Bold, BOLD)] {
            assert!(register_font(FAMILY, style, bytes).is_ok(), "the bundled font is a font (tested)");
        }
    });
}
