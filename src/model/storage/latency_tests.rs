use super::*;
use crate::engine::rng::Streams;
use crate::model::storage::requests::Service;
use crate::units::SimDuration;

fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found / expected - 1.0).abs() < tolerance, "{found} is not {expected}");
}

fn requests(latency: Dist) -> Requests {
    let service = Service { latency, stream: f64::INFINITY };
    Requests { read: service.clone(), write: service, metadata: 0.0, client_slots: f64::INFINITY }
}

fn client(rate: f64, outstanding: f64) -> Client {
    Client { rate, read_share: 1.0, size: 4096.0, outstanding, interface: 1e12, beside: [0.0; 2] }
}

/// Times of one load that goes on for a second.
fn times(requests: &Requests, client: &Client, wait: Wait) -> Times {
    let mut timing = Timing::default();
    timing.set(SimTime::ZERO, WorkId(0), Some(client.pace(requests, 1.0, wait)), requests);
    timing.settle(SimTime::ZERO + SimDuration::from_secs_f64(1.0), requests);
    let [all, read, write, metadata] = timing.times(requests);
    assert!(write.is_none() && metadata.is_none());
    close(all.expect("there were reads").mean, read.as_ref().expect("there were reads").mean, 1e-15);
    read.expect("there were reads")
}

/// The time in M/M/1 is exponential with the mean 1/(μ − λ): mean to 1e-12, percentiles to 1 %.
#[test]
fn one_server_with_exponential_service_gives_the_exact_law() {
    let requests = requests(Dist::Exponential { mean: 1e-3 });
    for rate in [100.0, 500.0, 900.0, 980.0] {
        let stage = Stage { used: rate / 1000.0, alone: 1000.0, reach: 1000.0, rate };
        let client = client(rate, 1e9);
        let times = times(&requests, &client, client.paced(&requests, std::iter::once(stage)));
        let mean = 1.0 / (1000.0 - rate);
        close(times.mean, mean, 1e-12);
        for p in [0.5, 0.95, 0.99] {
            close(times.sketch.quantile(p).unwrap(), -mean * (1.0 - p).ln(), 0.01);
        }
    }
}

/// M/M/c: mean by Erlang's formula to 1e-12. The law of the time is known (θ = cμ − λ; P is the chance of waiting), and the
/// percentiles have its tail to 2 %: (1 − P)·exp(−μt) + P·(θ·exp(−μt) − μ·exp(−θt)) ÷ (θ − μ).
#[test]
fn many_servers_have_the_law_of_erlangs_queue() {
    let requests = requests(Dist::Exponential { mean: 1e-3 });
    for (servers, used) in [(2, 0.8), (8, 0.9), (32, 0.95)] {
        let alone = f64::from(servers) * 1000.0;
        let rate = used * alone;
        let client = client(rate, 1e9);
        let stage = Stage { used, alone, reach: alone, rate };
        let times = times(&requests, &client, client.paced(&requests, std::iter::once(stage)));
        let chance = super::super::waiting::erlang_c(f64::from(servers), used);
        close(times.mean, 1e-3 + chance / (alone - rate), 1e-12);
        let (service, drain) = (1000.0, alone - rate);
        let tail = |t: f64| {
            let (served, drained) = ((-service * t).exp(), (-drain * t).exp());
            (1.0 - chance) * served + chance * (drain * served - service * drained) / (drain - service)
        };
        for p in [0.5, 0.95, 0.99] {
            close(tail(times.sketch.quantile(p).unwrap()), 1.0 - p, 0.02);
        }
    }
}

/// n operations outstanding of which a server of 10,000 per second holds most: the mean is n ÷ x exactly, percentiles are those
/// of a simulation within 5 %.
#[test]
fn a_full_queue_takes_what_littles_law_says_and_spreads_as_in_a_simulation() {
    let requests = requests(Dist::Exponential { mean: 1e-3 });
    let mut stream = Streams::root(4).stream("full-queue");
    for outstanding in [40_u32, 100] {
        let client = client(10_000.0, f64::from(outstanding));
        let times = times(&requests, &client, client.closed(&requests));
        close(times.mean, f64::from(outstanding) / 10_000.0, 1e-12);

        // Each is in service for a while and then queues for the server: what it takes there is the wait.
        let mut arrivals: Vec<f64> = (0..outstanding).map(|_| stream.exponential(1e-3)).collect();
        let (mut free, mut seen) = (0.0_f64, Vec::new());
        for _ in 0..300_000 {
            let first = (0..arrivals.len()).min_by(|&a, &b| arrivals[a].total_cmp(&arrivals[b])).unwrap();
            free = free.max(arrivals[first]) + stream.exponential(1e-4);
            seen.push(free - arrivals[first]);
            arrivals[first] = free + stream.exponential(1e-3);
        }
        seen.sort_by(f64::total_cmp);
        let wait = client.closed(&requests);
        for p in [0.5, 0.95, 0.99] {
            close(wait.quantile(p), seen[(seen.len() as f64 * p) as usize], 0.05);
        }
    }
}

#[test]
fn an_idle_system_gives_its_law_of_service_and_load_only_adds() {
    let law = Dist::LogNormal { median: 1e-3, sigma: 0.5 };
    let requests = requests(law.clone());
    let mut before = law.mean();
    for rate in [1.0, 1000.0, 5000.0, 9000.0, 9900.0, 9999.0] {
        let client = client(rate, 1e6);
        let stage = Stage { used: rate / 1e4, alone: 1e4, reach: 1e4, rate };
        let times = times(&requests, &client, client.paced(&requests, std::iter::once(stage)));
        assert!(times.mean >= before - 1e-15, "more load, less time");
        before = times.mean;
        if rate < 2.0 {
            close(times.mean, law.mean(), 1e-9);
            for p in [0.5, 0.95, 0.99] {
                close(times.sketch.quantile(p).unwrap(), crate::engine::rng::quantile(&law, p), 2e-3);
            }
        }
    }
    // No more are outstanding than there may be.
    let few = client(9999.0, 64.0);
    let stage = Stage { used: 0.9999, alone: 1e4, reach: 1e4, rate: 9999.0 };
    close(times(&requests, &few, few.paced(&requests, std::iter::once(stage))).mean, 64.0 / 9999.0, 1e-12);
}

#[test]
fn times_are_weighed_by_the_operations_they_were_taken_for() {
    let requests = Requests {
        read: Service { latency: Dist::Constant(1e-3), stream: 1e9 },
        write: Service { latency: Dist::Constant(4e-3), stream: f64::INFINITY },
        metadata: 0.0,
        client_slots: f64::INFINITY,
    };
    let at = |s: f64| SimTime::ZERO + SimDuration::from_secs_f64(s);
    let slow = Client { read_share: 0.75, size: 1e6, beside: [2e-3; 2], ..client(100.0, 64.0) };
    let mut timing = Timing::default();
    timing.set(at(0.0), WorkId(0), Some(slow.pace(&requests, 2.0, Wait::NONE)), &requests);
    timing.reset(at(5.0), &requests);
    timing.set(at(10.0), WorkId(0), None, &requests);
    timing.set(at(20.0), WorkId(1), Some(client(500.0, 64.0).pace(&requests, 1.0, Wait::NONE)), &requests);
    timing.settle(at(21.0), &requests);
    let [all, read, write, metadata] = timing.times(&requests);
    assert!(metadata.is_none());
    let [all, read, write] = [all, read, write].map(Option::unwrap);
    // 750 reads of 4 ms and 250 writes of 6 ms, then 500 reads of 1 ms and 4 µs.
    close(write.mean, 6e-3, 1e-12);
    close(read.mean, (750.0 * 4e-3 + 500.0 * 1.004_096e-3) / 1250.0, 1e-12);
    close(all.mean, (750.0 * 4e-3 + 500.0 * 1.004_096e-3 + 250.0 * 6e-3) / 1500.0, 1e-12);
    close(all.sketch.quantile(0.5).unwrap(), 4e-3, 2e-3);
    close(all.sketch.quantile(0.9).unwrap(), 6e-3, 2e-3);
}
