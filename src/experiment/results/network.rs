//! The network of a run, as a map shows it.

/// Sites and the links between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// Sites by name.
    pub sites: Vec<Place>,
    /// Directions of links by name of the link.
    pub ways: Vec<Way>,
}

/// A site.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Name.
    pub name: String,
    /// Latitude and longitude in degrees.
    pub location: Option<(f64, f64)>,
}

/// One direction of a link.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Name of the link.
    pub link: String,
    /// Sites it leads from and to, by their index.
    pub ends: (usize, usize),
}
