//! Ctrl-C: a flag that a run looks at between events, so that it stops without leaving half a result.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// The flag that Ctrl-C sets; from the first call on, Ctrl-C no longer ends the program by itself.
pub fn flag() -> Arc<AtomicBool> {
    let install = || {
        let flag = Arc::new(AtomicBool::new(false));
        let set = Arc::clone(&flag);
        // Without a handler Ctrl-C ends the program at once, which is right too: files are written whole or not at all.
        let _ = ctrlc::set_handler(move || set.store(true, Ordering::Relaxed));
        flag
    };
    Arc::clone(FLAG.get_or_init(install))
}

/// Whether Ctrl-C was pressed since the first call of [`flag`].
pub fn pressed() -> bool {
    FLAG.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}
