//! Where the events wait that are not due soon: a wheel by the digits of their time.
//!
//! Write a time as a number with digits of a few bits. All entries lie at or after an *origin*. An entry waits at the
//! level of the highest digit in which its time differs from the origin, in the bucket of its own digit there. So
//! everything on a lower level comes before everything on a higher one, and on one level a lower digit comes first: the
//! first occupied bucket of the lowest occupied level holds the next events, and bitmaps find it.
//!
//! When that bucket is opened, its beginning becomes the origin. A small bucket is handed out whole, to be sorted. A
//! large one is spread over the level below, by the next digit, and the first bucket there is opened in its turn. An
//! entry moves down at most once per level, whatever the times are; there is no bucket width to choose and nothing to
//! resize.
//!
//! Buckets are lists of fixed chunks from one pool, so memory follows the number of entries and appending never
//! copies. A bucket keeps its entries in the order in which they came.

use super::calendar::Entry;
use std::ops::Range;

// The functions on the path of every event are inlined on purpose: an entry that crosses a call is written to memory in
// parts and read back whole at once, which costs more than the rest of the work.

/// Bits of a digit; at most 5, for the bitmaps.
const BITS: u32 = 5;
/// Buckets of a level.
const WIDTH: usize = 1 << BITS;
/// Levels for times below 2⁶³.
const LEVELS: usize = 63_usize.div_ceil(BITS as usize);
/// Entries of a chunk.
const CHUNK: usize = 128;
/// No chunk.
const NONE: u32 = u32::MAX;

/// The waiting entries.
pub(super) struct Wheel<E> {
    origin: u64,
    len: usize,
    /// Bit by level: some bucket of it is occupied.
    levels: u32,
    /// Bit by digit, for each level.
    digits: [u32; LEVELS],
    buckets: Box<[Bucket; LEVELS * WIDTH]>,
    pool: Pool<E>,
}

/// A list of chunks; all but the last are full.
#[derive(Clone, Copy)]
struct Bucket {
    /// The first chunk.
    first: u32,
    /// Where the next entry goes; at the beginning of a chunk there is none yet.
    next: u32,
    chunks: u32,
}

const EMPTY: Bucket = Bucket { first: NONE, next: 0, chunks: 0 };

impl Bucket {
    /// Entries of the bucket.
    fn len(&self) -> usize {
        self.chunks as usize * CHUNK - self.next.wrapping_neg() as usize % CHUNK
    }
}

impl<E: Copy> Wheel<E> {
    pub(super) fn new() -> Self {
        Wheel {
            origin: 0,
            len: 0,
            levels: 0,
            digits: [0; LEVELS],
            buckets: Box::new([EMPTY; LEVELS * WIDTH]),
            pool: Pool { entries: Vec::new(), following: Vec::new(), free: NONE },
        }
    }

    /// Entries that wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds an entry. An empty wheel takes `floor` as its origin; no later entry may lie before it, or before the
    /// beginning of a bucket that was opened.
    #[inline(always)]
    pub(super) fn add(&mut self, entry: Entry<E>, floor: u64) {
        if self.len == 0 {
            self.origin = floor;
        }
        self.len += 1;
        self.place(entry);
    }

    /// Puts an entry into the bucket that it belongs to, seen from the present origin.
    #[inline(always)]
    fn place(&mut self, entry: Entry<E>) {
        debug_assert!(entry.time >= self.origin, "an entry lies before the origin of the wheel");
        let level = ((entry.time ^ self.origin) | 1).ilog2() / BITS;
        self.append(entry, level);
    }

    /// Puts an entry at the end of the bucket of its digit on this level.
    #[inline(always)]
    fn append(&mut self, entry: Entry<E>, level: u32) {
        let place = self.room(entry.time, level, entry.event);
        self.pool.entries[place] = entry;
    }

    /// The place for an entry of this time at the end of a bucket on this level.
    #[inline(always)]
    fn room(&mut self, time: u64, level: u32, filler: E) -> usize {
        let bucket = level as usize * WIDTH + (time >> (level * BITS)) as usize % WIDTH;
        let mut place = self.buckets[bucket].next;
        if (place as usize).is_multiple_of(CHUNK) {
            place = self.extend(bucket, filler);
        }
        self.buckets[bucket].next = place + 1;
        place as usize
    }

    /// Gives an empty or full bucket one more chunk; returns the first place of it.
    #[inline(never)]
    fn extend(&mut self, number: usize, filler: E) -> u32 {
        let (level, digit) = (number / WIDTH, number % WIDTH);
        self.levels |= 1 << level;
        self.digits[level] |= 1 << digit;
        let chunk = self.pool.chunk(filler);
        let bucket = &mut self.buckets[number];
        match bucket.chunks {
            0 => bucket.first = chunk,
            _ => self.pool.following[bucket.next as usize / CHUNK - 1] = chunk,
        }
        bucket.chunks += 1;
        chunk * CHUNK as u32
    }

    /// Moves the next entries into the empty `out`, in no order, and returns the span of time that they were all of; `None`
    /// if nothing waits in a bucket that begins at or before `limit`.
    ///
    /// At most `few` entries come, or all those of one instant. The span is that of a bucket: its length is a power of two
    /// and it begins at a multiple of it.
    pub(super) fn open(&mut self, limit: u64, few: usize, out: &mut Vec<Entry<E>>) -> Option<Range<u64>> {
        loop {
            if self.levels == 0 {
                return None;
            }
            let level = self.levels.trailing_zeros() as usize;
            let digit = self.digits[level].trailing_zeros() as usize;
            let shift = level as u32 * BITS;
            // The digits above this level, then this digit, then zeros.
            let above = self.origin >> shift >> BITS << BITS;
            let start = (above | digit as u64) << shift;
            if start > limit {
                return None;
            }
            self.origin = start;
            let bucket = self.take(level, digit);
            if bucket.len() <= few || level == 0 {
                self.len -= bucket.len();
                self.pool.pour(bucket, out);
                return Some(start..start + (1 << shift));
            }
            self.spread(bucket, level as u32 - 1);
        }
    }

    /// Takes a bucket out, leaving an empty one.
    fn take(&mut self, level: usize, digit: usize) -> Bucket {
        self.digits[level] &= !(1 << digit);
        if self.digits[level] == 0 {
            self.levels &= !(1 << level);
        }
        std::mem::replace(&mut self.buckets[level * WIDTH + digit], EMPTY)
    }

    /// Spreads the entries of a bucket, which begins at the origin, over this level, the one below its own.
    ///
    /// Those whose digit is that of the origin belong further down, but need not go there at once: their bucket is the
    /// very next to be opened, and nothing is added before.
    fn spread(&mut self, bucket: Bucket, level: u32) {
        let (mut chunk, mut left) = (bucket.first, bucket.len());
        while left > 0 {
            let (start, filled) = (chunk as usize * CHUNK, left.min(CHUNK));
            for old in start..start + filled {
                let Entry { time, event, .. } = self.pool.entries[old];
                let new = self.room(time, level, event);
                self.pool.entries[new] = self.pool.entries[old];
            }
            left -= filled;
            chunk = self.pool.release(chunk);
        }
    }

    /// Throws out the entries that `keep` refuses.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Entry<E>) -> bool) {
        let mut entries = Vec::new();
        for bucket in 0..LEVELS * WIDTH {
            let (level, digit) = (bucket / WIDTH, bucket % WIDTH);
            if self.digits[level] >> digit & 1 == 0 {
                continue;
            }
            let bucket = self.take(level, digit);
            self.len -= bucket.len();
            self.pool.pour(bucket, &mut entries);
            for entry in entries.drain(..).filter(&mut keep) {
                self.len += 1;
                self.place(entry);
            }
        }
    }
}

/// The chunks of all buckets.
struct Pool<E> {
    /// Chunk after chunk.
    entries: Vec<Entry<E>>,
    /// By chunk: the next one of the same bucket, or of the free ones.
    following: Vec<u32>,
    /// The first free chunk.
    free: u32,
}

impl<E: Copy> Pool<E> {
    /// A chunk that nobody holds; a new one is filled with entries of no meaning.
    fn chunk(&mut self, filler: E) -> u32 {
        let chunk = self.free;
        if chunk == NONE {
            self.entries.resize(self.entries.len() + CHUNK, Entry::filler(filler));
            self.following.push(NONE);
            let places = u32::try_from(self.entries.len()).expect("fewer than 2^32 events are pending");
            return places / CHUNK as u32 - 1;
        }
        self.free = self.following[chunk as usize];
        chunk
    }

    /// Gives a chunk back; returns the one that followed it.
    fn release(&mut self, chunk: u32) -> u32 {
        std::mem::replace(&mut self.following[chunk as usize], std::mem::replace(&mut self.free, chunk))
    }

    /// Moves all entries of a bucket to the end of `out`.
    fn pour(&mut self, bucket: Bucket, out: &mut Vec<Entry<E>>) {
        let (mut chunk, mut left) = (bucket.first, bucket.len());
        while left > 0 {
            let (start, filled) = (chunk as usize * CHUNK, left.min(CHUNK));
            out.extend_from_slice(&self.entries[start..start + filled]);
            left -= filled;
            chunk = self.release(chunk);
        }
    }
}
