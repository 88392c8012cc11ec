//! The linear programmes: one flow per source and class, as in [`super::super::concurrent`].

use good_lp::{Expression, ProblemVariables, Solution, SolverModel, Variable, constraint, microlp, variable};

use super::super::graph::Graph;
use super::super::tree::Tree;
use super::Flow;

/// Least ratio of capacities to the largest, and of demands to what fits, that the solver's tolerances can see.
const RANGE: f64 = 1e-6;
/// Largest error of a flow, as a share of the smallest demand of its source.
const ERROR: f64 = 1e-6;

/// A network and the flows that are to be found on it, with numbers near 1.
pub(super) struct Programme<'a> {
    graph: &'a Graph,
    flows: &'a [Flow],
    /// By arc, over the largest.
    capacity: Vec<f64>,
    /// The largest capacity.
    scale: f64,
    /// The largest capacity over the largest amount.
    unit: f64,
}

/// What is sought.
enum Goal<'a> {
    /// The largest factor on the classes for which this says nothing; the others get this share.
    Factor(&'a dyn Fn(u8) -> Option<f64>),
    /// The least cost when each class gets this share and no arc more than this share of its capacity.
    Cost(&'a dyn Fn(u8) -> f64, f64),
}

/// What an edge grows by, and what is there beside the flows that are sought.
#[derive(Clone, Copy, Debug)]
pub struct Growth<'a> {
    /// Edges that grow. Where the network has more, it is made of copies of these, one after the other, that grow together.
    pub edges: usize,
    /// Capacity that one step adds to each arc.
    pub step: &'a [f64],
    /// What other flows put on each arc.
    pub taken: &'a [f64],
    /// Share of the capacity that may be used.
    pub limit: f64,
}

impl<'a> Programme<'a> {
    /// `None` where numbers lie too far apart.
    pub fn new(graph: &'a Graph, flows: &'a [Flow]) -> Option<Self> {
        let scale = graph.arcs().iter().fold(0.0, |most: f64, arc| most.max(arc.capacity));
        let capacity: Vec<f64> = graph.arcs().iter().map(|arc| arc.capacity / scale).collect();
        let busiest =
            flows.iter().flat_map(|flow| flow.sinks.values()).fold(0.0, |most: f64, &amount| most.max(amount));
        let programme = Programme { graph, flows, capacity, scale, unit: scale / busiest };
        let amounts = flows.iter().flat_map(|flow| flow.sinks.values().map(|amount| amount / busiest));
        let capacities =
            (0..programme.capacity.len()).filter(|&arc| programme.usable(arc)).map(|arc| programme.capacity[arc]);
        let seen = |number: f64| number >= RANGE;
        (scale > 0.0 && busiest > 0.0 && amounts.chain(capacities).all(seen)).then_some(programme)
    }

    /// The largest factor on the classes for which `held` says nothing, all others served the share it says.
    pub fn factor(&self, held: &dyn Fn(u8) -> Option<f64>) -> Option<f64> {
        let (factor, _) = self.solve(&Goal::Factor(held))?;
        (factor.is_finite() && factor >= 0.0).then_some(factor)
    }

    /// The flows of least cost that serve each class its share and fill no arc more than `fullest`, in the numbers of the caller.
    pub fn cheapest(&self, served: &dyn Fn(u8) -> f64, fullest: f64) -> Option<Vec<Vec<f64>>> {
        let (_, flows) = self.solve(&Goal::Cost(served, fullest))?;
        let busiest = self.scale / self.unit;
        Some(flows.into_iter().map(|flow| flow.into_iter().map(|load| load * busiest).collect()).collect())
    }

    /// The least number of steps by which edges must grow, fractions of steps allowed, so that all demands and what is there fill no arc
    /// above the limit: by edge.
    pub fn growth(&self, growth: Growth<'_>) -> Option<Vec<f64>> {
        let mut variables = ProblemVariables::new();
        let columns: Vec<Vec<Option<Variable>>> =
            self.flows.iter().map(|flow| self.columns(flow, &mut variables)).collect();
        let steps: Vec<Variable> = (0..growth.edges).map(|_| variables.add(variable().min(0.0))).collect();
        let sum: Expression = steps.iter().copied().sum();
        let mut model = variables.minimise(sum).using(microlp);
        for (flow, columns) in self.flows.iter().zip(&columns) {
            for node in (0..self.graph.nodes()).filter(|&node| node != flow.source) {
                let touched =
                    self.graph.into(node).iter().chain(self.graph.out(node)).any(|&arc| columns[arc].is_some());
                if touched {
                    model.add_constraint(constraint::eq(self.balance(columns, node), self.amount(flow, node)));
                }
            }
        }
        let busiest = self.scale / self.unit;
        for arc in (0..self.capacity.len()).filter(|&arc| self.usable(arc)) {
            let mut load: Expression = columns.iter().filter_map(|flow| flow[arc]).sum();
            load.add_mul(-growth.limit * growth.step[arc] / busiest, steps[arc / 2 % growth.edges]);
            let room = growth.limit * self.capacity[arc] * self.scale - growth.taken[arc];
            model.add_constraint(constraint::leq(load, room / busiest));
        }
        let solution = model.solve().ok()?;
        let flows: Vec<Vec<f64>> = columns
            .iter()
            .map(|flow| flow.iter().map(|c| c.map_or(0.0, |c| solution.value(c).max(0.0))).collect())
            .collect();
        let steps = steps.iter().map(|&step| solution.value(step).max(0.0)).collect();
        self.balanced(1.0, &flows, &|_| Some(1.0)).then_some(steps)
    }

    /// What comes to a node less what leaves it.
    fn balance(&self, columns: &[Option<Variable>], node: usize) -> Expression {
        let mut balance = Expression::with_capacity(8);
        for (arcs, sign) in [(self.graph.into(node), 1.0), (self.graph.out(node), -1.0)] {
            for column in arcs.iter().filter_map(|&arc| columns[arc]) {
                balance.add_mul(sign, column);
            }
        }
        balance
    }

    fn usable(&self, arc: usize) -> bool {
        self.capacity[arc] > 0.0
    }

    /// Amount at a sink, over the largest.
    fn amount(&self, flow: &Flow, node: usize) -> f64 {
        flow.sinks.get(&node).map_or(0.0, |amount| amount * self.unit / self.scale)
    }

    /// The factor in the numbers of the caller, and the scaled flows; `None` where what the solver says is no flow.
    fn solve(&self, goal: &Goal<'_>) -> Option<(f64, Vec<Vec<f64>>)> {
        let mut variables = ProblemVariables::new();
        let factor = variables.add(variable().min(0.0));
        let columns: Vec<Vec<Option<Variable>>> =
            self.flows.iter().map(|flow| self.columns(flow, &mut variables)).collect();
        // Flows count in the largest capacity while a factor is sought, and in the largest amount after that.
        let share = |class: u8| match goal {
            Goal::Factor(held) => held(class).map(|share| share / self.unit),
            Goal::Cost(served, _) => Some(served(class)),
        };
        let model = match goal {
            Goal::Factor(_) => variables.maximise(factor).using(microlp),
            Goal::Cost(..) => {
                let mean =
                    self.graph.arcs().iter().map(|arc| arc.cost as f64).sum::<f64>() / self.capacity.len() as f64;
                let mut cost = Expression::with_capacity(columns.len() * self.capacity.len());
                for (arc, column) in columns.iter().flat_map(|flow| flow.iter().enumerate()) {
                    if let Some(column) = column {
                        cost.add_mul(self.graph.arcs()[arc].cost as f64 / mean, *column);
                    }
                }
                variables.minimise(cost).using(microlp)
            }
        };
        let model = self.constrained(model, goal, (factor, &columns), &share);
        let solution = model.solve().ok()?;
        let value = |column: &Option<Variable>| column.map_or(0.0, |column| solution.value(column).max(0.0));
        let flows: Vec<Vec<f64>> = columns.iter().map(|flow| flow.iter().map(value).collect()).collect();
        let factor = solution.value(factor);
        self.balanced(factor, &flows, &share).then_some((factor * self.unit, flows))
    }

    fn constrained<M: SolverModel>(
        &self,
        mut model: M,
        goal: &Goal<'_>,
        (factor, columns): (Variable, &[Vec<Option<Variable>>]),
        share: &dyn Fn(u8) -> Option<f64>,
    ) -> M {
        for (flow, columns) in self.flows.iter().zip(columns) {
            for node in (0..self.graph.nodes()).filter(|&node| node != flow.source) {
                let mut balance = self.balance(columns, node);
                let amount = self.amount(flow, node);
                let due = match share(flow.class) {
                    Some(share) => share * amount,
                    None => {
                        balance.add_mul(-amount, factor);
                        0.0
                    }
                };
                model.add_constraint(constraint::eq(balance, due));
            }
        }
        let fullest = if let Goal::Cost(_, fullest) = goal { fullest * self.unit } else { 1.0 };
        for arc in (0..self.capacity.len()).filter(|&arc| self.usable(arc)) {
            let load: Expression = columns.iter().filter_map(|flow| flow[arc]).sum();
            model.add_constraint(constraint::leq(load, self.capacity[arc] * fullest));
        }
        model
    }

    /// One column per arc, but for arcs that lead back to the source, that it does not reach, or that carry nothing.
    fn columns(&self, flow: &Flow, variables: &mut ProblemVariables) -> Vec<Option<Variable>> {
        let arcs = self.graph.arcs();
        let near = Tree::from(self.graph, flow.source, |arc| self.usable(arc));
        let mut column = |arc: usize| {
            let leads_on = arcs[arc].to != flow.source && near.cost(arcs[arc].from).is_some();
            (self.usable(arc) && leads_on).then(|| variables.add(variable().min(0.0)))
        };
        (0..arcs.len()).map(&mut column).collect()
    }

    /// Whether every sink gets what it is due and nothing is lost on the way.
    fn balanced(&self, factor: f64, flows: &[Vec<f64>], share: &dyn Fn(u8) -> Option<f64>) -> bool {
        let sum = |arcs: &[usize], flow: &[f64]| arcs.iter().map(|&arc| flow[arc]).sum::<f64>();
        self.flows.iter().zip(flows).all(|(asked, flow)| {
            let times = share(asked.class).unwrap_or(factor);
            let least = asked.sinks.keys().map(|&sink| self.amount(asked, sink)).fold(f64::INFINITY, f64::min);
            (0..self.graph.nodes()).filter(|&node| node != asked.source).all(|node| {
                let due = times * self.amount(asked, node);
                let comes = sum(self.graph.into(node), flow) - sum(self.graph.out(node), flow);
                (comes - due).abs() <= ERROR * times * least + f64::EPSILON
            })
        })
    }
}
