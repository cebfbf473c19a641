//! The two roundings of the field, under names that say which is meant.
//!
//! AMCT rounds half *away from zero* in its calibration kernels and in the TensorFlow kernel of
//! `AscendQuant`; it rounds half *to even* when it quantizes a bias.

/// Rounds to the nearest integer, a half away from zero (C `round`).
#[inline]
pub fn half_away(x: f32) -> f32 {
    x.round()
}

/// [`half_away`] in double precision.
#[inline]
pub fn half_away_f64(x: f64) -> f64 {
    x.round()
}

/// Rounds to the nearest integer, a half to the even one (numpy, IEEE default).
#[inline]
pub fn half_even(x: f32) -> f32 {
    x.round_ties_even()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_where_the_name_says() {
        let away: Vec<f32> = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5].map(half_away).to_vec();
        let even: Vec<f32> = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5].map(half_even).to_vec();
        assert_eq!(away, [-3.0, -2.0, -1.0, 1.0, 2.0, 3.0]);
        assert_eq!(even, [-2.0, -2.0, 0.0, 0.0, 2.0, 2.0]);
        assert_eq!(half_away(0.499_999_97), 0.0);
    }
}
