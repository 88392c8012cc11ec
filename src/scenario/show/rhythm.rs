//! Growth and seasons in the words of `apollo check`.

use super::describe::{share, time};
use crate::scenario::plan::{IoWork, Repeat, Season};

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
    let word = match season.every {
        Repeat::Day => "day",
        Repeat::Week => "week",
        Repeat::Year => "year",
    };
    format!("; every {word} x {}, {} in the mean", parts.join(", "), share(mean / length))
}
