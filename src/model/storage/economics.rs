//! Limits of accounts against what is asked of them, and what a system costs: figures of the plan that KPIs combine
//! with what was measured.

/// Rates and bytes asked of a system.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Offered {
    /// Client bytes to hold.
    pub bytes: f64,
    /// Payload bytes read per second.
    pub read: f64,
    /// Payload bytes written per second.
    pub write: f64,
    /// Operations per second.
    pub operations: f64,
    /// Reads among them, and writes.
    pub apart: [f64; 2],
}

impl Offered {
    /// The larger of each.
    pub fn max(self, other: Offered) -> Offered {
        Offered {
            bytes: self.bytes.max(other.bytes),
            read: self.read.max(other.read),
            write: self.write.max(other.write),
            operations: self.operations.max(other.operations),
            apart: [0, 1].map(|kind| self.apart[kind].max(other.apart[kind])),
        }
    }
}

/// An object service by its accounts.
#[derive(Clone, Copy, Debug)]
pub struct Accounts {
    /// Accounts there are.
    pub accounts: f64,
    /// Client bytes that one holds.
    pub capacity: f64,
    /// Wire bytes per second written to one.
    pub ingress: f64,
    /// Wire bytes per second read from one.
    pub egress: f64,
    /// Requests per second of one.
    pub operations: f64,
    /// Reads per second of one, and writes; infinite where only all of them are limited.
    pub apart: [f64; 2],
    /// Load of the hottest over the mean.
    pub skew: f64,
    /// Wire bytes per payload byte.
    pub overhead: f64,
    /// Accounts of one subscription.
    pub per_subscription: Option<f64>,
}

impl Accounts {
    /// Accounts for capacity, ingress, egress and requests.
    pub fn needs(&self, offered: Offered) -> [f64; 4] {
        // Sums of many clients carry rounding that must not cost an account.
        let whole = |x: f64| (x * (1.0 - 1e-12)).ceil();
        // What one account carries needs no more; else the hottest of them must carry its share.
        let hot = |even: f64| whole(if even > 1.0 { even * self.skew } else { even });
        let apart = [0, 1].map(|kind| hot(offered.apart[kind] / self.apart[kind]));
        [
            whole(offered.bytes / self.capacity),
            hot(offered.write * self.overhead / self.ingress),
            hot(offered.read * self.overhead / self.egress),
            hot(offered.operations / self.operations).max(apart[0]).max(apart[1]),
        ]
    }
}

/// What a system is and costs, by the plan.
#[derive(Clone, Copy, Debug)]
pub struct Bill {
    /// Nodes, enclosures or accounts.
    pub units: f64,
    /// Payload rate that reads alone can reach.
    pub read: f64,
    /// Payload rate that writes alone can keep up.
    pub write: f64,
    /// US dollars a month.
    pub cost: Option<f64>,
    /// IT power in watts.
    pub power: f64,
    /// Rack positions.
    pub racks: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At the default limits of a large region 3 EB take 533 accounts, and those take 4.0 TB/s in.
    #[test]
    fn accounts_for_three_exabytes_and_their_rates() {
        let service = Accounts {
            accounts: 533.0,
            capacity: 5.0 * 2f64.powi(50),
            ingress: 7.5e9,
            egress: 25e9,
            operations: 40e3,
            apart: [f64::INFINITY; 2],
            skew: 1.0,
            overhead: 1.0,
            per_subscription: Some(250.0),
        };
        let asked = Offered { bytes: 3e18, read: 13.3e12, write: 3.99e12, operations: 21.3e6, ..Offered::default() };
        let counts = |asked| service.needs(asked).map(|n| n as u64);
        assert_eq!(counts(asked), [533, 532, 532, 533]);
        assert_eq!(counts(Offered::default()), [0; 4]);
        let exact = Offered { write: 7.5e9 * 3.0 * (1.0 + 1e-15), ..Offered::default() };
        assert_eq!(counts(exact)[1], 3, "rounding costs no account");
        let hot = Accounts { skew: 3.0, ..service };
        let needs = hot.needs(asked).map(|n| n as u64);
        assert_eq!(needs, [533, 1596, 1596, 1598], "bytes spread, rates do not");
        assert_eq!(hot.needs(Offered { write: 7e9, ..Offered::default() })[1] as u64, 1, "one account has no hottest");
        // Limits of reads and of writes hold beside that of all: 11,000 reads at 5,500 take two, 8,000 writes at 3,500 three.
        let apart = Accounts { operations: 9e3, apart: [5.5e3, 3.5e3], ..service };
        for (reads, writes, accounts) in [(11e3, 0.0, 2), (0.0, 8e3, 3), (11e3, 7e3, 2), (11e3, 7.1e3, 3)] {
            let asked = Offered { operations: reads + writes, apart: [reads, writes], ..Offered::default() };
            assert_eq!(apart.needs(asked)[3] as u64, accounts, "{reads} {writes}");
        }
    }
}
