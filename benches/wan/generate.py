#!/usr/bin/env python3
"""Draws a wide-area network and a trace over it, of any size, the same for the same arguments.

  generate.py DIR [--sites 1000] [--pairs 2000] [--flows 100000] [--seed 1]

Writes links.csv, trace.csv and plan.toml to DIR. Sites lie at random in a rectangle of 4,500 x 2,500 km; each is joined to its two
nearest ones and the parts are joined where they are nearest, with links of 400 Gb/s each way. All transfers arrive in the first
second, spread evenly over the pairs, and are large enough to be under way together.
"""
import argparse
import math
import pathlib
import random


def network(sites, rng):
    at = [(rng.uniform(0, 4.5e6), rng.uniform(0, 2.5e6)) for _ in range(sites)]
    metres = lambda a, b: math.dist(at[a], at[b])
    edges = set()
    for a in range(sites):
        near = sorted(range(sites), key=lambda b: (metres(a, b), b))[1:3]
        edges.update((min(a, b), max(a, b)) for b in near)
    part = list(range(sites))

    def root(a):
        while part[a] != a:
            part[a] = part[part[a]]
            a = part[a]
        return a

    for a, b in edges:
        part[root(a)] = root(b)
    for a in sorted(range(sites), key=lambda a: at[a]):
        others = [b for b in range(sites) if root(b) != root(a)]
        if others:
            b = min(others, key=lambda b: (metres(a, b), b))
            edges.add((min(a, b), max(a, b)))
            part[root(a)] = root(b)
    return [(a, b, round(metres(a, b)) + 1) for a, b in sorted(edges)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dir", type=pathlib.Path)
    for name, value in [("sites", 1000), ("pairs", 2000), ("flows", 100_000), ("seed", 1)]:
        parser.add_argument(f"--{name}", type=int, default=value)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    args.dir.mkdir(parents=True, exist_ok=True)
    edges = network(args.sites, rng)
    with open(args.dir / "links.csv", "w") as out:
        out.write("link,from,to,gbps,metres\n")
        for a, b, metres in edges:
            out.write(f"l{a}-{b},s{a},s{b},400,{metres}\nl{a}-{b},s{b},s{a},400,{metres}\n")
    pairs = [tuple(rng.sample(range(args.sites), 2)) for _ in range(args.pairs)]
    with open(args.dir / "trace.csv", "w") as out:
        out.write("flow,arrival_s,src,dst,bytes\n")
        for flow in range(args.flows):
            a, b = pairs[flow % args.pairs]
            out.write(f"{flow},{flow / args.flows:.9f},s{a},s{b},{rng.randrange(10**10, 2 * 10**10)}\n")
    (args.dir / "plan.toml").write_text(
        'format = 1\nhorizon = "30 days"\nreplications = 1\n\n[topology]\nlinks = "links.csv"\nfailures = false\n\n'
        '[work.trace]\nkind = "trace"\ntrace = "trace.csv"\n'
    )


if __name__ == "__main__":
    main()
