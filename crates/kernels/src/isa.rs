//! The instruction sets that kernels are compiled for, chosen at run time.
#![allow(
    unsafe_code,
    reason = "calling a function compiled for more than the target is unsafe; an Isa is the proof"
)]

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

    /// The fastest of this CPU, or the one that the environment variable `AMCT_ISA` names
    /// (`generic`, `avx2`, `avx-vnni`, `avx512`), if this CPU has it.
    pub fn best() -> Isa {
        static BEST: std::sync::OnceLock<Isa> = std::sync::OnceLock::new();
        *BEST.get_or_init(|| {
            let asked = std::env::var("AMCT_ISA").ok();
            let asked = Isa::available().find(|isa| asked.as_deref() == Some(isa.name()));
            asked.or(Isa::available().last()).unwrap_or(Isa::GENERIC)
        })
    }

    /// Every one of this CPU, slowest first.
    pub fn available() -> impl Iterator<Item = Isa> {
        [Some(Isa::GENERIC), Isa::avx2(), Isa::avx_vnni(), Isa::avx512()].into_iter().flatten()
    }

    /// The name by which `AMCT_ISA` asks for it.
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
