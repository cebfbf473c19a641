//! Memory that begins with a cache line.
#![allow(unsafe_code, reason = "an allocator's interface is unsafe")]

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator, but for large blocks aligned to cache lines.
///
/// A vector as wide as a cache line that does not begin with one costs two accesses, which halves
/// the speed of most kernels. A program that runs models should make this its global allocator:
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: amct_kernels::CacheAligned = amct_kernels::CacheAligned;
/// # let tensor = vec![0.0_f32; 10_000];
/// # assert_eq!(tensor.as_ptr() as usize % 64, 0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CacheAligned;

impl CacheAligned {
    /// Has all threads take memory from one heap, where the system's allocator is glibc's, which gives
    /// every thread a heap of its own otherwise; to be called before any thread is started.
    ///
    /// Tensors are made by one thread and given back by another, and what one heap has free is of no use
    /// to the next: calibration held half as much memory again. One heap costs no time, since a run takes
    /// only some dozens of blocks from it that a thread has not kept.
    pub fn share_one_heap() {
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        {
            // Where it is refused, the program only takes more memory.
            let _ = glibc::mallopt(glibc::M_ARENA_MAX, 1);
        }
    }

    /// Gives what is free back to the system, where its allocator is glibc's, which keeps it otherwise.
    ///
    /// What is free lies in more and ever smaller pieces, so that a long job would hold more memory than a
    /// short one. It takes some milliseconds, and what is needed again must be asked for again.
    pub fn release_free_memory() {
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        {
            // Whether there was something to give back does not matter.
            let _ = glibc::malloc_trim(0);
        }
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use std::ffi::c_int;

    /// The number of heaps; from `malloc.h`.
    pub(super) const M_ARENA_MAX: c_int = -8;

    // SAFETY: the signatures are those of `malloc.h`; the functions take any values and lock what they change.
    unsafe extern "C" {
        pub(super) safe fn mallopt(parameter: c_int, value: c_int) -> c_int;
        pub(super) safe fn malloc_trim(pad: usize) -> c_int;
    }
}

/// Bytes of a cache line.
const LINE: usize = 64;
/// Smaller blocks are left as they are: they hold no tensors.
const LARGE: usize = 1024;

/// The layout that is asked of the system; the same for allocation and release.
fn aligned(layout: Layout) -> Layout {
    if layout.size() < LARGE { layout } else { layout.align_to(LINE).unwrap_or(layout) }
}

// SAFETY: every method passes a layout on that is at least as strict, and always the same for the
// same layout, so that the system gets its blocks back as it gave them.
unsafe impl GlobalAlloc for CacheAligned {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the size is the caller's, not zero.
        unsafe { System.alloc(aligned(layout)) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the size is the caller's, not zero.
        unsafe { System.alloc_zeroed(aligned(layout)) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block was made with this layout, hence by the system with that one.
        unsafe { System.dealloc(block, aligned(layout)) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Ok(new) = Layout::from_size_align(size, layout.align()) else { return std::ptr::null_mut() };
        let (old_aligned, new_aligned) = (aligned(layout), aligned(new));
        // SAFETY: as for `dealloc` and `alloc`; both blocks are valid for what is copied.
        unsafe {
            if old_aligned.align() == new_aligned.align() {
                return System.realloc(block, old_aligned, size);
            }
            let moved = System.alloc(new_aligned);
            if !moved.is_null() {
                std::ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
                System.dealloc(block, old_aligned);
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_grow_and_shrink_across_the_limit_with_their_contents() {
        let mut layout = Layout::array::<u32>(10).unwrap();
        // SAFETY: a plain use of an allocator, with layouts that are kept up to date.
        unsafe {
            let mut block = CacheAligned.alloc(layout);
            for i in 0..10 {
                block.cast::<u32>().add(i).write(i as u32);
            }
            for len in [300, 5000, 40, 256, 12] {
                block = CacheAligned.realloc(block, layout, len * 4);
                layout = Layout::array::<u32>(len).unwrap();
                assert!(len * 4 < LARGE || (block as usize).is_multiple_of(LINE), "{len}");
                for i in 0..10 {
                    assert_eq!(block.cast::<u32>().add(i).read(), i as u32, "{len}");
                }
            }
            CacheAligned.dealloc(block, layout);
            let zeroed = Layout::array::<u8>(4096).unwrap();
            let block = CacheAligned.alloc_zeroed(zeroed);
            assert!((0..4096).all(|i| block.add(i).read() == 0));
            CacheAligned.dealloc(block, zeroed);
        }
    }
}
