//! Who does what: replications of open cells first, in order, then the next cell.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::SweepOptions;
use crate::experiment::results::sweep::CellResults;
use crate::experiment::results::{RunResults, TargetRow};
use crate::experiment::{Outcome, RunError, RunOptions, conclude, replicate};
use crate::scenario::plan::Plan;

type Of<'a, T> = &'a (dyn Fn(usize) -> Result<T, String> + Sync);
type Done<'a> = &'a (dyn Fn(usize, CellResults) -> bool + Sync);

/// A cell that has begun.
struct Open {
    cell: usize,
    plan: Plan,
    outcomes: Mutex<Vec<Option<Result<Outcome, Failed>>>>,
    left: AtomicUsize,
}

/// Why a cell has no results.
enum Failed {
    /// This is its row.
    Because(String),
    /// It is to be done again.
    Interrupted,
}

/// What is handed out next.
struct Queue {
    /// Index into the list of cells.
    next: usize,
    /// Cells with replications that nobody has begun, and the first of these.
    open: Vec<(Arc<Open>, usize)>,
}

/// The work over all cells.
pub(super) struct Board<'a> {
    cells: &'a [usize],
    plan: Of<'a, Plan>,
    done: Done<'a>,
    options: &'a SweepOptions<'a>,
    run: RunOptions<'static>,
    queue: Mutex<Queue>,
    finished: AtomicUsize,
    stopped: AtomicBool,
}

impl<'a> Board<'a> {
    pub(super) fn new(cells: &'a [usize], plan: Of<'a, Plan>, done: Done<'a>, options: &'a SweepOptions<'a>) -> Self {
        let run = RunOptions { interrupt: Arc::clone(&options.interrupt), ..RunOptions::quiet() };
        let queue = Mutex::new(Queue { next: 0, open: Vec::new() });
        let (finished, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
        Board { cells, plan, done, options, run, queue, finished, stopped }
    }

    /// Whether every cell was handed on.
    pub(super) fn is_done(&self) -> bool {
        self.finished.load(Ordering::SeqCst) == self.cells.len()
    }

    /// Works until there is nothing more to begin.
    pub(super) fn work(&self) {
        while !self.is_stopped() {
            if let Some((open, replication)) = self.waiting() {
                self.replication(&open, replication);
                continue;
            }
            let Some(cell) = self.next_cell() else { return };
            self.begin(cell);
        }
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed) || self.options.interrupt.load(Ordering::Relaxed)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing panics while it is held.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next replication of the first open cell that has one.
    fn waiting(&self) -> Option<(Arc<Open>, usize)> {
        let mut queue = self.queue();
        let (open, next) = queue.open.first_mut()?;
        let found = (Arc::clone(open), *next);
        *next += 1;
        if *next == found.0.plan.replications as usize {
            queue.open.remove(0);
        }
        Some(found)
    }

    fn next_cell(&self) -> Option<usize> {
        let mut queue = self.queue();
        let cell = self.cells.get(queue.next).copied();
        queue.next += usize::from(cell.is_some());
        cell
    }

    /// Makes the plan of a cell and does its first replication.
    fn begin(&self, cell: usize) {
        let plan = match guarded(|| (self.plan)(cell)) {
            Ok(Ok(plan)) => plan,
            Ok(Err(reason)) | Err(reason) => return self.hand_on(cell, CellResults::failed(reason, 0)),
        };
        let count = plan.replications as usize;
        let outcomes = Mutex::new((0..count).map(|_| None).collect());
        let open = Arc::new(Open { cell, plan, outcomes, left: AtomicUsize::new(count) });
        if count > 1 {
            self.queue().open.push((Arc::clone(&open), 1));
        }
        self.replication(&open, 0);
    }

    fn replication(&self, open: &Open, number: usize) {
        let seed = open.plan.seed;
        let outcome = match guarded(|| replicate(&open.plan, seed, number as u32, &self.run, &|| (), number == 0)) {
            Ok(outcome) => outcome.map_err(failed),
            Err(reason) => Err(Failed::Because(reason)),
        };
        let mut outcomes = open.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        outcomes[number] = Some(outcome);
        drop(outcomes);
        if open.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.finish(open);
        }
    }

    /// Results of a cell whose last replication has ended.
    fn finish(&self, open: &Open) {
        let outcomes = std::mem::take(&mut *open.outcomes.lock().unwrap_or_else(PoisonError::into_inner));
        // The first that failed speaks for all, whichever ended first.
        let outcomes: Result<Vec<Outcome>, Failed> = outcomes.into_iter().flatten().collect();
        let results = outcomes.and_then(|outcomes| {
            let plan = &open.plan;
            guarded(|| conclude(plan, plan.seed, outcomes, &self.run, &|| ())).map_err(Failed::Because)?.map_err(failed)
        });
        match results {
            Ok(results) => self.hand_on(open.cell, of_run(results)),
            Err(Failed::Because(reason)) => {
                self.hand_on(open.cell, CellResults::failed(reason, open.plan.replications));
            }
            Err(Failed::Interrupted) => {}
        }
    }

    fn hand_on(&self, cell: usize, results: CellResults) {
        if !(self.done)(cell, results) {
            self.stopped.store(true, Ordering::Relaxed);
            return;
        }
        let finished = self.finished.fetch_add(1, Ordering::SeqCst) + 1;
        (self.options.progress)(finished as f64 / self.cells.len() as f64);
    }
}

fn failed(error: RunError) -> Failed {
    match error {
        RunError::Interrupted => Failed::Interrupted,
        other => Failed::Because(other.to_string()),
    }
}

fn of_run(results: RunResults) -> CellResults {
    let verdict = |target: TargetRow| (target.name, target.verdict);
    CellResults {
        failure: None,
        replications: results.replications,
        kpis: results.kpis,
        verdicts: results.targets.into_iter().map(verdict).collect(),
    }
}

/// What `work` gives, or what it said when it panicked.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    // What the work was about to change is dropped with it.
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| format!("a bug of ours: {}", said(payload.as_ref())))
}

fn said(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
