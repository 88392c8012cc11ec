//! Multiplicative weights, in phases that each route every demand once (Garg & Könemann, SIAM J. Comput. 37(2), 2007; phases
//! after Fleischer, SIAM J. Discrete Math. 13(4), 2000).
//!
//! Every arc has a length, its price. A phase sends each source's demands by ways that are shortest just then, never more over
//! an arc in one step than its capacity, and after each step multiplies lengths by 1 + ε × load ÷ capacity. What a number of
//! phases has sent, over the busiest arc, fits: the lower bound. Any lengths prove an upper one, powers of the weights among them. Stages halve ε, start the sum of
//! flows anew and keep the lengths, so that the sum forgets the detours of rough prices.

use super::lengths::{Near, bound};
use super::{Concurrent, GAP, Problem};

/// ε of the first stage.
const FIRST_STEP: f64 = 0.25;
/// Phases of a stage, times its ε.
const PHASES: f64 = 6.0;
/// Stages at most: the last has some 50,000 phases.
const STAGES: i32 = 12;
/// How often a stage looks at its bounds.
const LOOKS: usize = 6;
/// The least weight of an arc, as a share of all: lengths never become zero.
const FLOOR: f64 = 1e-12;
/// Powers of the weights that are tried as prices, as long as each proves more than the one before.
const POWERS: [i32; 9] = [1, 2, 3, 4, 6, 8, 12, 16, 24];

pub(super) fn solve(problem: &Problem, stop: &dyn Fn() -> bool) -> Concurrent {
    let best = approach(problem, stop);
    problem.result((best.lower, best.upper), &best.loads, false)
}

/// The lower bound, and a flow of each source that carries its demands once, such that the busiest arc is as busy as that bound
/// says; scaled.
pub(super) fn flows(problem: &Problem) -> (f64, Vec<Vec<f64>>) {
    let best = approach(problem, &|| false);
    (best.lower, best.flows)
}

/// Ends early, with what it has, once `stop` says so.
fn approach(problem: &Problem, stop: &dyn Fn() -> bool) -> Best {
    let arcs = problem.capacity.len();
    let weight = |arc: usize| if problem.usable(arc) { 1.0 / arcs as f64 } else { 0.0 };
    let mut market = Market { problem, weights: (0..arcs).map(weight).collect(), step: FIRST_STEP };
    let mut best = Best { lower: 0.0, upper: f64::INFINITY, loads: vec![0.0; arcs], flows: Vec::new() };
    for _ in 0..STAGES {
        if market.stage(&mut best, stop) {
            break;
        }
        market.step /= 2.0;
    }
    best
}

/// What some phases have sent.
struct Sent {
    /// How many times every demand.
    times: f64,
    /// Load of each arc.
    loads: Vec<f64>,
    /// The same by source.
    flows: Vec<Vec<f64>>,
}

/// The best bounds so far.
struct Best {
    lower: f64,
    upper: f64,
    /// Arc loads at the lower one.
    loads: Vec<f64>,
    /// What each source sends then, over that factor.
    flows: Vec<Vec<f64>>,
}

impl Best {
    /// Takes what has been sent; whether the gap is closed.
    fn look(&mut self, problem: &Problem, sent: &Sent, prices: [&[f64]; 2]) -> bool {
        let busiest = problem.busiest(&sent.loads);
        if sent.times / busiest > self.lower {
            self.lower = sent.times / busiest;
            self.loads = sent.loads.iter().map(|load| load / busiest).collect();
            self.flows = sent.flows.iter().map(|flow| flow.iter().map(|load| load / sent.times).collect()).collect();
        }
        for weights in prices {
            self.upper = self.upper.min(sharpest(problem, weights, self.upper));
        }
        self.upper - self.lower <= GAP * self.upper
    }
}

/// The least bound that powers of these weights prove. Weights of arcs that never fill fade slowly where ε is small, and keep the bound too
/// high by what they add; a power of the weights is what many more phases would leave of them.
fn sharpest(problem: &Problem, weights: &[f64], known: f64) -> f64 {
    let most = weights.iter().copied().fold(0.0, f64::max);
    let mut best = known;
    let mut before = f64::INFINITY;
    for power in POWERS {
        let length = |arc: usize| {
            let length = (weights[arc] / most).powi(power).max(FLOOR) / problem.capacity[arc];
            if problem.usable(arc) { length } else { 0.0 }
        };
        let lengths: Vec<f64> = (0..weights.len()).map(length).collect();
        let found = bound(problem, &lengths);
        best = best.min(found);
        if found > before {
            break;
        }
        before = found;
    }
    best
}

/// Prices of capacity.
struct Market<'a> {
    problem: &'a Problem<'a>,
    /// Length times capacity, by arc; their sum is 1 between phases.
    weights: Vec<f64>,
    /// ε.
    step: f64,
}

impl Market<'_> {
    /// So many phases at one ε; whether it is time to end: the gap is closed, or `stop` says so.
    fn stage(&mut self, best: &mut Best, stop: &dyn Fn() -> bool) -> bool {
        let phases = (PHASES / self.step).ceil() as usize;
        let every = phases.div_ceil(LOOKS);
        let factor = if best.lower > 0.0 { best.lower } else { 1.0 };
        let zero = vec![0.0; self.weights.len()];
        let flows = vec![zero.clone(); self.problem.sources.len()];
        let (mut sent, mut mean) = (Sent { times: 0.0, loads: zero.clone(), flows }, zero);
        for phase in 1..=phases {
            if stop() {
                return true;
            }
            self.phase(factor, &mut sent);
            sent.times = factor * phase as f64;
            for (sum, weight) in mean.iter_mut().zip(&self.weights) {
                *sum += weight;
            }
            if phase % every == 0 && best.look(self.problem, &sent, [&self.weights, &mean]) {
                return true;
            }
        }
        false
    }

    /// Sends `factor` times every demand.
    fn phase(&mut self, factor: f64, sent: &mut Sent) {
        let problem = self.problem;
        let length = |arc: usize, weights: &[f64]| weights[arc] / problem.capacity[arc];
        let mut lengths: Vec<f64> = (0..self.weights.len()).map(|arc| length(arc, &self.weights)).collect();
        for ((&source, sinks), flow) in problem.sources.iter().zip(&mut sent.flows) {
            let mut left = factor;
            while left > 0.0 {
                let step = Near::from(problem, source, &lengths).loads(problem.graph, sinks);
                let busiest = step.iter().map(|&(arc, load)| load / problem.capacity[arc]).fold(0.0, f64::max);
                let part = left.min(1.0 / busiest);
                left = if part < left { left - part } else { 0.0 };
                for (arc, load) in step {
                    sent.loads[arc] += load * part;
                    flow[arc] += load * part;
                    self.weights[arc] *= 1.0 + self.step * load * part / problem.capacity[arc];
                    lengths[arc] = length(arc, &self.weights);
                }
            }
        }
        self.normalise();
    }

    fn normalise(&mut self) {
        let all: f64 = self.weights.iter().sum();
        for (arc, weight) in self.weights.iter_mut().enumerate() {
            *weight = if self.problem.usable(arc) { (*weight / all).max(FLOOR) } else { 0.0 };
        }
    }
}
