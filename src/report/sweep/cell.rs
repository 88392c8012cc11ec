//! A cell as bytes: a line that says what it is and what made it, and the results.

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::experiment::results::sweep::CellResults;
use crate::experiment::results::{KpiRow, Verdict};
use crate::report::json::verdict;

/// Key that marks the header; its value is the version of the form.
const MARK: &str = "apollo_cell";

/// A cell that was read back.
#[derive(Debug, PartialEq)]
pub struct Cell {
    /// What made it, as [`crate::report::manifest::made_by`] says.
    pub made_by: Value,
    /// Its results.
    pub results: CellResults,
}

/// The bytes of a cell.
pub fn encode(id: u128, made_by: &Value, results: &CellResults) -> Vec<u8> {
    let row = |k: &KpiRow| {
        let [lo, hi] = k.ci95.map_or([None, None], |[lo, hi]| [Some(lo), Some(hi)]);
        json!([k.name, k.unit, k.mean, lo, hi, k.n, k.reason])
    };
    let verdicts = results.verdicts.iter().map(|(name, v)| json!([name, verdict(*v)]));
    let body = json!({
        "failure": results.failure,
        "replications": results.replications,
        "targets": verdicts.collect::<Vec<_>>(),
        "kpis": results.kpis.iter().map(row).collect::<Vec<_>>(),
    });
    let body = format!("{body}\n");
    let header = json!({ MARK: 1, "id": name(id), "sha256": sha256(body.as_bytes()), "made_by": made_by });
    format!("{header}\n{body}").into_bytes()
}

/// The cell `id` from its bytes.
///
/// # Errors
/// What is wrong with them, in words.
pub fn decode(id: u128, bytes: &[u8]) -> Result<Cell, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "is no text")?;
    let (header, body) = text.split_once('\n').ok_or("is cut off")?;
    let header: Value = serde_json::from_str(header).map_err(|_| "has no header")?;
    if header[MARK] != 1 || header["id"] != name(id).as_str() {
        return Err("has the header of something else");
    }
    if header["sha256"] != sha256(body.as_bytes()).as_str() {
        return Err("is damaged: its digest does not fit");
    }
    let body: Body = serde_json::from_str(body).map_err(|_| "holds no results")?;
    let results = results(body).ok_or("holds no results")?;
    Ok(Cell { made_by: header["made_by"].clone(), results })
}

/// Name of a cell: 32 hexadecimal digits.
pub fn name(id: u128) -> String {
    format!("{id:032x}")
}

/// The second line of a cell, as [`encode`] writes it.
#[derive(Deserialize)]
struct Body {
    failure: Option<String>,
    replications: u32,
    /// Name and verdict.
    targets: Vec<(String, String)>,
    kpis: Vec<Row>,
}

/// Name, unit, mean, both ends of the interval, replications with a value, reason.
type Row = (String, String, Option<f64>, Option<f64>, Option<f64>, u32, Option<String>);

fn results(body: Body) -> Option<CellResults> {
    let target = |(name, word): (String, String)| {
        let all = [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive];
        Some((name, all.into_iter().find(|v| word == verdict(*v))?))
    };
    let kpis = body.kpis.into_iter().map(|(name, unit, mean, lo, hi, n, reason)| {
        let ci95 = lo.zip(hi).map(|(lo, hi)| [lo, hi]);
        KpiRow { name, unit, mean, ci95, n, reason, ..KpiRow::default() }
    });
    Some(CellResults {
        failure: body.failure,
        replications: body.replications,
        kpis: kpis.collect(),
        verdicts: body.targets.into_iter().map(target).collect::<Option<_>>()?,
    })
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_reads_back_to_the_last_bit_and_damage_is_seen() {
        let kpi = |name: &str, mean, ci95, reason: Option<&str>| KpiRow {
            name: name.into(),
            unit: "s".into(),
            mean,
            ci95,
            n: 2,
            reason: reason.map(Into::into),
            values: Vec::new(),
            ..KpiRow::default()
        };
        let kpis = vec![kpi("a", Some(0.1 + 0.2), Some([1.0 / 3.0, 1e300]), None), kpi("b", None, None, Some("none"))];
        let verdicts = vec![("t".to_owned(), Verdict::Inconclusive)];
        let results = CellResults { failure: None, replications: 2, kpis, verdicts };
        let bytes = encode(7, &json!({ "version": "x" }), &results);
        assert_eq!(decode(7, &bytes).unwrap(), Cell { made_by: json!({ "version": "x" }), results });
        assert!(decode(8, &bytes).is_err());
        for at in 0..bytes.len() {
            assert!(decode(7, &bytes[..at]).is_err(), "cut at {at}");
        }
        let mut flipped = bytes.clone();
        *flipped.iter_mut().rev().nth(20).unwrap() ^= 1;
        assert!(decode(7, &flipped).is_err());
    }
}
