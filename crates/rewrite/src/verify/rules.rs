//! The table of rules: number, title, severity, what each protects, and the function that checks it.

use super::context::{Context, Findings};
use super::{
    Severity, advice, attributes, constants, dequant, file, groups, names, original, patterns, weights,
};

/// A rule of the contract with ATC, `docs/sources/atc.md` section 6.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its number in the contract.
    pub number: u8,
    /// What it asks for, in short.
    pub title: &'static str,
    /// What it protects, or what happens otherwise.
    pub protects: &'static str,
    /// How binding it is unless a finding says otherwise.
    pub severity: Severity,
    /// Finds what breaks it; `None` if there is nothing to find in a graph.
    pub(super) check: Option<Check>,
}

pub(super) type Check = fn(&Context<'_>, &mut Findings);

const fn rule(
    number: u8,
    title: &'static str,
    protects: &'static str,
    severity: Severity,
    check: Check,
) -> Rule {
    Rule { number, title, protects, severity, check: Some(check) }
}

use Severity::{Must, Note, Should};

/// The rules, by number.
pub static RULES: [Rule; 28] = [
    rule(
        1,
        "one graph without functions or cycles",
        "ATC's parser takes one flat graph",
        Must,
        file::is_plain,
    ),
    rule(
        2,
        "only ops that ATC knows",
        "ATC stops at an op that it has no parser for",
        Must,
        file::has_known_ops,
    ),
    rule(
        3,
        "as many data inputs as the op takes",
        "ATC's operators have fixed inputs",
        Must,
        file::has_right_input_counts,
    ),
    rule(
        4,
        "constants in one exact encoding",
        "a constant that is decoded otherwise is refused, or read as other numbers",
        Must,
        constants::are_encoded_exactly,
    ),
    rule(
        5,
        "the same placeholders",
        "input shapes are given to ATC by these names",
        Must,
        original::has_same_placeholders,
    ),
    rule(
        6,
        "original names stay resolvable",
        "outputs are given to ATC, and layers compared, by these names",
        Should,
        original::keeps_names,
    ),
    rule(
        7,
        "everything else unchanged",
        "what is not quantized computes what it did",
        Must,
        original::leaves_the_rest,
    ),
    rule(
        8,
        "AscendQuant -> [Pad] -> layer -> [bias] -> AscendDequant",
        "ATC merges these nodes into one int8 layer, and only these",
        Must,
        patterns::are_complete,
    ),
    rule(
        9,
        "weights straight from AscendWeightQuant of two constants",
        "ATC finds the int8 weights by this path",
        Must,
        weights::come_from_weight_quant,
    ),
    rule(
        10,
        "int8 weights in the layout of the float ones",
        "the device reads the weights in this layout",
        Must,
        weights::are_int8,
    ),
    rule(
        11,
        "a zero int8 weight offset of the right shape",
        "ATC reshapes offsets without looking at their rank",
        Must,
        weights::have_zero_offset,
    ),
    rule(
        12,
        "attributes of AscendQuant",
        "the device quantizes by these numbers",
        Must,
        attributes::of_quant,
    ),
    rule(
        13,
        "dst_type, if written, is \"INT8\"",
        "ATC maps this text to a type",
        Must,
        attributes::of_dst_type,
    ),
    rule(
        14,
        "attributes of AscendDequant",
        "the dequantization needs the layer's channels and window",
        Must,
        attributes::of_dequant,
    ),
    rule(
        15,
        "attributes of AscendWeightQuant",
        "ATC's parser needs the type",
        Must,
        attributes::of_weight_quant,
    ),
    rule(
        16,
        "a uint64 vector of dequantization words",
        "the device dequantizes by these words",
        Must,
        dequant::words_are_sound,
    ),
    rule(
        17,
        "rank and channels of quantized tensors are known",
        "ATC's passes read ranks and channels",
        Must,
        dequant::channels_are_known,
    ),
    rule(
        18,
        "an int32 bias behind Cast, for one reader",
        "the device adds the bias to int32 sums",
        Must,
        dequant::bias_is_int32,
    ),
    rule(19, "layers stay float", "AMCT's ops stand for int8 in a float graph", Must, attributes::of_layers),
    rule(
        20,
        "AscendAntiQuant mirrors its AscendQuant",
        "other readers get the floats that the quantized values stand for",
        Must,
        attributes::of_anti_quant,
    ),
    rule(
        21,
        "no attributes that only ATC may add",
        "ATC adds these attributes itself, and TensorFlow does not know them",
        Must,
        attributes::are_not_foreign,
    ),
    rule(
        22,
        "a group convolution has one quant and one dequant",
        "ATC merges a group into one int8 layer",
        Must,
        groups::are_whole,
    ),
    rule(
        23,
        "Conv2DBackpropInput: quant on input 2, no dilation",
        "ATC merges a transposed convolution by these inputs",
        Must,
        groups::transposed_has_no_dilation,
    ),
    rule(
        24,
        "an AvgPool has one word and a small window",
        "ATC runs a larger pooling in float16",
        Must,
        dequant::pools_are_small,
    ),
    rule(
        25,
        "scales are positive and finite",
        "a product of scales must stay a finite number",
        Must,
        attributes::of_scales,
    ),
    Rule {
        number: 26,
        title: "Relu6 before a quantized layer may stay",
        protects: "nothing: ATC takes both",
        severity: Should,
        check: None,
    },
    rule(
        27,
        "scope names of inserted nodes",
        "comparison tools tell inserted nodes by their names",
        Should,
        names::follow_the_layer,
    ),
    rule(
        31,
        "Conv2DBackpropInput: a constant input_sizes of its own",
        "ATC's merge pass takes the constant out of the graph, whoever else reads it, and then crashes",
        Must,
        groups::sizes_are_not_shared,
    ),
];

/// Advice of our own, numbered behind the contract's rules: what ATC takes, but does not run in int8, or
/// what int8 does not pay for.
pub static ADVICE: [Rule; 5] = [
    rule(
        28,
        "a quantized layer has more than 16 input channels",
        "with fewer ATC runs the layer in float16",
        Note,
        advice::channels_are_many,
    ),
    rule(
        29,
        "strides, kernels and padding within ATC's limits",
        "ATC refuses larger ones, or runs the layer in float16",
        Note,
        advice::extents_are_taken,
    ),
    rule(
        30,
        "an AvgPool is wider than 1",
        "ATC runs an average pooling to width 1 in float16",
        Note,
        advice::pools_are_wide,
    ),
    rule(
        32,
        "Conv2DBackpropInput: input_sizes is a constant",
        "ATC merges the layer only where it can fold the size",
        Note,
        advice::sizes_are_constant,
    ),
    rule(
        33,
        "a Pad behind AscendQuant can be merged into its layer",
        "310, 310P and 910 have no Pad of int8",
        Should,
        advice::pads_can_be_merged,
    ),
];
