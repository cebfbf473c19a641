//! How methods that are one instruction are spelled.

/// Methods whose bodies are instructions of the token's instruction set.
macro_rules! instructions {
    ($($(#[$meta:meta])* fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty { $body:expr })*) => {
        $(
            #[inline(always)]
            $(#[$meta])*
            fn $name(self, $($argument: $type),*) -> $result {
                // SAFETY: the token is the proof that the CPU has these instructions.
                unsafe { $body }
            }
        )*
    };
}

/// The same for methods with a contract about pointers.
macro_rules! memory_instructions {
    ($(fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? { $body:expr })*) => {
        $(
            #[inline(always)]
            unsafe fn $name(self, $($argument: $type),*) $(-> $result)? {
                // SAFETY: the pointers are valid by the trait's contract, the token is the proof
                // that the CPU has these instructions.
                unsafe { $body }
            }
        )*
    };
}

pub(super) use {instructions, memory_instructions};
