//! The 64-bit word of a dequantization scale: its fields, the shift and the cut to 19 bits.

/// The word that `AscendDequant` reads from its `deq_scale` constant, one per channel.
///
/// Bits 0-31 hold the f32 bits of the scale, bits 32-39 the shift N, bits 40-47 the weight offset
/// as an int8 in two's complement; the rest is zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeqScale {
    /// scale_d * scale_w of the channel.
    pub scale: f32,
    /// Right shift applied to the accumulator before the scale; 0 for none.
    pub shift_n: u8,
    /// Weight offset; always 0 for symmetric weights.
    pub offset_w: i8,
}

impl DeqScale {
    /// The word of an activation scale and a weight scale, multiplied in f32, without shift.
    pub fn new(scale_d: f32, scale_w: f32) -> Self {
        Self { scale: scale_d * scale_w, shift_n: 0, offset_w: 0 }
    }

    /// The same with the shift N, 0 to 16.
    #[must_use]
    pub fn shifted(self, shift_n: u8) -> Self {
        Self { shift_n, ..self }
    }

    /// The same with the scale cut to the upper 19 bits of its f32, towards zero, which is all that
    /// some chips read. `FORCE_FP16_QUANT` writes them so.
    #[must_use]
    pub fn truncated(self) -> Self {
        Self { scale: f32::from_bits(self.scale.to_bits() & 0xFFFF_E000), ..self }
    }

    /// Packs the fields.
    pub fn to_bits(self) -> u64 {
        u64::from(self.scale.to_bits())
            | u64::from(self.shift_n) << 32
            | u64::from(self.offset_w.cast_unsigned()) << 40
    }

    /// Unpacks the fields; bits 48-63 are ignored.
    pub fn from_bits(word: u64) -> Self {
        let [s0, s1, s2, s3, shift_n, offset_w, _, _] = word.to_le_bytes();
        Self { scale: f32::from_le_bytes([s0, s1, s2, s3]), shift_n, offset_w: offset_w.cast_signed() }
    }
}
