//! The linear programme. One flow per source and arc is enough: the flow of one source to all its destinations can be taken
//! apart into ways, so nothing is lost against one flow per pair.
//!
//! Largest λ with, for each source s and node v ≠ s, Σ into v − Σ out of v = λ × demand(s, v), and for each arc
//! Σ over sources ≤ capacity.

use good_lp::{
    Expression, ProblemVariables, ResolutionError, Solution, SolverModel, Variable, constraint, microlp, variable,
};

use super::{Concurrent, Problem};

/// Solves it; `None` where the solver gives up.
pub(super) fn solve(problem: &Problem) -> Option<Concurrent> {
    let mut variables = ProblemVariables::new();
    let factor = variables.add(variable().min(0.0));
    let flows = columns(problem, &mut variables);
    let (factor, loads) = optimum(problem, variables, factor, &flows).ok()?;
    // Rounding may overload an arc by a hair: what fits is the factor over the worst overload.
    let over = problem.busiest(&loads).max(1.0);
    let loads: Vec<f64> = loads.iter().map(|load| load / over).collect();
    (factor.is_finite() && factor > 0.0).then(|| problem.result((factor / over, factor), &loads, true))
}

/// One column per source and arc, but for arcs that lead back to the source or carry nothing.
fn columns(problem: &Problem, variables: &mut ProblemVariables) -> Vec<Vec<Option<Variable>>> {
    let arcs = problem.graph.arcs();
    let mut column = |source: usize, arc: usize| {
        (problem.usable(arc) && arcs[arc].to != source).then(|| variables.add(variable().min(0.0)))
    };
    problem.sources.keys().map(|&source| (0..arcs.len()).map(|arc| column(source, arc)).collect()).collect()
}

/// The factor, and the load of each arc.
fn optimum(
    problem: &Problem,
    variables: ProblemVariables,
    factor: Variable,
    flows: &[Vec<Option<Variable>>],
) -> Result<(f64, Vec<f64>), ResolutionError> {
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
    let load =
        |arc: usize| flows.iter().filter_map(|flow| flow[arc]).map(|column| solution.value(column).max(0.0)).sum();
    Ok((solution.value(factor), (0..graph.arcs().len()).map(load).collect()))
}
