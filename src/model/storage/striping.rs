//! Few files on a striped file system: how many targets they keep busy.
//!
//! A file lies on s of T targets, which N servers share; the allocator goes round (Lustre Operations Manual, *Managing
//! free space*: round-robin while the free space of the targets differs by less than 17 %), so that the stripes of F files lie on the
//! targets as evenly as whole numbers allow. With t the rate of one target and n the payload rate of one server's NIC,
//!
//! ```text
//! S = F·s                                  stripes
//! load      ≤ min(S, T)·t,  min(S, N)·n    files one after another: a target works as long as it has a stripe
//! burst     ≤ S·t / ⌈S/T⌉,  S·n / ⌈S/N⌉    files of one size that begin together: the fullest target is last
//! ```
//!
//! The first binds only where S < T or S < N. What the targets and NICs carry together, with other works and with losses, is in
//! their resources.

/// A striped file system as one work sees it.
#[derive(Clone, Copy, Debug)]
pub struct Striping {
    /// Servers, N.
    pub servers: f64,
    /// Targets of all servers, T.
    pub targets: f64,
    /// Targets of a file, s.
    pub stripe_count: f64,
    /// Client bytes per second that one target reads, and writes.
    pub target: [f64; 2],
    /// Share of the time of the media that reads and writes compete for.
    pub media_shared: f64,
    /// Payload bytes per second of the NIC of one server, each direction.
    pub nic: f64,
}

impl Striping {
    /// Rate that `files` open at a time allow a load, a share of it reads; infinite where they keep everything busy.
    pub fn load(&self, files: f64, read_share: f64) -> f64 {
        let stripes = files * self.stripe_count;
        let bound = |count: f64, each: f64| if stripes < count { stripes * each } else { f64::INFINITY };
        bound(self.targets, self.target_rate(read_share)).min(bound(self.servers, self.nic_rate(read_share)))
    }

    /// Rate, as the bytes of all over the time of the last, of `files` of one size that begin together.
    pub fn burst(&self, files: f64, read_share: f64) -> f64 {
        let stripes = files * self.stripe_count;
        let bound = |count: f64, each: f64| stripes * each / (stripes / count).ceil();
        bound(self.targets, self.target_rate(read_share)).min(bound(self.servers, self.nic_rate(read_share)))
    }

    /// Client bytes per second of one target: the time of its reads and writes, as in [`layout`](super::layout).
    fn target_rate(&self, read_share: f64) -> f64 {
        let [read, write] = [read_share / self.target[0], (1.0 - read_share) / self.target[1]];
        let shared = if self.media_shared > 0.0 { (read + write) / (2.0 - self.media_shared) } else { 0.0 };
        1.0 / read.max(write).max(shared)
    }

    fn nic_rate(&self, read_share: f64) -> f64 {
        self.nic / read_share.max(1.0 - read_share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 4 servers with 2 targets each, a file on 2.
    const SMALL: Striping =
        Striping { servers: 4.0, targets: 8.0, stripe_count: 2.0, target: [10.0, 5.0], media_shared: 1.0, nic: 15.0 };

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12 * b.abs().max(1.0), "{a} against {b}");
    }

    #[test]
    fn few_files_keep_few_targets_busy() {
        // One file: 2 targets of 10, on 2 servers of 15.
        close(SMALL.load(1.0, 1.0), 20.0);
        close(SMALL.load(1.0, 0.0), 10.0);
        // Three files: 6 stripes on 6 targets; all 4 NICs are in use.
        close(SMALL.load(3.0, 1.0), 60.0);
        assert!(SMALL.load(4.0, 1.0).is_infinite(), "8 stripes on 8 targets");
        // Half and half: a byte takes 0.5/10 + 0.5/5 s of a target.
        close(SMALL.load(1.0, 0.5), 2.0 / 0.15);
        close(Striping { media_shared: 0.0, ..SMALL }.load(1.0, 0.5), 2.0 / 0.1);
    }

    #[test]
    fn narrow_nics_bind_before_the_targets() {
        let narrow = Striping { nic: 4.0, ..SMALL };
        close(narrow.load(1.0, 1.0), 8.0);
        // Both directions of a NIC carry a mix.
        close(narrow.load(1.0, 0.5), 16.0_f64.min(2.0 / 0.15));
        // 6 stripes on 4 servers: the fullest have 2.
        close(narrow.burst(3.0, 1.0), 6.0 * 4.0 / 2.0);
    }

    #[test]
    fn a_burst_waits_for_the_fullest_target() {
        // 4 files fill 8 targets evenly, 5 files put 2 stripes on 2 of them.
        close(SMALL.burst(4.0, 1.0), 8.0 * 15.0 / 2.0);
        let wide = Striping { nic: 1e9, ..SMALL };
        close(wide.burst(4.0, 1.0), 80.0);
        close(wide.burst(5.0, 1.0), 50.0);
        close(wide.burst(400.0, 1.0), 80.0);
    }

    #[test]
    fn more_files_never_slow_a_load() {
        let mut last = 0.0;
        for files in 1..=10 {
            let rate = SMALL.load(f64::from(files), 0.7);
            assert!(rate >= last);
            last = rate;
        }
    }
}
