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
    let shell = format!("{} --shard auto/{} || [ $? = 5 ]", line(&job.sweep), job.tasks);
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
    format!(
        "# Submit:  kubectl apply -f THIS_FILE && kubectl wait --for=condition=complete --timeout=-1s job/{name}\n\
         # Merge:   {merge}\n{array:#}\n",
        name = job.name,
        merge = line(&job.merge),
    )
}

/// `aws batch submit-job --cli-input-json file://FILE`; queue and job definition are the account's.
fn aws_batch(job: &Submission) -> String {
    let object = json!({
        "jobName": job.name,
        "jobQueue": "QUEUE",
        "jobDefinition": "DEFINITION",
        "arrayProperties": { "size": job.tasks },
        "retryStrategy": {
            "attempts": 3,
            "evaluateOnExit": [
                { "onStatusReason": "Host EC2*", "action": "RETRY" },
                { "onReason": "*", "action": "EXIT" },
            ],
        },
        "containerOverrides": { "command": job.sweep },
    });
    format!("{object:#}\n")
}

/// Tasks for `az batch task create --job-id JOB --json-file FILE`: Azure Batch has no index, so each has its shard.
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
    format!("{:#}\n", Value::Array(tasks))
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
        let object: Value = serde_json::from_str(&text[text.find('{').unwrap()..]).unwrap();
        assert_eq!(object["spec"]["completions"], 3);
        let shell = object["spec"]["template"]["spec"]["containers"][0]["command"][2].as_str().unwrap();
        assert!(shell.contains("'a.b=4 Gbps' --shard auto/3"), "{shell}");
        let object: Value = serde_json::from_str(&file(Scheduler::AwsBatch, &job())).unwrap();
        assert_eq!(
            (object["arrayProperties"]["size"].as_u64(), object["containerOverrides"]["command"][6].as_str()),
            (Some(3), Some("a.b=4 Gbps"))
        );
        let tasks: Value = serde_json::from_str(&file(Scheduler::AzureBatch, &job())).unwrap();
        assert!(tasks[2]["commandLine"].as_str().unwrap().contains("--shard 3/3"));
    }
}
