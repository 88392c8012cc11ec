//! Operations on a system: what one takes, how many a client has outstanding, how many the system serves.
//!
//! One operation of `size` bytes takes its base latency and then the time of its bytes at the rate of one stream:
//!
//! ```text
//! time = latency + size / stream            rate of one stream = size / time
//! rate of a client ≤ min(queue depth, slots) × size / (time + RTT)                (Little's law)
//! ```
//!
//! A read and a write each have their own; an operation of a mix takes the mean, weighed by operations.

use crate::fluid::ResourceId;
use crate::model::paths::{Slots, Uses};
use crate::units::Dist;

/// Time of operations of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Base latency, seconds.
    pub latency: Dist,
    /// Bytes per second of one stream; infinite when the time does not grow with the size.
    pub stream: f64,
}

impl Service {
    /// Mean time of an operation of `bytes`, seconds.
    pub fn time(&self, bytes: f64) -> f64 {
        self.latency.mean() + bytes / self.stream
    }
}

/// Times of operations and slots of clients.
#[derive(Clone, Debug, PartialEq)]
pub struct Requests {
    /// Reads.
    pub read: Service,
    /// Writes.
    pub write: Service,
    /// Mean time of a metadata operation, seconds.
    pub metadata: f64,
    /// Most outstanding operations of one client; infinite without a limit.
    pub client_slots: f64,
}

impl Requests {
    /// Outstanding operations of `clients` that each have up to `depth` of `size` bytes in flight, a share of them reads.
    pub fn slots(&self, clients: f64, depth: f64, size: f64, read_share: f64) -> Slots {
        let latency = read_share * self.read.time(size) + (1.0 - read_share) * self.write.time(size);
        Slots { bytes: clients * depth.min(self.client_slots) * size, latency }
    }

    /// The same for clients that read or write whole files: metadata operations and data operations one after another, so
    /// that a slot is in use by one or the other.
    pub fn file_slots(&self, clients: f64, depth: f64, file: &FileShape, read_share: f64) -> Slots {
        let all = file.parts + file.metadata;
        let data = self.slots(clients, depth, file.size / file.parts, read_share);
        Slots {
            bytes: clients * depth.min(self.client_slots) * file.size / all,
            latency: (file.parts * data.latency + file.metadata * self.metadata) / all,
        }
    }

    /// The same for clients that nothing but their slots limits; none where the system has no such limit.
    pub fn all_slots(&self, clients: f64, size: f64, read_share: f64) -> Option<Slots> {
        self.client_slots.is_finite().then(|| self.slots(clients, f64::INFINITY, size, read_share))
    }
}

/// A file and its operations.
#[derive(Clone, Copy, Debug)]
pub struct FileShape {
    /// Bytes.
    pub size: f64,
    /// Operations on data.
    pub parts: f64,
    /// Operations on metadata.
    pub metadata: f64,
}

/// Operation limits of a system, where there are some: resources of one unit per operation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Of all operations together.
    pub all: Option<ResourceId>,
    /// Of reads.
    pub read: Option<ResourceId>,
    /// Of writes.
    pub write: Option<ResourceId>,
    /// Of metadata; where there is none, these count in `all`.
    pub metadata: Option<ResourceId>,
}

impl Limits {
    /// What so many reads, writes and metadata operations (per byte) use of them.
    pub fn uses(&self, reads: f64, writes: f64, metadata: f64) -> Uses {
        let apart = self.metadata.is_some();
        let all = reads + writes + if apart { 0.0 } else { metadata };
        let limits = [(self.all, all), (self.read, reads), (self.write, writes), (self.metadata, metadata)];
        limits.into_iter().filter_map(|(limit, operations)| Some((limit?, operations))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::paths::Resources;

    fn service(latency: f64, stream: f64) -> Service {
        Service { latency: Dist::Constant(latency), stream }
    }

    #[test]
    fn time_grows_with_size_and_a_mix_takes_the_mean() {
        let requests = Requests {
            read: service(1e-3, 1e9),
            write: service(3e-3, f64::INFINITY),
            metadata: 0.5e-3,
            client_slots: f64::INFINITY,
        };
        assert!((requests.read.time(4e6) - 5e-3).abs() < 1e-15);
        assert!((requests.write.time(4e6) - 3e-3).abs() < 1e-15);
        let mix = requests.slots(2.0, 8.0, 4e6, 0.25);
        assert!((mix.latency - (0.25 * 5e-3 + 0.75 * 3e-3)).abs() < 1e-15);
        assert!((mix.bytes - 64e6).abs() < 1e-3);
        assert_eq!(requests.all_slots(2.0, 4e6, 1.0), None);
        // Two parts of 4 MB at 5 ms and three metadata operations at 0.5 ms: 11.5 ms a file.
        let file = requests.file_slots(2.0, 8.0, &FileShape { size: 8e6, parts: 2.0, metadata: 3.0 }, 1.0);
        assert!((file.rate(0.0) / (16.0 * 8e6 / 11.5e-3) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn slots_cap_the_queue_depth() {
        let requests =
            Requests { read: service(1e-3, 1e9), write: service(1e-3, 1e9), metadata: 0.0, client_slots: 8.0 };
        for (depth, outstanding) in [(1.0, 1.0), (8.0, 8.0), (64.0, 8.0)] {
            assert!((requests.slots(3.0, depth, 1e6, 1.0).bytes - 3e6 * outstanding).abs() < 1e-6);
        }
        assert_eq!(requests.all_slots(3.0, 1e6, 1.0), Some(requests.slots(3.0, 8.0, 1e6, 1.0)));
    }

    #[test]
    fn each_kind_counts_in_its_own_limit_and_in_that_of_all() {
        let mut resources = Resources::default();
        let mut add = |name: &str| Some(resources.add(name.into(), 1.0));
        let limits = Limits { all: add("all"), read: add("read"), write: None, metadata: None };
        let expected = [(limits.all.unwrap(), 1.75), (limits.read.unwrap(), 0.5)];
        assert_eq!(limits.uses(0.5, 0.25, 1.0), expected, "metadata counts with all where it has no limit of its own");
        let apart = Limits { metadata: add("metadata"), ..limits };
        let expected = [(limits.all.unwrap(), 0.75), (limits.read.unwrap(), 0.5), (apart.metadata.unwrap(), 1.0)];
        assert_eq!(apart.uses(0.5, 0.25, 1.0), expected);
        assert!(Limits::default().uses(1.0, 1.0, 1.0).is_empty());
    }
}
