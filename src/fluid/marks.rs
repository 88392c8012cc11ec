//! Finish marks of a class: which flow ends next, at a cost that does not grow with the number of flows.
//!
//! Marks are taken from the lowest up, and most new ones belong far behind the lowest: where exactly does not matter
//! until all before them are gone. So only the lowest few are kept sorted, and the rest are kept in piles:
//!
//! ```text
//!        first                                                        last
//!   row: 3 4 4 7  |  pile from 9: 12 9 11  |  pile from 20: 31 20 27  |  pile from 40: 55 93 40 61 48 ...
//!        sorted      no order inside          no order inside            no order inside
//! ```
//!
//! * The *row* holds the lowest marks, sorted, with the first at its end, where taking it and putting a lower one
//!   cost nothing. While few marks are present the row is all there is.
//! * The [`Piles`] hold the rest. No mark of a pile is below the pile's bound, or above the bound of the next one.
//!
//! A new mark that is not below the bound of the first pile is put on the pile that it belongs to, in no order; any
//! other goes to its place in the row. When the row is empty, the first pile becomes the row if it is small, and is
//! dealt out to smaller piles if not. When the row becomes long, all but its lowest marks become a pile.
//!
//! A pile is dealt out by bounds that are marks drawn from it, so the pieces are of similar size however the marks are
//! spread, and each is a small part of the whole: of a million marks each moves two or three times. Nothing is gathered
//! again, so many marks that come below all others cost no more than the rest.
//!
//! The order is total: by position, then by flow. Marks that are equal in both are the same, so the order in which marks
//! leave depends on the marks alone.

mod piles;
#[cfg(test)]
mod tests;

use super::exact::Sum;
use piles::Piles;
use std::cmp::{Ordering, Reverse};

/// A pile with no more marks than this becomes the row.
const ROW: usize = 48;
/// By so many places the room of a row grows at the most.
const STEP: usize = 16;
/// A row of so many marks gives all but the lowest [`ROW`] to a pile.
const LONG_ROW: usize = 64;

/// Where a flow of a class ends.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Mark {
    /// The class's service at which the flow ends, at least 0, in two parts.
    high: f64,
    low: f32,
    pub flow: u32,
}

impl Mark {
    #[inline]
    pub fn new(at: Sum, flow: u32) -> Self {
        let (high, low) = at.parts();
        // Rounding can leave a service a little below 0; the sum turns a negative zero into a positive one.
        Self { high: high.max(0.0) + 0.0, low, flow }
    }

    /// The class's service at which the flow ends.
    #[inline]
    pub fn at(&self) -> Sum {
        Sum::of_parts(self.high, self.low)
    }

    /// The same as it is kept.
    #[inline]
    pub fn parts(&self) -> (f64, f32) {
        (self.high, self.low)
    }

    /// A number that never falls while marks rise. Marks with the same digits may still differ.
    #[inline]
    fn digits(&self) -> u64 {
        // The bits of a number that is not negative are in its order.
        self.high.to_bits()
    }

    /// The same as `<`, but quicker.
    #[inline]
    fn is_below(&self, other: &Self) -> bool {
        self.high < other.high || self.high <= other.high && self.cmp_rest(other).is_lt()
    }

    /// Order among marks with the same digits.
    #[inline]
    fn cmp_rest(&self, other: &Self) -> Ordering {
        self.low.total_cmp(&other.low).then(self.flow.cmp(&other.flow))
    }
}

impl Eq for Mark {}

impl Ord for Mark {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.digits().cmp(&other.digits()).then_with(|| self.cmp_rest(other))
    }
}

impl PartialOrd for Mark {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Sorts by digits, which is quick, and again in full if marks with the same digits are about.
fn sort_falling(marks: &mut [Mark]) {
    marks.sort_unstable_by_key(|mark| Reverse(mark.digits()));
    if !marks.is_sorted_by(|a, b| a >= b) {
        marks.sort_unstable_by_key(|&mark| Reverse(mark));
    }
}

/// The marks of a class.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    /// The lowest marks, falling. Empty only if there are no others.
    row: Vec<Mark>,
    /// The others; made when the row first becomes long.
    piles: Option<Box<Piles>>,
}

impl Marks {
    pub const fn new() -> Self {
        Self { row: Vec::new(), piles: None }
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.row.len() + self.piles.as_ref().map_or(0, |piles| piles.len())
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.row.is_empty()
    }

    /// The lowest mark.
    #[inline]
    pub fn first(&self) -> Option<Mark> {
        self.row.last().copied()
    }

    /// The lowest marks, falling; how many is not said.
    #[inline]
    pub fn row(&self) -> &[Mark] {
        &self.row
    }

    /// Adds a mark that is not infinite; `true` if it is below all others.
    #[inline]
    pub fn push(&mut self, mark: Mark) -> bool {
        debug_assert!(mark.high.is_sign_positive() && mark.high.is_finite(), "no service can be there: {mark:?}");
        if let Some(piles) = &mut self.piles
            && piles.take_in(mark)
        {
            return false;
        }
        self.insert(mark)
    }

    /// Puts a mark to its place in the row; `true` if it is below all others.
    #[inline]
    fn insert(&mut self, mark: Mark) -> bool {
        let lower = self.row.iter().rev().take_while(|other| !mark.is_below(other)).count();
        if self.row.len() == self.row.capacity() {
            // Many classes have few marks each: small steps waste little.
            self.row.reserve_exact(self.row.len().clamp(4, STEP));
        }
        self.row.insert(self.row.len() - lower, mark);
        if self.row.len() >= LONG_ROW {
            self.shorten_row();
        }
        lower == 0
    }

    #[cold]
    fn shorten_row(&mut self) {
        let given = self.row.len() - ROW;
        self.piles.get_or_insert_default().add(self.row.drain(..given));
    }

    /// Takes the lowest mark out.
    #[inline]
    pub fn pop(&mut self) -> Option<Mark> {
        let first = self.row.pop();
        if self.row.is_empty() {
            self.refill();
        }
        first
    }

    /// Moves the lowest marks of the piles, if there are any, to the empty row.
    fn refill(&mut self) {
        if let Some(piles) = &mut self.piles {
            piles.open(ROW, &mut self.row);
            sort_falling(&mut self.row);
        }
    }

    /// Throws out the marks that `keep` refuses. It sees each mark once, in no order.
    pub fn retain(&mut self, mut keep: impl FnMut(&Mark) -> bool) {
        self.row.retain(&mut keep);
        if let Some(piles) = &mut self.piles {
            piles.retain(keep);
        }
        if self.row.is_empty() {
            self.refill();
        }
    }

    /// Throws all marks out. The room of the row is kept.
    pub fn clear(&mut self) {
        self.row.clear();
        self.piles = None;
    }
}

const _: () = assert!(size_of::<Mark>() == 16 && size_of::<Marks>() <= 32);
