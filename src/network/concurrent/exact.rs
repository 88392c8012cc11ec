//! The linear programme. One flow per source and arc is enough: the flow of one source to all its destinations can be taken
//! apart into ways, so nothing is lost against one flow per pair.
//!
//! Largest λ with, for each source s and node v ≠ s, Σ into v − Σ out of v = λ × demand(s, v), and for each arc
//! Σ over sources ≤ capacity.

use good_lp::{
    Expression, ProblemVariables, ResolutionError, Solution, SolverModel, Variable, constraint, microlp, variable,
};

use super::{Concurrent, Problem};

/// Least ratio of capacities to the largest, and of demands to what fits: the solver's tolerances are fixed, and what is smaller
/// would drown in them.
const RANGE: f64 = 1e-6;
/// Largest error of a flow, as a share of the smallest demand of its source.
const ERROR: f64 = 1e-6;

/// Solves it; `None` where numbers lie too far apart, or where what the solver says is no flow.
pub(super) fn solve(problem: &Problem) -> Option<Concurrent> {
    let capacities = (0..problem.capacity.len()).filter(|&arc| problem.usable(arc)).map(|arc| problem.capacity[arc]);
    let demands = problem.sources.values().flat_map(|sinks| sinks.values().copied());
    if capacities.chain(demands).any(|number| number < RANGE) {
        return None;
    }
    let mut variables = ProblemVariables::new();
    let factor = variables.add(variable().min(0.0));
    let columns = columns(problem, &mut variables);
    let (factor, flows) = optimum(problem, variables, factor, &columns).ok()?;
    if !(factor.is_finite() && factor > 0.0 && balanced(problem, factor, &flows)) {
        return None;
    }
    let loads: Vec<f64> = (0..problem.capacity.len()).map(|arc| flows.iter().map(|flow| flow[arc]).sum()).collect();
    // Rounding may overload an arc by a hair: what fits is the factor over the worst overload.
    let over = problem.busiest(&loads).max(1.0);
    let loads: Vec<f64> = loads.iter().map(|load| load / over).collect();
    (over < 1.0 + ERROR).then(|| problem.result((factor / over, factor), &loads, true))
}

/// Whether every sink gets its demand times the factor and nothing is lost on the way.
fn balanced(problem: &Problem, factor: f64, flows: &[Vec<f64>]) -> bool {
    let graph = problem.graph;
    problem.sources.iter().zip(flows).all(|((&source, sinks), flow)| {
        let error = ERROR * factor * sinks.values().copied().fold(f64::INFINITY, f64::min);
        let sum = |arcs: &[usize]| arcs.iter().map(|&arc| flow[arc]).sum::<f64>();
        (0..graph.nodes()).filter(|&node| node != source).all(|node| {
            let due = factor * sinks.get(&node).copied().unwrap_or(0.0);
            (sum(graph.into(node)) - sum(graph.out(node)) - due).abs() <= error
        })
    })
}

/// One column per source and arc, but for arcs that lead back to the source or carry nothing.
fn columns(problem: &Problem, variables: &mut ProblemVariables) -> Vec<Vec<Option<Variable>>> {
    let arcs = problem.graph.arcs();
    let mut column = |source: usize, arc: usize| {
        (problem.usable(arc) && arcs[arc].to != source).then(|| variables.add(variable().min(0.0)))
    };
    problem.sources.keys().map(|&source| (0..arcs.len()).map(|arc| column(source, arc)).collect()).collect()
}

/// The factor, and the flow of each source on each arc.
fn optimum(
    problem: &Problem,
    variables: ProblemVariables,
    factor: Variable,
    flows: &[Vec<Option<Variable>>],
) -> Result<(f64, Vec<Vec<f64>>), ResolutionError> {
    let graph = problem.graph;
    let mut model = variables.maximise(factor).using(microlp);
    for ((&source, sinks), flow) in problem.sources.iter().zip(flows) {
        for node in (0..graph.nodes()).filter(|&node| node != source) {
            let mut balance = Expression::with_capacity(8);
            for (arcs, sign) in [(graph.into(node), 1.0), (graph.out(node), -1.0)] {
                for column in arcs.iter().filter_map(|&arc| flow[arc]) {
                    balance.add_mul(sign, column);
                }
            }
            balance.add_mul(-sinks.get(&node).copied().unwrap_or(0.0), factor);
            model.add_constraint(constraint::eq(balance, 0.0));
        }
    }
    for arc in (0..graph.arcs().len()).filter(|&arc| problem.usable(arc)) {
        let load: Expression = flows.iter().filter_map(|flow| flow[arc]).sum();
        model.add_constraint(constraint::leq(load, problem.capacity[arc]));
    }
    let solution = model.solve()?;
    let value = |column: &Option<Variable>| column.map_or(0.0, |column| solution.value(column).max(0.0));
    let flows = flows.iter().map(|flow| flow.iter().map(value).collect()).collect();
    Ok((solution.value(factor), flows))
}
