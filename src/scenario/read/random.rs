//! Random quantities: a constant, or a table with one law.

use super::Reader;
use crate::scenario::diagnostics::{Diagnostic, nearest};
use crate::scenario::spec::{Key, Range};
use crate::scenario::text::tree::{Node, Table, Value};
use crate::units::{Dimension, Dist};

/// Laws and the names of their parameters.
pub const LAWS: [(&str, &[&str]); 5] = [
    ("exponential", &["mean"]),
    ("lognormal", &["median", "p99"]),
    ("weibull", &["scale", "shape"]),
    ("uniform", &["from", "to"]),
    ("triangular", &["low", "mode", "high"]),
];

/// Below 0.1 and above 50 a Weibull law overflows or is a constant.
const SHAPE: Range = Range { low: 0.1, high: 50.0, open: false };

const HELP: &str = "laws are: exponential { mean }, lognormal { median, p99 }, weibull { scale, shape }, \
                    uniform { from, to }, triangular { low, mode, high }, empirical = \"file.csv\"";

impl Reader {
    /// A random quantity in the base unit of `dim`; `None` after an error has been reported.
    pub fn random(&mut self, key: &'static Key, node: &Node, dim: Dimension) -> Option<Dist> {
        let Some(table) = node.as_table() else {
            return self.quantity(key, node, dim, key.range).map(Dist::Constant);
        };
        let mut laws = table.iter();
        let (Some((law, entry)), None) = (laws.next(), laws.next()) else {
            let message = format!("'{}' takes exactly one law, not {}", key.name, table.len());
            self.report(Diagnostic::new("E0205", message).at(&node.place).help(HELP));
            return None;
        };
        if law == "empirical" {
            return self.empirical(key, &entry.node, dim);
        }
        let Some((_, names)) = LAWS.iter().find(|(name, _)| name == law) else {
            let message = format!("'{}': unknown law '{}'", key.name, super::value::cut(law));
            let found = Diagnostic::new("E0205", message).at(&entry.key).help(HELP);
            self.report(match nearest(law, LAWS.iter().map(|(name, _)| *name).chain(["empirical"])) {
                Some(near) => found.instead(&entry.key, near),
                None => found,
            });
            return None;
        };
        let Value::Table(parameters) = &entry.node.value else {
            let message = format!("'{law}' takes a table {{ {} }}, not {}", names.join(", "), entry.node.value.kind());
            let help = format!("write {} = {{ {law} = {{ {} = … }} }}", key.name, names.join(" = …, "));
            self.report(Diagnostic::new("E0205", message).at(&entry.node.place).help(help));
            return None;
        };
        let values = self.parameters(key, law, names, parameters, &entry.node, dim)?;
        let dist = law_of(law, &values);
        if dist.is_none() {
            let order = names.join(" ≤ ");
            let message = format!("'{}': these parameters make no {law} law", key.name);
            self.report(Diagnostic::new("E0205", message).at(&entry.node.place).help(format!("it needs {order}")));
        }
        dist
    }

    fn parameters(
        &mut self,
        key: &Key,
        law: &str,
        names: &[&'static str],
        table: &Table,
        node: &Node,
        dim: Dimension,
    ) -> Option<Vec<f64>> {
        for (name, entry) in table.iter().filter(|(name, _)| !names.contains(&name.as_str())) {
            let message = format!("'{law}' has no parameter '{}'", super::value::cut(name));
            let found = Diagnostic::new("E0101", message).at(&entry.key);
            let found = found.help(format!("parameters are: {}", names.join(", ")));
            self.report(match nearest(name, names.iter().copied()) {
                Some(near) => found.instead(&entry.key, near),
                None => found,
            });
        }
        let mut values = Vec::new();
        for name in names {
            let Some(entry) = table.get(*name) else {
                let message = format!("'{}': {law} needs '{name}'", key.name);
                self.report(Diagnostic::new("E0102", message).at(&node.place));
                continue;
            };
            let shape = *name == "shape";
            // The lower end of an interval may be zero even where the value itself may not.
            let lower_end = matches!(*name, "from" | "low" | "mode");
            let range = match () {
                () if shape => SHAPE,
                () if lower_end => Range { low: 0.0, open: false, ..key.range },
                () => Range { open: true, low: key.range.low.max(0.0), ..key.range },
            };
            let parameter = Key { name, ..*key };
            let dim = if shape { Dimension::Factor } else { dim };
            values.extend(self.quantity(&parameter, &entry.node, dim, range));
        }
        (values.len() == names.len() && table.len() == names.len()).then_some(values)
    }
}

fn law_of(law: &str, v: &[f64]) -> Option<Dist> {
    match law {
        "exponential" => Some(Dist::Exponential { mean: v[0] }),
        "lognormal" => (v[1] >= v[0]).then(|| Dist::lognormal(v[0], v[1])),
        "weibull" => Some(Dist::Weibull { scale: v[0], shape: v[1] }),
        "uniform" => (v[1] >= v[0]).then(|| Dist::Uniform { from: v[0], to: v[1] }),
        "triangular" => (v[0] <= v[1] && v[1] <= v[2] && v[0] < v[2]).then(|| Dist::Triangular {
            low: v[0],
            mode: v[1],
            high: v[2],
        }),
        _ => None,
    }
}
