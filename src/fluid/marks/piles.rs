//! The marks that are not among the lowest: a stack of piles, the lowest on top.
//!
//! A pile is a list of fixed chunks from one pool, so memory follows the number of marks, and adding never copies.

use super::Mark;

/// Most pieces that a pile is dealt out to.
const PIECES: usize = 64;
/// Marks drawn for each bound.
const DRAWS: usize = 4;
/// Marks of a chunk.
const CHUNK: usize = 32;
/// No chunk.
const NONE: u32 = u32::MAX;
/// An empty pool with more chunks than this is given back.
const SMALL_POOL: usize = 16;

/// A stack of piles. From the top down the bounds rise.
#[derive(Clone, Debug, Default)]
pub(super) struct Piles {
    len: usize,
    piles: Vec<Pile>,
    /// By pile: the digits of its bound, close together for the search.
    digits: Vec<u64>,
    pool: Pool,
}

/// Marks in no order.
#[derive(Copy, Clone, Debug)]
struct Pile {
    /// No mark is below this, and none above the bound of the next pile.
    bound: Mark,
    chunks: List,
}

impl Piles {
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
        let is_mine = self.piles.last().is_some_and(|top| mark >= top.bound);
        if is_mine {
            self.len += 1;
            self.place(mark, 0);
        }
        is_mine
    }

    /// Puts a mark on the pile it belongs to, one of those from `base` up.
    #[inline]
    fn place(&mut self, mark: Mark, base: usize) {
        let digits = mark.digits();
        let mut pile = base + self.digits[base..].partition_point(|&bound| bound > digits);
        if self.digits.get(pile) == Some(&digits) {
            pile = base + self.piles[base..].partition_point(|pile| pile.bound > mark);
        }
        self.pool.append(&mut self.piles[pile].chunks, mark);
    }

    /// Adds falling marks, none of them above the bound of the top pile, as a pile.
    pub fn add(&mut self, falling: impl DoubleEndedIterator<Item = Mark>) {
        let mut rising = falling.rev().peekable();
        let Some(&bound) = rising.peek() else { return };
        self.stack(bound);
        let top = self.piles.len() - 1;
        for mark in rising {
            self.len += 1;
            self.pool.append(&mut self.piles[top].chunks, mark);
        }
    }

    /// Puts an empty pile on top.
    fn stack(&mut self, bound: Mark) {
        self.piles.push(Pile { bound, chunks: List::EMPTY });
        self.digits.push(bound.digits());
    }

    fn unstack(&mut self) -> Option<Pile> {
        self.digits.pop();
        self.piles.pop()
    }

    /// Moves the lowest marks into the empty `out`, in no order: some, but not more than `few` unless they are the same.
    #[inline(never)]
    pub fn open(&mut self, few: usize, out: &mut Vec<Mark>) {
        while let Some(top) = self.unstack() {
            if top.chunks.len > few && self.deal(top, few) {
                continue;
            }
            self.len -= top.chunks.len;
            self.pool.pour(top.chunks, out);
            let following = self.piles.last().map_or(0, |next| next.chunks.len);
            if !out.is_empty() && out.len() + following > few {
                break;
            }
        }
        if self.piles.is_empty() {
            self.pool.shrink();
        }
    }

    /// Deals a pile out to smaller ones; `false` if no two different marks were drawn from it.
    fn deal(&mut self, pile: Pile, few: usize) -> bool {
        let pieces = (2 * pile.chunks.len / few).clamp(2, PIECES);
        let mut drawn = self.pool.draw(&pile.chunks, pieces * DRAWS);
        drawn.sort_unstable();
        let base = self.piles.len();
        let mut last = None;
        for piece in (1..pieces).rev() {
            let bound = drawn[piece * DRAWS];
            if bound > pile.bound && last != Some(bound) {
                self.stack(bound);
                last = Some(bound);
            }
        }
        if last.is_none() {
            return false;
        }
        self.stack(pile.bound);
        let (mut chunk, mut left) = (pile.chunks.first, pile.chunks.len);
        while left > 0 {
            let filled = left.min(CHUNK);
            for place in 0..filled {
                self.place(self.pool.marks[chunk as usize * CHUNK + place], base);
            }
            left -= filled;
            chunk = self.pool.release(chunk);
        }
        true
    }

    /// Throws out the marks that `keep` refuses.
    pub fn retain(&mut self, mut keep: impl FnMut(&Mark) -> bool) {
        let mut marks = Vec::new();
        for pile in &mut self.piles {
            self.pool.pour(std::mem::replace(&mut pile.chunks, List::EMPTY), &mut marks);
            self.len -= marks.len();
            for mark in marks.drain(..).filter(&mut keep) {
                self.len += 1;
                self.pool.append(&mut pile.chunks, mark);
            }
        }
    }
}

/// A list of chunks; all but the last are full.
#[derive(Copy, Clone, Debug)]
struct List {
    first: u32,
    /// Where the next mark goes; at the beginning of a chunk there is none yet.
    next: u32,
    len: usize,
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

    /// Gives a chunk back; returns the one that followed it.
    fn release(&mut self, chunk: u32) -> u32 {
        std::mem::replace(&mut self.following[chunk as usize], std::mem::replace(&mut self.free, chunk))
    }

    /// Moves all marks of a list to the end of `out`.
    fn pour(&mut self, list: List, out: &mut Vec<Mark>) {
        let (mut chunk, mut left) = (list.first, list.len);
        while left > 0 {
            let (start, filled) = (chunk as usize * CHUNK, left.min(CHUNK));
            out.extend_from_slice(&self.marks[start..start + filled]);
            left -= filled;
            chunk = self.release(chunk);
        }
    }

    /// `count` marks of a longer list, one from each of as many equal stretches.
    fn draw(&self, list: &List, count: usize) -> Vec<Mark> {
        let stretch = list.len / count;
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
