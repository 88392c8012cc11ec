//! Sorting a bucket of the wheel into the row.
//!
//! A bucket covers a span of time, and most often its times are spread over the whole of it. Then the leading bits of a
//! time tell nearly the place of its entry: the entries are counted by those bits into *cells*, dealt out cell after cell,
//! and an insertion sort settles what is left, which is little. Entries that crowd into few cells, as events of one
//! instant do, go to the standard sort instead: the shape of the times decides about the cost, never about the order.

use super::calendar::Entry;
use std::ops::Range;

/// Cells that a span is divided into.
const CELLS: usize = 64;
/// Cells do not pay for fewer entries than this.
const FEWEST: usize = 13;
/// For the counts of eight cells to be added up within one number.
const MOST: usize = 255;
/// With more entries than this in one cell, the standard sort is better.
const CROWD: u8 = 8;

/// Sorts `entries`, whose times lie in `span`. The length of the span is a power of two and `span.start` a multiple of
/// it; `scratch` is room to work in.
pub(super) fn sort<E: Copy>(entries: &mut [Entry<E>], span: Range<u64>, scratch: &mut Vec<Entry<E>>) {
    let shift = (span.end - span.start).trailing_zeros().saturating_sub(CELLS.trailing_zeros());
    let cell = |entry: &Entry<E>| (entry.time >> shift) as usize % CELLS;
    if !(FEWEST..=MOST).contains(&entries.len()) {
        entries.sort_unstable_by_key(Entry::order);
        return;
    }
    let mut places = [0_u8; CELLS];
    let mut most = 0;
    for entry in entries.iter() {
        let count = &mut places[cell(entry)];
        *count += 1;
        most = most.max(*count);
    }
    if most > CROWD {
        entries.sort_unstable_by_key(Entry::order);
        return;
    }
    add_up(&mut places);
    scratch.clear();
    scratch.extend_from_slice(entries);
    for entry in scratch.iter() {
        let place = &mut places[cell(entry)];
        entries[usize::from(*place)] = *entry;
        *place += 1;
    }
    (1..entries.len()).for_each(|last| sink(&mut entries[..=last]));
}

/// Replaces the count of each cell by the number of entries in the cells before it; there are at most [`MOST`] in all.
fn add_up(counts: &mut [u8; CELLS]) {
    let mut before = 0;
    for eight in counts.as_chunks_mut::<8>().0 {
        let own = u64::from_le_bytes(*eight);
        // Byte k of the product is the sum of the bytes 0 to k.
        let sums = (own + before).wrapping_mul(0x0101_0101_0101_0101);
        *eight = (sums - own).to_le_bytes();
        before = sums >> 56;
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
        let mut counts: [u8; CELLS] = std::array::from_fn(|cell| (cell * 37 % 8) as u8);
        let expected: Vec<u8> = (0..CELLS).map(|cell| counts[..cell].iter().sum()).collect();
        add_up(&mut counts);
        assert_eq!(counts.to_vec(), expected);
        let mut full = [0; CELLS];
        (full[0], full[63]) = (254, 1);
        add_up(&mut full);
        assert!(full[0] == 0 && full[1..].iter().all(|&place| place == 254));
    }

    /// Entries of all numbers and shapes, at spans from one tick to the longest, against the standard sort.
    #[test]
    fn any_shape_of_times_is_sorted() {
        let mut scratch = Vec::new();
        for bits in [0, 1, 4, 6, 7, 20, 60] {
            let span = (3 << bits)..(4 << bits);
            for count in [0, 1, 2, 12, 13, 14, 64, 128, 255, 256, 700_u64] {
                for factor in [0, 1, 3, 0x9E37_79B9_7F4A_7C15, u64::MAX] {
                    let time = |number: u64| span.start + number.wrapping_mul(factor) % (1 << bits);
                    let entry = |number| Entry::at(time(number), number ^ 5, number as u32);
                    let mut entries: Vec<Entry<u32>> = (0..count).map(entry).collect();
                    let mut expected: Vec<_> = entries.iter().map(|entry| (entry.order(), entry.event)).collect();
                    expected.sort_unstable();
                    sort(&mut entries, span.clone(), &mut scratch);
                    let sorted: Vec<_> = entries.iter().map(|entry| (entry.order(), entry.event)).collect();
                    assert_eq!(sorted, expected, "{count} entries, factor {factor}, span of {bits} bits");
                }
            }
        }
    }
}
