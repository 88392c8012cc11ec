#!/usr/bin/env python3
"""Measures everything that docs/background/performance.md says, and writes its tables and charts anew.

    benches/performance/measure.py --reference DIR [--before APOLLO] [--rounds N] [PART...]

PART is any of goals, exactness, memory, growth, falcon, guard, peers, write; all if none is given. Results are kept in
target/performance/, so a part can be measured again by itself; `write` only writes the page from what is there.
DIR holds the reference workloads (net/, traces/, finish/, make_traces.py, compare_finish.py). APOLLO is another build of
the program, against which the reference plan is measured; without it that column stays as it was measured last.
Takes some fifteen minutes. Ratios are of programs that take turns within one session; their median over N rounds (3) counts.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the checkout stays clean

import page  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KEPT = os.path.join(ROOT, "target", "performance")
FALCON = os.path.join(ROOT, "scenarios", "falcon.toml")
# The function that handles all events of a run, as in benches/guard/check.
EVENTS = "*Engine*handle_until*"

# Name, goal and the least that is good enough (ratios to the plain loop), arguments of the bench `kernel`.
KERNEL = [
    ("W1 PHOLD, 1e3 pending", (1.5, 1.5), "--workload phold --lps 1000 --until 10000"),
    ("W1 PHOLD, 1e5 pending", (2.5, 2.5), "--workload phold --lps 100000 --until 100"),
    ("W1 PHOLD, 1e6 pending", (4.0, 4.0), "--workload phold --lps 1000000 --until 10"),
    ("30 % withdrawn, 1e3 pending", (1.8, 1.4), "--workload phold --cancel 0.3 --lps 1000 --until 3000"),
    ("30 % withdrawn, 1e5 pending", (4.5, 3.0), "--workload phold --cancel 0.3 --lps 100000 --until 30"),
    ("30 % withdrawn, 1e6 pending", (5.6, 4.0), "--workload phold --cancel 0.3 --lps 1000000 --until 4"),
    ("ns, s and months mixed, 1e3 pending", (2.1, 1.2), "--workload phold --spread mixed --lps 1000 --until 1000"),
    ("ns, s and months mixed, 1e5 pending", (3.4, 2.0), "--workload phold --spread mixed --lps 100000 --until 8"),
    ("ns, s and months mixed, 1e6 pending", (2.75, 2.0), "--workload phold --spread mixed --lps 1000000 --until 1"),
    ("1e5 events at one instant, half of them with zero delay", (2.5, 1.0), "--workload ties --lps 100000 --until 20"),
    ("W2 M/M/1", (0.8, 0.8), "--workload mmc --servers 1 --customers 1000000"),
    ("W2 M/M/50", (0.8, 0.8), "--workload mmc --servers 50 --customers 1000000"),
]
# Name, goal and least, network, trace, variant. With weights, goals are flows per processor second: the plain loop of that variant has no
# published figure, and its speed depends on how the caps are drawn.
FLUID = [
    ("W3, 20,000 flows", (5.0, 2.7), "w3", "w3_20k", "plain"),
    ("W3, 200,000 flows", (5.0, 2.7), "w3", "w3_200k", "plain"),
    ("W3b, 2,000 at once", (35.0, 16.0), "w3", "w3b_2k", "plain"),
    ("W3b, 10,000 at once", (60.0, 30.0), "w3", "w3b_10k", "plain"),
    ("W4, 10,000 on a link", None, "w4", "w4_10k", "plain"),
    ("W4, 100,000 on a link", None, "w4", "w4_100k", "plain"),
    ("W4b, 10,000 flows, 500 a link", (2.5, 1.7), "w4b_10k", "w4b_10k", "plain"),
    ("W4b, 100,000 flows, 5,000 a link", (2.5, 1.7), "w4b_100k", "w4b_100k", "plain"),
    ("weights, coefficients and caps on W3, 20,000", (0.95e6, 0.5e6), "w3", "w3_20k", "weighted"),
    ("weights, coefficients and caps on W3b, 10,000", (313e3, 130e3), "w3", "w3b_10k", "weighted"),
    ("weights, coefficients and caps on W4b, 100,000", None, "w4b_100k", "w4b_100k", "weighted"),
]
# Published mean duration and last finish, in seconds, of traces without a file of finish times.
MEANS = {
    "w3_20k": (0.846137709446, 1047.39957401),
    "w3_200k": (0.821332942139, 10381.4474862),
    "w3b_10k": (59.1923592125, 391.401755289),
    "w4_10k": (2674.92599012, 3015.02424205),
    "w4_100k": (26621.3873959, 30005.0090825),
    "w4b_10k": (72.5393299586, 409.406549755),
    "w4b_100k": (73.6452155853, 406.413719722),
}
NETS = {"w3": "w3", "w3b": "w3", "w4": "w4"}


def output(command, ok=(0,)):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode not in ok:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done


def bench(name, *arguments):
    """The JSON lines of a bench, and what it says on standard error."""
    done = output(["cargo", "bench", "--locked", "--quiet", "--bench", name, "--", *arguments])
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def keep(part, data):
    os.makedirs(KEPT, exist_ok=True)
    with open(os.path.join(KEPT, f"{part}.json"), "w") as file:
        json.dump(data, file, indent=1)
    print(f"{part}: measured", file=sys.stderr, flush=True)


def kept(part):
    try:
        with open(os.path.join(KEPT, f"{part}.json")) as file:
            return json.load(file)
    except FileNotFoundError:
        return None


class Reference:
    """The reference workloads, with the large traces drawn into a folder that goes away."""

    def __init__(self, folder):
        self.folder = folder
        self.drawn = tempfile.TemporaryDirectory()
        net, traces = os.path.join(self.drawn.name, "net"), os.path.join(self.drawn.name, "traces")
        output([sys.executable, os.path.join(folder, "make_traces.py"), net, traces])

    def trace(self, name):
        return os.path.join(self.drawn.name, "traces", f"{name}.csv")

    def arguments(self, net, trace):
        links, routes = (os.path.join(self.drawn.name, "net", f"{net}_{part}.csv") for part in ("links", "routes"))
        return ["--links", links, "--routes", routes, "--trace", self.trace(trace)]


# ---------------------------------------------------------------- the parts


def goals(options):
    rows = []
    cases = [("kernel", name, goal, arguments.split()) for name, goal, arguments in KERNEL]
    for name, goal, net, trace, variant in FLUID:
        cases.append(("fluid", name, goal, [*options.reference.arguments(net, trace), "--variant", variant]))
    for which, name, goal, arguments in cases:
        turns = [bench(which, *arguments, "--baseline")[0] for _ in range(options.rounds)]
        # The second line is the plain loop's; a third one is a plain loop with keys, for events that may be withdrawn.
        speeds = [statistics.median(turn[0]["per_cpu_s"] / line["per_cpu_s"] for turn, line in zip(turns, column))
                  for column in list(zip(*turns))[1:]]
        measured = {"rate": statistics.median(turn[0]["per_cpu_s"] for turn in turns), "ratio": speeds[0]}
        rest = {"keyed": speeds[1] if len(speeds) > 1 else None, "fallbacks": turns[0][0].get("fallbacks", 0)}
        rows.append({"bench": which, "name": name, "goal": goal, **measured, **rest})
    return rows


def exactness(options):
    rows = []
    folder = options.reference.folder
    out = os.path.join(options.reference.drawn.name, "finish.csv")
    for answer in sorted(os.listdir(os.path.join(folder, "finish"))):
        name = answer.split(".")[0]
        net = NETS.get(name.split("_")[0], name)
        bench("fluid", *options.reference.arguments(net, name), "--finish", out, "--once")
        compare = [sys.executable, os.path.join(folder, "compare_finish.py"), "compare", out]
        said = output([*compare, os.path.join(folder, "finish", answer), options.reference.trace(name), "1e-9", "1e-8"])
        worst = float(re.search(r"max rel error of duration ([^ ]+)", said.stdout)[1])
        rows.append({"name": name, "kind": "flow by flow", "worst": worst})
    for name, (mean, last) in MEANS.items():
        net = NETS.get(name.split("_")[0], name)
        bench("fluid", *options.reference.arguments(net, name), "--finish", out, "--once")
        finish = column(out, "finish_s")
        durations = [end - begin for begin, end in zip(column(options.reference.trace(name), "arrival_s"), finish)]
        worst = max(abs(statistics.fmean(durations) / mean - 1), abs(max(finish) / last - 1))
        rows.append({"name": name, "kind": "mean duration and last finish", "worst": worst})
    for name in ("w3_20k", "w3b_10k", "w4b_100k"):
        net = NETS.get(name.split("_")[0], name)
        for variant in ("plain", "weighted"):
            _, said = bench("fluid", *options.reference.arguments(net, name), "--variant", variant, "--baseline", "--once")
            worst = float(re.search(r"largest difference of a duration ([^ ]+)", said)[1])
            rows.append({"name": f"{name}, {variant}", "kind": "flow by flow against the plain loop", "worst": worst})
    return rows


def column(path, name):
    with open(path) as file:
        names = file.readline().strip().split(",")
        return [float(line.split(",")[names.index(name)]) for line in file]


def memory(_options):
    lines, _ = bench("fluid", "--memory")
    rows = [{**line, "what": "flow"} for line in lines]
    for pending, until, more in ((100_000, 10, []), (1_000_000, 2, []), (1_000_000, 2, ["--large"])):
        (line,), _ = bench("kernel", "--workload", "phold", "--lps", str(pending), "--until", str(until), *more)
        # The bench takes off what was resident before the first event.
        rows.append({"what": "event", "pending": pending, "size": 32 if more else 4, "bytes_each": line["bytes_per_pending"]})
    return rows


def growth(_options):
    rows = []
    for kind in ("flows", "weighted", "classes", "resources"):
        lines, _ = bench("fluid", "--growth", kind)
        rows.extend({**line, "series": kind} for line in lines)
    lines, _ = bench("kernel", "--workload", "growth", "--lps", "1000000", "--baseline")
    rows.extend({**line, "series": "pending"} for line in lines)
    return rows


def falcon(options):
    """The reference plan with this program and with the one before."""
    output(["cargo", "build", "--locked", "--release", "--quiet"])
    programs = {"now": os.path.join(ROOT, "target", "release", "apollo")}
    if options.before:
        programs["before"] = os.path.abspath(options.before)
    measured = kept("falcon") or {}
    turns = {name: [] for name in programs}
    for _ in range(options.rounds + 2):
        for name, program in programs.items():
            turns[name].append(run_of(program))
    for name, program in programs.items():
        row = {key: statistics.median(turn[key] for turn in turns[name]) for key in turns[name][0]}
        measured[name] = {**row, "instructions": instructions_of(program)}
    return measured


def run_of(program):
    """One run on one thread: events, processor seconds of the whole command, seconds and peak of the simulation by its own account."""
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "run", FALCON, "--threads", "1", "--out", os.path.join(folder, "out")]
        with open(os.path.join(folder, "said"), "w+") as said:
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
            _, _, usage = os.wait4(child.pid, 0)
            child.returncode = 0
            said.seek(0)
            text = said.read()
    # "9,164,373 events in 2.817 s (…), peak memory 13 MiB"
    found = re.search(r"([\d,]+) events in ([\d.]+) (m?s)\b.*peak memory ([\d.]+) (\w+)", text)
    scale = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[found[5]]
    return {
        "events": int(found[1].replace(",", "")),
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "simulation_s": float(found[2]) * (1e-3 if found[3] == "ms" else 1.0),
        "peak_bytes": float(found[4]) * scale,
    }


def instructions_of(program):
    """Instructions of the events of one replication."""
    with tempfile.TemporaryDirectory() as folder:
        valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--toggle-collect={EVENTS}"]
        run = [program, "run", "--quiet", FALCON, "--replications", "1", "--threads", "1", "--out", f"{folder}/out"]
        said = output([*valgrind, *run], ok=(0, 1, 3)).stderr
    return int(re.search(r"Collected : (\d+)", said)[1])


def guard(_options):
    with open(os.path.join(ROOT, "benches", "guard", "budget.toml")) as file:
        lines = [line.split(" = ") for line in file if " = " in line and not line.startswith("#")]
    return {name: int(number) for name, number in lines}


def peers(options):
    script = os.path.join(ROOT, "benches", "peers", "run.py")
    return output([sys.executable, script, "--reference", options.reference.folder, "--rounds", str(options.rounds)]).stdout


PARTS = {part.__name__: part for part in (goals, exactness, memory, growth, falcon, guard, peers)}
NEED_REFERENCE = {"goals", "exactness", "peers"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--reference", help="folder of the reference workloads")
    parser.add_argument("--before", help="another build of the program")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    wanted = options.parts or [*PARTS, "write"]
    unknown = set(wanted) - set(PARTS) - {"write"}
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    if NEED_REFERENCE & set(wanted):
        if not options.reference:
            parser.error("the reference workloads are missing: --reference DIR")
        options.reference = Reference(os.path.abspath(options.reference))
    for part in PARTS:
        if part in wanted:
            keep(part, PARTS[part](options))
    if "write" in wanted:
        page.write(ROOT, {part: kept(part) for part in PARTS})


if __name__ == "__main__":
    main()
