//! Distances on Earth and light in fibre.

/// Mean radius of the Earth (IUGG), metres.
const EARTH_RADIUS: f64 = 6_371_008.8;

/// One-way delay of light in standard single-mode fibre, seconds per metre: 4.9 us/km (group index 1.468).
pub const DELAY_PER_METRE: f64 = 4.9e-9;

/// Metres of fibre per second of round-trip time.
pub const METRES_PER_SECOND_OF_RTT: f64 = 1.0 / (2.0 * DELAY_PER_METRE);

/// Great-circle distance between two places (latitude, longitude in degrees), metres; haversine formula.
pub fn great_circle(a: (f64, f64), b: (f64, f64)) -> f64 {
    let half = |degrees: f64| libm::sin(degrees.to_radians() / 2.0);
    let (dlat, dlon) = (half(b.0 - a.0), half(b.1 - a.1));
    let h = dlat * dlat + libm::cos(a.0.to_radians()) * libm::cos(b.0.to_radians()) * dlon * dlon;
    2.0 * EARTH_RADIUS * libm::asin(h.sqrt().min(1.0))
}

/// Round-trip time in seconds over a fibre route of so many metres, and a fixed part for what is not fibre.
pub fn round_trip(metres: f64, fixed: f64) -> f64 {
    fixed + 2.0 * DELAY_PER_METRE * metres
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_is_light_both_ways_and_a_fixed_part() {
        assert!((round_trip(1e6, 0.0) - 9.8e-3).abs() < 1e-15);
        assert!((round_trip(1e6, 4e-3) - 13.8e-3).abs() < 1e-15);
    }

    #[test]
    fn published_distances_are_met() {
        // Phoenix, Dallas, Richmond: 1,424, 1,834 and 3,151 km.
        let (phoenix, dallas, richmond) = ((33.45, -112.07), (32.78, -96.80), (37.54, -77.44));
        let km = |a, b| great_circle(a, b) / 1000.0;
        assert!((km(phoenix, dallas) - 1424.0).abs() < 5.0, "{}", km(phoenix, dallas));
        assert!((km(dallas, richmond) - 1834.0).abs() < 15.0, "{}", km(dallas, richmond));
        assert!((km(phoenix, richmond) - 3151.0).abs() < 15.0, "{}", km(phoenix, richmond));
        assert!(km(phoenix, phoenix) < 1e-9);
        assert!((km((0.0, 0.0), (0.0, 180.0)) - 20_015.0).abs() < 1.0);
    }
}
