//! Networks as algebra: nodes, arcs with a cost and a capacity, and what can be said of them without a clock.
//!
//! | file | what |
//! |---|---|
//! | `graph` | nodes and arcs, and who leads where |
//! | `tree` | cheapest ways from or to one node (Dijkstra), with a total order so that ties never depend on chance |
//! | `spread` | equal split over all next hops that are equally cheap |
//! | `concurrent` | the largest factor on all demands at once that fits, whatever the routing (linear programme, or weights) |
//! | `engineered` | ways and shares for all demands together that leave the fullest arc as empty as can be |
//! | `disjoint` | cheapest sets of ways that share no edge or no node in between (successive shortest ways) |
//! | `fan_out` | from one node to several: chains, trees |
//! | `load` | what a matrix of demands puts on every arc, and with edges dead |
//!
//! An *edge* is two opposite arcs: arc 2e there, arc 2e + 1 back. Knows no units: costs are whole numbers, capacities are
//! positive numbers of any one unit.

mod concurrent;
mod disjoint;
mod engineered;
mod fan_out;
mod graph;
mod load;
mod spread;
#[cfg(test)]
mod tests;
mod tree;

pub use concurrent::{Concurrent, Demand, EXACT_COLUMNS, GAP, Unroutable, concurrent, concurrent_until};
pub use disjoint::{Apart, disjoint};
pub use engineered::{Asked, Engineered, Growth, by_pair, engineered, factors, growth};
pub use fan_out::{Crossing, FanRule, fan_out};
pub use graph::{Arc, Graph, opposite};
pub use load::{Loader, Loads, Rule, Want};
pub use spread::{Hop, Spread};
pub use tree::{Tree, Way};
