#!/usr/bin/env python3
"""Compares the maximum concurrent flow of `apollo run` with that of an independent solver of linear programmes (HiGHS, by SciPy).

  highs.py APOLLO [B4.json]

Needs SciPy. Networks: B4 as in the data of teal where the file is given, with 100 Gb/s between every two sites and with rates drawn at random;
and networks drawn at random, with links of unlike capacity, WAN edges that are narrower than the links, and demand between some pairs. The
programme here has one flow per *pair* and arc, so it shares nothing with the one in the program, which has one per source. Exit code 1 where
an exact answer differs by more than 1e-6 of it. On two networks that are too large for the exact solution, the answer of `apollo` has to be
a lower bound within 1 % of that of HiGHS, and the upper bound that it states no less.
"""
import argparse
import json
import pathlib
import random
import re
import subprocess
import tempfile

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_matrix


def best(nodes, arcs, pairs):
    """Largest factor on all pairs (from, to, rate) over arcs (from, to, capacity): one flow per pair and arc."""
    columns = len(pairs) * len(arcs) + 1
    rows, cols, values, right = [], [], [], []
    row = 0
    for k, (source, sink, rate) in enumerate(pairs):
        for node in range(nodes):
            if node == sink:
                continue
            for a, (tail, head, _) in enumerate(arcs):
                if node in (tail, head):
                    rows.append(row)
                    cols.append(k * len(arcs) + a)
                    values.append(1.0 if node == tail else -1.0)
            if node == source:
                rows.append(row)
                cols.append(columns - 1)
                values.append(-rate)
            right.append(0.0)
            row += 1
    equal = coo_matrix((values, (rows, cols)), shape=(row, columns))
    rows = [a for _ in pairs for a in range(len(arcs))]
    cols = list(range(len(pairs) * len(arcs)))
    least = coo_matrix((np.ones(len(cols)), (rows, cols)), shape=(len(arcs), columns))
    cost = np.zeros(columns)
    cost[-1] = -1.0
    answer = linprog(cost, A_ub=least, b_ub=[c for *_, c in arcs], A_eq=equal, b_eq=right, method="highs")
    assert answer.status == 0, answer.message
    return -answer.fun


def plan(links, pairs, edges):
    """Links (a, b, Gb/s) and pairs (from, to, Gb/s) as a scenario, with the matrix beside it."""
    lines = ['format = 1', 'horizon = "1 min"', 'replications = 1', 'wan.failures = false']
    sites = sorted({end for a, b, _ in links for end in (a, b)})
    lines += [f'site.s{s} = {{ wan_edge = "{edges[s]!r} Gbps" }}' if s in edges else f'site.s{s} = {{}}' for s in sites]
    lines += [
        f'link.l{i} = {{ between = ["s{a}", "s{b}"], capacity = "{gbps!r} Gbps", rtt = "10 ms" }}'
        for i, (a, b, gbps) in enumerate(links)
    ]
    lines += ['demand.all = { matrix = "matrix.csv" }']
    matrix = ["src,dst,gbps"] + [f"s{a},s{b},{gbps!r}" for a, b, gbps in pairs]
    return "\n".join(lines) + "\n", "\n".join(matrix) + "\n"


def of_apollo(apollo, links, pairs, edges):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        text, matrix = plan(links, pairs, edges)
        (folder / "plan.toml").write_text(text)
        (folder / "matrix.csv").write_text(matrix)
        command = [apollo, "run", "--quiet", "--format", "json", folder / "plan.toml", "--out", folder / "out"]
        kpis = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["kpis"]
    found = next(kpi for kpi in kpis if kpi["name"] == "wan.concurrent_flow")
    return found["mean"], found["reason"]


def arcs_of(links, pairs, edges):
    """Arcs both ways, and the pairs between the nodes behind the WAN edges."""
    nodes = 1 + max(max(a, b) for a, b, _ in links)
    arcs = [arc for a, b, gbps in links for arc in ((a, b, gbps), (b, a, gbps))]
    inside = {}
    for site, gbps in edges.items():
        inside[site] = nodes
        arcs += [(nodes, site, gbps), (site, nodes, gbps)]
        nodes += 1
    return nodes, arcs, [(inside.get(a, a), inside.get(b, b), rate) for a, b, rate in pairs]


def drawn(rng):
    sites = rng.randrange(4, 11)
    links = [(a, rng.randrange(a), float(rng.choice([40, 100, 400]))) for a in range(1, sites)]
    for _ in range(rng.randrange(2, sites + 2)):
        a, b = rng.sample(range(sites), 2)
        links.append((a, b, float(rng.choice([40, 100, 400]))))
    every = [(a, b) for a in range(sites) for b in range(sites) if a != b]
    pairs = [(a, b, round(rng.uniform(1, 50), 3)) for a, b in rng.sample(every, rng.randrange(3, len(every) + 1))]
    edges = {s: float(rng.choice([60, 250])) for s in rng.sample(range(sites), sites // 4)}
    return links, pairs, edges


def large(rng):
    """So many sources and arcs that the programme of `apollo` would have more than 10,000 columns; one destination each."""
    sites = 80
    links = [(a, rng.randrange(max(0, a - 6), a), float(rng.choice([100, 400]))) for a in range(1, sites)]
    links += [(*rng.sample(range(sites), 2), float(rng.choice([100, 400]))) for _ in range(30)]
    pairs = [(a, rng.choice([b for b in range(sites) if b != a]), round(rng.uniform(1, 50), 3)) for a in range(sites)]
    return links, pairs, {}


def b4(path, rng):
    links = {}
    for link in json.loads(pathlib.Path(path).read_text())["links"]:
        links[min(link["source"], link["target"]), max(link["source"], link["target"])] = float(link["capacity"])
    links = [(a, b, gbps) for (a, b), gbps in sorted(links.items())]
    every = [(a, b) for a in range(12) for b in range(12) if a != b]
    yield "B4, 100 between all", (links, [(a, b, 100.0) for a, b in every], {})
    for n in range(3):
        yield f"B4, drawn {n + 1}", (links, [(a, b, round(rng.uniform(1, 300), 3)) for a, b in every], {})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("apollo")
    parser.add_argument("b4", nargs="?")
    args = parser.parse_args()
    rng = random.Random(20260101)
    cases = list(b4(args.b4, rng)) if args.b4 else []
    cases += [(f"drawn {n + 1}", drawn(rng)) for n in range(16)]
    cases += [(f"large {n + 1}", large(rng)) for n in range(2)]
    wrong = 0
    for name, (links, pairs, edges) in cases:
        found, word = of_apollo(str(pathlib.Path(args.apollo).resolve()), links, pairs, edges)
        answer = best(*arcs_of(links, pairs, edges))
        apart = found / answer - 1
        bounds = re.search(r"([0-9.]+)", word) if word else None
        right = abs(apart) <= 1e-6 if bounds is None else -0.01 <= apart <= 1e-9 and float(bounds[1]) >= answer * 0.9999
        wrong += not right
        kind = "exact" if bounds is None else f"a bound, at most {bounds[1]}"
        print(f"{name}: {kind}; HiGHS {answer:.9g}, relative difference {apart:.1e}{'' if right else '  WRONG'}")
    print(f"{len(cases) - wrong} of {len(cases)} agree with HiGHS")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
