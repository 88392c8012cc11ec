//! How long operations wait: open and closed queues in closed form.
//!
//! **Open** (a load that keeps its pace; operations come as a Poisson stream). A stage that serves `X` operations per second when
//! used alone, each in `T` seconds, is a queue with c = X·T servers, at least one. With the share ρ of it in use and the
//! rate `R` that the load could have of it (`fluid::Reach`), of which it takes `x`:
//!
//! ```text
//! P(wait) = C(c, ρ)  (Erlang)       wait, if any: exponential with mean (1 + s²) ÷ 2 ÷ (R − x)
//! ```
//!
//! s is the coefficient of variation of the service (Allen and Cunneen). For one load alone R − x = X·(1 − ρ): that is M/M/c, and
//! M/M/1 where c = 1. It is exact for exponential service.
//!
//! **Closed** (n operations outstanding at all times, of which x leave per second). By Little's law one takes n ÷ x, so it waits
//! W = n ÷ x − T in the mean. k = x·W are waiting; those ahead of an operation leave one by one at the rate x, and how many
//! there are varies as a Poisson number with the mean x·T of those that are served: a gamma law with mean W and variance
//! n ÷ x². Where k² < n, its spread is more than that of an exponential law: zero or exponential, with the same two moments.

use crate::engine::rng;

/// Servers above which the limit of many servers (Halfin and Whitt, 1981) stands for the sum: at most 0.01 off.
const MANY: f64 = 2048.0;

/// The law of a wait: none with some probability, else gamma.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wait {
    /// Probability of waiting at all.
    pub chance: f64,
    /// Mean of those that wait, seconds.
    pub mean: f64,
    /// Shape of the gamma law of those that wait; 1 is exponential.
    pub shape: f64,
}

/// One stage as the operations of a load see it; all rates in operations per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Share in use.
    pub used: f64,
    /// What it serves if it is used by these operations alone.
    pub alone: f64,
    /// What the load could have of it.
    pub reach: f64,
    /// What the load takes of it.
    pub rate: f64,
}

impl Wait {
    /// Nobody waits.
    pub const NONE: Wait = Wait { chance: 0.0, mean: 0.0, shape: 1.0 };

    /// Mean over all operations, seconds.
    pub fn overall(&self) -> f64 {
        if self.chance > 0.0 { self.chance * self.mean } else { 0.0 }
    }

    /// At a stage of an open queue; `service` and `spread` are mean (seconds) and coefficient of variation of the service.
    pub fn open(stage: &Stage, service: f64, spread: f64) -> Wait {
        let chance = erlang_c((stage.alone * service).max(1.0), stage.used);
        let room = (stage.reach - stage.rate).max(0.0);
        Wait { chance, mean: (1.0 + spread * spread) / 2.0 / room, shape: 1.0 }
    }

    /// The same law, with less chance of long waits: at most this mean over all operations.
    pub fn at_most(self, mean: f64) -> Wait {
        if self.overall() <= mean {
            return self;
        }
        if mean > 0.0 { Wait { mean: mean / self.chance, ..self } } else { Wait::NONE }
    }

    /// Of `outstanding` operations of which `rate` leave per second, each after `mean` seconds of waiting and its service.
    pub fn closed(mean: f64, outstanding: f64, rate: f64) -> Wait {
        let waiting = rate * mean;
        let shape = waiting * waiting / outstanding;
        // Less than a millionth of an operation waits: rounding.
        if waiting <= 1e-6 * outstanding.min(1.0) {
            return Wait::NONE;
        }
        if shape >= 1.0 {
            return Wait { chance: 1.0, mean, shape };
        }
        let chance = 2.0 * shape / (1.0 + shape);
        Wait { chance, mean: mean / chance, shape: 1.0 }
    }

    /// The wait that a share `p` in [0, 1) of the operations does not exceed, seconds. A gamma law by Wilson and Hilferty
    /// (1931): within 0.2 % of its 95th and 99th percentile.
    pub fn quantile(&self, p: f64) -> f64 {
        let none = 1.0 - self.chance;
        if p < none || self.chance <= 0.0 {
            return 0.0;
        }
        let p = (p - none) / self.chance;
        if self.shape <= 1.0 {
            return -self.mean * libm::log1p(-p);
        }
        let ninth = 1.0 / (9.0 * self.shape);
        let root = (1.0 - ninth + rng::normal_quantile(p) * ninth.sqrt()).max(0.0);
        self.mean * root * root * root
    }
}

/// Probability that all of `servers` are busy when a share `used` of their time is, in an M/M/c queue. Between whole numbers of
/// servers it is interpolated.
pub fn erlang_c(servers: f64, used: f64) -> f64 {
    if used >= 1.0 {
        return 1.0;
    }
    if used <= 0.0 {
        return 0.0;
    }
    if servers > MANY {
        return halfin_whitt(servers, used);
    }
    let below = servers.floor();
    let part = servers - below;
    let low = of_whole(below, used);
    if part > 0.0 { low + part * (of_whole(below + 1.0, used) - low) } else { low }
}

/// Erlang's loss formula by its recursion, from it the probability of waiting.
fn of_whole(servers: f64, used: f64) -> f64 {
    let offered = servers * used;
    let mut loss = 1.0;
    for n in 1..=servers as u32 {
        loss = offered * loss / (f64::from(n) + offered * loss);
    }
    loss / (1.0 - used * (1.0 - loss))
}

/// 1 ÷ (1 + β·Φ(β) ÷ φ(β)) with β = (1 − ρ)·√c.
fn halfin_whitt(servers: f64, used: f64) -> f64 {
    let beta = (1.0 - used) * servers.sqrt();
    let cumulative = 0.5 * libm::erfc(-beta / std::f64::consts::SQRT_2);
    let density = libm::exp(-beta * beta / 2.0) / (2.0 * std::f64::consts::PI).sqrt();
    if density > 0.0 { 1.0 / (1.0 + beta * cumulative / density) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found / expected - 1.0).abs() < tolerance, "{found} is not {expected}");
    }

    /// Σ over states, without the recursion.
    fn by_states(servers: u32, used: f64) -> f64 {
        let offered = f64::from(servers) * used;
        let mut term = 1.0;
        let mut sum = 0.0;
        for n in 0..servers {
            sum += term;
            term *= offered / f64::from(n + 1);
        }
        let busy = term / (1.0 - used);
        busy / (sum + busy)
    }

    #[test]
    fn the_chance_of_waiting_is_erlangs() {
        for servers in [1, 2, 5, 40, 100] {
            for used in [0.05, 0.5, 0.9, 0.99] {
                close(erlang_c(f64::from(servers), used), by_states(servers, used), 1e-10);
            }
        }
        // Tables of Erlang C: 10 servers offered 8 erlang, 5 offered 4.
        close(erlang_c(10.0, 0.8), 0.409_180, 1e-5);
        close(erlang_c(5.0, 0.8), 0.554_113, 1e-5);
        let between = erlang_c(5.5, 0.8);
        assert!(between < erlang_c(5.0, 0.8) && between > erlang_c(6.0, 0.8));
        for used in [0.9, 0.95, 0.98, 0.99, 0.999] {
            let (limit, sum) = (halfin_whitt(MANY, used), of_whole(MANY, used));
            assert!((limit - sum).abs() < 0.01, "{limit} is not {sum}");
        }
        assert_eq!((erlang_c(3.0, 1.0), erlang_c(3.0, 0.0)), (1.0, 0.0));
    }

    #[test]
    fn one_server_is_the_textbook_queue() {
        // λ = 700, μ = 1000: the wait has mean ρ/(μ − λ).
        let stage = Stage { used: 0.7, alone: 1000.0, reach: 1000.0, rate: 700.0 };
        let wait = Wait::open(&stage, 1e-3, 1.0);
        close(wait.overall(), 0.7 / 300.0, 1e-12);
        close(Wait::open(&stage, 1e-3, 0.0).overall(), 0.35 / 300.0, 1e-12);
        // P(wait > t) = ρ·exp(−(μ − λ)t)
        close(wait.quantile(0.99), libm::log(0.7 / 0.01) / 300.0, 1e-12);
        assert!(wait.quantile(0.2) <= 0.0);
        close(wait.at_most(1e-4).overall(), 1e-4, 1e-12);
        assert_eq!(wait.at_most(1.0), wait);
    }

    #[test]
    fn a_closed_wait_has_its_two_moments() {
        for (mean, outstanding, rate) in [(0.01, 100.0, 9000.0), (0.003, 8.0, 2000.0), (0.0001, 1.0, 500.0)] {
            let wait = Wait::closed(mean, outstanding, rate);
            let points = 200_000;
            let values = (0..points).map(|i| wait.quantile((f64::from(i) + 0.5) / f64::from(points)));
            let (mut sum, mut squares) = (0.0, 0.0);
            for value in values {
                sum += value;
                squares += value * value;
            }
            let (first, second) = (sum / f64::from(points), squares / f64::from(points));
            close(first, mean, 2e-3);
            close(second - first * first, outstanding / (rate * rate), 2e-2);
        }
        assert_eq!(Wait::closed(1e-15, 64.0, 1000.0), Wait::NONE);
    }
}
