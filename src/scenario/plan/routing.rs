//! How routes are chosen.

use crate::units::SimDuration;

/// By which rule a transfer's route is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routing {
    /// The one cheapest way.
    Shortest,
    /// All cheapest ways, split evenly at each site.
    Ecmp,
    /// Several ways that share no link.
    Disjoint,
    /// Ways and shares that fit all standing demand together.
    Engineered,
}

/// Traffic engineering: the rule [`Routing::Engineered`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engineering {
    /// Most ways of one pair, at least 1.
    pub ways: u32,
    /// Solutions are made at multiples of this time.
    pub every: SimDuration,
}

/// Ways of the rule [`Routing::Disjoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disjoint {
    /// Most ways of one route, at least 1.
    pub ways: u32,
    /// Whether they may not share sites in between either.
    pub nodes: bool,
    /// Whether bytes are split by the capacity of each way's thinnest link; otherwise evenly.
    pub by_capacity: bool,
}
