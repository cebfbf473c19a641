//! DMQ: factors that balance a layer's activation against its weights.
//!
//! Where few channels of an activation are much larger than the others, one scale for all of them is
//! coarse. Each channel is divided by a factor and its weights are multiplied by it, which changes
//! nothing but what is left to quantize: `strength` says how much of the difference moves into
//! the weights.
//!
//! The arithmetic is that of AMCT's C++ kernel, `docs/sources/algorithms.md` section 6.

use std::fmt;
use std::ops::RangeInclusive;

use amct_tensor::{ErrorKind, Fault};

/// The strengths that AMCT accepts.
pub const STRENGTHS: RangeInclusive<f32> = 0.2..=0.8;

/// AMCT's default strength.
pub const DEFAULT_STRENGTH: f32 = 0.5;

/// Why there are no factors.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum DmqError {
    /// The strength is outside of [`STRENGTHS`].
    Strength(f32),
    /// Activation and weights have different numbers of channels.
    Channels {
        /// Those of the activation.
        activation: usize,
        /// Those of the weights.
        weights: usize,
    },
    /// A value of the activation is infinite.
    InfiniteActivation {
        /// The input channel.
        channel: usize,
    },
    /// A weight is infinite.
    InfiniteWeight {
        /// The input channel.
        channel: usize,
    },
    /// A factor is outside \[FLT_EPSILON, 1/FLT_EPSILON\].
    Factor {
        /// The input channel.
        channel: usize,
        /// The factor.
        found: f32,
    },
}

impl fmt::Display for DmqError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DmqError::Strength(found) => {
                write!(f, "migrationStrength: {found:.6} not support, should be in [0.2, 0.8]!")
            }
            DmqError::Channels { activation, weights } => {
                write!(f, "the activation has {activation} channels, but the weights have {weights}")
            }
            DmqError::InfiniteActivation { channel } => {
                write!(f, "channel {channel} of the activation holds an infinity; values must be finite")
            }
            DmqError::InfiniteWeight { channel } => {
                write!(f, "the weights of input channel {channel} hold an infinity; values must be finite")
            }
            DmqError::Factor { channel, found } => write!(
                f,
                "the balance factor of channel {channel} is {found:e}, must be in range \
                 [FLT_EPSILON, 1/FLT_EPSILON]"
            ),
        }
    }
}

impl std::error::Error for DmqError {}

impl Fault for DmqError {
    fn kind(&self) -> ErrorKind {
        match self {
            DmqError::Strength(_) => ErrorKind::Configuration,
            DmqError::Channels { .. } => ErrorKind::Data,
            DmqError::InfiniteActivation { .. }
            | DmqError::InfiniteWeight { .. }
            | DmqError::Factor { .. } => ErrorKind::Numeric,
        }
    }
}

/// The factor of every input channel: the activation is multiplied by 1/factor, the weights by it.
///
/// `activation` and `weights` hold the largest magnitude of each channel, NaN not counted. A channel
/// without values (nearly zero throughout) gets the factor that brings its other side to the largest
/// magnitude there is after balancing; all factors are 1.0 if one of the sides is zero altogether.
///
/// ```
/// use amct_calibration::dmq::balance_factors;
///
/// assert_eq!(balance_factors(&[4.0, 1.0], &[1.0, 1.0], 0.5)?, [2.0, 1.0]);
/// # Ok::<(), amct_calibration::dmq::DmqError>(())
/// ```
///
/// # Errors
/// See [`DmqError`].
pub fn balance_factors(activation: &[f32], weights: &[f32], strength: f32) -> Result<Vec<f32>, DmqError> {
    check(activation, weights, strength)?;
    let is_zero = |magnitude: f32| magnitude < f32::EPSILON;
    let ones = || Ok(vec![1.0; activation.len()]);
    if activation.iter().all(|&a| is_zero(a)) || weights.iter().all(|&w| is_zero(w)) {
        return ones();
    }
    let (power, rest) = (f64::from(strength), f64::from(1.0 - strength));
    let factor = |a: f32, w: f32| (f64::from(a).powf(power) / f64::from(w).powf(rest)) as f32;
    // A channel that is zero on a side has the factor 0.0 for now.
    let mut factors: Vec<f32> = activation
        .iter()
        .zip(weights)
        .map(|(&a, &w)| if is_zero(a) || is_zero(w) { 0.0 } else { factor(a, w) })
        .collect();
    if activation.iter().chain(weights).any(|&magnitude| is_zero(magnitude)) {
        let balanced = || factors.iter().zip(activation).zip(weights).filter(|((f, _), _)| !is_zero(**f));
        let largest_activation = balanced().map(|((f, a), _)| a / f).fold(0.0, f32::max);
        let largest_weight = balanced().map(|((f, _), w)| w * f).fold(0.0, f32::max);
        if is_zero(largest_activation) || is_zero(largest_weight) {
            return ones();
        }
        for ((factor, &a), &w) in factors.iter_mut().zip(activation).zip(weights) {
            match (is_zero(a), is_zero(w)) {
                (true, true) => *factor = 1.0,
                (true, false) => *factor = largest_weight / w,
                (false, true) => *factor = a / largest_activation,
                (false, false) => {}
            }
        }
    }
    let accepted = f32::EPSILON..=1.0 / f32::EPSILON;
    match factors.iter().position(|factor| !accepted.contains(factor)) {
        Some(channel) => {
            Err(DmqError::Factor { channel, found: factors.get(channel).copied().unwrap_or(f32::NAN) })
        }
        None => Ok(factors),
    }
}

fn check(activation: &[f32], weights: &[f32], strength: f32) -> Result<(), DmqError> {
    if !STRENGTHS.contains(&strength) {
        return Err(DmqError::Strength(strength));
    }
    if activation.len() != weights.len() {
        return Err(DmqError::Channels { activation: activation.len(), weights: weights.len() });
    }
    let infinite = |side: &[f32]| side.iter().position(|magnitude| magnitude.is_infinite());
    if let Some(channel) = infinite(activation) {
        return Err(DmqError::InfiniteActivation { channel });
    }
    infinite(weights).map_or(Ok(()), |channel| Err(DmqError::InfiniteWeight { channel }))
}

/// Raises each channel's largest magnitude by values laid out as `channel = index / run % channels`,
/// `channels` being the length of `maxima`. A NaN is not counted.
pub fn add_magnitudes(maxima: &mut [f32], run: usize, data: &[f32]) {
    let (channels, run) = (maxima.len().max(1), run.max(1));
    if run == 1 {
        // Channels side by side: a row at a time, which is vectorised.
        for row in data.chunks(channels) {
            for (max, x) in maxima.iter_mut().zip(row) {
                *max = if x.abs() > *max { x.abs() } else { *max };
            }
        }
        return;
    }
    for row in data.chunks(channels * run) {
        for (max, values) in maxima.iter_mut().zip(row.chunks(run)) {
            *max = values.iter().fold(*max, |max, x| if x.abs() > max { x.abs() } else { max });
        }
    }
}
