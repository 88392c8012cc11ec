//! Fits coefficients of a storage system to measured rows, with the simulator itself as the model.
//!
//! Each row is an experiment: the scenario's `io` work on its system, alone, with the row's clients, size, queue depth
//! and read share, for as long as the row ran. What is minimised is the mean of |ln(predicted ÷ measured)| over the fitted
//! rows: near the measurement that is the relative error, and half of it counts as much as twice (of |predicted ÷ measured
//! − 1|, which is printed, no prediction that is too low can cost more than 1, so that fits would flee there). `search`
//! looks for the minimum on a logarithmic scale between bounds.
//!
//! Rows often cannot tell values apart: a limit that never binds may be anything above what was seen. So every step away
//! from the present value costs a little, far less than what any row can show: of values that fit alike, the one nearest
//! to the present wins. Afterwards each coefficient is moved by a quarter both ways, and by four times where that shows
//! nothing, the others fitted anew; what fits as well everywhere is *not identified*, gets its present value back, and the
//! rest is fitted again.

mod bench;
mod hold_out;
mod notes;
mod search;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::results::calibration::{Calibration, Compared, FAR, Fitted, Identified, RowResult, SHIFT};
use super::{RunError, in_threads};
use crate::scenario::measured::{Measured, Row};
use crate::scenario::plan::{Plan, WorkKind};
use crate::scenario::{Coefficient, Draft};
use crate::units::{display, parse};
use bench::{Bench, Missing, Predicted};
pub use hold_out::HoldOut;
use search::Point;

/// What a step over the whole range of one coefficient costs: as much as a hundredth of a per cent of error.
const PULL: f64 = 1e-4;
/// Distances this close are alike: two in ten thousand, and a fiftieth of the distance itself, which repeated measurements
/// scatter by. Assumption.
const ALIKE: (f64, f64) = (2e-4, 0.02);
/// Closer to a bound than this share of the range counts as at the bound.
const EDGE: f64 = 1e-4;
/// Trials of a fit, per coefficient, as it usually comes out: for the progress bar alone.
const USUAL_TRIALS: f64 = 1500.0;

/// What is to be calibrated.
pub struct Request<'a> {
    /// The scenario.
    pub draft: &'a Draft,
    /// Its path as given.
    pub file: String,
    /// Digest of the scenario and all it names.
    pub digest: String,
    /// Its plan with the present values.
    pub plan: &'a Plan,
    /// Index of the `io` work in the plan.
    pub work: usize,
    /// Measured rows.
    pub measured: &'a Measured,
    /// What to fit; nothing to compare only.
    pub coefficients: &'a [Coefficient],
    /// Which rows are held out.
    pub hold_out: HoldOut,
    /// Threads; one per core where none are given.
    pub threads: Option<usize>,
    /// Raised from outside to stop.
    pub interrupt: Arc<AtomicBool>,
    /// Told the share of all work that is done, 0…1, from any thread.
    pub progress: &'a (dyn Fn(f64) + Sync),
}

/// Why there is no calibration.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateError {
    /// The rows cannot carry the fit.
    #[error("{0}")]
    Rows(String),
    /// The simulator has no prediction for a row with the present values.
    #[error("the simulator gives no rate: {0}")]
    NoPrediction(String),
    /// As for a run.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl From<Missing> for CalibrateError {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Interrupted => CalibrateError::Run(RunError::Interrupted),
            Missing::Reason(reason) => CalibrateError::NoPrediction(reason),
        }
    }
}

/// Predicts all rows, fits the coefficients to those that are not held out, and predicts all rows again.
///
/// # Errors
/// [`CalibrateError`]: too few rows, no prediction, an interrupt, threads that cannot be started.
pub fn calibrate(request: &Request<'_>) -> Result<Calibration, CalibrateError> {
    let held_out = request.hold_out.choose(&request.measured.rows);
    let training: Vec<usize> = held_out.iter().enumerate().filter(|(_, out)| !**out).map(|(row, _)| row).collect();
    check_rows(request, training.len())?;
    let bench = Bench {
        draft: request.draft,
        work: request.work,
        rows: &request.measured.rows,
        interrupt: Arc::clone(&request.interrupt),
        simulations: AtomicU64::new(0),
    };
    in_threads(request.threads, || {
        let all: Vec<usize> = (0..request.measured.rows.len()).collect();
        let start: Vec<f64> = request.coefficients.iter().map(|c| c.start).collect();
        let before = bench.predict(request.coefficients, &start, &all)?;
        let problem = Problem { bench: &bench, request, training: &training, trials: AtomicU64::new(0) };
        let fitted = problem.fit();
        if request.interrupt.load(Ordering::Relaxed) {
            return Err(CalibrateError::Run(RunError::Interrupted));
        }
        let end: Vec<f64> = fitted.iter().map(|f| f.after).collect();
        let after = bench.predict(request.coefficients, &end, &all)?;
        Ok(results(request, &bench, &held_out, fitted, (&before, &after)))
    })?
}

fn check_rows(request: &Request<'_>, training: usize) -> Result<(), CalibrateError> {
    let (rows, wanted) = (request.measured.rows.len(), request.coefficients.len());
    let refuse = |what: String| Err(CalibrateError::Rows(what));
    if request.hold_out == HoldOut::Column && request.measured.rows.iter().all(|row| row.hold_out.is_none()) {
        return refuse("no file of measured rows has a column 'hold_out'".to_owned());
    }
    if wanted > 0 && training == 0 {
        return refuse(format!("all {rows} rows are held out: none is left to fit to"));
    }
    if training < wanted {
        return refuse(format!("{wanted} coefficients cannot be fitted to {training} rows"));
    }
    Ok(())
}

/// What values on one side of the fitted one show.
#[derive(Clone, Copy)]
enum Side {
    /// A quarter away fits worse.
    Sharp,
    /// Only far away fits worse.
    Rough,
    /// Nothing fits worse.
    Open,
    /// A quarter away lies beyond the bound.
    Beyond,
}

/// The fit.
struct Problem<'a> {
    bench: &'a Bench<'a>,
    request: &'a Request<'a>,
    training: &'a [usize],
    trials: AtomicU64,
}

impl Problem<'_> {
    fn coefficients(&self) -> &[Coefficient] {
        self.request.coefficients
    }

    /// Mean over the fitted rows of what `of` makes of predicted ÷ measured; infinite where the scenario does not admit
    /// the values.
    fn mean(&self, values: &[f64], of: fn(f64) -> f64) -> f64 {
        let trials = self.trials.fetch_add(1, Ordering::Relaxed) as f64;
        (self.request.progress)(trials / (USUAL_TRIALS * values.len().max(1) as f64));
        let Ok(predicted) = self.bench.predict(self.coefficients(), values, self.training) else {
            return f64::INFINITY;
        };
        let one = |(p, row): (&Predicted, &usize)| of(p.rate / self.bench.rows[*row].rate).abs();
        predicted.iter().zip(self.training).map(one).sum::<f64>() / self.training.len() as f64
    }

    /// What is minimised.
    fn distance(&self, values: &[f64]) -> f64 {
        self.mean(values, libm::log)
    }

    /// What is printed.
    fn error(&self, values: &[f64]) -> f64 {
        self.mean(values, |ratio| ratio - 1.0)
    }

    fn fit(&self) -> Vec<Fitted> {
        let count = self.coefficients().len();
        let mut free: Vec<usize> = (0..count).collect();
        let mut at: Vec<f64> = self.coefficients().iter().map(|c| to_unit(c, c.start)).collect();
        let start = at.clone();
        let mut out: Vec<Option<Fitted>> = vec![None; count];
        while !free.is_empty() {
            at = self.minimum(&start, &free);
            let distance = self.distance(&self.values(&at));
            let found: Vec<Fitted> = free.iter().map(|&i| self.examine(&at, i, &free, distance)).collect();
            let lost = |(_, fitted): &(usize, &Fitted)| fitted.identified == Identified::No;
            // Of several, the one that has moved least is the one the rows say least about.
            let least = found.iter().enumerate().filter(lost).min_by(|(a, _), (b, _)| {
                let moved = |n: &usize| (at[free[*n]] - start[free[*n]]).abs();
                moved(a).total_cmp(&moved(b)).then(b.cmp(a))
            });
            let Some((least, fitted)) = least else {
                for (&i, fitted) in free.iter().zip(found) {
                    out[i] = Some(fitted);
                }
                break;
            };
            out[free[least]] = Some(fitted.clone());
            free.remove(least);
        }
        out.into_iter().flatten().collect()
    }

    /// The values that a point means. A coefficient that has not moved has exactly its present value.
    fn values(&self, at: &[f64]) -> Vec<f64> {
        let value = |(c, u): (&Coefficient, &f64)| {
            if is_present(c, *u) { c.start } else { from_unit(c, *u) }
        };
        self.coefficients().iter().zip(at).map(value).collect()
    }

    /// The best point when only some coefficients may move; the others have their present values.
    fn minimum(&self, start: &[f64], free: &[usize]) -> Vec<f64> {
        let whole = |part: &[f64]| {
            let mut at = start.to_vec();
            free.iter().zip(part).for_each(|(i, u)| at[*i] = *u);
            at
        };
        let loss = |part: &[f64]| {
            let pull: f64 = free.iter().zip(part).map(|(i, u)| (u - start[*i]).abs()).sum();
            self.distance(&self.values(&whole(part))) + PULL * pull
        };
        let from: Vec<f64> = free.iter().map(|i| start[*i]).collect();
        whole(&search::minimise(&loss, &from).at)
    }

    /// Moves a coefficient by a quarter both ways, and far where that shows nothing, the other free ones fitted anew.
    fn examine(&self, at: &[f64], moved: usize, free: &[usize], distance: f64) -> Fitted {
        let c = &self.coefficients()[moved];
        let value = self.values(at)[moved];
        let refit = |value: f64| self.refitted(at, moved, to_unit(c, value), free);
        let alike = |point: &Point| point.loss <= distance + ALIKE.0 + ALIKE.1 * distance;
        let near = |factor: f64| (c.low..=c.high).contains(&(value * factor)).then(|| refit(value * factor));
        let (lower, higher) = (near(1.0 / SHIFT), near(SHIFT));
        let side = |near: &Option<Point>, factor: f64| match near {
            None => Side::Beyond,
            Some(point) if !alike(point) => Side::Sharp,
            Some(_) if alike(&refit((value * factor).clamp(c.low, c.high))) => Side::Open,
            Some(_) => Side::Rough,
        };
        let edge = at[moved] < EDGE || at[moved] > 1.0 - EDGE;
        let identified = match (side(&lower, 1.0 / FAR), side(&higher, FAR)) {
            (Side::Sharp, Side::Sharp) => Identified::Yes,
            (Side::Sharp, Side::Beyond) | (Side::Beyond, Side::Sharp) if edge => Identified::AtBound,
            (Side::Sharp, Side::Beyond) | (Side::Beyond, Side::Sharp) => Identified::Yes,
            (Side::Sharp | Side::Rough, Side::Open) => Identified::AtLeast,
            (Side::Open, Side::Sharp | Side::Rough) => Identified::AtMost,
            // Kept can only be what fits as well where it is.
            (Side::Open | Side::Beyond, Side::Open | Side::Beyond) if alike(&refit(c.start)) => Identified::No,
            _ => Identified::Roughly,
        };
        let error = |point: Point| self.error(&self.values(&point.at));
        Fitted {
            name: c.name.clone(),
            address: c.address.clone(),
            dim: c.dim,
            before: c.start,
            after: if identified == Identified::No { c.start } else { rounded(c, value) },
            bounds: [c.low, c.high],
            error_lower: lower.map(error),
            error_higher: higher.map(error),
            identified,
            stated: c.stated.clone(),
        }
    }

    /// The best point with one coefficient held at another value, the other free ones fitted anew from where they are.
    fn refitted(&self, at: &[f64], moved: usize, to: f64, free: &[usize]) -> Point {
        let others: Vec<usize> = free.iter().copied().filter(|i| *i != moved).collect();
        let whole = |part: &[f64]| {
            let mut at = at.to_vec();
            at[moved] = to;
            others.iter().zip(part).for_each(|(i, u)| at[*i] = *u);
            at
        };
        let loss = |part: &[f64]| self.distance(&self.values(&whole(part)));
        let from: Vec<f64> = others.iter().map(|i| at[*i]).collect();
        let first = loss(&from);
        let first = Point { at: from, loss: first };
        let best = if others.is_empty() { first } else { search::descend(&loss, first, 2) };
        Point { at: whole(&best.at), loss: best.loss }
    }
}

/// Whether a place stands for the present value, which then is taken to the last bit.
fn is_present(c: &Coefficient, at: f64) -> bool {
    (c.low..=c.high).contains(&c.start) && at.to_bits() == to_unit(c, c.start).to_bits()
}

/// Place of a value between the bounds, 0…1, on a logarithmic scale.
fn to_unit(c: &Coefficient, value: f64) -> f64 {
    let range = libm::log(c.high / c.low);
    if range > 0.0 { (libm::log(value.max(c.low) / c.low) / range).clamp(0.0, 1.0) } else { 0.0 }
}

fn from_unit(c: &Coefficient, at: f64) -> f64 {
    let value = c.low * libm::exp(at * libm::log(c.high / c.low));
    value.clamp(c.low, c.high)
}

/// The value as it is written, with four digits, which is more than any measurement has; the present one stays as it is.
fn rounded(c: &Coefficient, value: f64) -> f64 {
    if value.to_bits() == c.start.to_bits() {
        return value;
    }
    let short = parse(&display(value, c.dim), c.dim).unwrap_or(value);
    if (c.low..=c.high).contains(&short) { short } else { value }
}

fn results(
    request: &Request<'_>,
    bench: &Bench<'_>,
    held_out: &[bool],
    coefficients: Vec<Fitted>,
    (before, after): (&[Predicted], &[Predicted]),
) -> Calibration {
    let row = |(index, row): (usize, &Row)| RowResult {
        label: row.label.clone(),
        at: row.at.clone(),
        held_out: held_out[index],
        clients: row.clients,
        io_size: row.io_size,
        queue_depth: row.queue_depth,
        read_share: row.read_share,
        rate: Compared { measured: row.rate, before: before[index].rate, after: after[index].rate },
        latency: row.latency.map(|measured| Compared {
            measured,
            before: before[index].latency,
            after: after[index].latency,
        }),
    };
    let measured = request.measured;
    let work = &request.plan.works[request.work];
    let storage = match &work.kind {
        WorkKind::Io(io) => &request.plan.storages[io.storage],
        _ => unreachable!("the work is an io work: the caller has looked for one"),
    };
    let mut out = Calibration {
        file: request.file.clone(),
        digest: request.digest.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        work: work.name.clone(),
        storage: storage.name.clone(),
        part: storage.system.clone(),
        measured: measured.files.iter().map(|(name, form)| (name.clone(), form.word().to_owned())).collect(),
        measured_digest: measured.digest.clone(),
        hold_out: request.hold_out.words(),
        notes: Vec::new(),
        coefficients,
        rows: measured.rows.iter().enumerate().map(row).collect(),
        simulations: bench.simulations.load(Ordering::Relaxed),
    };
    out.notes = notes::notes(&out);
    out
}
