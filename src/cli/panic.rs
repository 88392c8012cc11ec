//! A panic is a bug of ours, and says so.

use std::io::Write;
use std::panic::{self, PanicHookInfo};

/// Replaces the message of a panic. The exit code 101 comes with the panic itself.
pub fn install() {
    panic::set_hook(Box::new(|info| {
        // Nobody to tell when standard error is closed.
        let _ = std::io::stderr().lock().write_all(message(info).as_bytes());
    }));
}

fn message(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(String::new, |l| format!(" ({}:{})", l.file(), l.line()));
    text(info.payload_as_str().unwrap_or("no message"), &place)
}

fn text(what: &str, place: &str) -> String {
    let tracker = match env!("CARGO_PKG_REPOSITORY") {
        "" => String::new(),
        url => format!(" at {url}"),
    };
    format!(
        "error: this is a bug of ours, not of your input: {what}{place}\n\
         apollo {} ({}, {}). Please report it{tracker} with the command line and the scenario file.\n",
        env!("CARGO_PKG_VERSION"),
        env!("APOLLO_TARGET"),
        env!("APOLLO_RUSTC"),
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_message_says_whose_fault_it_is_and_what_to_do() {
        let text = super::text("index out of bounds", " (src/x.rs:3)");
        for part in ["a bug of ours", "index out of bounds (src/x.rs:3)", "Please report it", "rustc "] {
            assert!(text.contains(part), "{text}");
        }
    }
}
