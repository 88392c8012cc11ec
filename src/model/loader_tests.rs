use super::*;
use crate::engine::rng::Streams;
use proptest::prelude::*;

const NANO: f64 = 1e9;

fn params(prefetch: usize, sd: f64) -> LoaderParams {
    LoaderParams {
        accelerators: 8,
        batch: 4.0,
        sample: 100.0,
        sample_sd: sd,
        compute: SimDuration::from_secs_f64(0.3),
        overhead: SimDuration::from_secs_f64(0.1),
        prefetch,
        first_byte: (0.02, 0.0),
    }
}

fn loader(params: LoaderParams) -> Loader {
    Loader::new(params, Streams::root(7).stream("sizes"))
}

/// Runs a loader for `steps` steps against readers of a fixed rate: a small calendar of its own.
fn run(loader: &mut Loader, rate: f64, steps: usize) -> Vec<SimTime> {
    let mut due: Vec<(SimTime, u64, &str, Option<LoaderEvent>)> = Vec::new();
    let (mut now, mut order, mut ends) = (SimTime::ZERO, 0, Vec::new());
    let mut effects: Vec<LoaderEffect> = loader.begin(now).into_iter().collect();
    while ends.len() < steps {
        for effect in std::mem::take(&mut effects) {
            order += 1;
            match effect {
                LoaderEffect::At(at, event) => due.push((at, order, "event", Some(event))),
                LoaderEffect::Read { on_demand } => {
                    let after = if on_demand { loader.params.first_byte.0 } else { 0.0 };
                    due.push((now.saturating_add(SimDuration::from_secs_f64(after)), order, "begin", None));
                }
            }
        }
        due.sort_by_key(|d| (d.0, d.1));
        let (at, _, what, event) = due.remove(0);
        now = at;
        match (what, event) {
            ("begin", _) => {
                let bytes = loader.begin_round(now).expect("a round to begin");
                order += 1;
                due.push((now.saturating_add(SimDuration::from_secs_f64(bytes / rate)), order, "sent", None));
            }
            ("sent", _) => {
                effects.extend(loader.sent(now));
                effects.extend(loader.arrived(now));
            }
            (_, Some(LoaderEvent::BatchReady)) => loader.batch_ready(now, &mut effects),
            (_, Some(LoaderEvent::StepDone)) => {
                ends.push(now);
                loader.step_done(now, &mut effects);
            }
            other => panic!("{other:?}"),
        }
    }
    ends
}

fn mean_step(ends: &[SimTime]) -> f64 {
    (ends[ends.len() - 1] - ends[0]).as_secs_f64() / (ends.len() - 1) as f64
}

proptest! {
    /// Equal samples: with prefetch a step takes the longer of computing and reading, without it the sum.
    #[test]
    fn a_step_takes_the_longer_with_prefetch_and_the_sum_without(rate in 100.0_f64..10_000.0, prefetch in 0_usize..5) {
        let mut loader = loader(params(prefetch, 0.0));
        let ends = run(&mut loader, rate, 20);
        // Batches read ahead during the first steps are used up first: the steady state counts.
        let step = mean_step(&ends[10..]);
        let (work, read) = (0.4, 400.0 / rate);
        let expected = if prefetch == 0 { work + 0.02 + read } else { work.max(read) };
        prop_assert!((step - expected).abs() < 10.0 / NANO, "{step} is not {expected}");
        let stats = loader.stats(ends[19]);
        let (used, stalled) = stats.shares.unwrap();
        let all = (ends[19] - ends[0]).as_secs_f64();
        prop_assert!((used - 0.3 * 19.0 / all).abs() < 1e-6);
        prop_assert!((used + stalled + 0.1 * 19.0 / all - 1.0).abs() < 1e-6, "every moment is counted once");
        // Samples count from the beginning, the first step included.
        let samples = 20.0 * 4.0 * 8.0 / ends[19].as_secs_f64();
        prop_assert!((stats.samples_rate.unwrap() / samples - 1.0).abs() < 1e-9);
    }

    /// Reading further ahead never slows anybody down, and the barrier waits for the slowest, never for the mean.
    #[test]
    fn more_prefetch_is_never_slower(rate in 500.0_f64..5000.0, sd in 1.0_f64..60.0) {
        let mut before = f64::INFINITY;
        for prefetch in 1..6 {
            let step = mean_step(&run(&mut loader(params(prefetch, sd)), rate, 200));
            prop_assert!(step >= 0.4 - 10.0 / NANO, "no step is shorter than its work");
            prop_assert!(step <= before * (1.0 + 1e-9), "{prefetch} ahead: {step} after {before}");
            before = step;
        }
    }
}

/// Without prefetch the barrier waits for the largest of the batches: mean + sd·√batch·E[max of n normals]. The mean of the
/// largest of 8 standard normal draws is 1.4236 (David and Nagaraja, Order Statistics).
#[test]
fn the_slowest_accelerator_sets_the_pace() {
    let (sd, rate) = (20.0, 1000.0);
    let step = mean_step(&run(&mut loader(params(0, sd)), rate, 20_000));
    let expected = 0.4 + 0.02 + (400.0 + sd * 2.0 * 1.4236) / rate;
    assert!((step - expected).abs() < 2e-4, "{step} is not {expected}");
}

#[test]
fn the_cut_leaves_out_what_was_before() {
    let mut loader = loader(params(2, 0.0));
    let ends = run(&mut loader, 800.0, 10);
    loader.reset(ends[9]);
    assert_eq!(loader.stats(ends[9]).samples_rate, None);
    assert_eq!(loader.stats(ends[9]).shares, None);
}

/// The recursion of the module, step by step, without a calendar: when each step ends.
fn by_recursion(p: &LoaderParams, rate: f64, steps: usize) -> Vec<f64> {
    let (mut sizes, ahead) = (Streams::root(7).stream("sizes"), p.prefetch);
    let work = (p.compute + p.overhead).as_secs_f64();
    let (mut ready, mut starts, mut end) = (vec![0.0_f64; p.accelerators as usize], Vec::new(), 0.0_f64);
    let mut ends = Vec::new();
    for k in 0..steps {
        // The place for batch k is that of the batch which step k − D took.
        let room: f64 = if k < ahead { 0.0 } else { starts[k - ahead] };
        for done in &mut ready {
            let bytes = p.batch * p.sample + p.sample_sd * p.batch.sqrt() * sizes.normal();
            *done = done.max(room) + bytes.max(0.0) / rate;
        }
        let start = ready.iter().copied().fold(end, f64::max);
        starts.push(start);
        end = start + work;
        ends.push(end);
    }
    ends
}

/// Every depth has steps of its own: readers that are D ahead wait for the start of the step D before, no other.
#[test]
fn each_prefetch_depth_follows_the_recursion() {
    let (rate, steps) = (1100.0, 300);
    let mut last = f64::INFINITY;
    for prefetch in 1..5 {
        let p = LoaderParams { first_byte: (0.0, 0.0), ..params(prefetch, 60.0) };
        let expected = by_recursion(&p, rate, steps);
        let ends = run(&mut loader(p), rate, steps);
        for (k, (seen, expected)) in ends.iter().zip(&expected).enumerate() {
            let seen = seen.as_secs_f64();
            assert!((seen - expected).abs() < 1e-5, "{prefetch} ahead, step {k}: {seen}, by the recursion {expected}");
        }
        // The depths differ by far more than that.
        assert!(expected[steps - 1] < last - 0.01, "{prefetch} ahead: {} after {last}", expected[steps - 1]);
        last = expected[steps - 1];
    }
}
