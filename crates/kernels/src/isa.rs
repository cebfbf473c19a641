//! The instruction sets that kernels are compiled for, chosen at run time.
#![allow(unsafe_code, reason = "calling a function compiled for AVX2 is unsafe; an Isa is the proof")]

/// An instruction set that this CPU has: a value exists only if its instructions may be executed.
///
/// The results do not depend on it, only the time does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Generic,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

/// Loops written once and compiled once per instruction set.
pub(crate) trait Vectorize {
    type Output;

    /// Must be `#[inline(always)]`, as all it calls that should be vectorised, so that the body is
    /// compiled with the features of [`Isa::run`]'s branch.
    fn run(self) -> Self::Output;
}

impl Isa {
    /// Plain Rust, what the compilation target offers; exists everywhere.
    pub const GENERIC: Isa = Isa(Level::Generic);

    /// AVX2 with FMA, if this CPU has both.
    pub fn avx2() -> Option<Isa> {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Some(Isa(Level::Avx2));
        }
        None
    }

    /// The fastest of this CPU.
    pub fn best() -> Isa {
        Isa::avx2().unwrap_or(Isa::GENERIC)
    }

    /// Every one of this CPU, slowest first.
    pub fn available() -> impl Iterator<Item = Isa> {
        [Some(Isa::GENERIC), Isa::avx2()].into_iter().flatten()
    }

    pub(crate) fn is_avx2(self) -> bool {
        self.0 != Level::Generic
    }

    /// Runs `loops` compiled for this instruction set.
    #[inline]
    pub(crate) fn run<V: Vectorize>(self, loops: V) -> V::Output {
        match self.0 {
            Level::Generic => loops.run(),
            // SAFETY: this level is only made by `Isa::avx2`, which has checked both features.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { run_avx2(loops) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<V: Vectorize>(loops: V) -> V::Output {
    loops.run()
}
