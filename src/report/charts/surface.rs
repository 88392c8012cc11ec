//! The cells of a sweep as a chart needs them: places by number, means, no words twice.

use std::collections::BTreeMap;

use crate::experiment::results::KpiRow;
use crate::experiment::results::sweep::{Coordinate, SweepInfo};

/// Most cells that are drawn of a counted design (all combinations of 140 by 140 values), and of a sampled one, whose first cells are a sample too.
const MOST: [usize; 2] = [20_000, 2_000];

/// A KPI that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// Name with stat.
    pub name: String,
    /// Unit word of the registry.
    pub unit: String,
}

/// A mean and its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// Mean over replications.
    pub mean: f64,
    /// Its interval, where it has one.
    pub ci95: Option<[f64; 2]>,
    /// Whether some replications have no value, so that it is the mean of a selection.
    pub partial: bool,
}

impl Mean {
    /// That of a row of so many replications, where it has a value.
    pub fn of(row: &KpiRow, replications: u32) -> Option<Mean> {
        Some(Mean { mean: row.mean?, ci95: row.ci95, partial: row.is_partial(replications) })
    }
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Dot {
    /// Its place: an index into the values of each axis.
    at: Box<[u32]>,
    /// An entry a KPI; `None` without a value.
    pub(super) kpis: Box<[Option<Mean>]>,
}

/// All cells of a sweep that are drawn. Takes some hundred bytes a cell, of no more cells than a chart can show.
#[derive(Clone, Debug)]
pub struct Surface {
    /// The sweep.
    pub info: SweepInfo,
    /// KPIs that are drawn.
    pub kpis: Vec<Drawn>,
    /// Cells in order.
    pub(super) dots: Vec<Dot>,
    /// Different values of each axis, in order of appearance.
    pub(super) values: Vec<Vec<Coordinate>>,
    /// Their places in that list.
    known: Vec<BTreeMap<String, u32>>,
}

impl Surface {
    /// Without cells.
    pub fn new(info: SweepInfo, kpis: Vec<Drawn>) -> Surface {
        let axes = info.axes.len();
        Surface { info, kpis, dots: Vec::new(), values: vec![Vec::new(); axes], known: vec![BTreeMap::new(); axes] }
    }

    /// Adds the next cell, where there is room for it.
    pub fn add(&mut self, at: &[Coordinate], kpis: Box<[Option<Mean>]>) {
        if self.dots.len() >= MOST[usize::from(self.is_sampled())] {
            return;
        }
        let place = |((values, known), at): ((&mut Vec<Coordinate>, &mut BTreeMap<String, u32>), &Coordinate)| {
            if let Some(index) = known.get(&at.text) {
                return *index;
            }
            let index = values.len() as u32;
            known.insert(at.text.clone(), index);
            values.push(at.clone());
            index
        };
        let at = self.values.iter_mut().zip(&mut self.known).zip(at).map(place).collect();
        self.dots.push(Dot { at, kpis });
    }

    /// Whether cells are samples, not combinations.
    pub(super) fn is_sampled(&self) -> bool {
        matches!(self.info.design.as_str(), "lhs" | "sobol" | "random")
    }

    /// Number of the value of an axis in a cell.
    pub(super) fn index(&self, dot: &Dot, axis: usize) -> usize {
        dot.at[axis] as usize
    }

    /// Value of an axis in a cell.
    pub(super) fn at(&self, dot: &Dot, axis: usize) -> &Coordinate {
        &self.values[axis][self.index(dot, axis)]
    }

    /// Values of a KPI.
    pub(super) fn means(&self, kpi: usize) -> impl Iterator<Item = Mean> {
        self.dots.iter().filter_map(move |dot| dot.kpis[kpi])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_once_and_cells_up_to_what_a_chart_shows() {
        let info = SweepInfo { design: "lhs".to_owned(), axes: vec![Default::default()], ..SweepInfo::default() };
        let mut surface = Surface::new(info, Vec::new());
        for cell in 0..5_000 {
            surface.add(&[Coordinate { text: (cell % 7).to_string(), number: None }], Box::new([]));
        }
        assert_eq!((surface.dots.len(), surface.values[0].len()), (2_000, 7));
        assert_eq!(surface.at(&surface.dots[8], 0).text, "1");
    }
}
