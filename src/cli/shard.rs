//! Which part of a sweep this process does: as the command line says, or as the scheduler that started it does.

use crate::report::sweep::Shard;

/// What `--shard` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// `K/N`.
    Exactly(Shard),
    /// `auto/N`: the scheduler says which, the command line of how many.
    Of(usize),
}

/// Reads `K/N`, K from 1, or `auto/N`.
pub fn asked(text: &str) -> Result<Asked, String> {
    let wrong = || "write K/N with K from 1 to N, or auto/N where the scheduler says K".to_owned();
    let (which, count) = text.split_once('/').ok_or_else(wrong)?;
    let count: usize = count.trim().parse().ok().filter(|n| (1..=1_000_000).contains(n)).ok_or_else(wrong)?;
    if which.trim() == "auto" {
        return Ok(Asked::Of(count));
    }
    let which: usize = which.trim().parse().ok().filter(|k| (1..=count).contains(k)).ok_or_else(wrong)?;
    Ok(Asked::Exactly(Shard { index: which - 1, count }))
}

/// Variables of a scheduler: its name, the index, and how index and count follow.
struct Scheduler {
    name: &'static str,
    index: &'static str,
    first: Option<&'static str>,
    step: Option<&'static str>,
    count: Count,
}

/// How many tasks there are.
enum Count {
    Is(&'static str),
    Last(&'static str),
    Unknown,
}

/// In the order in which they are looked for.
const SCHEDULERS: [Scheduler; 4] = [
    Scheduler {
        name: "Slurm",
        index: "SLURM_ARRAY_TASK_ID",
        first: Some("SLURM_ARRAY_TASK_MIN"),
        step: Some("SLURM_ARRAY_TASK_STEP"),
        count: Count::Is("SLURM_ARRAY_TASK_COUNT"),
    },
    Scheduler { name: "Kubernetes", index: "JOB_COMPLETION_INDEX", first: None, step: None, count: Count::Unknown },
    Scheduler {
        name: "Grid Engine",
        index: "SGE_TASK_ID",
        first: Some("SGE_TASK_FIRST"),
        step: Some("SGE_TASK_STEPSIZE"),
        count: Count::Last("SGE_TASK_LAST"),
    },
    Scheduler {
        name: "AWS Batch",
        index: "AWS_BATCH_JOB_ARRAY_INDEX",
        first: None,
        step: None,
        count: Count::Is("AWS_BATCH_JOB_ARRAY_SIZE"),
    },
];

/// The shard of this process and, where a scheduler decided it, a sentence that says so.
///
/// # Errors
/// A scheduler that does not say of how many, or numbers that contradict one another.
pub fn shard(
    asked: Option<Asked>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<(Shard, Option<String>), String> {
    let count = match asked {
        Some(Asked::Exactly(shard)) => return Ok((shard, None)),
        Some(Asked::Of(count)) => Some(count),
        None => None,
    };
    // Grid Engine says "undefined" to a job that is no array.
    let said =
        |name: &str| variable(name).map(|text| text.trim().to_owned()).filter(|t| !t.is_empty() && t != "undefined");
    let number = |name: &str| match said(name).map(|text| (text.parse::<usize>(), text)) {
        None => Ok(None),
        Some((Ok(number), _)) => Ok(Some(number)),
        Some((Err(_), text)) => Err(format!("{name}={text:?} is no number: correct it, or write --shard K/N")),
    };
    let mut found = None;
    for scheduler in &SCHEDULERS {
        if let Some(id) = number(scheduler.index)? {
            found = Some((scheduler, id));
            break;
        }
    }
    let Some((scheduler, id)) = found else {
        return match count {
            Some(count) => Err(format!("no scheduler says which of {count} shards this is: write --shard K/{count}")),
            None => Ok((Shard::ALL, None)),
        };
    };
    let or = |name: Option<&'static str>, default| Ok::<_, String>(name.map_or(Ok(None), number)?.unwrap_or(default));
    let (first, step) = (or(scheduler.first, 0)?, or(scheduler.step, 1)?.max(1));
    let index = id.checked_sub(first).map(|past| past / step);
    let told = match scheduler.count {
        Count::Is(name) => number(name)?,
        Count::Last(name) => number(name)?.and_then(|last| last.checked_sub(first)).map(|span| span / step + 1),
        Count::Unknown => None,
    };
    let name = scheduler.name;
    let count = count.or(told).ok_or_else(|| {
        format!("{name} says that this is task {id} ({}), but not of how many: add --shard auto/N", scheduler.index)
    })?;
    match index.filter(|index| *index < count) {
        Some(index) => {
            let sentence = format!("shard {} of {count}, from {name} ({}={id})", index + 1, scheduler.index);
            Ok((Shard { index, count }, Some(sentence)))
        }
        None => Err(format!("{name} says that this is task {id}, which is none of {count} shards")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(set: &[(&str, &str)], asked: Option<Asked>) -> Result<(usize, usize), String> {
        let variable = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        shard(asked, &variable).map(|(shard, _)| (shard.index + 1, shard.count))
    }

    #[test]
    fn the_command_line_wins_over_schedulers_and_these_come_in_order() {
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "14"),
            ("SLURM_ARRAY_TASK_MIN", "10"),
            ("SLURM_ARRAY_TASK_STEP", "2"),
            ("SLURM_ARRAY_TASK_COUNT", "5"),
            ("JOB_COMPLETION_INDEX", "0"),
        ];
        assert_eq!(from(&slurm, None), Ok((3, 5)));
        assert_eq!(from(&slurm, Some(asked("1/1").unwrap())), Ok((1, 1)));
        assert_eq!(from(&[], None), Ok((1, 1)));
    }

    #[test]
    fn every_scheduler_is_understood() {
        let kubernetes = [("JOB_COMPLETION_INDEX", "3")];
        assert!(from(&kubernetes, None).unwrap_err().contains("--shard auto/N"));
        assert_eq!(from(&kubernetes, Some(Asked::Of(4))), Ok((4, 4)));
        assert!(from(&kubernetes, Some(Asked::Of(3))).is_err());
        let sge = [("SGE_TASK_ID", "5"), ("SGE_TASK_FIRST", "1"), ("SGE_TASK_LAST", "8"), ("SGE_TASK_STEPSIZE", "2")];
        assert_eq!(from(&sge, None), Ok((3, 4)));
        assert_eq!(from(&[("SGE_TASK_ID", "undefined")], None), Ok((1, 1)));
        let aws = [("AWS_BATCH_JOB_ARRAY_INDEX", "0"), ("AWS_BATCH_JOB_ARRAY_SIZE", "7")];
        assert_eq!(from(&aws, None), Ok((1, 7)));
        for wrong in ["seven", "-1", "1.5"] {
            let said = from(&[("AWS_BATCH_JOB_ARRAY_INDEX", wrong)], None).unwrap_err();
            assert!(said.contains("AWS_BATCH_JOB_ARRAY_INDEX") && said.contains(wrong), "{said}");
            let said = from(&[aws[0], ("AWS_BATCH_JOB_ARRAY_SIZE", wrong)], None).unwrap_err();
            assert!(said.contains("AWS_BATCH_JOB_ARRAY_SIZE"), "{said}");
        }
        assert_eq!(from(&[("JOB_COMPLETION_INDEX", "")], None), Ok((1, 1)));
    }

    #[test]
    fn shards_are_counted_from_one() {
        assert_eq!(asked("2/3"), Ok(Asked::Exactly(Shard { index: 1, count: 3 })));
        assert_eq!(asked("auto/3"), Ok(Asked::Of(3)));
        for wrong in ["0/3", "4/3", "1/0", "x", "1", "1/"] {
            assert!(asked(wrong).is_err(), "{wrong}");
        }
    }
}
