use super::context::{Context, Findings};
use super::{Severity, attributes, constants, dequant, file, groups, names, original, patterns, weights};

/// A rule of the contract.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its number in the contract.
    pub number: u8,
    /// What it asks for, in short.
    pub title: &'static str,
    /// How binding it is unless a finding says otherwise.
    pub severity: Severity,
    /// Finds what breaks it; `None` if there is nothing to find in a graph.
    pub(super) check: Option<Check>,
}

pub(super) type Check = fn(&Context<'_>, &mut Findings);

const fn rule(number: u8, title: &'static str, severity: Severity, check: Check) -> Rule {
    Rule { number, title, severity, check: Some(check) }
}

use Severity::{Must, Should};

/// The rules, by number.
pub static RULES: [Rule; 27] = [
    rule(1, "one graph without functions or cycles", Must, file::is_plain),
    rule(2, "only ops that ATC knows", Must, file::has_known_ops),
    rule(3, "as many data inputs as the op takes", Must, file::has_right_input_counts),
    rule(4, "constants in one exact encoding", Must, constants::are_encoded_exactly),
    rule(5, "the same placeholders", Must, original::has_same_placeholders),
    rule(6, "original names stay resolvable", Should, original::keeps_names),
    rule(7, "everything else unchanged", Must, original::leaves_the_rest),
    rule(8, "AscendQuant -> [Pad] -> layer -> [BiasAdd] -> AscendDequant", Must, patterns::are_complete),
    rule(
        9,
        "weights straight from AscendWeightQuant of two constants",
        Must,
        weights::come_from_weight_quant,
    ),
    rule(10, "int8 weights in the layout of the float ones", Must, weights::are_int8),
    rule(11, "a zero int8 weight offset of the right shape", Must, weights::have_zero_offset),
    rule(12, "attributes of AscendQuant", Must, attributes::of_quant),
    rule(13, "dst_type, if written, is \"INT8\"", Must, attributes::of_dst_type),
    rule(14, "attributes of AscendDequant", Must, attributes::of_dequant),
    rule(15, "attributes of AscendWeightQuant", Must, attributes::of_weight_quant),
    rule(16, "a uint64 vector of dequantization words", Must, dequant::words_are_sound),
    rule(17, "rank and channels of quantized tensors are known", Must, dequant::channels_are_known),
    rule(18, "an int32 bias behind Cast, for one reader", Must, dequant::bias_is_int32),
    rule(19, "layers stay float", Must, attributes::of_layers),
    rule(20, "AscendAntiQuant mirrors its AscendQuant", Must, attributes::of_anti_quant),
    rule(21, "no attributes that only ATC may add", Must, attributes::are_not_foreign),
    rule(22, "a group convolution has one quant and one dequant", Must, groups::are_whole),
    rule(23, "Conv2DBackpropInput: quant on input 2, no dilation", Must, groups::transposed_has_no_dilation),
    rule(24, "an AvgPool has one word and a small window", Must, dequant::pools_are_small),
    rule(25, "scales are positive and finite", Must, attributes::of_scales),
    Rule { number: 26, title: "Relu6 before a quantized layer may stay", severity: Should, check: None },
    rule(27, "scope names of inserted nodes", Should, names::follow_the_layer),
];
