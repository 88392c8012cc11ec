//! What a calibration yields.

use crate::units::Dimension;

/// A calibration of one system.
#[derive(Clone, Debug)]
pub struct Calibration {
    /// Path of the scenario as given.
    pub file: String,
    /// SHA-256 (hex) of the scenario and all it names.
    pub digest: String,
    /// Program version.
    pub version: String,
    /// The `io` work that the rows were run as.
    pub work: String,
    /// The storage system under load.
    pub storage: String,
    /// Its catalogue part.
    pub part: String,
    /// Files of measured rows, with their form.
    pub measured: Vec<(String, String)>,
    /// SHA-256 (hex) of them.
    pub measured_digest: String,
    /// How rows were held out, in words.
    pub hold_out: String,
    /// Coefficients, as named by the user. Empty when rows were only compared.
    pub coefficients: Vec<Fitted>,
    /// Rows in the order of the files.
    pub rows: Vec<RowResult>,
    /// Things a planner should know.
    pub notes: Vec<String>,
    /// Simulations that were run.
    pub simulations: u64,
}

/// What the rows say of a coefficient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identified {
    /// Both a smaller and a larger value fit worse.
    Yes,
    /// Only values far away fit worse.
    Roughly,
    /// A larger value fits as well: the value is a lower limit.
    AtLeast,
    /// A smaller value fits as well: the value is an upper limit.
    AtMost,
    /// Neither shows, and the present value fits as well: it is kept.
    No,
    /// The best value lies at a bound of what may be tried.
    AtBound,
}

impl Identified {
    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Identified::Yes => "fitted",
            Identified::Roughly => "roughly",
            Identified::AtLeast => "at_least",
            Identified::AtMost => "at_most",
            Identified::No => "not_identified",
            Identified::AtBound => "at_bound",
        }
    }
}

/// A coefficient after the fit.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// Figure of the part, e.g. `read_latency`.
    pub name: String,
    /// Address in the scenario.
    pub address: String,
    /// Dimension of the values.
    pub dim: Dimension,
    /// Before, in the base unit.
    pub before: f64,
    /// After.
    pub after: f64,
    /// Bounds of the search.
    pub bounds: [f64; 2],
    /// Error on the fitted rows with a value smaller by [`SHIFT`], the other coefficients fitted anew; none beyond a bound.
    pub error_lower: Option<f64>,
    /// The same with a larger value.
    pub error_higher: Option<f64>,
    /// What the rows say of it.
    pub identified: Identified,
    /// Where the scenario itself states it.
    pub stated: Option<String>,
}

impl Fitted {
    /// Whether the rows gave it another value.
    pub fn moved(&self) -> bool {
        self.identified != Identified::No && self.after.to_bits() != self.before.to_bits()
    }
}

/// A coefficient is known if a value this many times larger or smaller fits visibly worse.
pub const SHIFT: f64 = 1.25;
/// It is known at least roughly if a value this many times larger or smaller does.
pub const FAR: f64 = 4.0;

/// A measured row and what the simulator says of it.
#[derive(Clone, Debug)]
pub struct RowResult {
    /// What the file calls it.
    pub label: String,
    /// `file:line`.
    pub at: String,
    /// Whether it was held out of the fit.
    pub held_out: bool,
    /// Clients.
    pub clients: u64,
    /// Bytes per operation.
    pub io_size: f64,
    /// Outstanding operations per client.
    pub queue_depth: u64,
    /// Share of bytes read.
    pub read_share: f64,
    /// Rate: measured, before and after; bytes per second.
    pub rate: Compared,
    /// Time of an operation where it was measured; seconds.
    pub latency: Option<Compared>,
}

/// A measured value beside two predictions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    /// Measured.
    pub measured: f64,
    /// Predicted with the coefficients as they were.
    pub before: f64,
    /// Predicted with the fitted ones.
    pub after: f64,
}

impl Compared {
    /// Predicted over measured, minus one, before and after.
    pub fn errors(&self) -> [f64; 2] {
        [self.before, self.after].map(|predicted| predicted / self.measured - 1.0)
    }
}

/// Error over some rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorOf {
    /// Rows.
    pub rows: usize,
    /// Mean of |predicted / measured − 1| (MAPE).
    pub mean: f64,
    /// Median of the same, which one disturbed row does not move.
    pub median: f64,
    /// Mean of predicted / measured − 1: above zero when rates are predicted too high.
    pub bias: f64,
    /// Error of the worst row, with its sign.
    pub worst: f64,
    /// Index of the worst row.
    pub worst_row: usize,
}

impl Calibration {
    /// Errors before and after of the rates of the rows that are held out, or of those that are not.
    pub fn errors(&self, held_out: bool) -> Option<[ErrorOf; 2]> {
        let of = |which: usize| self.error(|row| (row.held_out == held_out).then(|| row.rate.errors()[which]));
        Some([of(0)?, of(1)?])
    }

    /// Errors before and after of the time of an operation, over all rows that state it.
    pub fn latency_errors(&self) -> Option<[ErrorOf; 2]> {
        let of = |which: usize| self.error(|row| row.latency.map(|latency| latency.errors()[which]));
        Some([of(0)?, of(1)?])
    }

    fn error(&self, of: impl Fn(&RowResult) -> Option<f64>) -> Option<ErrorOf> {
        let errors: Vec<(usize, f64)> =
            self.rows.iter().enumerate().filter_map(|(index, row)| Some((index, of(row)?))).collect();
        let rows = errors.len();
        let (worst_row, worst) = errors.iter().copied().reduce(|a, b| if b.1.abs() > a.1.abs() { b } else { a })?;
        let mean = errors.iter().map(|(_, e)| e.abs()).sum::<f64>() / rows as f64;
        let bias = errors.iter().map(|(_, e)| e).sum::<f64>() / rows as f64;
        let mut sizes: Vec<f64> = errors.iter().map(|(_, e)| e.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        let median = 0.5 * (sizes[(rows - 1) / 2] + sizes[rows / 2]);
        Some(ErrorOf { rows, mean, median, bias, worst, worst_row })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(held_out: bool, before: f64, after: f64) -> RowResult {
        RowResult {
            label: String::new(),
            at: String::new(),
            held_out,
            clients: 1,
            io_size: 1.0,
            queue_depth: 1,
            read_share: 1.0,
            rate: Compared { measured: 100.0, before, after },
            latency: None,
        }
    }

    #[test]
    fn errors_are_of_their_rows_alone() {
        let calibration = Calibration {
            file: String::new(),
            digest: String::new(),
            version: String::new(),
            work: String::new(),
            storage: String::new(),
            part: String::new(),
            measured: Vec::new(),
            measured_digest: String::new(),
            hold_out: String::new(),
            coefficients: Vec::new(),
            rows: vec![
                row(false, 150.0, 100.0),
                row(true, 90.0, 110.0),
                row(false, 40.0, 98.0),
                row(false, 110.0, 101.0),
            ],
            notes: Vec::new(),
            simulations: 0,
        };
        let [before, after] = calibration.errors(false).unwrap();
        assert_eq!((before.rows, before.worst_row), (3, 2));
        assert!((before.mean - 0.4).abs() < 1e-12 && (before.median - 0.5).abs() < 1e-12);
        assert!((before.bias - 0.0).abs() < 1e-12 && (before.worst + 0.6).abs() < 1e-12);
        assert!((after.mean - 0.01).abs() < 1e-12);
        assert!((calibration.errors(true).unwrap()[1].mean - 0.1).abs() < 1e-12);
        assert_eq!(calibration.latency_errors(), None);
    }
}
