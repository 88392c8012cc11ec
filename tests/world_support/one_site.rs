//! An RL loop at one site with a fast way between trainer and generators. Nothing fails.

use apollo_sim::model::world::Measured;

use crate::value::value;

/// 64 GPUs train, 128 generate on 16 engines with 1,024 slots together; `head` and `keys` are further lines of the top and of the work.
pub fn one_site(head: &str, keys: &str) -> String {
    format!(
        r#"
format = 1
start = 2026-01-05
{head}
seed = 11
replications = 1

[site.here]
fabric = "100 Tbps"

[fleet.train]
site = "here"
node = "generic-8gpu"
gpus = 64
spares = "0 %"
failures = false

[fleet.serve]
site = "here"
node = "generic-8gpu"
gpus = 128
spares = "0 %"
failures = false

[work.loop]
kind = "rl"
model = "dense-8b"
trainer = {{ fleet = "train", gpus = 64 }}
generators = [{{ fleet = "serve", gpus = 128 }}]
batch = 1024
engine = {{ gpus = 8, slots = 64, single_rate = "100 tok/s", half_batch = 64 }}
step = {{ overhead = "2 s", update_flops = 6, logprob_flops = 2, mfu = "40 %", mfu_gpus = 8, scaling = 0.9 }}
{keys}
"#
    )
}

/// A KPI of the loop.
pub fn of(measured: &Measured, name: &str) -> f64 {
    value(measured, &format!("rl.loop.{name}")).unwrap_or_else(|| panic!("{name} has a value"))
}

/// Engines fail by the hour each, and come back after minutes.
pub const FAILING: [&str; 7] = [
    "fleet.serve.failures=true",
    "fleet.serve.failure_rate_per_8_gpus=\"1 /h\"",
    "fleet.serve.detection=\"20 s\"",
    "fleet.serve.repair_reset=\"2 min\"",
    "fleet.serve.repair_swap=\"5 min\"",
    "fleet.serve.repair_rma=\"10 min\"",
    "fleet.serve.health=\"new\"",
];
