//! Kinds of parts, and the figures a part of each kind has.

use crate::units::Dimension;

/// A kind of catalogue part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A GPU node, or a rack for rack-scale systems.
    Node,
    /// A storage system.
    Storage,
    /// A virtual machine size.
    Vm,
    /// A language model as it is trained and served.
    Model,
    /// A transport or an optical wave type.
    Interconnect,
}

/// What the text of a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureType {
    /// A quantity with its unit.
    Quantity(Dimension),
    /// A whole number.
    Whole,
    /// A random quantity, as [`parse_dist`](crate::units::parse_dist()) reads it.
    Dist(Dimension),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of failure causes, each `cause count repair-class`.
    Causes,
}

/// When a part must have a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Always,
    /// Where the part's figure of this name has one of these words; elsewhere the figure has no meaning.
    When(&'static str, &'static [&'static str]),
    /// Never; it may be missing where nothing is published.
    Optional,
    /// It may be there where the part's figure of this name has one of these words; elsewhere it has no meaning.
    OptionalWhen(&'static str, &'static [&'static str]),
}

/// A figure that parts of a kind have.
#[derive(Clone, Copy, Debug)]
pub struct FigureSpec {
    /// Name, also the key that overrides it in a scenario.
    pub name: &'static str,
    /// What its text is.
    pub figure: FigureType,
    /// When it must be there.
    pub need: Need,
    /// What it means, one sentence.
    pub doc: &'static str,
}

impl Kind {
    /// The word for this kind, as the catalogue prints it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Node => "node",
            Kind::Storage => "storage",
            Kind::Vm => "vm",
            Kind::Model => "model",
            Kind::Interconnect => "interconnect",
        }
    }

    /// A heading for its parts.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Node => "GPU nodes",
            Kind::Storage => "Storage systems",
            Kind::Vm => "Virtual machine sizes",
            Kind::Model => "Models",
            Kind::Interconnect => "Transports and waves",
        }
    }
}

/// All kinds in the order the catalogue lists them.
pub fn kinds() -> &'static [Kind] {
    &[Kind::Node, Kind::Storage, Kind::Vm, Kind::Model, Kind::Interconnect]
}

/// The figures of a kind in the order the catalogue shows them.
pub fn kind_figures(kind: Kind) -> &'static [FigureSpec] {
    match kind {
        Kind::Node => NODE,
        Kind::Storage => STORAGE,
        Kind::Vm => VM,
        Kind::Model => MODEL,
        Kind::Interconnect => INTERCONNECT,
    }
}

/// The specification of a figure of a kind.
pub fn figure_spec(kind: Kind, name: &str) -> Option<&'static FigureSpec> {
    kind_figures(kind).iter().find(|spec| spec.name == name)
}

/// Layouts of storage systems.
pub const LAYOUTS: &[&str] = &["shared-nodes", "heads-enclosures", "striped", "accounts", "provisioned"];
/// Classes of repair that failure causes refer to.
pub const REPAIR_CLASSES: &[&str] = &["reset", "swap", "rma"];

/// How transports make good what is lost.
pub const RECOVERIES: &[&str] = &["loss-based", "go-back-n", "selective-repeat"];

const NODES_OR_HEADS: Need = Need::When("layout", &["shared-nodes", "heads-enclosures"]);
/// Systems that show their media.
const MEDIA: Need = Need::When("layout", &["shared-nodes", "heads-enclosures", "striped"]);
const MAYBE_MEDIA: Need = Need::OptionalWhen("layout", &["shared-nodes", "heads-enclosures", "striped"]);
const STRIPED: Need = Need::When("layout", &["striped"]);
const ON_NODES: Need = Need::When("layout", &["shared-nodes", "striped"]);
const HEADS: Need = Need::When("layout", &["heads-enclosures"]);
const ACCOUNTS: Need = Need::When("layout", &["accounts"]);
const PROVISIONED: Need = Need::When("layout", &["provisioned"]);
const TRANSPORT: Need = Need::When("type", &["transport"]);
const WAVE: Need = Need::When("type", &["wave"]);

const fn spec(name: &'static str, figure: FigureType, need: Need, doc: &'static str) -> FigureSpec {
    FigureSpec { name, figure, need, doc }
}

const fn q(dim: Dimension) -> FigureType {
    FigureType::Quantity(dim)
}

const DURATION: FigureType = FigureType::Dist(Dimension::Duration);

const NODE: &[FigureSpec] = &[
    spec("gpus", FigureType::Whole, Need::Always, "GPUs in one node (in one rack for rack-scale systems)."),
    spec("gpus_per_unit", FigureType::Whole, Need::Always, "GPUs lost together when one part fails; divides gpus."),
    spec("racks", q(Dimension::Factor), Need::Always, "Rack positions one node takes."),
    spec("cooling", FigureType::Word(&["liquid", "air"]), Need::Always, "Cooling a node needs."),
    spec("peak_flops", q(Dimension::Flops), Need::Always, "Dense bf16 peak of one GPU, without sparsity."),
    spec("frontend_per_gpu", q(Dimension::ByteRate), Need::Always, "Front-end network rate per GPU, each direction."),
    spec("node_power", q(Dimension::Power), Need::Always, "IT power of one node under load."),
    spec("price", q(Dimension::Money), Need::Optional, "Purchase price of one node."),
    spec(
        "failure_rate_per_8_gpus",
        q(Dimension::PerTime),
        Need::Always,
        "Failures of all causes per 8 GPUs and time; divided by 8 it is the hazard of one GPU.",
    ),
    spec(
        "failure_causes",
        FigureType::Causes,
        Need::Always,
        "Causes with their published counts and the repair class each needs; shares are count over total.",
    ),
    spec("repair_reset", DURATION, Need::Always, "Time from detection until a reset or reboot has healed the unit."),
    spec("repair_swap", DURATION, Need::Always, "Time until a part is swapped from stock on site."),
    spec("repair_rma", DURATION, Need::Always, "Time until the unit is back after a return to the vendor."),
    spec("detection", DURATION, Need::Always, "Time to notice a failure."),
    spec("replacement", DURATION, Need::Always, "Time to bring a spare into service after detection."),
];

const STORAGE: &[FigureSpec] = &[
    spec("layout", FigureType::Word(LAYOUTS), Need::Always, "How bytes move inside: which stages exist."),
    spec("nic", q(Dimension::ByteRate), ON_NODES, "NIC line rate of one node or server, each direction."),
    spec("head_nic", q(Dimension::ByteRate), HEADS, "Client-side NIC rate of one head, each direction."),
    spec("head_fabric", q(Dimension::ByteRate), HEADS, "Fabric-side NIC rate of one head, each direction."),
    spec("enclosure_fabric", q(Dimension::ByteRate), HEADS, "Fabric-side rate of one enclosure, each direction."),
    spec("media_read", q(Dimension::Throughput), MEDIA, "Media read rate of one node, enclosure or server."),
    spec("media_write", q(Dimension::Throughput), MEDIA, "Media write rate of one node, enclosure or server."),
    spec(
        "media_shared",
        q(Dimension::Ratio),
        MAYBE_MEDIA,
        "Share of the media's time that reads and writes compete for: 0 % independent, 100 % one at the cost of the other.",
    ),
    spec("raw", q(Dimension::Bytes), MEDIA, "Raw media of one node, enclosure or server."),
    spec(
        "spare",
        q(Dimension::Ratio),
        MEDIA,
        "Share of raw that holds no stripes: room for rebuilds, metadata, uneven fill.",
    ),
    spec("buffer", q(Dimension::Bytes), NODES_OR_HEADS, "Write buffer of one node or enclosure."),
    spec(
        "buffer_rate",
        q(Dimension::Throughput),
        NODES_OR_HEADS,
        "Write rate of the buffer of one node or enclosure, all copies counted.",
    ),
    spec("buffer_copies", q(Dimension::Factor), NODES_OR_HEADS, "Bytes written to buffers per client byte."),
    spec("reduction", q(Dimension::Factor), MEDIA, "Data reduction: client bytes per byte kept on media."),
    spec(
        "migration_read",
        FigureType::Word(&["raw", "reduced"]),
        NODES_OR_HEADS,
        "Bytes read back from the buffer per client byte: 1 when raw, 1/reduction when reduced on the way in.",
    ),
    spec("stripe_data", FigureType::Whole, MEDIA, "Data blocks of a stripe."),
    spec("stripe_parity", FigureType::Whole, MEDIA, "Parity blocks of a stripe."),
    spec(
        "blocks_per_node",
        FigureType::Whole,
        NODES_OR_HEADS,
        "Most blocks of one stripe in one node or enclosure: 1 makes it a failure domain of its own.",
    ),
    spec(
        "rebuild_reads",
        q(Dimension::Ratio),
        MEDIA,
        "Blocks read to rebuild one lost block, as a share of stripe_data: 1 for Reed-Solomon codes.",
    ),
    spec("devices", FigureType::Whole, MEDIA, "Media devices of one node or enclosure."),
    spec("device_loss_rate", q(Dimension::PerTime), MEDIA, "Losses of a device with its data, per time."),
    spec(
        "node_loss_rate",
        q(Dimension::PerTime),
        MEDIA,
        "Losses of a node or enclosure with the data on it, per time.",
    ),
    spec("rebuild_delay", DURATION, MEDIA, "Time from a loss until its rebuild begins."),
    spec("device_replacement", DURATION, MEDIA, "Time from a loss until another device is in service."),
    spec("node_replacement", DURATION, MEDIA, "Time from a loss until another node or enclosure is in service."),
    spec("low_water", q(Dimension::Ratio), NODES_OR_HEADS, "Fill below which a full buffer counts as free again."),
    spec("targets", FigureType::Whole, STRIPED, "Targets of one server, among which its media are shared out evenly."),
    spec("stripe_count", FigureType::Whole, STRIPED, "Targets that one file lies on."),
    spec("metadata_servers", FigureType::Whole, STRIPED, "Metadata servers, each with `metadata_operations`."),
    spec("account_capacity", q(Dimension::Bytes), ACCOUNTS, "Capacity of one account."),
    spec("account_ingress", q(Dimension::ByteRate), ACCOUNTS, "Write limit of one account."),
    spec("account_egress", q(Dimension::ByteRate), ACCOUNTS, "Read limit of one account."),
    spec(
        "accounts_per_subscription",
        FigureType::Whole,
        Need::Optional,
        "Accounts of one subscription in a region, without a special request.",
    ),
    spec("provisioned_rate", q(Dimension::RatePerCapacity), PROVISIONED, "Rate sold per capacity."),
    spec("read_share", q(Dimension::Ratio), PROVISIONED, "Share of the provisioned rate that reads reach."),
    spec("write_share", q(Dimension::Ratio), PROVISIONED, "Share of the provisioned rate that writes reach."),
    spec("max_capacity", q(Dimension::Bytes), Need::Optional, "Largest capacity without a special request."),
    spec(
        "operations",
        q(Dimension::OpRate),
        Need::Always,
        "Operations of all kinds per second of one node, head or account (of the whole system when provisioned).",
    ),
    spec("read_operations", q(Dimension::OpRate), Need::Optional, "Reads per second, counted in operations too."),
    spec("write_operations", q(Dimension::OpRate), Need::Optional, "Writes per second, counted in operations too."),
    spec(
        "metadata_operations",
        q(Dimension::OpRate),
        Need::Optional,
        "Metadata operations per second, apart from operations; without it they count in operations.",
    ),
    spec("metadata_latency", DURATION, Need::Optional, "Time of one metadata operation; else as a read."),
    spec("read_latency", DURATION, Need::Always, "Time of one read before its first byte."),
    spec("write_latency", DURATION, Need::Always, "Time of one write beside that of its bytes."),
    spec("read_stream", q(Dimension::Throughput), Need::Optional, "Rate at which the bytes of one read come."),
    spec("write_stream", q(Dimension::Throughput), Need::Optional, "Rate at which the bytes of one write go."),
    spec("client_slots", FigureType::Whole, Need::Optional, "Most outstanding operations of one client."),
    spec("client_overhead", q(Dimension::Factor), Need::Always, "Wire bytes per payload byte, client to head; ≥ 1."),
    spec("internal_overhead", q(Dimension::Factor), Need::Always, "Wire bytes per payload byte on inner hops; ≥ 1."),
    spec("nameplate_read", q(Dimension::Throughput), Need::Optional, "Data-sheet read rate of one unit or system."),
    spec("nameplate_write", q(Dimension::Throughput), Need::Optional, "Data-sheet write rate of one unit or system."),
    spec("node_power", q(Dimension::Power), Need::Always, "IT power of one node or enclosure; 0 W for a service."),
    spec("racks", q(Dimension::Factor), Need::Always, "Rack positions of one node or enclosure; 0 for a service."),
    spec("head_power", q(Dimension::Power), HEADS, "IT power of one head."),
    spec("head_racks", q(Dimension::Factor), HEADS, "Rack positions of one head."),
    spec("min_nodes", FigureType::Whole, Need::Optional, "Fewest nodes the product supports."),
    spec("price_per_10k_reads", q(Dimension::Money), Need::Optional, "Price of 10,000 read requests."),
    spec("price_per_10k_writes", q(Dimension::Money), Need::Optional, "Price of 10,000 write requests."),
    spec("price_per_hour", q(Dimension::MoneyPerHour), Need::Optional, "Price of one node per hour."),
    spec("price", q(Dimension::Money), Need::Optional, "Purchase price of one node or enclosure."),
    spec("head_price", q(Dimension::Money), Need::Optional, "Purchase price of one head."),
    spec("cooling", FigureType::Word(&["liquid", "air"]), Need::Optional, "Cooling that its racks need."),
    spec("price_per_capacity", q(Dimension::MoneyPerByteMonth), Need::Optional, "Price of capacity per month."),
];

const VM: &[FigureSpec] = &[
    spec("vcpus", FigureType::Whole, Need::Optional, "Virtual processors."),
    spec("memory", q(Dimension::Bytes), Need::Optional, "Memory."),
    spec("nic", q(Dimension::ByteRate), Need::Always, "Network line rate, each direction."),
    spec("local_capacity", q(Dimension::Bytes), Need::Always, "Local flash."),
    spec("local_read", q(Dimension::Throughput), Need::Always, "Read rate of all local flash together."),
    spec("local_write", q(Dimension::Throughput), Need::Always, "Write rate of all local flash together."),
    spec("price_per_hour", q(Dimension::MoneyPerHour), Need::Optional, "List price per hour."),
];

const MODEL: &[FigureSpec] = &[
    spec("parameters", q(Dimension::Count), Need::Always, "Parameters."),
    spec("active_parameters", q(Dimension::Count), Need::Always, "Parameters that take part in one token."),
    spec("bytes_per_parameter", q(Dimension::Bytes), Need::Always, "Served bytes per parameter."),
    spec(
        "checkpoint_bytes_per_parameter",
        q(Dimension::Bytes),
        Need::Always,
        "Checkpoint bytes per parameter: weights and optimiser state.",
    ),
    spec(
        "delta_bytes_per_changed",
        q(Dimension::Bytes),
        Need::Always,
        "Bytes a weight delta carries per changed parameter, index and value together.",
    ),
    spec("engine_gpus", FigureType::Whole, Need::Always, "GPUs of one generation engine."),
    spec("slots", FigureType::Whole, Need::Always, "Trajectories that one engine generates at once."),
    spec("single_rate", q(Dimension::TokenRate), Need::Always, "Tokens per second of one trajectory alone."),
    spec(
        "half_batch",
        q(Dimension::Count),
        Need::Always,
        "Concurrent trajectories at which each runs at half of single_rate: rate = single_rate/(1 + b/half_batch).",
    ),
];

const INTERCONNECT: &[FigureSpec] = &[
    spec("type", FigureType::Word(&["transport", "wave"]), Need::Always, "Transport framing, or an optical wave."),
    spec("framing", q(Dimension::Ratio), TRANSPORT, "Payload bytes per wire byte."),
    spec("mtu", q(Dimension::Bytes), TRANSPORT, "Largest packet."),
    spec("segment", q(Dimension::Bytes), TRANSPORT, "Payload bytes of a full packet."),
    spec(
        "recovery",
        FigureType::Word(RECOVERIES),
        TRANSPORT,
        "What a lost packet costs: the rate of a stream (loss-based), all in flight behind it (go-back-n), itself (selective-repeat).",
    ),
    spec(
        "loss_constant",
        q(Dimension::Factor),
        Need::When("recovery", &["loss-based"]),
        "C of the rate limit segment / RTT x C / sqrt(loss) of one stream.",
    ),
    spec(
        "retransmit_timeout",
        q(Dimension::Duration),
        Need::OptionalWhen("recovery", &["loss-based"]),
        "Least time beyond a round trip until what is not acknowledged is sent again; twice as long each time.",
    ),
    spec(
        "retransmit_longest",
        q(Dimension::Duration),
        Need::OptionalWhen("recovery", &["loss-based"]),
        "Longest time between two of these.",
    ),
    spec(
        "ack_timeout",
        q(Dimension::Duration),
        Need::OptionalWhen("recovery", &["go-back-n", "selective-repeat"]),
        "Time until what is not acknowledged is sent again.",
    ),
    spec(
        "ack_retries",
        FigureType::Whole,
        Need::OptionalWhen("recovery", &["go-back-n", "selective-repeat"]),
        "How many times, until the connection breaks.",
    ),
    spec(
        "reconnect",
        q(Dimension::Duration),
        Need::OptionalWhen("recovery", &["go-back-n", "selective-repeat"]),
        "Time from a path that is back until a broken connection is made anew.",
    ),
    spec("wave_rate", q(Dimension::ByteRate), WAVE, "Rate of one wave, each direction."),
    spec("reach", q(Dimension::Distance), WAVE, "Reach without regeneration."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn figure_names_are_unique_and_conditions_refer_to_words_that_exist() {
        for kind in kinds() {
            let names: BTreeSet<_> = kind_figures(*kind).iter().map(|s| s.name).collect();
            assert_eq!(names.len(), kind_figures(*kind).len());
            for figure in kind_figures(*kind) {
                let (Need::When(key, words) | Need::OptionalWhen(key, words)) = figure.need else { continue };
                let FigureType::Word(allowed) = figure_spec(*kind, key).unwrap().figure else { panic!("{key}") };
                assert!(words.iter().all(|w| allowed.contains(w)), "{}", figure.name);
            }
        }
    }
}
