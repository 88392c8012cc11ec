//! Sweeps: many variants of a plan, each with its replications.
//!
//! [`Cells`] is the ordered plan of cells; [`identity()`] names a cell by what it depends on; [`run`] works over all
//! replications of all cells at once, so that no thread is idle while there is work, and hands every finished cell on.
//! At most one cell per thread is begun beyond those that wait for their last replications, so memory does not grow with cells.
//! All cells draw from the streams of the plan's own seed: variants are compared under common random numbers.

mod board;
mod design;
mod identity;
mod sobol;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;

use super::results::sweep::CellResults;
use super::{RunError, in_threads};
use crate::scenario::plan::Plan;
use board::Board;
pub use design::Cells;
pub use identity::identity;

/// What the caller decides about the work over cells.
pub struct SweepOptions<'a> {
    /// Threads; one per core where none are given.
    pub threads: Option<usize>,
    /// Raised from outside to stop.
    pub interrupt: Arc<AtomicBool>,
    /// Told the share of all cells that is done, 0…1, from any thread.
    pub progress: &'a (dyn Fn(f64) + Sync),
}

/// Works over `cells` (numbers that `plan` understands), in order of beginning; hands each finished one to `done`, from
/// any thread. Stops early when `done` says `false`.
///
/// A cell whose plan cannot be made, that panics or exceeds a limit of the engine has failed; the others go on.
///
/// # Errors
/// [`RunError`]: an interrupt, or threads that cannot be started.
pub fn run(
    cells: &[usize],
    plan: &(dyn Fn(usize) -> Result<Plan, String> + Sync),
    done: &(dyn Fn(usize, CellResults) -> bool + Sync),
    options: &SweepOptions<'_>,
) -> Result<(), RunError> {
    let threads = options.threads.unwrap_or_else(rayon::current_num_threads);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|e| RunError::Threads { threads, reason: e.to_string() })?;
    let board = Board::new(cells, plan, done, options);
    pool.broadcast(|_| board.work());
    // The last cell may have been finished before anybody looked at the flag.
    if options.interrupt.load(Ordering::Relaxed) && !board.is_done() { Err(RunError::Interrupted) } else { Ok(()) }
}

/// Does something for every cell, in parallel; results in order. `None` in place of what an interrupt left out.
///
/// # Errors
/// [`RunError::Threads`].
pub fn for_each<T: Send>(
    cells: &[usize],
    one: &(dyn Fn(usize) -> T + Sync),
    options: &SweepOptions<'_>,
) -> Result<Vec<Option<T>>, RunError> {
    let finished = AtomicU64::new(0);
    let step = |cell: &usize| {
        if options.interrupt.load(Ordering::Relaxed) {
            return None;
        }
        let result = one(*cell);
        let count = finished.fetch_add(1, Ordering::Relaxed) + 1;
        (options.progress)(count as f64 / cells.len() as f64);
        Some(result)
    };
    in_threads(options.threads, || cells.par_iter().map(step).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use super::*;
    use crate::scenario::load_text;

    /// A link that fails, so that replications and cells differ.
    fn plan(cell: usize) -> Plan {
        let text = format!(
            "format = 1\nhorizon = \"2 h\"\nreplications = 3\n[site.a]\n[site.b]\n[link.x]\nbetween = [\"a\", \"b\"]\ncapacity = \"{} Gbps\"\nrtt = \"1 ms\"\n\
             mtbf = \"10 min\"\ncut_repair = \"5 min\"\n[demand.d]\nfrom = \"a\"\nto = \"b\"\nrate = \"1 Gbps\"\n",
            100 + cell
        );
        load_text("t.toml", &text, &[]).unwrap_or_else(|e| panic!("{}", crate::scenario::render_text(&e, false))).0
    }

    fn swept(
        count: usize,
        threads: usize,
        of: &(dyn Fn(usize) -> Result<Plan, String> + Sync),
    ) -> BTreeMap<usize, CellResults> {
        let found = Mutex::new(BTreeMap::new());
        let done = |cell, results| found.lock().unwrap().insert(cell, results).is_none();
        let interrupt = Arc::new(AtomicBool::new(false));
        let options = SweepOptions { threads: Some(threads), interrupt, progress: &|_| () };
        run(&(0..count).collect::<Vec<_>>(), of, &done, &options).expect("it runs");
        found.into_inner().unwrap()
    }

    #[test]
    fn cells_give_what_runs_give_whatever_the_threads() {
        let one = swept(5, 1, &|cell| Ok(plan(cell)));
        assert_eq!(one, swept(5, 3, &|cell| Ok(plan(cell))));
        let alone = crate::experiment::run(&plan(4), &crate::experiment::RunOptions::quiet()).expect("a run");
        assert_eq!((one[&4].replications, &one[&4].kpis), (3, &alone.kpis));
        assert!(one.values().all(|cell| cell.failure.is_none() && !cell.kpis.is_empty()));
    }

    #[test]
    fn a_cell_that_panics_or_has_no_plan_fails_alone() {
        let of = |cell| match cell {
            1 => panic!("out of luck"),
            2 => Err("no plan".to_owned()),
            _ => Ok(plan(cell)),
        };
        let found = swept(4, 2, &of);
        assert_eq!(found[&1].failure.as_deref(), Some("a bug of ours: out of luck"));
        assert_eq!(found[&2].failure.as_deref(), Some("no plan"));
        assert!(found[&0].failure.is_none() && found[&3].failure.is_none());
    }

    #[test]
    fn a_store_that_refuses_and_an_interrupt_stop_the_work() {
        let count = AtomicU64::new(0);
        let refuse = |_, _| count.fetch_add(1, Ordering::SeqCst) < 2;
        let interrupt = Arc::new(AtomicBool::new(false));
        let options = SweepOptions { threads: Some(1), interrupt: Arc::clone(&interrupt), progress: &|_| () };
        run(&[0, 1, 2, 3, 4, 5], &|cell| Ok(plan(cell)), &refuse, &options).expect("the caller knows why");
        assert_eq!(count.load(Ordering::SeqCst), 3);
        interrupt.store(true, Ordering::SeqCst);
        let ended = run(&[0], &|cell| Ok(plan(cell)), &|_, _| true, &options);
        assert!(matches!(ended, Err(RunError::Interrupted)));
    }
}
