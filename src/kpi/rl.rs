//! KPIs of RL loops.

use super::registry::{BINS, Kpi, NONE, SAMPLES, SHARE, kpi};
use crate::units::Dimension as D;

/// Times and staleness of trajectories.
pub(super) const RL: &[Kpi] = &[
    kpi(
        "rl.*.feedback_time",
        "s",
        D::Duration,
        SAMPLES,
        "first moment a policy trained on the trajectory is served − moment its reward is available",
        "From the reward of a trajectory being available to the first moment a policy trained on it is served by 99 % \
         of the live engines at every generator site. Samples are trajectories whose reward fell into the measured \
         part and that were fed back before its end; for the others see on_time.fraction and censored.fraction. Its \
         phases transfer, batch_wait, step, publish and swap sum to it.",
    ),
    kpi(
        "rl.*.feedback_time.transfer",
        "s",
        D::Duration,
        NONE,
        "mean of (arrival at the trainer − reward available)",
        "Phase of feedback_time: waiting for the next shipment, and the way to the trainer.",
    ),
    kpi(
        "rl.*.feedback_time.batch_wait",
        "s",
        D::Duration,
        NONE,
        "mean of (start of its step − arrival at the trainer)",
        "Phase of feedback_time: waiting in the trainer's buffer until a batch is full and the trainer is free.",
    ),
    kpi(
        "rl.*.feedback_time.step",
        "s",
        D::Duration,
        NONE,
        "mean of (end of its step − start of its step)",
        "Phase of feedback_time: the trainer step.",
    ),
    kpi(
        "rl.*.feedback_time.publish",
        "s",
        D::Duration,
        NONE,
        "mean of (weights at the engines − end of its step)",
        "Phase of feedback_time: waiting for the publish before, building the payload, the way to every generator site \
         and inside it.",
    ),
    kpi(
        "rl.*.feedback_time.swap",
        "s",
        D::Duration,
        NONE,
        "mean of (99 % of live engines serve − weights at the engines)",
        "Phase of feedback_time: engines load the new weights.",
    ),
    kpi(
        "rl.*.cycle_time",
        "s",
        D::Duration,
        SAMPLES,
        "feedback_time + generation + reward",
        "From the start of generation of a trajectory to the first moment a policy trained on it is served.",
    ),
    kpi(
        "rl.*.cycle_time.generation",
        "s",
        D::Duration,
        NONE,
        "mean of (last token − first token asked for)",
        "Phase of cycle_time: generation, pauses for new weights and failures included.",
    ),
    kpi(
        "rl.*.cycle_time.reward",
        "s",
        D::Duration,
        NONE,
        "mean of (reward available − last token)",
        "Phase of cycle_time: computing the reward.",
    ),
    kpi(
        "rl.*.on_time",
        "1",
        D::Ratio,
        SHARE,
        "trajectories with feedback_time ≤ feedback_target / all decided trajectories",
        "Share of trajectories that were fed back within the feedback target. Dropped ones count as late, and so do \
         those still in the loop at the end when they are older than the target; younger ones are left out and counted \
         in censored.fraction.",
    ),
    kpi(
        "rl.*.censored",
        "1",
        D::Ratio,
        SHARE,
        "trajectories whose fate is open / all whose reward became available",
        "Share of trajectories that were still in the loop at the end and younger than the target, so that nobody can \
         say whether they would have been on time.",
    ),
    kpi(
        "rl.*.dropped",
        "1",
        D::Ratio,
        SHARE,
        "trajectories dropped as too stale / trajectories consumed or dropped",
        "Share of trajectories that were older than max_lag when they could have been consumed.",
    ),
    kpi(
        "rl.*.lag",
        "version",
        D::Versions,
        SAMPLES,
        "trainer version at consumption − oldest version among the tokens",
        "How stale consumed trajectories are, in policy versions. Its distribution is in the table and the chart of lags, and under `lags` in the JSON object.",
    ),
];

/// Trainer, generators, checkpoints.
pub(super) const RL_SIZES: &[Kpi] = &[
    kpi(
        "rl.*.step_time",
        "s",
        D::Duration,
        NONE,
        "mean of (end − start of a trainer step)",
        "Mean time of a finished trainer step, without waiting for data. A step that a failure ends does not count.",
    ),
    kpi(
        "rl.*.step_time.logprob",
        "s",
        D::Duration,
        NONE,
        "mean of the log-prob pass of a trainer step",
        "Part of step_time.",
    ),
    kpi(
        "rl.*.step_time.update",
        "s",
        D::Duration,
        NONE,
        "mean of the update of a trainer step",
        "Part of step_time; what is left of it is the overhead and, with colocated pools, the turn to training.",
    ),
    kpi(
        "rl.*.publish_time",
        "s",
        D::Duration,
        BINS,
        "weights served everywhere − beginning of the publish",
        "Time of a publish, from its beginning (the end of the step or of the publish before, or when its controller begins it) until 99 % of the live \
         engines at every generator site serve it or a later version, sites that missed it at the `timeout` included; p95 and max run over publishes.",
    ),
    kpi(
        "rl.*.published_bytes",
        "B",
        D::Bytes,
        NONE,
        "sum over publishes and generator pools of payload × copies",
        "Weights sent in the measured time, full ones and deltas, each copy to each generator pool counted.",
    ),
    kpi(
        "rl.*.link.*.*.bytes_per_step",
        "B",
        D::Bytes,
        NONE,
        "bytes of the loop on the wire / steps",
        "What a step of the loop puts on one direction of a link: trajectories, weights and checkpoints, with framing, every copy \
         and what is sent twice, over the steps of the measured part. Only directions that the loop has used have it.",
    ),
    kpi(
        "rl.*.missed_publishes",
        "1",
        D::Count,
        NONE,
        "generator pools left out of a publish at its timeout",
        "Times a generator pool had not got the bytes of a publish within `timeout`: the publish went on without it, and it was \
         sent the full weights by itself.",
    ),
    kpi(
        "rl.*.refused_publishes",
        "1",
        D::Count,
        NONE,
        "payloads that did not fit into the store",
        "Times the store of the weights had no room for a whole payload when its last byte came: nobody was sent it, and full weights were tried next. Only loops with a store have it.",
    ),
    kpi(
        "rl.*.refused_checkpoints",
        "1",
        D::Count,
        NONE,
        "checkpoints that did not fit on their system",
        "Times a whole checkpoint found no room, with the oldest of those kept gone: the one before stays the last. Only loops with checkpoints have it.",
    ),
    kpi(
        "rl.*.trainer_idle",
        "1",
        D::Ratio,
        NONE,
        "time the trainer waits for a batch / time the work ran",
        "Share of the work's time in the measured part in which the trainer is up and waits until a batch of trajectories is there.",
    ),
    kpi(
        "rl.*.generator_idle",
        "1",
        D::Ratio,
        NONE,
        "1 − tokens generated / tokens that the live engines would generate with every slot busy",
        "Share of the token capacity of the live engines left unused: slots that stand empty because max_lag holds \
         admission back, and pauses for new weights.",
    ),
    kpi(
        "rl.*.idle_gpu_hours",
        "GPU-h",
        D::Count,
        NONE,
        "((trainer_idle + trainer_down) × trainer GPUs + generator_idle × generator GPUs) × time the loop ran; colocated: (trainer_down + trainer_idle × generator_idle) × GPUs × time",
        "GPU-hours that the loop holds and does not use: the trainer waiting or down, and token capacity of the generators left \
         unused.",
    ),
    kpi(
        "rl.*.tokens_rate",
        "tok/s",
        D::TokenRate,
        NONE,
        "tokens generated / time the work ran",
        "Tokens per second of all generator sites, over the work's time in the measured part.",
    ),
    kpi("rl.*.steps", "step", D::Count, NONE, "trainer steps finished", "Steps in the measured time."),
    kpi(
        "rl.*.checkpoint_time",
        "s",
        D::Duration,
        NONE,
        "mean of (last byte written − start of the write)",
        "Time to write a trainer checkpoint. Null when no checkpoint was written.",
    ),
    kpi(
        "rl.*.checkpoint_bytes",
        "B",
        D::Bytes,
        NONE,
        "parameters × checkpoint bytes per parameter",
        "Size of one trainer checkpoint.",
    ),
    kpi(
        "rl.*.checkpoints",
        "1",
        D::Count,
        NONE,
        "checkpoints finished",
        "Trainer checkpoints whose last byte was written in the measured time.",
    ),
    kpi(
        "rl.*.trainer_down",
        "1",
        D::Ratio,
        NONE,
        "time the trainer is down or recovering / time the work ran",
        "Share of the work's time in the measured part from a failure in the trainer pool until the work lost since the last checkpoint is done again: \
         detection, replacement, reading the checkpoint, recomputing.",
    ),
    kpi(
        "rl.*.interruptions",
        "1",
        D::Count,
        NONE,
        "failures that stopped the trainer",
        "Times a failure in the trainer pool interrupted a step in the measured time.",
    ),
];

/// What users of the engines feel.
pub(super) const RL_USERS: &[Kpi] = &[
    kpi(
        "rl.*.users.wait",
        "s",
        D::Duration,
        SAMPLES,
        "moment the request takes a slot − moment it comes",
        "What a user's request waits for a slot of an engine. Samples are requests answered in the measured part.",
    ),
    kpi(
        "rl.*.users.token_time",
        "s",
        D::Duration,
        SAMPLES,
        "(last token − moment the request takes a slot) / tokens",
        "Time per output token of an answer, pauses for new weights included.",
    ),
    kpi(
        "rl.*.users.on_target",
        "1",
        D::Ratio,
        SHARE,
        "requests answered within `wait` and at `token_rate` or more / requests answered or lost",
        "Share of the requests for which both promises were kept; those lost with an engine count as not kept.",
    ),
    kpi(
        "rl.*.users.rate",
        "op/s",
        D::OpRate,
        NONE,
        "requests answered / time the work ran",
        "Requests answered per second, over the work's time in the measured part.",
    ),
    kpi(
        "rl.*.users.tokens_share",
        "1",
        D::Ratio,
        NONE,
        "tokens of answers to users / tokens generated",
        "Share of the generated tokens that users asked for; the others are the loop's own trajectories.",
    ),
];

/// A mean over the slowest trajectories.
const fn slowest(pattern: &'static str, formula: &'static str, definition: &'static str) -> Kpi {
    kpi(pattern, "s", D::Duration, NONE, formula, definition)
}

/// A share of trajectories as one number.
const fn share(pattern: &'static str, formula: &'static str, definition: &'static str) -> Kpi {
    kpi(pattern, "1", D::Ratio, NONE, formula, definition)
}

/// The slowest trajectories and what they waited for.
pub(super) const RL_SLOWEST: &[Kpi] = &[
    slowest(
        "rl.*.feedback_time.slowest",
        "mean feedback_time of the slowest 1 % by feedback_time",
        "Mean over the slowest 1 % of the trajectories (times within 0.4 % may count as equal). Its phases sum to it; against the means over \
         all they tell what makes a trajectory slow.",
    ),
    slowest(
        "rl.*.feedback_time.slowest.transfer",
        "mean transfer of the slowest 1 % by feedback_time",
        "Phase of feedback_time.slowest.",
    ),
    slowest(
        "rl.*.feedback_time.slowest.batch_wait",
        "mean batch_wait of the slowest 1 % by feedback_time",
        "Phase of feedback_time.slowest.",
    ),
    slowest(
        "rl.*.feedback_time.slowest.step",
        "mean step of the slowest 1 % by feedback_time",
        "Phase of feedback_time.slowest.",
    ),
    slowest(
        "rl.*.feedback_time.slowest.publish",
        "mean publish of the slowest 1 % by feedback_time",
        "Phase of feedback_time.slowest.",
    ),
    slowest(
        "rl.*.feedback_time.slowest.swap",
        "mean swap of the slowest 1 % by feedback_time",
        "Phase of feedback_time.slowest.",
    ),
    slowest(
        "rl.*.cycle_time.slowest",
        "mean cycle_time of the slowest 1 % by cycle_time",
        "Mean over the slowest 1 % of the trajectories by cycle_time; the sum of its generation, reward and feedback.",
    ),
    slowest(
        "rl.*.cycle_time.slowest.generation",
        "mean generation of the slowest 1 % by cycle_time",
        "Part of cycle_time.slowest.",
    ),
    slowest(
        "rl.*.cycle_time.slowest.reward",
        "mean reward of the slowest 1 % by cycle_time",
        "Part of cycle_time.slowest.",
    ),
    slowest(
        "rl.*.cycle_time.slowest.feedback",
        "mean feedback_time of the slowest 1 % by cycle_time",
        "Part of cycle_time.slowest.",
    ),
    share(
        "rl.*.full_publish",
        "trajectories whose policy came to a site as full weights / all fed back",
        "Share of trajectories brought back by full weights, not by deltas alone.",
    ),
    share(
        "rl.*.full_publish.slowest",
        "the same share of the slowest 1 % by feedback_time",
        "How many of the slowest trajectories full weights brought back: full publishes are rare and long.",
    ),
    share(
        "rl.*.interrupted",
        "trajectories at the trainer during one of its failures / all fed back",
        "Share of trajectories that waited for a trainer which failed, or whose step was done again.",
    ),
    share(
        "rl.*.control_halted",
        "trajectories at the trainer, or on the way back, during an outage of the controller / all fed back",
        "Share of trajectories that had arrived and were not yet fed back while the controller was down. Only loops with a `controller` have it.",
    ),
    share(
        "rl.*.control_halted.slowest",
        "the same share of the slowest 1 % by feedback_time",
        "How many of the slowest trajectories waited for a controller that was down.",
    ),
    share(
        "rl.*.interrupted.slowest",
        "the same share of the slowest 1 % by feedback_time",
        "How many of the slowest trajectories waited for a trainer which failed.",
    ),
];
