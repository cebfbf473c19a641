//! The instruction sets that kernels are compiled for, chosen at run time.
#![allow(
    unsafe_code,
    reason = "calling a function compiled for more than the target is unsafe; an Isa is the proof"
)]

use std::fmt;
use std::sync::OnceLock;

use amct_tensor::{ErrorKind, Fault};

use crate::simd::{Portable, Simd};

/// A loop over vectors of any width, compiled for each instruction set.
pub(crate) trait Kernel {
    type Output;

    /// Must be `#[inline(always)]`, as all it calls, so that the body is compiled with the features of
    /// [`Isa::run`]'s branch. Plain loops, which the compiler is to vectorise, have no use for `simd`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// Makes [`Isa`] of a table: for each instruction set beyond plain Rust, slowest first, its constructor, its
/// name, the token in [`crate::simd`], the architecture, and the features that are detected and compiled for.
macro_rules! instruction_sets {
    ($(
        $(#[doc = $doc:literal])+
        $constructor:ident: $name:literal, $token:ident, $arch:literal,
        $detected:ident[$($feature:tt),+];
    )*) => {
        $(
            #[cfg(target_arch = $arch)]
            use crate::simd::$token;
        )*

        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        enum Level {
            Portable,
            $(#[cfg(target_arch = $arch)] $token,)*
        }

        /// The names of all instruction sets, slowest first.
        const NAMES: &[&str] = &["generic", $($name),*];

        impl Isa {
            $(
                $(#[doc = $doc])+
                pub fn $constructor() -> Option<Isa> {
                    #[cfg(target_arch = $arch)]
                    if $(std::arch::$detected!($feature))&&+ {
                        return Some(Isa(Level::$token));
                    }
                    None
                }
            )*

            /// Every one of this CPU, slowest first.
            pub fn available() -> impl Iterator<Item = Isa> {
                [Some(Isa::GENERIC), $(Isa::$constructor()),*].into_iter().flatten()
            }

            /// The name by which [`from_name`](Isa::from_name) knows it.
            pub fn name(self) -> &'static str {
                match self.0 {
                    Level::Portable => "generic",
                    $(#[cfg(target_arch = $arch)] Level::$token => $name,)*
                }
            }

            /// Runs `kernel` with the vectors of this instruction set.
            #[inline]
            pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
                match self.0 {
                    Level::Portable => kernel.run(Portable),
                    $(
                        #[cfg(target_arch = $arch)]
                        Level::$token => {
                            $(#[target_feature(enable = $feature)])+
                            fn compiled<K: Kernel>(kernel: K) -> K::Output {
                                // SAFETY: the features that the token is a proof of are those of this function.
                                kernel.run(unsafe { $token::new() })
                            }
                            // SAFETY: a level is only made once its features have been detected.
                            unsafe { compiled(kernel) }
                        }
                    )*
                }
            }
        }
    };
}

instruction_sets! {
    /// AVX2 with FMA and POPCNT, if this CPU has all of them.
    avx2: "avx2", Avx2, "x86_64", is_x86_feature_detected["popcnt", "avx2", "fma"];
    /// AVX2 with FMA, POPCNT and AVX-VNNI, if this CPU has all of them.
    avx_vnni: "avx-vnni", AvxVnni, "x86_64", is_x86_feature_detected["popcnt", "avx2", "fma", "avxvnni"];
    /// AVX-512 F, BW, DQ, VL and VNNI, on top of AVX2 with FMA and POPCNT, if this CPU has all of them.
    avx512: "avx512", Avx512, "x86_64",
        is_x86_feature_detected[
            "popcnt", "avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vnni"
        ];
}

/// An instruction set that this CPU has: a value exists only if its instructions may be executed.
///
/// The results do not depend on it, only the time does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Level);

/// What those who lay out data for an instruction set need to know of it; see [`Simd`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VectorShape {
    pub(crate) lanes: usize,
    pub(crate) registers: usize,
    /// int8 values per word.
    pub(crate) group: usize,
    /// Channels that are interleaved at a time.
    pub(crate) block: usize,
    pub(crate) fused: bool,
}

/// Asks for it.
struct AskShape;

impl Kernel for AskShape {
    type Output = VectorShape;

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) -> VectorShape {
        VectorShape {
            lanes: S::LANES,
            registers: S::REGISTERS,
            group: S::GROUP,
            block: S::INTERLEAVED * S::LANES,
            fused: S::FUSED,
        }
    }
}

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

impl Isa {
    /// Plain Rust, what the compilation target offers; exists everywhere.
    pub const GENERIC: Isa = Isa(Level::Portable);

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

    /// The one of that [`name`](Isa::name), such as `generic`.
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

    /// The shape of its vectors.
    pub(crate) fn vectors(self) -> VectorShape {
        self.run(AskShape)
    }
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
        for word in ["'avx521'", &NAMES.join(", "), "this CPU has generic"] {
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
