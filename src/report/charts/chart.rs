//! What a chart is, independent of how it is drawn.

/// A picture with a title and a grid of panels.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// File stem.
    pub name: &'static str,
    /// What is shown, in which unit.
    pub title: String,
    /// Which scenario and replications.
    pub subtitle: String,
    /// What else is to be known, a line each, below the panels.
    pub notes: Vec<String>,
    /// Panels side by side; rows follow from their number.
    pub columns: usize,
    /// Panels in reading order.
    pub panels: Vec<Panel>,
    /// Why there is nothing to draw, when there are no panels.
    pub empty: String,
    /// A map in place of panels.
    pub map: Option<Map>,
}

/// Sites in a plane and the links between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// Sites.
    pub sites: Vec<Spot>,
    /// Directions of links.
    pub links: Vec<Stroke>,
}

/// A site.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    /// Name.
    pub name: String,
    /// Where it is, in any unit, the second axis downwards.
    pub at: (f64, f64),
}

/// A direction of a link.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    /// Sites it leads from and to.
    pub ends: (usize, usize),
    /// Its position among parallel links of the same direction.
    pub lane: usize,
    /// Utilisation, 0…1; NaN where there is none.
    pub share: f64,
    /// Its name and ends.
    pub label: String,
    /// Its number in the list, when it is listed.
    pub number: Option<usize>,
}

/// One coordinate system.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Heading, drawn left above the axes; the legend follows on the same line.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Curves, drawn in this order.
    pub curves: Vec<Curve>,
    /// Vertical lines.
    pub marks: Vec<Mark>,
    /// A shaded stretch of the horizontal axis; the subtitle says what it is.
    pub shade: Option<(f64, f64)>,
    /// Said in the middle of the panel, where it has no curve.
    pub note: Option<String>,
    /// What the colours of its tiles mean; drawn where the tiles are too small for their texts.
    pub key: Option<Key>,
}

/// The scale of colours of a heat map.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Colours from low to high.
    pub colors: Vec<(u8, u8, u8)>,
    /// Positions, 0…1 from low to high, and texts.
    pub ticks: Vec<(f64, String)>,
}

/// An axis in base units with finished ticks.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What is on it, with the unit.
    pub label: String,
    /// Left or lower end.
    pub lo: f64,
    /// Right or upper end, above `lo`.
    pub hi: f64,
    /// Positions and texts.
    pub ticks: Vec<(f64, String)>,
}

/// A curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Text in the legend; none when empty.
    pub label: String,
    /// Colour.
    pub color: Color,
    /// Points from left to right; a NaN interrupts the curve.
    pub points: Vec<(f64, f64)>,
    /// How the points are joined.
    pub shape: Shape,
    /// Drawn broad, so that it shows under a curve that runs on top of it.
    pub broad: bool,
}

/// How points become a curve.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A dot at every point.
    Dots,
    /// A hollow dot at every point.
    Rings,
    /// Coloured rectangles in place of points.
    Tiles(Vec<Tile>),
    /// Straight lines between the points.
    Line,
    /// Bars of this width that start at each point's x and stand on the axis.
    Bars(f64),
}

/// A rectangle of a heat map.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// Left and right end, in units of the horizontal axis.
    pub x: (f64, f64),
    /// Lower and upper end, in units of the vertical axis.
    pub y: (f64, f64),
    /// Red, green, blue.
    pub color: (u8, u8, u8),
    /// Written in the middle.
    pub text: String,
    /// Whether the text is white.
    pub light: bool,
    /// Whether a dot stands for the text where that does not fit.
    pub dot: bool,
}

/// A vertical line.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Text in the legend; none when empty.
    pub label: String,
    /// Where, in units of the horizontal axis.
    pub at: f64,
    /// Colour.
    pub color: Color,
    /// Limits are dashed, measurements are not.
    pub dashed: bool,
}

/// A colour of the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// First series: reads, the direction named first.
    Blue,
    /// Second series: writes, the direction back.
    Vermilion,
    /// Third series.
    Green,
    /// Fourth series.
    Purple,
    /// Background bars.
    Sky,
    /// Limits.
    Black,
}

impl Color {
    /// Red, green, blue.
    pub const fn rgb(self) -> (u8, u8, u8) {
        match self {
            Color::Blue => (0, 114, 178),
            Color::Vermilion => (213, 94, 0),
            Color::Green => (0, 158, 115),
            Color::Purple => (204, 121, 167),
            Color::Sky => (86, 180, 233),
            Color::Black => (0, 0, 0),
        }
    }
}
