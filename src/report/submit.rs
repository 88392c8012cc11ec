//! Submission files of a sweep for schedulers: an array of shards, and the merge after it.
//!
//! Every task runs the same command; which shard it does, it learns from the scheduler's own variables (or, on Azure Batch, from its command line). Tasks
//! write into one shared folder. A cell that fails is a row with its reason and the task ends with 5, which no scheduler retries here; a
//! task that is lost with its machine is started again and skips the cells that are there.

use serde_json::{Value, json};

/// A scheduler that submission files are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduler {
    /// A Slurm job array.
    Slurm,
    /// A Kubernetes Indexed Job.
    Kubernetes,
    /// A Grid Engine array job.
    GridEngine,
    /// An AWS Batch array job.
    AwsBatch,
    /// Tasks of an Azure Batch job.
    AzureBatch,
}

impl Scheduler {
    /// Words of the command line, in the order of [`Scheduler::of_word`].
    pub const WORDS: [&str; 5] = ["slurm", "k8s", "sge", "aws-batch", "azure-batch"];

    /// The scheduler of a word.
    pub fn of_word(word: &str) -> Option<Scheduler> {
        let all = [
            Scheduler::Slurm,
            Scheduler::Kubernetes,
            Scheduler::GridEngine,
            Scheduler::AwsBatch,
            Scheduler::AzureBatch,
        ];
        Self::WORDS.iter().position(|known| *known == word).map(|at| all[at])
    }
}

/// What is submitted.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Name of the job: lower case letters, digits and `-`.
    pub name: String,
    /// Tasks of the array.
    pub tasks: usize,
    /// The program and its arguments, without the shard.
    pub sweep: Vec<String>,
    /// The program and its arguments that merge.
    pub merge: Vec<String>,
    /// Folder of the sweep.
    pub out: String,
    /// Image of containers.
    pub image: String,
    /// Volume claim with the scenario and the folder, mounted at the present directory.
    pub volume: String,
    /// The present directory.
    pub directory: String,
}

/// The submission file, ending with a newline.
pub fn file(scheduler: Scheduler, job: &Submission) -> String {
    match scheduler {
        Scheduler::Slurm => slurm(job),
        Scheduler::Kubernetes => kubernetes(job),
        Scheduler::GridEngine => grid_engine(job),
        Scheduler::AwsBatch => aws_batch(job),
        Scheduler::AzureBatch => azure_batch(job),
    }
}

/// A word as a POSIX shell reads it back.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A command line.
pub fn line(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// Whether a scheduler takes an array of so many tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// It does.
    Kept,
    /// It does where its administrator raised a limit; which.
    Perhaps(String),
    /// It does not; why.
    Exceeded(String),
}

/// Holds an array against what schedulers take. AWS Batch: array size 2 to 10,000 (User Guide, Array jobs). Kubernetes: 100,000 indexes
/// (`completions` with `backoffLimitPerIndex`), which is the most that the command line takes. Slurm: indexes below `MaxArraySize`, 1,001 unless it was
/// changed (slurm.conf). Grid Engine: `max_aj_tasks`, 75,000 unless it was changed (sge_conf). Azure Batch counts tasks by request, 100 each, which its
/// command line does by itself.
pub fn limit(scheduler: Scheduler, tasks: usize) -> Limit {
    let perhaps = |most: usize, words: &str| match tasks > most {
        true => Limit::Perhaps(format!("an array of {tasks} tasks: {words}")),
        false => Limit::Kept,
    };
    match scheduler {
        Scheduler::AwsBatch if tasks > 10_000 => Limit::Exceeded(format!(
            "an AWS Batch array has at most 10,000 tasks, not {tasks}: write '--tasks 10000' or fewer"
        )),
        Scheduler::Slurm => {
            perhaps(1_000, "Slurm takes 1,000 unless MaxArraySize was raised; 'scontrol show config' shows it")
        }
        Scheduler::GridEngine => {
            perhaps(75_000, "Grid Engine takes 75,000 unless max_aj_tasks was raised; 'qconf -sconf' shows it")
        }
        _ => Limit::Kept,
    }
}

/// What whoever submits has to know besides the file: where results meet, and the merge.
pub fn advice(scheduler: Scheduler, job: &Submission) -> Vec<String> {
    let mut out = Vec::new();
    if matches!(scheduler, Scheduler::AwsBatch | Scheduler::AzureBatch) {
        out.push(shared(job));
    }
    out.push(format!("merge when all tasks have ended: {}", line(&job.merge)));
    out
}

/// Where machines without a common disk keep a sweep.
fn shared(job: &Submission) -> String {
    let out = &job.out;
    match out.contains("://") {
        true => format!("all tasks write to {out}: the program in the image needs the feature 'remote-store'"),
        false => format!(
            "all tasks write to '{out}', which must be one folder for all of them: mount a shared file system there, or write \
             --out s3://BUCKET/SWEEP (az://…, gs://…) and use a program with the feature 'remote-store'"
        ),
    }
}

/// Lines of comments.
fn comments(lines: &[String]) -> String {
    lines.iter().map(|line| format!("# {line}\n")).collect()
}

/// The array script: `sbatch FILE`, then the merge with `--dependency=afterany:JOB`.
fn slurm(job: &Submission) -> String {
    format!(
        "#!/bin/sh\n\
         # Submit:  id=$(sbatch --parsable THIS_FILE)\n\
         # Merge:   sbatch --dependency=afterany:$id --job-name={name}-merge --chdir={directory} --wrap {merge}\n\
         #SBATCH --job-name={name}\n\
         #SBATCH --array=0-{last}\n\
         #SBATCH --ntasks=1\n\
         #SBATCH --cpus-per-task=1\n\
         #SBATCH --requeue\n\
         #SBATCH --chdir={directory}\n\
         #SBATCH --output=%x-%A_%a.out\n\
         exec {sweep}\n",
        name = job.name,
        directory = quoted(&job.directory),
        merge = quoted(&line(&job.merge)),
        last = job.tasks - 1,
        sweep = line(&job.sweep),
    )
}

fn grid_engine(job: &Submission) -> String {
    format!(
        "#!/bin/sh\n\
         # Submit:  qsub THIS_FILE\n\
         # Merge:   qsub -N {name}-merge -hold_jid {name} -wd {directory} -b y {merge}\n\
         #$ -N {name}\n\
         #$ -t 1-{tasks}\n\
         #$ -r y\n\
         #$ -wd {directory}\n\
         exec {sweep}\n",
        name = job.name,
        directory = quoted(&job.directory),
        merge = line(&job.merge),
        tasks = job.tasks,
        sweep = line(&job.sweep),
    )
}

/// JSON is YAML: `kubectl apply -f FILE`. Wrong input (2) fails an index for good; the end of a machine does not count as a try. A sweep with failed or missing cells ends with
/// 5 and is done: cells that fail once fail again.
fn kubernetes(job: &Submission) -> String {
    // Failed cells are no failure of the task; every other code reaches the rules below.
    let shell = format!("{} --shard auto/{}; rc=$?; [ $rc = 5 ] || exit $rc", line(&job.sweep), job.tasks);
    let pod = |command: Value| {
        json!({
            "restartPolicy": "Never",
            "containers": [{
                "name": "apollo",
                "image": job.image,
                "workingDir": job.directory,
                "command": command,
                "resources": { "requests": { "cpu": "1", "memory": "1Gi" } },
                "volumeMounts": [{ "name": "work", "mountPath": job.directory }],
            }],
            "volumes": [{ "name": "work", "persistentVolumeClaim": { "claimName": job.volume } }],
        })
    };
    let array = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": { "name": job.name },
        "spec": {
            "completions": job.tasks,
            "parallelism": job.tasks,
            "completionMode": "Indexed",
            "backoffLimitPerIndex": 2,
            "maxFailedIndexes": job.tasks,
            "podFailurePolicy": { "rules": [
                { "action": "FailIndex", "onExitCodes": { "containerName": "apollo", "operator": "In", "values": [2] } },
                { "action": "Ignore", "onPodConditions": [{ "type": "DisruptionTarget", "status": "True" }] },
            ] },
            "template": { "spec": pod(json!(["/bin/sh", "-c", shell])) },
        },
    });
    // A wait for one condition never returns where the other comes.
    let name = &job.name;
    let ended =
        format!("kubectl get job/{name} -o jsonpath='{{.status.conditions[*].type}}' | grep -Eq 'Complete|Failed'");
    let head = [
        "Submit:  kubectl apply -f THIS_FILE".to_owned(),
        format!("Wait:    until {ended}; do sleep 10; done"),
        format!("Merge:   {}", line(&job.merge)),
    ];
    format!("{}{array:#}\n", comments(&head))
}

/// JSON is YAML, and that may have comments: `aws batch submit-job --cli-input-yaml file://FILE`; queue and job definition are the account's. An array has at
/// least two tasks, so one is a plain job. The end of a machine is tried again; a task that ends with 5 is not: cells that fail once fail again.
fn aws_batch(job: &Submission) -> String {
    let mut object = json!({
        "jobName": job.name,
        "jobQueue": "QUEUE",
        "jobDefinition": "DEFINITION",
        "retryStrategy": {
            "attempts": 3,
            "evaluateOnExit": [
                { "onStatusReason": "Host EC2*", "action": "RETRY" },
                { "onReason": "*", "action": "EXIT" },
            ],
        },
        "containerOverrides": { "command": job.sweep },
    });
    if job.tasks > 1 {
        object["arrayProperties"] = json!({ "size": job.tasks });
    }
    let mut head = vec!["Submit:  aws batch submit-job --cli-input-yaml file://THIS_FILE".to_owned()];
    head.push(format!("Merge:   {}    (when all tasks have ended, well or not)", line(&job.merge)));
    head.push(shared(job));
    format!("{}{object:#}\n", comments(&head))
}

/// A script that creates the tasks; Azure Batch has no index, so each has its shard.
fn azure_batch(job: &Submission) -> String {
    let task = |k: usize| {
        let mut words = job.sweep.clone();
        words.extend(["--shard".to_owned(), format!("{}/{}", k + 1, job.tasks)]);
        json!({
            "id": format!("{}-{:05}", job.name, k + 1),
            "commandLine": format!("/bin/sh -c {}", quoted(&line(&words))),
            "constraints": { "maxTaskRetryCount": 0 },
        })
    };
    let tasks: Vec<Value> = (0..job.tasks).map(task).collect();
    let head = [
        "Submit:  sh THIS_FILE JOB    (the job of an account that 'az batch account login' knows)".to_owned(),
        format!("Merge:   {}    (when all tasks have ended, well or not)", line(&job.merge)),
        shared(job),
    ];
    format!(
        "#!/bin/sh\n{}tasks=$(mktemp) && cat > \"$tasks\" <<'END_OF_TASKS'\n{:#}\nEND_OF_TASKS\n\
         az batch task create --job-id \"${{1:?write the name of the job}}\" --json-file \"$tasks\"\n",
        comments(&head),
        Value::Array(tasks)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> Submission {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        Submission {
            name: "plan-sweep".to_owned(),
            tasks: 3,
            sweep: [words("/bin/apollo sweep plan.toml --out s --set"), vec!["a.b=4 Gbps".to_owned()]].concat(),
            merge: words("/bin/apollo merge s --out s"),
            out: "s".to_owned(),
            image: "apollo:1".to_owned(),
            volume: "plans".to_owned(),
            directory: "/data/o'brien".to_owned(),
        }
    }

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("a.b=4"), "a.b=4");
        assert_eq!(quoted("4 Gbps"), "'4 Gbps'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn scripts_have_an_index_for_each_task() {
        let text = file(Scheduler::Slurm, &job());
        assert!(text.contains("#SBATCH --array=0-2\n") && text.ends_with("--set 'a.b=4 Gbps'\n"), "{text}");
        let text = file(Scheduler::GridEngine, &job());
        assert!(text.contains("#$ -t 1-3\n") && text.contains("-wd '/data/o'\\''brien'"), "{text}");
    }

    #[test]
    fn objects_are_json_with_the_whole_command() {
        let text = file(Scheduler::Kubernetes, &job());
        assert!(!text.contains("kubectl wait"), "it would wait for ever where an index fails: {text}");
        let object: Value = serde_json::from_str(&text[text.find("\n{").unwrap()..]).unwrap();
        assert_eq!(object["spec"]["completions"], 3);
        let shell = object["spec"]["template"]["spec"]["containers"][0]["command"][2].as_str().unwrap();
        assert!(shell.contains("'a.b=4 Gbps' --shard auto/3"), "{shell}");
        let text = file(Scheduler::AwsBatch, &job());
        let object: Value = serde_json::from_str(&text[text.find('{').unwrap()..]).unwrap();
        assert_eq!(
            (object["arrayProperties"]["size"].as_u64(), object["containerOverrides"]["command"][6].as_str()),
            (Some(3), Some("a.b=4 Gbps"))
        );
        let text = file(Scheduler::AzureBatch, &job());
        let (from, to) = (text.find("\n[").unwrap(), text.find("\nEND_OF_TASKS\naz").unwrap());
        let tasks: Value = serde_json::from_str(&text[from..to]).unwrap();
        assert!(tasks[2]["commandLine"].as_str().unwrap().contains("--shard 3/3"));
    }

    #[test]
    fn limits_of_schedulers_are_kept_or_said() {
        let one = Submission { tasks: 1, ..job() };
        let text = file(Scheduler::AwsBatch, &one);
        assert!(
            !text.contains("arrayProperties") && text.contains("\"command\""),
            "an array has two tasks at least: {text}"
        );
        assert!(file(Scheduler::AwsBatch, &Submission { tasks: 2, ..job() }).contains("\"size\": 2"));
        assert_eq!(limit(Scheduler::AwsBatch, 10_000), Limit::Kept);
        assert!(
            matches!(limit(Scheduler::AwsBatch, 10_001), Limit::Exceeded(words) if words.contains("at most 10,000"))
        );
        assert_eq!(limit(Scheduler::Slurm, 1_000), Limit::Kept);
        assert!(matches!(limit(Scheduler::Slurm, 1_001), Limit::Perhaps(words) if words.contains("MaxArraySize")));
        assert!(matches!(limit(Scheduler::GridEngine, 75_001), Limit::Perhaps(_)));
        assert_eq!(limit(Scheduler::Kubernetes, 100_000), Limit::Kept);
    }

    #[test]
    fn machines_without_a_common_disk_are_told_where_results_meet() {
        for scheduler in [Scheduler::AwsBatch, Scheduler::AzureBatch] {
            let text = file(scheduler, &job());
            assert!(
                text.contains("\n# Merge:   /bin/apollo merge s --out s ") && text.contains("must be one folder"),
                "{text}"
            );
            let remote = Submission { out: "s3://bucket/s".to_owned(), ..job() };
            assert!(file(scheduler, &remote).contains("needs the feature 'remote-store'"));
            assert_eq!(advice(scheduler, &job()).len(), 2);
        }
        assert_eq!(advice(Scheduler::Slurm, &job()), ["merge when all tasks have ended: /bin/apollo merge s --out s"]);
    }
}
