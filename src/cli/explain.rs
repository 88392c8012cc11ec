//! `apollo explain --code E0201`: what a diagnostic means and what to do.

use clap::Args;

use super::exit::Exit;
use super::listing::Listing;
use super::screen::Screen;
use crate::scenario::diagnostics::explain;

/// Arguments of `explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// Code of an error or warning, e.g. `E0201`
    #[arg(long, required = true, value_name = "CODE")]
    code: String,
}

/// Prints the explanation.
pub fn run(args: &Explain, screen: &Screen) -> Exit {
    let Some(found) = explain(&args.code) else {
        screen.error(&format!("there is no code '{}'; codes look like E0201 or W0601", args.code));
        return Exit::Input;
    };
    let mut listing = Listing::new(&["code", "title", "text"]);
    listing.row(vec![found.code.to_owned(), found.title.to_owned(), found.text.to_owned()]);
    let text = || format!("{}: {}\n\n{}\n", found.code, found.title, filled(found.text, 100));
    screen.print(&listing.render(screen.format, text))
}

/// The text broken between words into lines of at most `width` characters.
fn filled(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}
