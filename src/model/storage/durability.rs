//! How likely data is lost: a Markov chain over what is lost and not yet rebuilt.
//!
//! State (d, n): d devices and n nodes whose content is not rebuilt. A lost device takes one block of a stripe, a lost
//! node b of them, and data is lost when d + b·n exceeds the m parity blocks:
//!
//! ```text
//! (d, n) → (d+1, n)   at (D − d)·λ_d        one more of D devices
//! (d, n) → (d, n+1)   at (N − n)·λ_n        one more of N nodes
//! (d, n) → (d−1, n)   at 1/T_d              rebuilds run one after another; T is the exposure window of one loss
//! (d, n) → (d, n−1)   at 1/T_n while d = 0
//! ```
//!
//! With wide stripes over many devices any m + 1 of them hold blocks of some common stripe, so every such state counts
//! as loss. P(loss within t) = 1 − exp(−t / MTTDL), exact as far as a loss is rare against a rebuild. For devices alone
//! and m = 1 the chain is the textbook MTTDL = ((2D − 1)·λ + μ) / (D·(D − 1)·λ²), the test.

/// What the chain needs to know; rates per second, times in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    /// Devices of the system.
    pub devices: f64,
    /// Losses of one device per second.
    pub device_loss: f64,
    /// Time from the loss of a device until its content is rebuilt.
    pub device_window: f64,
    /// Nodes or enclosures.
    pub nodes: f64,
    /// Losses of one node per second.
    pub node_loss: f64,
    /// Time from the loss of a node until its content is rebuilt.
    pub node_window: f64,
    /// Parity blocks of a stripe.
    pub parity: u32,
    /// Most blocks of one stripe in one node.
    pub node_blocks: u32,
}

/// A window shorter than this is no window: rates stay finite.
const LEAST_WINDOW_S: f64 = 1e-9;

impl Chain {
    /// Mean time until data is lost, from full protection, in seconds; infinite when nothing is ever lost.
    pub fn mean_time_to_loss(&self) -> f64 {
        let states = self.states();
        let mut rate = vec![vec![0.0; states.len()]; states.len()];
        let mut lost = vec![0.0; states.len()];
        for (i, &(d, n)) in states.iter().enumerate() {
            for (to, by) in self.steps(d, n) {
                match states.iter().position(|s| *s == to) {
                    Some(j) => rate[i][j] += by,
                    None => lost[i] += by,
                }
            }
        }
        absorbed_after(rate, lost)
    }

    /// Probability that data is lost within `seconds`.
    pub fn loss_within(&self, seconds: f64) -> f64 {
        -libm::expm1(-seconds / self.mean_time_to_loss())
    }

    /// States in which every stripe can be read, in order of blocks lost; the healthy one first.
    fn states(&self) -> Vec<(u32, u32)> {
        let nodes = self.parity.checked_div(self.node_blocks).unwrap_or(0);
        let of = |n: u32| (0..=self.parity - n * self.node_blocks).map(move |d| (d, n));
        let mut all: Vec<_> = (0..=nodes).flat_map(of).collect();
        all.sort_by_key(|&(d, n)| (d + n * self.node_blocks, n));
        all
    }

    fn steps(&self, d: u32, n: u32) -> Vec<((u32, u32), f64)> {
        let (lost_devices, lost_nodes) = (f64::from(d), f64::from(n));
        let mut steps = vec![
            ((d + 1, n), (self.devices - lost_devices).max(0.0) * self.device_loss),
            ((d, n + 1), (self.nodes - lost_nodes).max(0.0) * self.node_loss),
        ];
        if d > 0 {
            steps.push(((d - 1, n), 1.0 / self.device_window.max(LEAST_WINDOW_S)));
        } else if n > 0 {
            steps.push(((d, n - 1), 1.0 / self.node_window.max(LEAST_WINDOW_S)));
        }
        steps
    }
}

/// Mean time to absorption from state 0. States are eliminated from the last to the first, and a rate is only ever a
/// sum of products of rates: nothing is subtracted, so 10^40 years come out as exactly as one.
fn absorbed_after(mut rate: Vec<Vec<f64>>, mut lost: Vec<f64>) -> f64 {
    let mut weight = vec![1.0; lost.len()];
    for s in (1..lost.len()).rev() {
        let out: f64 = lost[s] + rate[s][..s].iter().sum::<f64>();
        if out <= 0.0 {
            continue;
        }
        for i in 0..s {
            let share = rate[i][s] / out;
            if share <= 0.0 {
                continue;
            }
            weight[i] += share * weight[s];
            lost[i] += share * lost[s];
            for j in (0..s).filter(|j| *j != i) {
                rate[i][j] += share * rate[s][j];
            }
        }
    }
    if lost[0] > 0.0 { weight[0] / lost[0] } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YEAR: f64 = 365.25 * 86_400.0;

    fn devices(count: f64, parity: u32, window: f64) -> Chain {
        Chain {
            devices: count,
            device_loss: 0.01 / YEAR,
            device_window: window,
            nodes: 1.0,
            node_loss: 0.0,
            node_window: 1.0,
            parity,
            node_blocks: 1,
        }
    }

    fn close(a: f64, b: f64) {
        assert!((a / b - 1.0).abs() < 1e-12, "{a} {b}");
    }

    #[test]
    fn without_parity_the_first_loss_is_the_end() {
        let chain = devices(50.0, 0, 3600.0);
        close(chain.mean_time_to_loss(), 1.0 / (50.0 * chain.device_loss));
        close(chain.loss_within(YEAR), 1.0 - (-0.5_f64).exp());
    }

    /// The textbook formulas of one and two parity blocks: hitting times of a birth-death chain.
    #[test]
    fn one_and_two_parity_blocks_give_the_textbook_time() {
        for (count, window) in [(2.0, 3600.0), (10.0, 86_400.0), (768.0, 7200.0)] {
            let chain = devices(count, 1, window);
            let (l, mu) = (chain.device_loss, 1.0 / window);
            close(chain.mean_time_to_loss(), ((2.0 * count - 1.0) * l + mu) / (count * (count - 1.0) * l * l));
        }
        let chain = devices(10.0, 2, 86_400.0);
        let (a, b, c) = (10.0 * chain.device_loss, 9.0 * chain.device_loss, 8.0 * chain.device_loss);
        let mu = 1.0 / 86_400.0;
        let up = [1.0 / a, 1.0 / b + mu / (a * b), 1.0 / c + mu / (b * c) + mu * mu / (a * b * c)];
        close(chain.mean_time_to_loss(), up.iter().sum());
    }

    #[test]
    fn a_node_with_more_blocks_than_parity_loses_data_at_once() {
        let mut chain = devices(100.0, 2, 3600.0);
        chain.device_loss = 0.0;
        (chain.nodes, chain.node_loss, chain.node_blocks) = (10.0, 0.1 / YEAR, 3);
        close(chain.mean_time_to_loss(), YEAR);
        chain.node_blocks = 1;
        assert!(chain.mean_time_to_loss() > 1e6 * YEAR);
        chain.node_loss = 0.0;
        assert!(chain.mean_time_to_loss().is_infinite() && chain.loss_within(YEAR).abs() < 1e-300);
    }

    #[test]
    fn more_parity_faster_rebuilds_and_fewer_blocks_a_node_never_hurt() {
        let of = |parity, window, node_blocks| {
            Chain {
                nodes: 16.0,
                node_loss: 0.1 / YEAR,
                node_window: 9e3,
                node_blocks,
                ..devices(192.0, parity, window)
            }
            .loss_within(YEAR)
        };
        for parity in 0..8 {
            assert!(of(parity + 1, 3600.0, 2) < of(parity, 3600.0, 2), "{parity}");
            assert!(of(parity, 1800.0, 2) <= of(parity, 3600.0, 2));
            assert!(of(parity, 3600.0, 1) <= of(parity, 3600.0, 2));
        }
        assert!(of(32, 3600.0, 1) > 0.0, "tiny, and not rounded away");
    }
}
