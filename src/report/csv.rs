//! Tables as CSV with a header line and `\n` line ends; numbers in base units.

use super::human;
use super::json;
use crate::experiment::results::{FlowRow, KpiRow, RunResults};

/// KPIs: `name,unit,mean,ci95_lo,ci95_hi,p5,p50,p95,n,reason`, empty where there is no value.
pub fn kpis(rows: &[KpiRow]) -> String {
    let mut out = Writer::new(&["name", "unit", "mean", "ci95_lo", "ci95_hi", "p5", "p50", "p95", "n", "reason"]);
    for row in rows {
        let number = |v: Option<f64>| number(v, &row.unit);
        out.row([
            row.name.clone(),
            row.unit.clone(),
            number(row.mean),
            number(row.ci95.map(|ci| ci[0])),
            number(row.ci95.map(|ci| ci[1])),
            number(row.p5),
            number(row.p50),
            number(row.p95),
            row.n.to_string(),
            row.reason.clone().unwrap_or_default(),
        ]);
    }
    out.finish()
}

/// Targets of several runs: `file,name,kpi,rule,limit,tolerance,value,ci95_lo,ci95_hi,verdict,source`.
pub fn targets(runs: &[&RunResults]) -> String {
    let heads =
        ["file", "name", "kpi", "rule", "limit", "tolerance", "value", "ci95_lo", "ci95_hi", "verdict", "source"];
    let mut out = Writer::new(&heads);
    for run in runs {
        for row in &run.targets {
            let number = |v: Option<f64>| number(v, &row.unit);
            out.row([
                run.file.clone(),
                row.name.clone(),
                row.kpi.clone(),
                row.rule.clone(),
                number(Some(row.limit)),
                row.tolerance.map_or_else(String::new, shortest),
                number(row.value),
                number(row.ci95.map(|ci| ci[0])),
                number(row.ci95.map(|ci| ci[1])),
                json::verdict(row.verdict).to_owned(),
                row.source.clone().unwrap_or_default(),
            ]);
        }
    }
    out.finish()
}

/// Flows: `flow,start_s,finish_s,bytes,bottleneck`, numbers with 17 significant digits, an unfinished flow with an empty finish.
pub fn flows(rows: &[FlowRow]) -> String {
    let mut out = Writer::new(&["flow", "start_s", "finish_s", "bytes", "bottleneck"]);
    for row in rows {
        out.row([
            row.flow.to_string(),
            seventeen(row.start_s),
            row.finish_s.map_or_else(String::new, seventeen),
            seventeen(row.bytes),
            row.bottleneck.clone(),
        ]);
    }
    out.finish()
}

/// Any table of texts.
pub fn table<T: AsRef<[u8]>>(heads: &[&str], rows: impl IntoIterator<Item = Vec<T>>) -> String {
    let mut out = Writer::new(heads);
    for row in rows {
        out.row(row);
    }
    out.finish()
}

/// A CSV writer into memory, which cannot fail.
struct Writer(::csv::Writer<Vec<u8>>);

impl Writer {
    fn new(heads: &[&str]) -> Self {
        let mut writer = Writer(::csv::Writer::from_writer(Vec::new()));
        writer.row(heads);
        writer
    }

    fn row<T: AsRef<[u8]>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.0.write_record(cells).expect("every row has as many cells as the head, and memory does not fail");
    }

    fn finish(self) -> String {
        let bytes = self.0.into_inner().expect("memory does not fail");
        String::from_utf8(bytes).expect("cells were strings")
    }
}

/// A number, a date, or nothing.
fn number(value: Option<f64>, unit: &str) -> String {
    match value {
        Some(v) if unit == "date" => human::date(v).unwrap_or_default(),
        Some(v) if v.is_finite() => shortest(v),
        _ => String::new(),
    }
}

/// The fewest digits that read back to the same double; an exponent only where it is shorter.
pub(super) fn shortest(value: f64) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// Seventeen significant digits, trailing zeros dropped: what a double needs to be compared to the last bit.
fn seventeen(value: f64) -> String {
    let scientific = format!("{value:.16e}");
    let exponent = human::exponent(value, 17);
    if !value.is_finite() || !(-5..17).contains(&exponent) {
        return scientific;
    }
    let text = format!("{value:.*}", (16 - exponent).max(0) as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_have_the_promised_digits() {
        assert_eq!(shortest(60.0), "60");
        assert_eq!(shortest(0.1), "0.1");
        assert_eq!(shortest(1e300), "1e300");
        assert_eq!(seventeen(0.1), "0.10000000000000001");
        assert_eq!(seventeen(0.0), "0");
        assert_eq!(seventeen(12.5), "12.5");
        assert_eq!(seventeen(1e16), "10000000000000000");
        assert_eq!(seventeen(1.0 / 3.0 * 1e-9), "3.3333333333333332e-10");
    }

    #[test]
    fn cells_with_commas_and_quotes_are_quoted() {
        let flow = FlowRow { flow: 3, start_s: 0.5, finish_s: None, bytes: 1e9, bottleneck: "a,\"b\"".to_owned() };
        assert_eq!(flows(&[flow]), "flow,start_s,finish_s,bytes,bottleneck\n3,0.5,,1000000000,\"a,\"\"b\"\"\"\n");
    }

    proptest! {
        #[test]
        fn both_forms_read_back_to_the_same_double(v in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
            prop_assert_eq!(seventeen(v).parse::<f64>().unwrap().to_bits(), v.to_bits());
            prop_assert_eq!(shortest(v).parse::<f64>().unwrap().to_bits(), v.to_bits());
        }
    }
}
