//! `apollo man`: the manual page, and after it one for each command, in roff.

use clap::CommandFactory;
use clap_mangen::Man;

use super::Cli;
use super::exit::Exit;
use super::screen::Screen;

/// Prints the pages.
pub fn run(screen: &Screen) -> Exit {
    let mut root = Cli::command();
    root.build();
    let mut pages = Vec::new();
    let commands: Vec<clap::Command> = root.get_subcommands().filter(|c| c.get_name() != "help").cloned().collect();
    for command in std::iter::once(root).chain(commands) {
        let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
        if let Err(e) = Man::new(command.name(name)).render(&mut pages) {
            screen.error(&format!("the manual page cannot be made: {e}"));
            return Exit::Bug;
        }
    }
    screen.print(&String::from_utf8_lossy(&pages))
}
