//! Ctrl-C and a request to end: a flag that a run looks at between events, so that it stops without leaving half a
//! result.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};

use super::exit::Exit;

static CAUGHT: OnceLock<Caught> = OnceLock::new();

#[derive(Default)]
struct Caught {
    any: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
}

/// The flag that Ctrl-C and `kill` set; from the first call on, they no longer end the program by themselves.
pub fn flag() -> Arc<AtomicBool> {
    Arc::clone(&CAUGHT.get_or_init(install).any)
}

/// A signal without a handler ends the program at once. That is all right while it computes, so a handler that cannot
/// be installed is no error.
fn install() -> Caught {
    let caught = Caught::default();
    // Handlers run in this order: who sees that something was caught also sees what.
    for (signal, flag) in [(SIGTERM, &caught.terminated), (SIGTERM, &caught.any), (SIGINT, &caught.any)] {
        let _ = signal_hook::flag::register(signal, Arc::clone(flag));
    }
    caught
}

/// How the program ends if one of the signals came since the first call of [`flag`].
pub fn caught() -> Option<Exit> {
    let caught = CAUGHT.get().filter(|caught| caught.any.load(Ordering::SeqCst))?;
    Some(if caught.terminated.load(Ordering::SeqCst) { Exit::Terminated } else { Exit::Interrupted })
}
