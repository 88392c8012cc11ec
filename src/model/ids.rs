//! Names of things inside the world: small typed indices, so that a link is never taken for a fleet.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub u16);

        impl $name {
            /// Position in the world's list.
            pub const fn index(self) -> usize {
                self.0 as usize
            }

            /// The id of position `index`.
            ///
            /// # Panics
            /// If the index does not fit into 16 bits; assembly refuses such plans first.
            pub fn new(index: usize) -> Self {
                $name(u16::try_from(index).expect("more than 65,535 parts of one kind"))
            }
        }
    };
}

id!(
    /// A site.
    SiteId
);
id!(
    /// A GPU fleet.
    FleetId
);
id!(
    /// A pool of units that one work holds in one fleet; numbered per fleet.
    PoolId
);
id!(
    /// A WAN link.
    LinkId
);
id!(
    /// A shared-risk group.
    GroupId
);
id!(
    /// A maintenance window.
    WindowId
);
id!(
    /// A storage system.
    StorageId
);
id!(
    /// A global namespace.
    NamespaceId
);
id!(
    /// A tenant or view on one storage system; numbered per system.
    LaneId
);
id!(
    /// A demand.
    DemandId
);
id!(
    /// A work.
    WorkId
);

/// A movement of bytes: index and generation, so that a stale name is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MovementId {
    /// Slot.
    pub index: u32,
    /// How often the slot was used before.
    pub generation: u32,
}
