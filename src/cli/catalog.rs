//! `apollo catalog [PART]`: the parts, or every figure of one with its source.

use clap::Args;

use super::exit::Exit;
use super::listing::Listing;
use super::screen::Screen;
use crate::catalog::{self, Part};

/// Arguments of `catalog`.
#[derive(Args, Debug)]
pub struct Catalog {
    /// Show every figure of this part; without it, list all parts
    part: Option<String>,
}

/// Prints the catalogue.
pub fn run(args: &Catalog, screen: &Screen) -> Exit {
    let Some(name) = &args.part else { return screen.print(&list(screen)) };
    match catalog::part(name) {
        Some(part) => screen.print(&figures(part, screen)),
        None => {
            let hint = catalog::nearest_part(name, None).map_or_else(
                || "`apollo catalog` lists the parts".to_owned(),
                |near| format!("did you mean '{near}'?"),
            );
            screen.error(&format!("there is no part '{name}'; {hint}"));
            Exit::Input
        }
    }
}

fn list(screen: &Screen) -> String {
    let mut listing = Listing::new(&["kind", "part", "title"]);
    for part in catalog::parts() {
        listing.row(vec![part.kind.name().to_owned(), part.name.clone(), part.title.clone()]);
    }
    listing.render(screen.format, catalog::render_list)
}

fn figures(part: &Part, screen: &Screen) -> String {
    let mut listing = Listing::new(&["figure", "value", "meaning", "confidence", "date", "source", "range", "note"]);
    for (spec, figure) in part.in_order() {
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        listing.row(vec![
            spec.name.to_owned(),
            figure.text.clone(),
            spec.doc.to_owned(),
            figure.confidence.word().to_owned(),
            optional(&figure.date),
            figure.source.clone(),
            optional(&figure.range),
            optional(&figure.note),
        ]);
    }
    listing.render(screen.format, || catalog::render_part(part))
}
