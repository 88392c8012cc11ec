//! KPIs of the way of a work between two sites.

use super::registry::{Kpi, NONE, kpi};
use crate::units::Dimension as D;

/// What each limit alone would allow, all connections of the work in that direction together.
pub(super) const PATH: &[Kpi] = &[
    kpi(
        "path.*.*.round_trip",
        "s",
        D::Duration,
        NONE,
        "Σ over links of the round-trip time",
        "Round trip of the route that the work takes at the start, by work and direction: path.hydrate.phoenix-to-dallas.round_trip.",
    ),
    kpi(
        "path.*.*.first_byte",
        "s",
        D::Duration,
        NONE,
        "(setup_rtts + 1/2) × round trip",
        "From the order of a transfer to its first byte at the receiver, where nothing is in the way.",
    ),
    kpi(
        "path.*.*.slow_start",
        "s",
        D::Duration,
        NONE,
        "round trip × the least k with streams × initial_window × segment × 2^k / round trip ≥ the tightest limit",
        "Time that a transfer takes to open its windows, on the route at the start with nothing else on it. Only where `initial_window` is stated \
         and limits it.",
    ),
    kpi(
        "path.*.*.loss",
        "1",
        D::Ratio,
        NONE,
        "1 − Π over links of (1 − loss)",
        "Share of packets that are lost on the route that the work takes at the start.",
    ),
    kpi(
        "path.*.*.window_limit",
        "B/s",
        D::Throughput,
        NONE,
        "streams × window / round trip",
        "Payload rate that the windows of the work's streams allow, without loss. An RL loop with one copy an engine has it for each copy.",
    ),
    kpi(
        "path.*.*.loss_limit",
        "B/s",
        D::Throughput,
        NONE,
        "loss-based: streams × segment / round trip × C / √loss; go-back-N: streams × segment × (1 − loss) / (loss × round trip)",
        "Payload rate that loss allows, whatever the window. Null where nothing is lost, and with selective repeat.",
    ),
    kpi(
        "path.*.*.link_limit",
        "B/s",
        D::Throughput,
        NONE,
        "min over WAN edges and links of capacity × framing, times the share of the bytes that arrives",
        "Payload rate of the route that the work takes at the start, with nothing else on it.",
    ),
    kpi(
        "path.*.*.nic_limit",
        "B/s",
        D::Throughput,
        NONE,
        "Σ network interfaces / wire bytes per payload byte",
        "Payload rate of the network interfaces of the work's clients, or of the senders of an RL loop. Null where the plan states none, \
         and where clients pace themselves below them.",
    ),
];
