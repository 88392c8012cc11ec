//! Who may still be withdrawn: the generations of keyed events.

use std::num::NonZeroU32;

/// Names one scheduled event, for withdrawing it. A key that outlives its event is harmless.
///
/// `Option<Key>` is no larger than a key: 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub(super) slot: u32,
    /// Odd, hence never zero.
    generation: NonZeroU32,
}

const _: () = assert!(size_of::<Option<Key>>() == 8);

/// The slot of an event that cannot be withdrawn.
pub(super) const NO_SLOT: u32 = u32::MAX;

/// One generation number for each keyed event in the calendar: odd while the event is pending, even after it was
/// handled or withdrawn. A slot is used again only when its entry has left the calendar, so the parity tells a
/// live entry from a dead one, and the full number tells a key of the present event from an older one.
#[derive(Default)]
pub(super) struct Slots {
    generations: Vec<u32>,
    free: Vec<u32>,
    /// Withdrawn events whose entries are still in the calendar.
    dead: usize,
}

impl Slots {
    /// A slot for a new pending event.
    #[inline(always)]
    pub(super) fn occupy(&mut self) -> Key {
        let slot = self.free.pop().unwrap_or_else(|| {
            let slot = u32::try_from(self.generations.len()).expect("fewer than 2^32 keyed events are pending");
            self.generations.push(0);
            slot
        });
        let generation = &mut self.generations[slot as usize];
        *generation = generation.wrapping_add(1);
        Key { slot, generation: NonZeroU32::MIN | *generation }
    }

    /// Marks the event of `key` as withdrawn, if it is pending; says whether it was.
    pub(super) fn kill(&mut self, key: Key) -> bool {
        let generation = &mut self.generations[key.slot as usize];
        let pending = *generation == key.generation.get();
        if pending {
            *generation = generation.wrapping_add(1);
            self.dead += 1;
        }
        pending
    }

    /// Withdrawn events whose entries are still in the calendar.
    pub(super) fn dead(&self) -> usize {
        self.dead
    }

    /// Frees the slot of an entry that leaves the calendar; says whether its event was still pending.
    #[inline(always)]
    pub(super) fn release(&mut self, slot: u32) -> bool {
        if slot == NO_SLOT {
            return true;
        }
        let generation = &mut self.generations[slot as usize];
        let pending = *generation % 2 == 1;
        if pending {
            *generation = generation.wrapping_add(1);
        } else {
            self.dead -= 1;
        }
        self.free.push(slot);
        pending
    }

    /// Whether the event of the entry of `slot` is pending.
    #[inline(always)]
    pub(super) fn lives(&self, slot: u32) -> bool {
        slot == NO_SLOT || self.generations[slot as usize] % 2 == 1
    }

    /// Whether the entry of `slot` stays in the calendar; if it is dead, its slot is freed.
    pub(super) fn keep(&mut self, slot: u32) -> bool {
        let keep = self.lives(slot);
        if !keep {
            self.release(slot);
        }
        keep
    }
}
