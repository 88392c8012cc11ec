//! `apollo merge DIR… --out DIR`: the shards of a sweep as one table.

use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::screen::Screen;
use super::simulate::Failure;
use super::sweep::{kept, print, shown_kpis, unusable};
use crate::report::sweep::{gather, place};

/// Arguments of `merge`.
#[derive(Args, Debug)]
pub struct Merge {
    /// Folders of one sweep, in any order, or places in object stores
    #[arg(required = true, value_name = "DIR")]
    dirs: Vec<PathBuf>,
    /// Folder for the table and the chart; may be one of the others
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// KPIs to chart and print, instead of those of targets; several with commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    kpi: Vec<String>,
    /// Merge cells of different versions, builds or kinds of machine
    #[arg(long)]
    allow_mixed: bool,
}

/// Merges.
pub fn run(args: &Merge, screen: &Screen) -> Exit {
    match attempt(args, screen) {
        Ok(exit) => exit,
        Err(failure) => failure.exit,
    }
}

fn attempt(args: &Merge, screen: &Screen) -> Result<Exit, Failure> {
    let kpis = shown_kpis(&args.kpi, screen)?;
    let open = |at: &PathBuf| place(at).map_err(|error| unusable(&error, screen));
    let places = args.dirs.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let out = open(&args.out)?;
    let gathered = gather(&places, &*out, &kpis, kept(screen), args.allow_mixed);
    let gathered = gathered.map_err(|error| unusable(&error, screen))?;
    Ok(print(&gathered, &*out, screen))
}
