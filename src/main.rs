//! The `apollo` command: [`apollo_sim::cli`] reads the arguments and runs the command; this file only exits.

use std::process::ExitCode;

fn main() -> ExitCode {
    apollo_sim::cli::run(std::env::args_os()).into()
}
