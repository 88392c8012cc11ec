//! Made-up results in the shape of the reference plan, without running anything.

use apollo_sim::experiment::results::{
    Cause, Distribution, FlowRow, KpiRow, Network, Place, RunResults, Series, TargetRow, Verdict, Warning, Way,
};

/// A small generator of numbers in 0…1, so that the sample needs no file and never changes.
struct Lcg(u64);

impl Lcg {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Results of a three-site plan over eight replications.
pub fn falcon() -> RunResults {
    RunResults {
        title: "Falcon: online RL across three sites".into(),
        name: "falcon".into(),
        file: "scenarios/falcon.toml".into(),
        digest: "9f2c4a1be07d55aa9f2c4a1be07d55aa9f2c4a1be07d55aa9f2c4a1be07d55aa".into(),
        version: "0.1.0".into(),
        seed: 7,
        overrides: vec!["link.phx-dal.capacity=800 Gbps".into()],
        replications: 8,
        inputs: Vec::new(),
        simulated_s: 21_600.0,
        warmup_s: 1200.0,
        settled: None,
        events: 41_234_567,
        kpis: kpis(),
        targets: targets(),
        bottlenecks: causes(),
        systems: Vec::new(),
        network: network(),
        warnings: vec![
            Warning {
                code: Some("W0606".into()),
                message: "rounded up to 40,032 GPUs (whole racks of 72)".into(),
                at: "fleet.phoenix.gpus".into(),
            },
            Warning::of_run("no work reads or writes it", "storage.ric-base"),
        ],
        series: series(),
        distributions: vec![feedback()],
        flows: None,
        what_if: None,
        waves: None,
        by_way: Vec::new(),
    }
}

fn network() -> Network {
    let place = |(name, at): (&str, (f64, f64))| Place { name: name.into(), location: Some(at) };
    let sites = [("phoenix", (33.45, -112.07)), ("dallas", (32.78, -96.80)), ("richmond", (37.54, -77.44))];
    let links = [("phx-dal", 0, 1), ("dal-ric", 1, 2), ("phx-ric", 0, 2)];
    let both = |(link, a, b): (&str, usize, usize)| [(a, b), (b, a)].map(|ends| Way { link: link.into(), ends });
    Network { sites: sites.into_iter().map(place).collect(), ways: links.into_iter().flat_map(both).collect() }
}

fn kpi(name: &str, unit: &str, mean: f64, half: f64) -> KpiRow {
    KpiRow {
        name: name.into(),
        unit: unit.into(),
        mean: Some(mean),
        ci95: Some([mean - half, mean + half]),
        p5: None,
        p50: None,
        p95: None,
        quantiles_ci95: [None; 3],
        n: 8,
        reason: None,
        values: Vec::new(),
    }
}

fn without(name: &str, unit: &str, reason: &str) -> KpiRow {
    KpiRow { mean: None, ci95: None, n: 0, reason: Some(reason.into()), ..kpi(name, unit, 0.0, 0.0) }
}

fn kpis() -> Vec<KpiRow> {
    let mut rows = vec![
        kpi("fleet.dallas.available", "GPU", 39_871.4, 14.0),
        kpi("fleet.phoenix.available", "GPU", 39_866.1, 17.0),
        kpi("fleet.phoenix.usable_fraction", "1", 0.9958, 0.0004),
        kpi("link.phx-dal.downtime", "s", 0.0, 0.0),
        kpi("link.phx-dal.phoenix-to-dallas.utilisation", "1", 0.4213, 0.011),
        kpi("link.phx-dal.phoenix-to-dallas.utilisation.p95", "1", 0.9987, 0.0009),
        kpi("rl.online.feedback_time", "s", 43.2134, 1.21),
        kpi("rl.online.feedback_time.batch_wait", "s", 18.21, 0.9),
        kpi("rl.online.feedback_time.p50", "s", 40.11, 1.0),
        kpi("rl.online.feedback_time.p95", "s", 61.93, 2.4),
        kpi("rl.online.feedback_time.p99", "s", 131.5, 9.7),
        kpi("rl.online.feedback_time.publish", "s", 6.31, 0.31),
        kpi("rl.online.feedback_time.step", "s", 17.22, 0.0),
        kpi("rl.online.feedback_time.swap", "s", 1.24, 0.02),
        kpi("rl.online.feedback_time.transfer", "s", 0.2334, 0.004),
        kpi("rl.online.lag", "version", 1.82, 0.03),
        kpi("rl.online.on_time.fraction", "1", 0.9412, 0.012),
        KpiRow { n: 5, ..kpi("rl.online.tokens_rate", "tok/s", 1.8324e7, 1.2e5) },
        kpi("rl.online.trainer_idle", "1", 0.31, 0.004),
        without("storage.phx-base.read_efficiency", "1", "phx-base is never saturated in that direction"),
        kpi("storage.phx-hot.read_efficiency", "1", 0.9032, 0.0),
        kpi("storage.phx-hot.read_rate", "B/s", 1.2345e12, 2e9),
        kpi("storage.phx-hot.write_efficiency", "1", 0.5511, 0.003),
        without(
            "transfer.hydrate-dallas.time",
            "s",
            "unfinished at the horizon: 1.2 PB of 2 PB done, projected finish 9.8 h",
        ),
    ];
    rows.push(kpi("wan.busiest_utilisation", "1", 0.9987, 0.0009));
    rows
}

fn targets() -> Vec<TargetRow> {
    let base = TargetRow {
        name: "feedback".into(),
        kpi: "rl.online.feedback_time.p95".into(),
        rule: "at_most".into(),
        limit: 60.0,
        tolerance: None,
        value: Some(61.93),
        ci95: Some([59.53, 64.33]),
        verdict: Verdict::Inconclusive,
        source: None,
        unit: "s".into(),
    };
    let tail = TargetRow {
        name: "feedback-tail".into(),
        kpi: "rl.online.feedback_time.p99".into(),
        value: Some(131.5),
        ci95: Some([121.8, 141.2]),
        verdict: Verdict::Fail,
        ..base.clone()
    };
    let read = TargetRow {
        name: "read".into(),
        kpi: "storage.phx-hot.read_efficiency".into(),
        rule: "within".into(),
        limit: 0.9,
        tolerance: Some(0.02),
        value: Some(0.9032),
        ci95: Some([0.9032, 0.9032]),
        verdict: Verdict::Pass,
        source: Some("vendor benchmark, 2026, table 3".into()),
        unit: "1".into(),
    };
    vec![base, tail, read]
}

fn causes() -> Vec<Cause> {
    let cause = |work: &str, cause: &str, share: f64| Cause { work: work.into(), cause: cause.into(), share };
    vec![
        cause("hydrate-dallas", "link.phx-dal.phoenix-to-dallas", 0.9),
        cause("hydrate-dallas", "storage.dal-hot.media_write", 0.1),
        cause("online", "window", 0.412),
        cause("online", "link.phx-dal.phoenix-to-dallas", 0.301),
        cause("online", "latency", 0.12),
        cause("online", "fleet.phoenix.nic", 0.1),
        cause("online", "link.dal-ric.dallas-to-richmond", 0.04),
        cause("online", "storage.phx-hot.write_buffer", 0.02),
        cause("online", "no-path", 0.005),
        cause("online", "slots", 0.002),
    ]
}

/// Two humps: delta publishes around 40 s and, one time in 25, full publishes around 130 s.
fn feedback() -> Distribution {
    let mut rng = Lcg(3);
    let mut samples: Vec<f64> = (0..4000)
        .map(|i| {
            let hump = (0..6).map(|_| rng.next()).sum::<f64>() / 6.0 - 0.5;
            if i % 25 == 0 { 130.0 + 60.0 * hump } else { 40.0 + 55.0 * hump }
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    let share = 1.0 / samples.len() as f64;
    Distribution {
        name: "rl.online.feedback_time".into(),
        unit: "s".into(),
        limit: Some(60.0),
        shares: vec![share; samples.len()],
        values: samples,
    }
}

fn series() -> Vec<Series> {
    let mut all = Vec::new();
    for (seed, fleet) in ["dallas", "phoenix", "richmond"].into_iter().enumerate() {
        let mut rng = Lcg(seed as u64 + 11);
        let mut healthy = 40_000.0;
        let available = curve(360, |_| {
            healthy += if rng.next() < 0.2 { -72.0 * rng.next().round() } else { (40_000.0 - healthy) * 0.03 };
            healthy
        });
        let usable = available.1.iter().map(|v| v - 24.0).collect();
        all.push(named(&format!("fleet.{fleet}.available"), "GPU", available.clone()));
        all.push(named(&format!("fleet.{fleet}.usable"), "GPU", (available.0, usable)));
    }
    for (seed, (link, a, b)) in
        [("dal-ric", "dallas", "richmond"), ("phx-dal", "phoenix", "dallas"), ("phx-ric", "phoenix", "richmond")]
            .into_iter()
            .enumerate()
    {
        let mut rng = Lcg(seed as u64 + 21);
        let out = curve(360, |i| if i % 25 == 3 { 1.0 } else { 0.35 + 0.2 * rng.next() });
        let back = curve(360, |_| 0.05 + 0.04 * rng.next());
        all.push(named(&format!("link.{link}.{a}-to-{b}.utilisation"), "1", out));
        all.push(named(&format!("link.{link}.{b}-to-{a}.utilisation"), "1", back));
    }
    for (seed, storage) in ["dal-base", "dal-hot", "phx-base", "phx-hot", "ric-hot"].into_iter().enumerate() {
        let mut rng = Lcg(seed as u64 + 31);
        let size = [0.0, 4e11, 8e10, 1.1e12, 3e11][seed];
        all.push(named(
            &format!("storage.{storage}.read_efficiency"),
            "1",
            curve(360, |i| if i % 40 < 9 { 0.9 } else { f64::NAN }),
        ));
        all.push(named(
            &format!("storage.{storage}.read_rate"),
            "B/s",
            curve(360, |_| size * (0.8 + 0.2 * rng.next())),
        ));
        all.push(named(&format!("storage.{storage}.write_efficiency"), "1", curve(360, |_| f64::NAN)));
        let write = curve(360, |i| if i % 15 < 4 { size * 0.6 * (0.9 + 0.1 * rng.next()) } else { 0.0 });
        all.push(named(&format!("storage.{storage}.write_rate"), "B/s", write));
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

fn curve(n: usize, mut value: impl FnMut(usize) -> f64) -> (Vec<f64>, Vec<f64>) {
    ((1..=n).map(|i| i as f64 * 60.0).collect(), (0..n).map(&mut value).collect())
}

fn named(name: &str, unit: &str, (t_s, values): (Vec<f64>, Vec<f64>)) -> Series {
    Series { name: name.into(), unit: unit.into(), t_s, values }
}

/// The least a run can hold.
pub fn empty() -> RunResults {
    RunResults {
        title: "Nothing".into(),
        name: "nothing".into(),
        file: "nothing.toml".into(),
        digest: "00".into(),
        overrides: vec![],
        replications: 1,
        warmup_s: 0.0,
        settled: None,
        events: 0,
        kpis: vec![],
        targets: vec![],
        bottlenecks: vec![],
        systems: Vec::new(),
        network: Network::default(),
        warnings: vec![],
        series: vec![],
        distributions: vec![],
        flows: Some(vec![FlowRow {
            flow: 0,
            start_s: 0.0,
            finish_s: Some(0.1),
            bytes: 1e9,
            bottleneck: "link.x".into(),
        }]),
        ..falcon()
    }
}
