//! Exit codes, as `language.md` fixes them.

use std::process::ExitCode;

use crate::experiment::results::{TargetRow, Verdict};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All well.
    Done,
    /// A target failed.
    TargetFailed,
    /// The input is wrong: usage, scenario, data file.
    Input,
    /// A target is inconclusive at this precision.
    Inconclusive,
    /// The environment failed: disk, permissions.
    Environment,
    /// Work is missing, but can be resumed.
    Incomplete,
    /// A bug of ours.
    Bug,
    /// Stopped by the user: Ctrl-C.
    Interrupted,
    /// Asked to end by the system: `kill`, a scheduler's time limit.
    Terminated,
}

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::TargetFailed => 1,
            Exit::Input => 2,
            Exit::Inconclusive => 3,
            Exit::Environment => 4,
            Exit::Incomplete => 5,
            Exit::Bug => 101,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }

    /// Which of two counts when both apply. An interruption ends everything; below it the order is 101, 2, 4, 5, 1, 3.
    #[must_use]
    pub fn and(self, other: Exit) -> Exit {
        if self.rank() >= other.rank() { self } else { other }
    }

    const fn rank(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Inconclusive => 1,
            Exit::TargetFailed => 2,
            Exit::Incomplete => 3,
            Exit::Environment => 4,
            Exit::Input => 5,
            Exit::Bug => 6,
            Exit::Interrupted => 7,
            Exit::Terminated => 8,
        }
    }

    /// What the verdicts on some targets amount to.
    pub fn of_targets(targets: &[TargetRow]) -> Exit {
        targets.iter().fold(Exit::Done, |exit, target| {
            exit.and(match target.verdict {
                Verdict::Pass => Exit::Done,
                Verdict::Fail => Exit::TargetFailed,
                Verdict::Inconclusive => Exit::Inconclusive,
            })
        })
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_the_documented_one() {
        let order = [
            Exit::Bug,
            Exit::Input,
            Exit::Environment,
            Exit::Incomplete,
            Exit::TargetFailed,
            Exit::Inconclusive,
            Exit::Done,
        ];
        assert_eq!(order.map(Exit::code), [101, 2, 4, 5, 1, 3, 0]);
        for (i, first) in order.into_iter().enumerate() {
            for second in &order[i..] {
                assert_eq!((first.and(*second), second.and(first)), (first, first));
            }
        }
    }
}
