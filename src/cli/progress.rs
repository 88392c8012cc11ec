//! The progress bar: on standard error, on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::screen::Screen;

/// Steps of a full bar.
const FULL: u64 = 1000;

/// A bar that is cleared when it goes out of scope.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar with a word in front; hidden with `--quiet` or when standard error is not a terminal.
    pub fn new(screen: &Screen, word: &str) -> Self {
        let target = if screen.is_quiet() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(FULL), target);
        let template = if screen.error_color() {
            "{msg} [{bar:40.cyan/dim}] {percent:>3} %, about {eta} left"
        } else {
            "{msg} [{bar:40}] {percent:>3} %, about {eta} left"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(word.to_owned());
        Progress(bar)
    }

    /// Shows a share of the work, 0…1; a share below the last one (threads report out of order) is ignored.
    pub fn set(&self, share: f64) {
        let step = (share.clamp(0.0, 1.0) * FULL as f64) as u64;
        if step > self.0.position() {
            self.0.set_position(step);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
