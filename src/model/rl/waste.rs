//! What becomes of generated tokens: trained on, or generated for nothing; and trajectories whose tokens come from several versions.

use super::Sample;
use super::ledger::LoopStats;

/// Sums since the last reset, weighted.
#[derive(Clone, Debug, Default)]
pub struct Waste {
    /// Trajectories and tokens that finished steps have used.
    trained: [f64; 2],
    /// Those of them whose tokens come from several versions.
    mixed: f64,
    /// Trajectories and tokens dropped as too stale.
    stale: [f64; 2],
    /// Trajectories and tokens generated beyond a batch and abandoned.
    surplus: [f64; 2],
}

fn add(sums: &mut [f64; 2], sample: &Sample) {
    sums[0] += sample.weight;
    sums[1] += sample.weight * sample.tokens;
}

impl Waste {
    /// A finished step has used it.
    pub fn trained(&mut self, sample: &Sample) {
        add(&mut self.trained, sample);
        self.mixed += if sample.mixed { sample.weight } else { 0.0 };
    }

    /// It was dropped as too stale.
    pub fn stale(&mut self, sample: &Sample) {
        add(&mut self.stale, sample);
    }

    /// It was abandoned: a batch was whole without it. Its tokens are those generated so far.
    pub fn surplus(&mut self, sample: &Sample) {
        add(&mut self.surplus, sample);
    }

    /// Shares since the reset.
    pub fn fill_stats(&self, stats: &mut LoopStats) {
        let of = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        let sum = |i: usize| self.trained[i] + self.stale[i] + self.surplus[i];
        stats.surplus = of(self.surplus[0], sum(0));
        stats.wasted_tokens = of(self.stale[1] + self.surplus[1], sum(1));
        stats.mixed = of(self.mixed, self.trained[0]);
    }
}
