//! `[sweep]`: every address must lead to a key, every value must fit it, and the design must be possible.

mod axis;

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::read::record::{Record, Val};
use crate::scenario::spec::{MAX_CELLS, SWEEP};
use crate::scenario::sweep::{Axis, Condition, Design, Operator, Side, Sweep, Values};
use crate::scenario::text::source::Place;
use crate::scenario::text::tree::{Entry, Node, Table, Value};

/// Most addresses of one sweep.
const MAX_AXES: usize = 100;
/// Most groups of addresses of a Sobol design: as many as there are direction numbers in the program.
pub(crate) const MAX_SOBOL: usize = 32;

impl Resolver<'_> {
    /// The sweep of a scenario; `None` when there is none, or one that an error was reported for.
    pub(super) fn sweep(&mut self, tree: &Table) -> Option<Sweep> {
        let entry = tree.get("sweep")?;
        let Value::Table(table) = &entry.node.value else {
            let message = format!("'sweep' takes addresses and lists of values, not {}", entry.node.value.kind());
            self.report(Diagnostic::new("E0104", message).at(&entry.node.place));
            return None;
        };
        let (keys, addresses): (Vec<_>, Vec<_>) = table.iter().partition(|(name, _)| SWEEP.key(name).is_some());
        let keys: Table = keys.into_iter().map(|(name, entry)| (name.clone(), entry.clone())).collect();
        let errors = self.reader.findings.errors();
        let record = self.reader.record(&SWEEP, "sweep", &keys, &entry.key);
        let axes = self.axes(tree, addresses, &entry.key);
        if self.reader.findings.errors() > errors {
            return None;
        }
        if axes.is_empty() {
            let found = Diagnostic::new("E0519", "the sweep has no address").at(&entry.key);
            self.report(found.help(
                "write \"ADDRESS\" = [VALUE, …], for example \"link.*.capacity\" = [\"400 Gbps\", \"800 Gbps\"]",
            ));
            return None;
        }
        let message = "'run' uses the values of the tables; 'sweep' runs the variants".to_owned();
        self.report(Diagnostic::new("W0605", message).at(&entry.key).note());
        self.designed(&record, axes, &entry.key)
    }

    /// The axes in the order of the texts.
    fn axes(&mut self, tree: &Table, addresses: Vec<(&String, &Entry)>, place: &Place) -> Vec<Axis> {
        if addresses.len() > MAX_AXES {
            let message = format!("a sweep over more than {MAX_AXES} addresses");
            self.report(Diagnostic::new("E0003", message).at(place));
        }
        let mut addresses: Vec<(&String, &Entry)> = addresses.into_iter().take(MAX_AXES).collect();
        addresses.sort_by_key(|(_, entry)| (entry.key.source.kind, entry.key.order()));
        let axes: Vec<Axis> = addresses.into_iter().filter_map(|(name, entry)| self.axis(tree, name, entry)).collect();
        for (number, axis) in axes.iter().enumerate() {
            let same = |other: &&Axis| axis.paths.iter().any(|path| other.paths.iter().any(|p| overlap(path, p)));
            if let Some(other) = axes[..number].iter().find(same) {
                let message = format!("'{}' and '{}' set the same value", other.address, axis.address);
                let found = Diagnostic::new("E0519", message).at(&axis.place);
                self.report(found.also(&other.place, "which this one sets already"));
            }
        }
        axes
    }

    /// The sweep, when its design is possible.
    fn designed(&mut self, record: &Record, axes: Vec<Axis>, place: &Place) -> Option<Sweep> {
        let errors = self.reader.findings.errors();
        let design = record.text("design").and_then(Design::of_word).unwrap_or(Design::Grid);
        let groups = self.groups(record, &axes);
        let conditions = self.conditions(record, &axes);
        let samples = record.number("samples").map_or(0, |n| n as usize);
        match (design.is_sampled(), samples) {
            (true, 0) => {
                let message = format!("'design = \"{}\"' needs 'samples'", design.word());
                self.report(Diagnostic::new("E0102", message).at(record.place_of("design")));
            }
            (false, 1..) => {
                let message = format!("'samples' has no effect with 'design = \"{}\"'", design.word());
                self.report(Diagnostic::new("W0609", message).at(record.place_of("samples")));
            }
            _ => {}
        }
        let sweep = Sweep { axes, design, samples, groups, conditions };
        if !design.is_sampled() {
            self.check_lengths(&sweep);
        } else if design == Design::Sobol && sweep.groups.len() > MAX_SOBOL {
            let message = format!("a Sobol sequence of {} addresses; {MAX_SOBOL} are possible", sweep.groups.len());
            self.report(Diagnostic::new("E0519", message).at(place).help("use 'design = \"lhs\"'"));
        }
        if self.reader.findings.errors() > errors {
            return None;
        }
        if sweep.points() > MAX_CELLS {
            let message = format!("the sweep has {} cells; at most {MAX_CELLS} are possible", sweep.points());
            let help = "give fewer values, link addresses, or draw samples with 'design = \"sobol\"'";
            self.report(Diagnostic::new("E0519", message).at(place).help(help));
            return None;
        }
        Some(sweep)
    }

    /// Ranges need steps, and what is counted together needs the same length.
    fn check_lengths(&mut self, sweep: &Sweep) {
        let length = |axis: &Axis| match &axis.values {
            Values::List(list) => Some(list.len()),
            Values::Range(range) => range.steps,
        };
        for axis in sweep.axes.iter().filter(|axis| length(axis).is_none()) {
            let message =
                format!("the range of '{}' needs 'steps' with 'design = \"{}\"'", axis.address, sweep.design.word());
            self.report(Diagnostic::new("E0102", message).at(&axis.place));
        }
        let together: Vec<Vec<usize>> = match sweep.design {
            Design::List => vec![(0..sweep.axes.len()).collect()],
            _ => sweep.groups.clone(),
        };
        for group in together {
            let first = &sweep.axes[group[0]];
            for axis in group[1..].iter().map(|axis| &sweep.axes[*axis]) {
                let (Some(a), Some(b)) = (length(first), length(axis)) else { continue };
                if a != b {
                    let message = format!("'{}' has {a} values and '{}' has {b}", first.address, axis.address);
                    let found = Diagnostic::new("E0519", message)
                        .at(&axis.place)
                        .also(&first.place, "changes together with it");
                    self.report(found.help("addresses that change together have as many values each"));
                }
            }
        }
    }

    /// Axes that change together, from `linked`.
    fn groups(&mut self, record: &Record, axes: &[Axis]) -> Vec<Vec<usize>> {
        let lists = match record.item("linked").map(|item| &item.val) {
            Some(Val::NameLists(lists)) => lists.clone(),
            _ => Vec::new(),
        };
        let mut group_of: Vec<Option<usize>> = vec![None; axes.len()];
        for (number, list) in lists.iter().enumerate() {
            for (name, place) in list {
                match self.axis_named(axes, name, place) {
                    Some(axis) if group_of[axis].is_some() => {
                        let message = format!("'{name}' is linked twice");
                        self.report(Diagnostic::new("E0519", message).at(place));
                    }
                    Some(axis) => group_of[axis] = Some(number),
                    None => {}
                }
            }
        }
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for axis in 0..axes.len() {
            let of = group_of[axis];
            match groups.iter_mut().find(|group| of.is_some() && group_of[group[0]] == of) {
                Some(group) => group.push(axis),
                None => groups.push(vec![axis]),
            }
        }
        groups
    }

    fn axis_named(&mut self, axes: &[Axis], name: &str, place: &Place) -> Option<usize> {
        let found = axes.iter().position(|axis| axis.address == name);
        if found.is_none() {
            let names: Vec<&str> = axes.iter().map(|axis| axis.address.as_str()).collect();
            self.report(crate::scenario::read::undefined("address", "addresses of the sweep", name, place, &names));
        }
        found
    }

    fn conditions(&mut self, record: &Record, axes: &[Axis]) -> Vec<Condition> {
        let texts = record.names("where").to_vec();
        texts.iter().filter_map(|(text, place)| self.condition(text, place, axes)).collect()
    }

    fn condition(&mut self, text: &str, place: &Place, axes: &[Axis]) -> Option<Condition> {
        let Some((left, operator, right)) = Operator::split(text) else {
            let found = Diagnostic::new("E0519", format!("'{text}' is no condition")).at(place);
            let help = "write 'ADDRESS <= ADDRESS' or 'ADDRESS <= VALUE'; signs are <, <=, >, >=, = and !=";
            self.report(found.help(help));
            return None;
        };
        let (left, right) = (left.trim(), right.trim());
        let left = self.axis_named(axes, left, place)?;
        let axis = &axes[left];
        let (right, is_number, comparable) = match axes.iter().position(|axis| axis.address == right) {
            Some(other) => (Side::Axis(other), axes[other].unit.is_some(), axes[other].unit == axis.unit),
            None => {
                let node = Node { place: place.clone(), value: plain(right) };
                let mut setting = self.setting(axis.key, &node, &axis.address, &place.source)?;
                setting.text = right.to_owned();
                let is_number = setting.number.is_some();
                (Side::Value(Box::new(setting)), is_number, is_number == axis.unit.is_some())
            }
        };
        if !comparable || (operator.is_ordered() && !(is_number && axis.unit.is_some())) {
            let found = Diagnostic::new("E0519", format!("'{text}' compares what has no common order")).at(place);
            self.report(found.help("numbers of one unit can be compared; words are only equal or not"));
            return None;
        }
        Some(Condition { left, operator, right })
    }
}

/// A value inside of a condition, where strings need no quotes.
fn plain(text: &str) -> Value {
    match (text.parse(), text) {
        (Ok(number), _) => Value::Integer(number),
        (_, "true") => Value::Bool(true),
        (_, "false") => Value::Bool(false),
        _ => Value::Text { text: text.to_owned(), literal: None },
    }
}

/// Whether writing one path touches what the other writes.
fn overlap(a: &[String], b: &[String]) -> bool {
    a.iter().zip(b).all(|(a, b)| a == b)
}
