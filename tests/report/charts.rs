//! Charts of made-up results: the same bytes each time, and no panic on odd data.

use apollo_sim::experiment::results::{Distribution, KpiRow, Network, Place, RunResults, Series, Way};
use apollo_sim::report::charts::{charts, png, svg};

use crate::sample::{empty, falcon};

#[test]
fn five_charts_in_two_formats_with_the_same_bytes_each_time() {
    let (first, second) = (charts(&falcon()), charts(&falcon()));
    let names: Vec<&str> = first.iter().map(|c| c.name).collect();
    assert_eq!(names, ["rl-feedback-time", "wan-utilisation", "storage", "usable-gpus", "network"]);
    for (a, b) in first.iter().zip(&second) {
        let (x, y) = (png(a).unwrap(), png(b).unwrap());
        assert!(x == y && x.starts_with(b"\x89PNG"), "{}", a.name);
        let text = svg(a).unwrap();
        assert_eq!(text, svg(b).unwrap());
        assert!(text.contains("Falcon: online RL across three sites"), "{}", a.name);
        assert!(text.starts_with("<svg width=\"1000\""), "{}", &text[..80]);
        keep(a.name, &x, &text);
    }
}

/// Writes the pictures where a person who works on them can look: `APOLLO_KEEP_CHARTS=DIR cargo test --test report`.
fn keep(name: &str, png: &[u8], svg: &str) {
    if let Some(dir) = std::env::var_os("APOLLO_KEEP_CHARTS") {
        let dir = std::path::PathBuf::from(dir);
        std::fs::write(dir.join(format!("{name}.png")), png).expect("the folder can be written");
        std::fs::write(dir.join(format!("{name}.svg")), svg).expect("the folder can be written");
    }
}

#[test]
fn a_chart_without_data_says_why() {
    for chart in charts(&empty()) {
        assert!(chart.panels.is_empty() && chart.map.is_none());
        let text = svg(&chart).unwrap();
        assert!(text.contains("nothing to show: "), "{text}");
        let bytes = png(&chart).unwrap();
        keep(&format!("empty-{}", chart.name), &bytes, &text);
    }
}

#[test]
fn odd_data_is_drawn_without_a_panic() {
    let mut run = falcon();
    run.title = "A very long title & <b>markup</b> \u{1b}[2J ".repeat(20);
    for series in &mut run.series {
        series.values = vec![f64::NAN; series.values.len()];
    }
    for d in &mut run.distributions {
        d.values = vec![0.0; d.values.len()];
    }
    draw_all("odd", &run);
    run.series = vec![
        series("fleet.x.available", vec![]),
        series("link.x.a-to-b.utilisation", vec![f64::INFINITY, -1.0, 7.0]),
        series("storage.x.read_rate", vec![1e300, f64::INFINITY]),
        series("storage.y.write_rate", vec![5e-324]),
    ];
    run.simulated_s = f64::NAN;
    run.distributions = vec![Distribution {
        name: "rl.x.feedback_time".into(),
        unit: "s".into(),
        limit: None,
        values: vec![f64::MAX, f64::INFINITY],
        shares: vec![0.5, 0.5],
    }];
    draw_all("odder", &run);
}

#[test]
fn many_links_and_fleets_stay_on_one_picture() {
    let mut run = falcon();
    for i in 0..30 {
        run.series.push(series(
            &format!("link.l{i:02}.a-very-long-site-name-to-another-long-site-name.utilisation"),
            vec![0.5, 0.1],
        ));
        run.series.push(series(&format!("fleet.f{i:02}.available"), vec![100.0, 99.0]));
    }
    run.series.sort_by(|a, b| a.name.cmp(&b.name));
    let all = charts(&run);
    assert_eq!(all[1].panels.len(), 12);
    assert!(all[1].subtitle.contains("the 12 busiest of 33 links"), "{}", all[1].subtitle);
    draw_all("many", &run);
}

/// A grid of 144 sites with coordinates, with some, and with none; a pair joined by many links; a link onto itself.
#[test]
fn maps_of_any_network_are_drawn() {
    for located in [144, 100, 1, 0] {
        let mut run = falcon();
        let at = |i: usize| (30.0 + (i / 12) as f64, -120.0 + 4.0 * (i % 12) as f64);
        let place = |i: usize| Place { name: format!("site-number-{i}"), location: (i < located).then(|| at(i)) };
        let mut ends: Vec<(usize, usize)> = (0..143).filter(|i| i % 12 < 11).map(|i| (i, i + 1)).collect();
        ends.extend((0..132).map(|i| (i, i + 12)));
        ends.extend([(0, 1), (0, 1), (5, 5)]);
        let way = |(l, ends): (usize, (usize, usize))| Way { link: format!("l{l}"), ends };
        run.network =
            Network { sites: (0..144).map(place).collect(), ways: ends.into_iter().enumerate().map(way).collect() };
        let first = run.kpis[0].clone();
        let kpi = |l: usize| KpiRow {
            name: format!("link.l{l}.site-number-{}-to-site-number-{}.utilisation", l + l / 11, l + l / 11 + 1),
            mean: Some(l as f64 / 40.0),
            ..first.clone()
        };
        run.kpis = (0..40).map(kpi).collect();
        draw_all(&format!("grid-{located}"), &run);
        let text = svg(&charts(&run)[4]).expect("draws");
        assert!(text.contains("Busiest directions") && text.contains("97.5 %"), "{located}");
    }
    let mut run = falcon();
    run.network.sites.iter_mut().for_each(|site| site.location = Some((0.0, 0.0)));
    draw_all("one-place", &run);
}

fn series(name: &str, values: Vec<f64>) -> Series {
    Series { name: name.into(), unit: "1".into(), t_s: (1..=values.len()).map(|i| i as f64 * 60.0).collect(), values }
}

/// Both formats are drawn by the same strokes; text is the quicker one to make.
fn draw_all(prefix: &str, run: &RunResults) {
    for chart in charts(run) {
        let text = svg(&chart).expect("draws");
        assert!(!text.contains('\u{1b}') && !text.contains("<b>"));
        if std::env::var_os("APOLLO_KEEP_CHARTS").is_some() {
            keep(&format!("{prefix}-{}", chart.name), &png(&chart).expect("draws"), &text);
        }
    }
}
