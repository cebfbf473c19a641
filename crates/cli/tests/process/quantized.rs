//! A small quantized model that is written by hand, so that its numbers can be worked out.

use amct_graph::{AttrValue, type_code};
use amct_tensor::quantization::DeqScale;
use amct_tensor::{DType, Tensor};

use crate::builder::Builder;
use crate::job::Job;

impl Builder {
    /// `{scope}/act_quant/AscendQuant` on `input`.
    fn quant(self, scope: &str, input: &str, scale: f32, offset: f32) -> Self {
        self.node(&format!("{scope}/act_quant/AscendQuant"), "AscendQuant", &[input])
            .attr("scale", AttrValue::F(scale))
            .attr("offset", AttrValue::F(offset))
            .attr("quant_bits", AttrValue::I(8))
    }

    /// `{scope}/Conv2D` of one channel and one weight, and behind it `{scope}/dequant/AscendDequant`.
    fn layer(self, scope: &str, input: &str, weight: i8, bias: Option<i32>, scale: f32) -> Self {
        let of = |name: &str| format!("{scope}/{name}");
        let mut net = self
            .constant(&of("w"), &Tensor::from_vec([1, 1, 1, 1], vec![weight]).unwrap())
            .constant(&of("offset_w"), &Tensor::from_vec([1, 1, 1, 1], vec![0_i8]).unwrap())
            .node(&of("AscendWeightQuant"), "AscendWeightQuant", &[&of("w"), &of("offset_w")])
            .convolution(&of("Conv2D"), input, &of("AscendWeightQuant"))
            .attr("padding", AttrValue::string("VALID"));
        let mut end = of("Conv2D");
        if let Some(bias) = bias {
            net = net
                .constant(&of("bias"), &Tensor::vector(vec![bias]))
                .node(&of("Cast"), "Cast", &[&of("bias")])
                .attr("SrcT", AttrValue::Type(type_code(DType::I32)))
                .attr("DstT", AttrValue::Type(type_code(DType::F32)))
                .node(&of("BiasAdd"), "BiasAdd", &[&end, &of("Cast")])
                .attr("data_format", AttrValue::string("NHWC"));
            end = of("BiasAdd");
        }
        net.constant(&of("deq_scale"), &Tensor::vector(vec![DeqScale::new(scale, 1.0).to_bits()]))
            .node(&of("dequant/AscendDequant"), "AscendDequant", &[&end, &of("deq_scale")])
            .attr("ksize", AttrValue::ints([1, 1]))
            .attr("data_format", AttrValue::string("NHWC"))
    }
}

/// One pixel of padding in front of a row of two, then a layer and `Relu`, and two layers on that which
/// are added up.
///
/// `stem`: s_d = 1/4, weight 3, D = 1/2, bias 1. `a` and `b`: s_d = 1/2, offset -128, weights 1 and 2,
/// D = 1/4; the scale of `b`'s `AscendQuant` is `scale_of_b`, 2 for the same as `a`'s.
pub(crate) fn three_layers(scale_of_b: f32) -> Builder {
    let pads = Tensor::from_vec([4, 2], vec![0_i32, 0, 0, 0, 1, 0, 0, 0]).unwrap();
    Builder::default()
        .placeholder("input", &[-1, 1, 2, 1])
        .quant("stem", "input", 4.0, 0.0)
        .constant("stem/paddings", &pads)
        .node("stem/Pad", "Pad", &["stem/act_quant/AscendQuant", "stem/paddings"])
        .layer("stem", "stem/Pad", 3, Some(1), 0.5)
        .node("stem/Relu", "Relu", &["stem/dequant/AscendDequant"])
        .quant("a", "stem/Relu", 2.0, -128.0)
        .layer("a", "a/act_quant/AscendQuant", 1, None, 0.25)
        .quant("b", "stem/Relu", scale_of_b, -128.0)
        .layer("b", "b/act_quant/AscendQuant", 2, None, 0.25)
        .node("y", "Add", &["a/dequant/AscendDequant", "b/dequant/AscendDequant"])
}

/// A job with a model and the row `x` as `x.npy`.
pub(crate) fn job(model: Builder, x: [f32; 2]) -> Job {
    let job = Job::new();
    model.write(&job.path("m.pb"));
    let row = Tensor::from_vec([1, 1, 2, 1], x.to_vec()).unwrap();
    amct_dataset::write_npy(job.path("x.npy"), &row).unwrap();
    job
}

/// The output of `amct run` with further arguments, `y` by default.
pub(crate) fn values(job: &Job, further: &[&str]) -> Vec<f32> {
    let output = job.run(&[&["run", "m.pb", "--input", "x.npy", "--output", "y=y.npy"], further].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    amct_dataset::read_npy(job.path("y.npy")).unwrap().into_vec().unwrap()
}
