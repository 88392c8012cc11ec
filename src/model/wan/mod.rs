//! The WAN: links with two directions, made of waves, that fail and are mended; routes over one way or several.
//!
//! Capacity of a direction = (waves up ÷ waves) × installed capacity, zero while the link or one of its
//! shared-risk groups is cut. Routes are chosen over the links that
//! were alive at the last reconvergence: the cheapest way (cost: propagation time in ns, or a stated metric; ties: fewer links, then
//! the lower link number), all cheapest ways with an even split at every site, or several ways that share no link. When a link dies, traffic on it stands still until the routes have
//! changed; when it comes back, traffic returns to it after the same delay.
//!
//! | file | what |
//! |---|---|
//! | `params` | links, groups, and how they fail, as assembly hands them over |
//! | `installed` | capacity and waves by date, and what they could carry over a span of time |
//! | `link` | the state of one link: waves down, cuts open, what it carries |
//! | `failures` | events: what fails, what is mended, what the world must do |
//! | `dated` | what changes at known dates, with the routes |
//! | `restoration` | spare waves: capacity that comes back before what failed is mended |
//! | `routes` | routes between sites |
//! | `ways` | ways of split traffic by name |
//! | `engineering` | ways that fit all standing demand together, from time to time |
//! | `pairs` | how long pairs of sites had a way |
//! | `component` | all of it together, and its statistics |
//!
//! Not modelled here: queueing delay.

mod component;
mod dated;
mod engineering;
mod failures;
mod installed;
mod link;
mod pairs;
mod params;
mod restoration;
mod routes;
#[cfg(test)]
mod tests;
mod ways;

pub use component::{Wan, WanEffect};
pub use engineering::Wanted;
pub use installed::{Installation, Installed};
pub use link::LinkTimes;
pub use pairs::Reached;
pub use params::{GroupParams, LinkParams, Outages, RestorationParams, WindowParams};
pub use routes::{Edge, Fixed, RouteRules};
