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
//! Where stripes span all nodes, any m + 1 losses hit a common stripe. Over N nodes more than a stripe is wide, S stripes
//! of w = k + m blocks, placed at random on w nodes each, share a set of x nodes and y devices (of g in a node, on other
//! nodes), x + y = m + 1, with probability
//!
//! ```text
//! q = C(w, m+1) / C(N, m+1) / g^y           one stripe has a block on each of them
//! P = 1 − (1 − q)^S                         some stripe has: the copysets of Cidon et al. (2013)
//! ```
//!
//! A loss beside (d, n) others completes C(n, x)·C(d, y) such sets, x + y = m, and takes data with it with probability
//! 1 − Π (1 − q)^(S·C(n, x)·C(d, y)); sets count as independent. States go on beyond m losses that took none.
//!
//! A system whose nodes hold stripes of their own is as many chains as nodes, side by side: its MTTDL is that of one node over their number.
//!
//! P(loss within t) = 1 − exp(−t / MTTDL), exact as far as a loss is rare against a rebuild. For devices alone
//! and m = 1 the chain is the textbook MTTDL = ((2D − 1)·λ + μ) / (D·(D − 1)·λ²), the test.

/// What the chain needs to know; rates per second, times in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    /// Parts of the system that lose data independently, each with its own chain.
    pub apart: f64,
    /// Devices of one part.
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
    /// How stripes lie on more nodes than they are wide; none where each spans all.
    pub placement: Option<Placement>,
}

/// Stripes placed at random on more nodes than each is wide, one block on a node.
#[derive(Clone, Copy, Debug)]
pub struct Placement {
    /// Blocks of a stripe, k + m.
    pub width: f64,
    /// Nodes.
    pub nodes: f64,
    /// Devices of a node.
    pub devices: f64,
    /// Stripes there are.
    pub stripes: f64,
}

/// Losses beyond the parity that states go on for: more at one time count as loss of data.
const BEYOND: u32 = 12;

impl Placement {
    /// Probability that one more loss takes data with it beside `devices` and `nodes` lost already, with `parity` blocks
    /// of a stripe in parity.
    pub fn fatal(&self, parity: u32, (devices, nodes): (u32, u32), node: bool) -> f64 {
        let one = (0..=parity).map(|at| (self.width - f64::from(at)) / (self.nodes - f64::from(at)));
        let set: f64 = one.map(|share| share.clamp(0.0, 1.0)).product();
        let hits = |y: u32| {
            let on_devices = y + u32::from(!node);
            let q = set * libm::pow(self.devices.max(1.0), -f64::from(on_devices));
            choose(nodes, parity - y) * choose(devices, y) * self.stripes * libm::log1p(-q)
        };
        let least = parity.saturating_sub(nodes);
        let spared: f64 = (least..=parity.min(devices)).map(hits).sum();
        -libm::expm1(spared)
    }
}

/// Ways to take `k` of `n`.
fn choose(n: u32, k: u32) -> f64 {
    if k > n {
        return 0.0;
    }
    (0..k).map(|i| f64::from(n - i) / f64::from(i + 1)).product()
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
                let fatal = self.fatal((d, n), to);
                lost[i] += by * fatal;
                let by = by * (1.0 - fatal);
                match states.iter().position(|s| *s == to) {
                    Some(j) => rate[i][j] += by,
                    None => lost[i] += by,
                }
            }
        }
        // The first of many independent and rare events.
        absorbed_after(rate, lost) / self.apart
    }

    /// Probability that data is lost within `seconds`.
    pub fn loss_within(&self, seconds: f64) -> f64 {
        -libm::expm1(-seconds / self.mean_time_to_loss())
    }

    /// Probability that a step takes data with it; where stripes span all nodes the step leaves the states.
    fn fatal(&self, from: (u32, u32), to: (u32, u32)) -> f64 {
        let Some(placement) = self.placement.filter(|_| to.0 + to.1 > self.parity) else { return 0.0 };
        if to.0 < from.0 || to.1 < from.1 { 0.0 } else { placement.fatal(self.parity, from, to.1 > from.1) }
    }

    /// States in which every stripe can be read, in order of blocks lost; the healthy one first.
    fn states(&self) -> Vec<(u32, u32)> {
        let most = self.parity + self.placement.map_or(0, |_| BEYOND);
        let nodes = most.checked_div(self.node_blocks).unwrap_or(0);
        let of = |n: u32| (0..=most - n * self.node_blocks).map(move |d| (d, n));
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
            apart: 1.0,
            devices: count,
            device_loss: 0.01 / YEAR,
            device_window: window,
            nodes: 1.0,
            node_loss: 0.0,
            node_window: 1.0,
            parity,
            node_blocks: 1,
            placement: None,
        }
    }

    fn nodes(count: f64, parity: u32, window: f64, placement: Option<Placement>) -> Chain {
        Chain {
            apart: 1.0,
            devices: 1.0,
            device_loss: 0.0,
            nodes: count,
            node_loss: 0.1 / YEAR,
            node_window: window,
            placement,
            ..devices(1.0, parity, 1.0)
        }
    }

    /// By hand: 2 + 1 on 10 nodes. A pair of nodes is in one stripe with C(3, 2) / C(10, 2) = 1/15, in one of 5 with
    /// 1 − (14/15)^5; the third loss completes two more pairs. Devices of 4 in a node: 1/15 / 4 beside a node.
    #[test]
    fn stripes_share_a_set_of_losses_with_the_probability_of_their_copysets() {
        let placement = Placement { width: 3.0, nodes: 10.0, devices: 4.0, stripes: 5.0 };
        let none = |q: f64, sets: f64| 1.0 - (1.0 - q).powf(5.0 * sets);
        close(placement.fatal(1, (0, 1), true), none(1.0 / 15.0, 1.0));
        close(placement.fatal(1, (0, 2), true), none(1.0 / 15.0, 2.0));
        close(placement.fatal(1, (0, 1), false), none(1.0 / 60.0, 1.0));
        close(placement.fatal(1, (1, 0), true), none(1.0 / 60.0, 1.0));
        close(placement.fatal(1, (1, 0), false), none(1.0 / 240.0, 1.0));
        close(placement.fatal(0, (0, 0), true), none(0.3, 1.0));
    }

    /// With rebuilds far faster than losses, only the step from one loss to two matters: MTTDL is that of stripes on all
    /// nodes, divided by the probability that a pair shares a stripe. With ever more stripes it is the same.
    #[test]
    fn few_stripes_on_many_nodes_lose_data_as_much_more_rarely() {
        let all = nodes(1000.0, 1, 60.0, None).mean_time_to_loss();
        let placed = |stripes| Placement { width: 10.0, nodes: 1000.0, devices: 1.0, stripes };
        let few = nodes(1000.0, 1, 60.0, Some(placed(100.0))).mean_time_to_loss();
        let q = (10.0 * 9.0) / (1000.0 * 999.0);
        let shared = 1.0 - libm::pow(1.0 - q, 100.0);
        assert!((few / all * shared - 1.0).abs() < 1e-3, "{} against {}", all / few, shared);
        let many = nodes(1000.0, 1, 60.0, Some(placed(1e9))).mean_time_to_loss();
        close(many, all);
        let mut before = f64::INFINITY;
        for stripes in [1.0, 1e2, 1e4, 1e6, 1e8] {
            let time = nodes(1000.0, 2, 9e4, Some(placed(stripes))).mean_time_to_loss();
            assert!(time < before && time >= nodes(1000.0, 2, 9e4, None).mean_time_to_loss() * (1.0 - 1e-9));
            before = time;
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
