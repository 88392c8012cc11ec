//! Phases of an `io` load: what changes when, as a list of steps.

use crate::scenario::plan::Phase;
use crate::units::SimDuration;

/// Steps that stand for a linear change: each has the mean of its part, so that the bytes of a ramp are exact.
const STEPS: u32 = 50;

/// What a load does from some time on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// After the start of the load.
    pub at: SimDuration,
    /// Clients.
    pub clients: u64,
    /// Rate of the whole load; none when saturating.
    pub pace: Option<f64>,
    /// Share of bytes read.
    pub read_share: f64,
}

/// The steps after `first`; a phase keeps what it does not state.
pub fn steps(first: Step, phases: &[Phase]) -> Vec<Step> {
    let (mut out, mut before) = (Vec::new(), first);
    for phase in phases {
        let to = Step {
            at: phase.at,
            clients: phase.clients.unwrap_or(before.clients),
            pace: phase.pace.or(before.pace),
            read_share: phase.read_share.unwrap_or(before.read_share),
        };
        let whole = phase.ramp.as_secs_f64();
        if whole > 0.0 {
            out.extend((0..STEPS).map(|j| between(before, to, whole, j)));
        }
        let end = to.at.checked_add(phase.ramp).unwrap_or(to.at);
        before = Step { at: end, ..to };
        out.push(before);
    }
    out
}

/// Step `j` of a ramp that takes `whole` seconds.
fn between(from: Step, to: Step, whole: f64, j: u32) -> Step {
    let part = |share: f64, a: f64, b: f64| a + share * (b - a);
    let middle = (f64::from(j) + 0.5) / f64::from(STEPS);
    let begins = whole * f64::from(j) / f64::from(STEPS);
    Step {
        at: SimDuration::from_secs_f64(to.at.as_secs_f64() + begins),
        clients: part(middle, from.clients as f64, to.clients as f64).round().max(1.0) as u64,
        pace: from.pace.zip(to.pace).map(|(a, b)| part(middle, a, b)).or(to.pace),
        read_share: part(middle, from.read_share, to.read_share),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(at: f64, clients: u64, pace: f64, read_share: f64) -> Step {
        Step { at: SimDuration::from_secs_f64(at), clients, pace: Some(pace), read_share }
    }

    #[test]
    fn a_phase_keeps_what_it_does_not_state_and_a_ramp_has_the_bytes_of_a_line() {
        let first = step(0.0, 4, 10.0, 1.0);
        let phase = |at, clients, pace, ramp| Phase {
            at: SimDuration::from_secs_f64(at),
            clients,
            pace,
            read_share: None,
            ramp: SimDuration::from_secs_f64(ramp),
        };
        let all = steps(first, &[phase(10.0, Some(8), None, 0.0), phase(20.0, None, Some(40.0), 5.0)]);
        assert_eq!(all[0], step(10.0, 8, 10.0, 1.0));
        assert_eq!(all.last(), Some(&step(25.0, 8, 40.0, 1.0)));
        let ramp = &all[1..=STEPS as usize];
        let bytes: f64 = ramp.iter().map(|s| s.pace.unwrap() * 5.0 / f64::from(STEPS)).sum();
        assert!((bytes - 5.0 * 25.0).abs() < 1e-9, "{bytes}");
        assert!(ramp.windows(2).all(|w| w[0].at < w[1].at && w[0].pace < w[1].pace));
    }
}
