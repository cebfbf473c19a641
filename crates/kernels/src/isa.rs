//! The instruction sets that kernels are compiled for, chosen at run time.
#![allow(
    unsafe_code,
    reason = "calling a function compiled for more than the target is unsafe; an Isa is the proof"
)]

use std::fmt;
use std::sync::OnceLock;

use amct_tensor::{ErrorKind, Fault};

#[cfg(target_arch = "x86_64")]
use crate::simd::{Avx2, Avx512, AvxVnni};
use crate::simd::{Portable, Simd};

/// An instruction set that this CPU has: a value exists only if its instructions may be executed.
///
/// The results do not depend on it, only the time does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    AvxVnni,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// The names of all instruction sets, slowest first.
const NAMES: [&str; 4] = ["generic", "avx2", "avx-vnni", "avx512"];

/// The instruction set of the process, once it is known.
static CHOSEN: OnceLock<Isa> = OnceLock::new();

/// Why an instruction set cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IsaError {
    /// A name that none has.
    Unknown(String),
    /// The name of one that this CPU lacks.
    Missing(String),
    /// Kernels run on another one already.
    InUse {
        /// The one in use.
        chosen: Isa,
        /// The one asked for.
        asked: Isa,
    },
}

impl fmt::Display for IsaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let available = || Isa::available().map(Isa::name).collect::<Vec<&str>>().join(", ");
        match self {
            Self::Unknown(name) => write!(
                f,
                "no instruction set is named '{name}': accepted are {}; this CPU has {}",
                NAMES.join(", "),
                available()
            ),
            Self::Missing(name) => {
                write!(f, "this CPU lacks the instruction set '{name}': it has {}", available())
            }
            Self::InUse { chosen, asked } => write!(
                f,
                "the instruction set {} is in use and cannot become {}: choose before the first call",
                chosen.name(),
                asked.name()
            ),
        }
    }
}

impl std::error::Error for IsaError {}

impl Fault for IsaError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Configuration
    }
}

/// Loops that leave the choice of vectors to the compiler.
pub(crate) trait Vectorize {
    type Output;

    /// Must be `#[inline(always)]`, as all it calls that should be vectorised, so that the body is
    /// compiled with the features of [`Isa::run`]'s branch.
    fn run(self) -> Self::Output;
}

/// A kernel written for vectors of any width.
pub(crate) trait Vectorized {
    type Output;

    /// Must be `#[inline(always)]`, as all it calls, for the same reason.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

impl Isa {
    /// Plain Rust, what the compilation target offers; exists everywhere.
    pub const GENERIC: Isa = Isa(Level::Portable);

    /// AVX2 with FMA, if this CPU has both.
    pub fn avx2() -> Option<Isa> {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Some(Isa(Level::Avx2));
        }
        None
    }

    /// AVX2 with FMA and AVX-VNNI, if this CPU has all of them.
    pub fn avx_vnni() -> Option<Isa> {
        #[cfg(target_arch = "x86_64")]
        if Isa::avx2().is_some() && is_x86_feature_detected!("avxvnni") {
            return Some(Isa(Level::AvxVnni));
        }
        None
    }

    /// AVX-512 F, BW, DQ, VL and VNNI, on top of AVX2 with FMA, if this CPU has all of them.
    pub fn avx512() -> Option<Isa> {
        #[cfg(target_arch = "x86_64")]
        if Isa::avx2().is_some() && has_avx512() && is_x86_feature_detected!("avx512vnni") {
            return Some(Isa(Level::Avx512));
        }
        None
    }

    /// The one that the program [chose](Isa::choose), else the fastest of this CPU.
    pub fn best() -> Isa {
        *CHOSEN.get_or_init(Isa::fastest)
    }

    /// Makes this the instruction set of all kernels of the process. A program does so once, before any
    /// other call.
    ///
    /// # Errors
    /// [`IsaError::InUse`] if kernels run on another one already.
    pub fn choose(self) -> Result<(), IsaError> {
        let chosen = *CHOSEN.get_or_init(|| self);
        if chosen == self { Ok(()) } else { Err(IsaError::InUse { chosen, asked: self }) }
    }

    /// The one of that name (`generic`, `avx2`, `avx-vnni`, `avx512`).
    ///
    /// # Errors
    /// [`IsaError::Unknown`] for another name, [`IsaError::Missing`] if this CPU lacks it.
    pub fn from_name(name: &str) -> Result<Isa, IsaError> {
        match (Isa::available().find(|isa| isa.name() == name), NAMES.contains(&name)) {
            (Some(isa), _) => Ok(isa),
            (None, true) => Err(IsaError::Missing(name.to_owned())),
            (None, false) => Err(IsaError::Unknown(name.to_owned())),
        }
    }

    /// The one that the environment variable [`VARIABLE`](Isa::VARIABLE) names, the fastest of this CPU if it
    /// is unset or empty. Nothing in this crate looks at the variable by itself.
    ///
    /// # Errors
    /// Those of [`from_name`](Isa::from_name).
    pub fn from_environment() -> Result<Isa, IsaError> {
        match std::env::var_os(Isa::VARIABLE) {
            Some(name) if !name.is_empty() => Isa::from_name(&name.to_string_lossy()),
            _ => Ok(Isa::fastest()),
        }
    }

    /// The environment variable that asks for an instruction set.
    pub const VARIABLE: &str = "AMCT_ISA";

    fn fastest() -> Isa {
        Isa::available().last().unwrap_or(Isa::GENERIC)
    }

    /// Every one of this CPU, slowest first.
    pub fn available() -> impl Iterator<Item = Isa> {
        [Some(Isa::GENERIC), Isa::avx2(), Isa::avx_vnni(), Isa::avx512()].into_iter().flatten()
    }

    /// The name by which [`from_name`](Isa::from_name) knows it.
    pub fn name(self) -> &'static str {
        match self.0 {
            Level::Portable => "generic",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Level::AvxVnni => "avx-vnni",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "avx512",
        }
    }

    /// Runs `loops` compiled for this instruction set.
    #[inline]
    pub(crate) fn run<V: Vectorize>(self, loops: V) -> V::Output {
        match self.0 {
            Level::Portable => loops.run(),
            // SAFETY: these levels are only made once the features have been detected.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 | Level::AvxVnni => unsafe { loops_avx2(loops) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { loops_avx512(loops) },
        }
    }

    /// Runs `kernel` with the vectors of this instruction set.
    #[inline]
    pub(crate) fn run_vectorized<K: Vectorized>(self, kernel: K) -> K::Output {
        match self.0 {
            Level::Portable => kernel.run(Portable),
            // SAFETY: these levels are only made once the features have been detected.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { kernel_avx2(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::AvxVnni => unsafe { kernel_avx_vnni(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { kernel_avx512(kernel) },
        }
    }
}

/// Whether this CPU has AVX-512 F, BW, DQ and VL.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn loops_avx2<V: Vectorize>(loops: V) -> V::Output {
    loops.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
fn loops_avx512<V: Vectorize>(loops: V) -> V::Output {
    loops.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn kernel_avx2<K: Vectorized>(kernel: K) -> K::Output {
    // SAFETY: the features that the token stands for are those of this function.
    kernel.run(unsafe { Avx2::new() })
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avxvnni")]
fn kernel_avx_vnni<K: Vectorized>(kernel: K) -> K::Output {
    // SAFETY: the features that the token stands for are those of this function.
    kernel.run(unsafe { AvxVnni::new() })
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
fn kernel_avx512<K: Vectorized>(kernel: K) -> K::Output {
    // SAFETY: the features that the token stands for are those of this function.
    kernel.run(unsafe { Avx512::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_one_of_this_cpu_has_its_name() {
        for isa in Isa::available() {
            assert!(NAMES.contains(&isa.name()));
            assert_eq!(Isa::from_name(isa.name()), Ok(isa));
        }
        assert_eq!(Isa::available().last(), Some(Isa::fastest()));
    }

    #[test]
    fn what_cannot_be_used_is_told_with_what_can() {
        let error = Isa::from_name("avx521").unwrap_err().to_string();
        for word in ["'avx521'", "generic, avx2, avx-vnni, avx512", "this CPU has generic"] {
            assert!(error.contains(word), "{error}");
        }
        for name in NAMES.iter().filter(|name| !Isa::available().any(|isa| isa.name() == **name)) {
            assert_eq!(Isa::from_name(name), Err(IsaError::Missing((*name).to_owned())));
        }
        let error = IsaError::Missing("avx-vnni".to_owned()).to_string();
        assert!(
            error.starts_with("this CPU lacks the instruction set 'avx-vnni': it has generic"),
            "{error}"
        );
    }

    #[test]
    fn the_choice_is_made_once() {
        let chosen = Isa::best();
        assert_eq!(chosen.choose(), Ok(()));
        for other in Isa::available().filter(|&other| other != chosen) {
            assert_eq!(other.choose(), Err(IsaError::InUse { chosen, asked: other }));
        }
    }
}
