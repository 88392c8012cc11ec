//! What the figures must give together, checked against published totals.

use super::*;

/// Bytes that pass a node's NIC per client byte of a saturated system of many nodes, (read out, write in), by the
/// crossings of a shared-node layout.
fn crossings(part: &Part, nodes: f64, copies: f64, reduction: f64, raw_migration: bool) -> (f64, f64) {
    let f = |name: &str| part.number(name).unwrap();
    let peers = (nodes - 1.0) / nodes;
    let (client, inner) = (f("client_overhead"), f("internal_overhead") * peers);
    let migration = if raw_migration { 1.0 } else { 1.0 / reduction };
    let stripe = (1.0 + f("stripe_parity") / f("stripe_data")) / reduction;
    (client + inner, client + inner * (copies + migration + stripe))
}

#[test]
fn the_cloud_system_reads_at_ninety_and_writes_at_fifty_to_sixty_percent_of_theoretical() {
    let vast = part("vast-ebox-z3-highmem-88").unwrap();
    let f = |name: &str| vast.number(name).unwrap();
    let (read, write) = crossings(vast, 400.0, f("buffer_copies"), f("reduction"), false);
    // In theory a byte crosses the NICs of 400 nodes 1 + 399/400 times in both directions.
    let ideal = 1.0 + 399.0 / 400.0;
    assert!((ideal / read - 0.90).abs() < 0.005, "read {}", ideal / read);
    assert!((ideal / write - 0.54).abs() < 0.01, "write {}", ideal / write);
    // Neither flash nor buffer may bind before the NIC.
    let payload = f("nic") / write;
    assert!(payload * (f("buffer_copies") + 0.52) < f("media_write").min(f("buffer_rate")));
    assert!(f("nic") / read < f("media_read"));
}

#[test]
fn the_notes_of_the_chosen_figures_state_what_their_range_gives() {
    let vast = part("vast-ebox-z3-highmem-88").unwrap();
    let write = |c, rho, raw| (199.75 / crossings(vast, 400.0, c, rho, raw).1).round();
    for (figure, percent) in [
        ("buffer_copies", write(2.0, 2.0, false)),
        ("reduction", write(1.33, 1.0, false)),
        ("reduction", write(1.33, 3.0, false)),
        ("migration_read", write(1.33, 2.0, true)),
    ] {
        let note = vast.figure(figure).unwrap().note.as_deref().unwrap();
        assert!(note.contains(&format!("{percent} %")), "{figure}: {percent} % is not in '{note}'");
    }
}

#[test]
fn checkpoints_have_the_published_sizes() {
    for (name, gib) in [("dense-8b", 104.70), ("dense-70b", 911.21), ("dense-405b", 5_292.25), ("dense-1t", 15_426.59)]
    {
        let model = part(name).unwrap();
        let bytes = model.number("parameters").unwrap() * model.number("checkpoint_bytes_per_parameter").unwrap();
        let ratio = bytes / (gib * 1_073_741_824.0);
        assert!((ratio - 1.0).abs() < 1e-3, "{name}: {ratio}");
    }
}

#[test]
fn failure_causes_are_the_published_counts() {
    for node in parts_of(Kind::Node) {
        let text = &node.figure("failure_causes").unwrap().text;
        let total: u32 = text.split_whitespace().filter_map(|w| w.parse::<u32>().ok()).sum();
        assert_eq!(total, 419, "{}", node.name);
        let shares: f64 = node.causes().iter().map(|c| c.share).sum();
        assert!((shares - 1.0).abs() < 1e-12);
        let gpus = node.number("gpus").unwrap();
        assert!(gpus % node.number("gpus_per_unit").unwrap() == 0.0, "units fill the node");
        for class in REPAIR_CLASSES {
            assert!(node.dist(&format!("repair_{class}")).is_some(), "{} lacks {class}", node.name);
        }
    }
}

#[test]
fn decode_curves_meet_the_points_their_notes_name() {
    let total = |name: &str, b: f64| {
        let model = part(name).unwrap();
        b * model.number("single_rate").unwrap() / (1.0 + b / model.number("half_batch").unwrap())
    };
    for (name, b, published) in [
        ("dense-8b", 256.0, 6_300.0),
        ("dense-70b", 256.0, 2_190.0),
        ("dense-405b", 128.0, 759.0),
        ("moe-671b-fp8", 1_410.0, 29_600.0),
    ] {
        let ratio = total(name, b) / published;
        assert!((ratio - 1.0).abs() < 0.01, "{name}: {ratio}");
    }
}

#[test]
fn names_are_found_and_slips_are_corrected() {
    assert_eq!(part("gb200-nvl72").map(|p| p.kind), Some(Kind::Node));
    assert!(part("gb200").is_none());
    assert_eq!(nearest_part("gb200-nvl27", Some(Kind::Node)), Some("gb200-nvl72"));
    assert_eq!(nearest_part("moe-1t-pf8", None), Some("moe-1t-fp8"));
    assert_eq!(nearest_part("gb200-nvl27", Some(Kind::Model)), None);
}
