//! Sorting a bucket of the wheel into the row.
//!
//! A bucket covers a span of time, and most often its times are spread over the whole of it. Then the leading bits of a
//! time tell nearly the place of its entry: the entries are counted by those bits into *cells*, as many as there are
//! entries, dealt out cell after cell, and an insertion sort settles what is left, which is little. Entries that crowd into few cells, as events of one
//! instant do, go to the standard sort instead: the shape of the times decides about the cost, never about the order.

use super::calendar::Entry;
use std::ops::Range;

/// Cells do not pay for fewer entries than this.
const FEWEST: usize = 13;
/// For the counts of four cells to be added up within one number.
const MOST: usize = u16::MAX as usize;
/// With more entries than this in one cell, the standard sort is better.
const CROWD: u16 = 8;

/// Room for sorting.
pub(super) struct Sorter<E> {
    entries: Vec<Entry<E>>,
    /// By cell: how many entries it has, then where its next entry goes.
    places: Vec<[u16; 4]>,
}

impl<E: Copy> Sorter<E> {
    pub(super) fn new() -> Self {
        Sorter { entries: Vec::new(), places: Vec::new() }
    }

    /// Sorts `entries`, whose times lie in `span`. The length of the span is a power of two and `span.start` a multiple of
    /// it.
    pub(super) fn sort(&mut self, entries: &mut [Entry<E>], span: Range<u64>) {
        if !(FEWEST..=MOST).contains(&entries.len()) || !self.deal(entries, span) {
            entries.sort_unstable_by_key(Entry::order);
            return;
        }
        (1..entries.len()).for_each(|last| sink(&mut entries[..=last]));
    }

    /// Deals the entries out to cells; `false` if they crowd into a few.
    fn deal(&mut self, entries: &mut [Entry<E>], span: Range<u64>) -> bool {
        let cells = entries.len().next_power_of_two();
        let shift = (span.end - span.start).trailing_zeros().saturating_sub(cells.trailing_zeros());
        let cell = |entry: &Entry<E>| (entry.time >> shift) as usize & (cells - 1);
        self.places.clear();
        self.places.resize(cells / 4, [0; 4]);
        let places = self.places.as_flattened_mut();
        let mut most = 0;
        for entry in entries.iter() {
            let count = &mut places[cell(entry)];
            *count += 1;
            most = most.max(*count);
        }
        if most > CROWD {
            return false;
        }
        add_up(&mut self.places);
        self.entries.clear();
        self.entries.extend_from_slice(entries);
        let places = self.places.as_flattened_mut();
        for entry in &self.entries {
            let place = &mut places[cell(entry)];
            entries[usize::from(*place)] = *entry;
            *place += 1;
        }
        true
    }
}

/// Replaces the count of each cell by the number of entries in the cells before it; there are at most [`MOST`] in all.
fn add_up(counts: &mut [[u16; 4]]) {
    let mut before = 0;
    for four in counts {
        let own = four.iter().rev().fold(0, |number, &count| number << 16 | u64::from(count));
        // Each sixteenth of the product is the sum of those up to it.
        let sums = (own + before).wrapping_mul(0x0001_0001_0001_0001);
        let places = sums - own;
        *four = std::array::from_fn(|cell| (places >> (16 * cell)) as u16);
        before = sums >> 48;
    }
}

/// Moves the last entry of a row to its place among the others, which are sorted.
#[inline(always)]
pub(super) fn sink<E: Copy>(row: &mut [Entry<E>]) {
    let mut hole = row.len() - 1;
    let entry = row[hole];
    while hole > 0 && row[hole - 1].order() > entry.order() {
        row[hole] = row[hole - 1];
        hole -= 1;
    }
    row[hole] = entry;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_of_cells_are_sums_of_counts() {
        let counts: [u16; 64] = std::array::from_fn(|cell| (cell * 37 % 8) as u16);
        let expected: Vec<u16> = (0..64).map(|cell| counts[..cell].iter().sum()).collect();
        let mut places = counts.as_chunks().0.to_vec();
        add_up(&mut places);
        assert_eq!(places.as_flattened(), expected);
        let mut full = [[0; 4]; 16];
        (full[0][0], full[15][3]) = (65_534, 1);
        add_up(&mut full);
        assert!(full[0][0] == 0 && full.as_flattened()[1..].iter().all(|&place| place == 65_534));
    }

    /// Entries of all numbers and shapes, at spans from one tick to the longest, against the standard sort.
    #[test]
    fn any_shape_of_times_is_sorted() {
        let mut sorter = Sorter::new();
        for bits in [0, 1, 4, 6, 7, 20, 60] {
            let span = (3 << bits)..(4 << bits);
            for count in [0, 1, 2, 12, 13, 14, 64, 128, 255, 256, 700_u64] {
                for factor in [0, 1, 3, 0x9E37_79B9_7F4A_7C15, u64::MAX] {
                    let time = |number: u64| span.start + number.wrapping_mul(factor) % (1 << bits);
                    let entry = |number| Entry::at(time(number), number ^ 5, number as u32);
                    let mut entries: Vec<Entry<u32>> = (0..count).map(entry).collect();
                    let mut expected: Vec<_> = entries.iter().map(|entry| (entry.order(), entry.event)).collect();
                    expected.sort_unstable();
                    sorter.sort(&mut entries, span.clone());
                    let sorted: Vec<_> = entries.iter().map(|entry| (entry.order(), entry.event)).collect();
                    assert_eq!(sorted, expected, "{count} entries, factor {factor}, span of {bits} bits");
                }
            }
        }
    }
}
