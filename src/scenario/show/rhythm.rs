//! Growth and seasons in the words of `apollo check`.

use super::describe::{rate, share, time};
use crate::scenario::plan::{CopyWork, IoWork, Repeat, Season};

/// How a rate changes; empty where it stays.
pub(super) fn rhythm_words(io: &IoWork) -> String {
    let mut words = String::new();
    if let Some(growth) = io.growth {
        let period = if growth.per == Repeat::Year.length() { "year" } else { "month" };
        words.push_str(&format!(", growing by {} a {period}", share(growth.rate)));
    }
    io.seasons.iter().for_each(|season| words.push_str(&season_words(season)));
    words
}

/// The mean of a curve tells whether it also changes the rate as a whole.
fn season_words(season: &Season) -> String {
    let length = season.every.length().as_secs_f64();
    let starts: Vec<f64> = season.parts.iter().map(|(from, _)| from.as_secs_f64()).collect();
    let ends = starts.iter().skip(1).copied().chain([length + starts[0]]);
    let mean: f64 =
        season.parts.iter().zip(starts.iter().zip(ends)).map(|((_, factor), (from, to))| factor * (to - from)).sum();
    let parts = season.parts.iter().map(|(from, factor)| format!("{} from {}", share(*factor), time(*from)));
    let parts: Vec<String> = parts.collect();
    let word = word(season.every);
    format!("; every {word} x {}, {} in the mean", parts.join(", "), share(mean / length))
}

/// The paces of a copy by the time of day or week; empty where it has no windows.
pub(super) fn window_words(copy: &CopyWork) -> String {
    let Some(windows) = &copy.windows else { return String::new() };
    let part = |(from, pace): &(crate::units::SimDuration, f64)| {
        let pace = if pace.is_finite() { rate(*pace) } else { "as fast as it goes".to_owned() };
        format!("{pace} from {}", time(*from))
    };
    let parts: Vec<String> = windows.parts.iter().map(part).collect();
    format!("; every {} {}", word(windows.every), parts.join(", "))
}

fn word(repeat: Repeat) -> &'static str {
    match repeat {
        Repeat::Day => "day",
        Repeat::Week => "week",
        Repeat::Year => "year",
    }
}
