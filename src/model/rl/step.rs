//! How long a trainer step takes.
//!
//! A pass over `tokens` on g GPUs takes
//!
//! ```text
//! slowdown × max(tokens, micro_batch × g) × FLOPs per token ÷ (g × peak × mfu(g))
//! mfu(g) = mfu × (g ÷ mfu_gpus)^(scaling − 1)
//! ```
//!
//! so throughput grows with the `scaling` power of the pool until each GPU has no more than a micro-batch; from there on
//! a larger pool is no faster. A step is an overhead, a log-prob pass and an update.

/// Parameters of a step.
#[derive(Clone, Copy, Debug)]
pub struct StepParams {
    /// Seconds that do not depend on the batch.
    pub overhead: f64,
    /// FLOPs per token of the update.
    pub update_flops: f64,
    /// FLOPs per token of the log-prob pass.
    pub logprob_flops: f64,
    /// Peak FLOP/s of one GPU.
    pub peak_flops: f64,
    /// Utilisation of the update at `mfu_gpus`.
    pub mfu: f64,
    /// Utilisation of the log-prob pass at `mfu_gpus`.
    pub logprob_mfu: f64,
    /// Pool at which they were measured.
    pub mfu_gpus: f64,
    /// Exponent of throughput in the pool.
    pub scaling: f64,
    /// Tokens that a GPU computes on at least.
    pub micro_batch: f64,
    /// Factor on both passes: what the GPUs lose by holding two engines.
    pub slowdown: f64,
}

impl StepParams {
    /// FLOPs per token of both passes at the utilisation of the update.
    fn flops(&self) -> f64 {
        self.update_flops + self.logprob_flops * (self.mfu / self.logprob_mfu)
    }

    /// Seconds for both passes over `tokens` on `gpus`.
    fn compute(&self, tokens: f64, gpus: f64) -> f64 {
        let mfu = self.mfu * libm::pow(gpus / self.mfu_gpus, self.scaling - 1.0);
        let tokens = tokens.max(self.micro_batch * gpus);
        self.slowdown * (tokens * self.flops() / (gpus * self.peak_flops * mfu))
    }

    /// Seconds for a step over `tokens` on `gpus`.
    pub fn time(&self, tokens: f64, gpus: f64) -> f64 {
        self.overhead + self.compute(tokens, gpus)
    }

    /// Seconds of it that the log-prob pass and the update take.
    pub fn passes(&self, tokens: f64, gpus: f64) -> [f64; 2] {
        let both = self.compute(tokens, gpus);
        let update = both * (self.update_flops / self.flops());
        [both - update, update]
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// One second per token on one GPU, and nothing that keeps it from scaling.
    pub const LINEAR: StepParams = StepParams {
        overhead: 0.0,
        update_flops: 1.0,
        logprob_flops: 0.0,
        peak_flops: 1.0,
        mfu: 1.0,
        logprob_mfu: 1.0,
        mfu_gpus: 1.0,
        scaling: 1.0,
        micro_batch: 0.0,
        slowdown: 1.0,
    };

    /// Llama 3: 430 TFLOP/s per GPU on 8,192 GPUs became 400 on 16,384; the exponent is derived from that pair.
    #[test]
    fn throughput_grows_with_the_scaling_power_of_the_pool() {
        let step = StepParams { mfu: 0.43, logprob_mfu: 0.43, mfu_gpus: 8192.0, scaling: 0.8957, ..LINEAR };
        let per_gpu = |gpus: f64| 1.0 / (step.time(1.0, gpus) * gpus);
        assert!((per_gpu(8192.0) - 0.43).abs() < 1e-12);
        assert!((per_gpu(16384.0) - 0.40).abs() < 1e-4);
    }

    /// 1,000 tokens, a micro-batch of 10: 100 GPUs take 10 s, and so do 200. Passes of 2 and 6 FLOPs, the first at twice the
    /// utilisation: 2 ÷ 2 + 6 = 7 s per token and GPU.
    #[test]
    fn a_micro_batch_bounds_the_time_from_below_and_passes_have_their_own_utilisation() {
        let step = StepParams { micro_batch: 10.0, ..LINEAR };
        let seen = [50.0, 100.0, 200.0].map(|gpus| step.time(1000.0, gpus));
        assert_eq!(seen.map(f64::to_bits), [20.0_f64, 10.0, 10.0].map(f64::to_bits));
        let step = StepParams { update_flops: 6.0, logprob_flops: 2.0, logprob_mfu: 2.0, overhead: 3.0, ..LINEAR };
        assert!((step.time(4.0, 2.0) - 17.0).abs() < 1e-12);
        let [logprob, update] = step.passes(4.0, 2.0);
        assert!((logprob - 2.0).abs() < 1e-12 && (update - 12.0).abs() < 1e-12);
    }
}
