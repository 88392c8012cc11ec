//! The marks that are not among the lowest: a stack of piles, the lowest on top.
//!
//! A pile is a list of fixed chunks from one pool, so memory follows the number of marks, and adding never copies.

use super::{Mark, sort_falling};

/// Most pieces that a pile is dealt out to.
const PIECES: usize = 64;
/// Marks drawn for each bound.
const DRAWS: usize = 4;
/// Marks of a chunk.
const CHUNK: usize = 16;
/// No chunk.
const NONE: u32 = u32::MAX;
/// An empty pool with more chunks than this is given back.
const SMALL_POOL: usize = 16;

/// A stack of piles. From the top down the bounds rise.
#[derive(Clone, Debug, Default)]
pub(super) struct Piles {
    len: usize,
    /// By pile: its marks, in no order.
    piles: Vec<List>,
    /// By pile: its bound. No mark is below it, and none of those above is beyond it.
    bounds: Vec<Mark>,
    /// By pile: the digits of its bound, close together for the search.
    digits: Vec<u64>,
    pool: Pool,
}

impl Piles {
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Marks that the pool has places for.
    #[cfg(test)]
    pub fn room(&self) -> usize {
        self.pool.marks.len()
    }

    /// Adds a mark if it is not below the bound of the top pile.
    #[inline]
    pub fn take_in(&mut self, mark: Mark) -> bool {
        let is_mine = self.bounds.last().is_some_and(|top| !mark.is_below(top));
        if is_mine {
            self.len += 1;
            self.place(mark, 0);
        }
        is_mine
    }

    /// Puts a mark on the pile that it belongs to, which is not below `base`.
    #[inline(always)]
    fn place(&mut self, mark: Mark, base: usize) {
        let digits = mark.digits();
        let mut pile = base + self.digits[base..].partition_point(|&bound| bound > digits);
        if mark.is_below(&self.bounds[pile]) {
            pile = self.pile_among_equals(&mark);
        }
        self.pool.append(&mut self.piles[pile], mark);
    }

    /// The pile that a mark belongs to if some bound has the same digits.
    #[inline(never)]
    fn pile_among_equals(&self, mark: &Mark) -> usize {
        self.bounds.partition_point(|bound| mark.is_below(bound))
    }

    /// Adds falling marks, none of them above the bound of the top pile, as a pile.
    pub fn add(&mut self, falling: impl DoubleEndedIterator<Item = Mark>) {
        let mut rising = falling.rev().peekable();
        let Some(&bound) = rising.peek() else { return };
        self.stack(bound);
        let top = self.piles.len() - 1;
        for mark in rising {
            self.len += 1;
            self.pool.append(&mut self.piles[top], mark);
        }
    }

    /// Puts an empty pile on top.
    fn stack(&mut self, bound: Mark) {
        self.piles.push(List::EMPTY);
        self.bounds.push(bound);
        self.digits.push(bound.digits());
    }

    fn unstack(&mut self) -> Option<(List, Mark)> {
        self.digits.pop();
        self.piles.pop().zip(self.bounds.pop())
    }

    /// Moves the lowest marks into the empty `out`, in no order: some, but not more than `few` unless they are the same.
    #[inline(never)]
    pub fn open(&mut self, few: usize, out: &mut Vec<Mark>) {
        while let Some((mut pile, bound)) = self.unstack() {
            if pile.len as usize > few && self.deal(pile, bound, few) {
                continue;
            }
            self.len -= pile.len as usize;
            while self.pool.take_chunk(&mut pile, out) {}
            let following = self.piles.last().map_or(0, |next| next.len as usize);
            if !out.is_empty() && out.len() + following > few {
                break;
            }
        }
        if self.piles.is_empty() {
            self.pool.shrink();
        }
    }

    /// Deals a pile out to smaller ones; `false` if no two different marks were drawn from it.
    fn deal(&mut self, mut pile: List, lowest: Mark, few: usize) -> bool {
        let pieces = (2 * pile.len as usize / few).clamp(2, PIECES);
        let mut drawn = self.pool.draw(&pile, pieces * DRAWS);
        sort_falling(&mut drawn);
        let base = self.piles.len();
        for piece in 1..pieces {
            let bound = drawn[piece * DRAWS];
            if bound > lowest && self.bounds[base..].last() != Some(&bound) {
                self.stack(bound);
            }
        }
        if self.piles.len() == base {
            return false;
        }
        self.stack(lowest);
        let mut marks = Vec::with_capacity(CHUNK);
        while self.pool.take_chunk(&mut pile, &mut marks) {
            for mark in marks.drain(..) {
                self.place(mark, base);
            }
        }
        true
    }

    /// Throws out the marks that `keep` refuses.
    pub fn retain(&mut self, mut keep: impl FnMut(&Mark) -> bool) {
        self.len = 0;
        let mut marks = Vec::with_capacity(CHUNK);
        for pile in &mut self.piles {
            let mut old = std::mem::replace(pile, List::EMPTY);
            while self.pool.take_chunk(&mut old, &mut marks) {
                for mark in marks.drain(..).filter(&mut keep) {
                    self.pool.append(pile, mark);
                }
            }
            self.len += pile.len as usize;
        }
    }
}

/// A list of chunks; all but the last are full.
#[derive(Copy, Clone, Debug)]
struct List {
    first: u32,
    /// Where the next mark goes; at the beginning of a chunk there is none yet.
    next: u32,
    len: u32,
}

impl List {
    const EMPTY: Self = Self { first: NONE, next: 0, len: 0 };
}

/// The chunks of all piles.
#[derive(Clone, Debug)]
struct Pool {
    /// Chunk after chunk.
    marks: Vec<Mark>,
    /// By chunk: the next one of the same pile, or of the free ones.
    following: Vec<u32>,
    /// The first free chunk.
    free: u32,
}

impl Default for Pool {
    fn default() -> Self {
        Self { marks: Vec::new(), following: Vec::new(), free: NONE }
    }
}

impl Pool {
    #[inline]
    fn append(&mut self, list: &mut List, mark: Mark) {
        if (list.next as usize).is_multiple_of(CHUNK) {
            self.extend(list, mark);
        }
        self.marks[list.next as usize] = mark;
        list.next += 1;
        list.len += 1;
    }

    /// Gives an empty or full list one more chunk. New ones are filled with any mark.
    #[inline(never)]
    fn extend(&mut self, list: &mut List, filler: Mark) {
        let chunk = match self.free {
            NONE => {
                self.marks.resize(self.marks.len() + CHUNK, filler);
                self.following.push(NONE);
                (self.following.len() - 1) as u32
            }
            free => std::mem::replace(&mut self.free, self.following[free as usize]),
        };
        match list.len {
            0 => list.first = chunk,
            _ => self.following[list.next as usize / CHUNK - 1] = chunk,
        }
        list.next = chunk * CHUNK as u32;
    }

    /// Moves the marks of a list's first chunk to the end of `out`; `false` if there are none.
    fn take_chunk(&mut self, list: &mut List, out: &mut Vec<Mark>) -> bool {
        let (chunk, filled) = (list.first as usize, list.len.min(CHUNK as u32));
        if filled > 0 {
            out.extend_from_slice(&self.marks[chunk * CHUNK..][..filled as usize]);
            list.len -= filled;
            let free = std::mem::replace(&mut self.free, list.first);
            list.first = std::mem::replace(&mut self.following[chunk], free);
        }
        filled > 0
    }

    /// `count` marks of a longer list, one from each of as many equal stretches.
    fn draw(&self, list: &List, count: usize) -> Vec<Mark> {
        let stretch = list.len as usize / count;
        let (mut chunk, mut start) = (list.first, 0);
        // Where in its stretch a mark is drawn changes, so that no pattern in the list is met in step.
        let mut scramble = list.len as u64;
        (0..count)
            .map(|draw| {
                scramble = scramble.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
                let place = draw * stretch + (((scramble >> 32) as usize * stretch) >> 32);
                while place - start >= CHUNK {
                    chunk = self.following[chunk as usize];
                    start += CHUNK;
                }
                self.marks[chunk as usize * CHUNK + place - start]
            })
            .collect()
    }

    /// Gives the room back when all chunks are free, unless it is small.
    fn shrink(&mut self) {
        if self.following.len() > SMALL_POOL {
            *self = Self::default();
        }
    }
}
