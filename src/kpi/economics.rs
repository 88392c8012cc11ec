//! KPIs of demand, size and cost of storage systems.

use super::registry::{Kpi, NONE, kpi};
use crate::units::Dimension as D;

/// Accounts of object services: always reported.
pub(super) const ACCOUNTS: &[Kpi] = &[
    kpi(
        "storage.*.accounts_needed",
        "1",
        D::Count,
        NONE,
        "max(accounts_for_capacity, accounts_for_ingress, accounts_for_egress, accounts_for_requests)",
        "Accounts that the demand needs at the limits of one account, at least 1. The demand is what the plan asks for (`capacity`, \
         `sized_for`) or what the works offer, whichever is more. What works offer is the largest sum over works that run at one time: a \
         paced load its pace, a saturating one what its clients' interfaces and queue depth allow, a copy its pace or the rate it \
         would have alone, checkpoints their bytes per interval. Where accounts are given and fewer, rates are held by the \
         account limits (`storage.S.account-ingress` and so on among the bottlenecks).",
    ),
    kpi(
        "storage.*.accounts_for_capacity",
        "1",
        D::Count,
        NONE,
        "⌈bytes to hold / capacity of an account⌉",
        "Accounts that the capacity asked for, or the bytes held at the end where that is more, need.",
    ),
    kpi(
        "storage.*.accounts_for_ingress",
        "1",
        D::Count,
        NONE,
        "⌈write rate asked × client_overhead / ingress of an account⌉",
        "Accounts that writes need.",
    ),
    kpi(
        "storage.*.accounts_for_egress",
        "1",
        D::Count,
        NONE,
        "⌈read rate asked × client_overhead / egress of an account⌉",
        "Accounts that reads need.",
    ),
    kpi(
        "storage.*.accounts_for_requests",
        "1",
        D::Count,
        NONE,
        "max(⌈operations asked / operations⌉, ⌈reads / read_operations⌉, ⌈writes / write_operations⌉)",
        "Accounts that requests need, at the limits of one account on all of them, on reads and on writes.",
    ),
    kpi(
        "storage.*.request_cost",
        "USD",
        D::Money,
        NONE,
        "(reads × price_per_10k_reads + writes × price_per_10k_writes) / 10,000 / time × 730.5 h",
        "US dollars a month for requests, at the rates of the measured part; it is not in `cost`, which is for the system used or not. \
         Operations on metadata cost as reads. Only where a price of requests is known.",
    ),
    kpi(
        "storage.*.subscriptions",
        "1",
        D::Count,
        NONE,
        "⌈accounts / accounts_per_subscription⌉",
        "Subscriptions that the accounts take in one region without a special request. Null where no such limit is known.",
    ),
];

/// Size, deliverable rates and money: reported for systems that are sized, priced or judged by them.
pub(super) const ECONOMICS: &[Kpi] = &[
    kpi(
        "storage.*.units",
        "1",
        D::Count,
        NONE,
        "as stated, or max over the needs of sized_for",
        "Nodes, enclosures or accounts of the system; 1 where capacity is sold. With `sized_for`, the largest number that capacity, read rate, \
         write rate, operations, all of them at once, or the product's minimum needs; `apollo check` shows each.",
    ),
    kpi(
        "storage.*.deliverable_read_rate",
        "B/s",
        D::Throughput,
        NONE,
        "min over stages of capacity / crossings of a read",
        "Payload rate that reads alone reach on the whole system, in closed form from its crossings: what saturated readers of large \
         operations measure as read_rate.",
    ),
    kpi(
        "storage.*.deliverable_write_rate",
        "B/s",
        D::Throughput,
        NONE,
        "min over stages of capacity / crossings of a write with its migration",
        "Payload rate that writes alone keep up with the write buffer full, in closed form from the crossings.",
    ),
    kpi(
        "storage.*.cost",
        "USD",
        D::Money,
        NONE,
        "units × price_per_hour × 730.5 h + capacity × price_per_capacity + purchase / life + power and rack lease",
        "US dollars a month of the whole system as planned, used or not: hours of its units, capacity in full, purchase spread evenly over \
         `[price] life`, and leases of power and rack positions. Requests, network transfer, staff and interest are not in it. Null where no \
         price is known.",
    ),
    kpi(
        "storage.*.total_cost",
        "USD",
        D::Money,
        NONE,
        "cost + request_cost",
        "US dollars a month of the system with the requests of the measured part, where requests have a price. Requests cost by their \
         number: with io_size four times as large the same bytes take a quarter of them. Null where no price of the system is known.",
    ),
    kpi(
        "storage.*.cost_per_usable_pb_month",
        "USD",
        D::Money,
        NONE,
        "cost / usable PB",
        "US dollars a month per petabyte (10^15 B) of usable capacity, requests apart.",
    ),
    kpi(
        "storage.*.cost_per_delivered_read_gb_per_s",
        "USD",
        D::Money,
        NONE,
        "total_cost / (read_rate in GB/s)",
        "US dollars a month, requests included, per GB/s that readers were delivered in the measured part. Systems under the same demand are compared by \
         it. Null where nothing was read.",
    ),
    kpi(
        "storage.*.cost_per_delivered_write_gb_per_s",
        "USD",
        D::Money,
        NONE,
        "total_cost / (write_rate in GB/s)",
        "US dollars a month, requests included, per GB/s that was acknowledged to writers in the measured part. Null where nothing was written.",
    ),
    kpi(
        "storage.*.power",
        "W",
        D::Power,
        NONE,
        "units × node_power + heads × head_power",
        "IT power of the system on the site; 0 for one in a provider's region.",
    ),
    kpi(
        "storage.*.power_per_pb",
        "W",
        D::Power,
        NONE,
        "power / usable PB",
        "IT power per petabyte (10^15 B) of usable capacity.",
    ),
    kpi(
        "storage.*.racks",
        "rack",
        D::Factor,
        NONE,
        "units × racks + heads × head_racks",
        "Rack positions of the system on the site.",
    ),
    kpi(
        "storage.*.racks_per_pb",
        "rack",
        D::Factor,
        NONE,
        "racks / usable PB",
        "Rack positions per petabyte (10^15 B) of usable capacity.",
    ),
];

/// Whether a KPI is one of size, deliverable rates and money.
pub fn is_economic(pattern: &str) -> bool {
    ECONOMICS.iter().any(|kpi| kpi.pattern == pattern)
}
