//! What a planner should know before trusting a calibration.

use crate::experiment::results::calibration::{Calibration, FAR, Fitted, Identified, SHIFT};
use crate::units::display;

/// All notes, the gravest first.
pub fn notes(calibration: &Calibration) -> Vec<String> {
    let mut out = Vec::new();
    let fitted = !calibration.coefficients.is_empty();
    match calibration.errors(true) {
        Some([before, after]) if fitted && after.mean > before.mean => out.push(
            "the fit predicts the held-out rows worse than the present values do: do not use it, and ask what differs \
             between the rows"
                .to_owned(),
        ),
        None if fitted => out.push(
            "no row was held out: the error on the fitted rows says nothing about loads that were not measured"
                .to_owned(),
        ),
        _ => {}
    }
    out.extend(calibration.coefficients.iter().filter_map(coefficient));
    for fitted in &calibration.coefficients {
        if let (true, Some(at)) = (fitted.moved(), &fitted.stated) {
            out.push(format!(
                "{at} states '{}', which wins over a catalogue file: remove it to use the fit",
                fitted.name
            ));
        }
    }
    out
}

fn coefficient(fitted: &Fitted) -> Option<String> {
    let value = display(fitted.after, fitted.dim);
    let name = &fitted.name;
    Some(match fitted.identified {
        Identified::Yes => return None,
        Identified::Roughly => {
            format!("the rows know '{name}' only roughly: {SHIFT} times smaller or larger fits alike, not {FAR} times")
        }
        Identified::No => {
            format!(
                "the rows do not identify '{name}': values {FAR} times smaller or larger, within its bounds, fit alike; {value} is kept"
            )
        }
        Identified::AtLeast => format!("the rows only say that '{name}' is at least about {value}"),
        Identified::AtMost => format!("the rows only say that '{name}' is at most about {value}"),
        Identified::AtBound => {
            let [low, high] = fitted.bounds.map(|bound| display(bound, fitted.dim));
            format!("'{name}' ends at a bound ({low} to {high}): another mechanism may be missing, or give --bound")
        }
    })
}
