//! A quantized layer evaluated the slow way: own loops over i64 sums, from the text of
//! `docs/sources/atc.md` section 9.1 (the float simulation of AMCT's CPU kernels) and from nothing of the
//! interpreter.

use amct_graph::{AttrValue, Graph, Node, NodeId};
use amct_tensor::Tensor;

/// Everything between an `AscendQuant` and an `AscendDequant`.
pub(crate) struct ReferenceLayer {
    /// The node whose float output is quantized.
    pub(crate) input: NodeId,
    inverse_scale: f32,
    offset: i64,
    /// Zeros before and after, of height and width, from a `Pad` node.
    pad: [(usize, usize); 2],
    op: String,
    same: bool,
    strides: [usize; 2],
    dilations: [usize; 2],
    /// Shape [kh, kw, in, out or multiplier]; [kh, kw, 1, 1] without values for a pooling.
    filter: [usize; 4],
    weights: Vec<i64>,
    bias: Option<Vec<i64>>,
    words: Vec<u64>,
    area: f32,
}

fn constant(graph: &Graph, node: &Node, input: usize) -> Tensor {
    graph.constant(node.inputs[input]).unwrap().unwrap()
}

fn number(node: &Node, attr: &str) -> f32 {
    let AttrValue::F(value) = node.attrs[attr] else { panic!("{attr} of {}", node.name) };
    value
}

fn list(node: &Node, attr: &str) -> Vec<usize> {
    let Some(AttrValue::List(list)) = node.attrs.get(attr) else { return vec![1; 4] };
    list.i.iter().map(|&value| usize::try_from(value).unwrap()).collect()
}

impl ReferenceLayer {
    /// Reads the layer that ends in `dequant`.
    pub(crate) fn behind(graph: &Graph, dequant: NodeId) -> Self {
        let producer = |node: &Node| graph.node(node.inputs[0].node);
        let end = graph.node(dequant);
        let mut layer = producer(end);
        let mut bias = None;
        if layer.op == "BiasAdd" {
            let cast = graph.node(layer.inputs[1].node);
            assert_eq!(cast.op, "Cast");
            bias = Some(constant(graph, cast, 0).to_i64_vec().unwrap());
            layer = producer(layer);
        }
        let (filter, weights) = if layer.op == "AvgPool" {
            let window = list(layer, "ksize");
            ([window[1], window[2], 1, 1], Vec::new())
        } else {
            let quant = graph.node(layer.inputs[1].node);
            assert_eq!(quant.op, "AscendWeightQuant");
            assert!(constant(graph, quant, 1).to_i64_vec().unwrap().iter().all(|&offset| offset == 0));
            let weights = constant(graph, quant, 0);
            (weights.shape().try_into().unwrap(), weights.to_i64_vec().unwrap())
        };
        let mut pad = [(0, 0); 2];
        let mut quant = producer(layer);
        if quant.op == "Pad" {
            let rows: Vec<usize> =
                constant(graph, quant, 1).to_i64_vec().unwrap().iter().map(|&n| n as usize).collect();
            assert_eq!((&rows[..2], &rows[6..]), (&[0, 0][..], &[0, 0][..]));
            pad = [(rows[2], rows[3]), (rows[4], rows[5])];
            quant = producer(quant);
        }
        assert_eq!(quant.op, "AscendQuant");
        let spatial = |attr: &str| -> [usize; 2] { list(layer, attr)[1..3].try_into().unwrap() };
        Self {
            input: quant.inputs[0].node,
            inverse_scale: number(quant, "scale"),
            offset: number(quant, "offset") as i64,
            pad,
            op: layer.op.clone(),
            same: layer.attrs["padding"] == AttrValue::string("SAME"),
            strides: spatial("strides"),
            dilations: spatial("dilations"),
            filter,
            weights,
            bias,
            words: constant(graph, end, 1).into_vec::<u64>().unwrap(),
            area: list(end, "ksize").iter().product::<usize>() as f32,
        }
    }

    /// Shape and values of the dequantized output for a float input [batch, height, width, channels].
    pub(crate) fn evaluate(&self, input: &Tensor) -> (Vec<usize>, Vec<f32>) {
        let (map, size) = self.quantized(input);
        let [batch, height, width, channels] = size;
        let rows = self.axis(0, height);
        let columns = self.axis(1, width);
        let outputs = match self.op.as_str() {
            "AvgPool" => channels,
            "DepthwiseConv2dNative" => channels * self.filter[3],
            "Conv2D" => self.filter[3],
            other => panic!("the sample has no {other}"),
        };
        let mut values = Vec::with_capacity(batch * rows.outputs * columns.outputs * outputs);
        for image in 0..batch {
            for y in 0..rows.outputs {
                for x in 0..columns.outputs {
                    let taps = self.taps(&rows, &columns, y, x);
                    for channel in 0..outputs {
                        let mut sum = 0_i64;
                        for &(tap, place) in &taps {
                            let at = (image * height * width + place) * channels;
                            sum += self.products(&map[at..at + channels], tap, channel);
                        }
                        values.push(self.dequantized(sum, taps.len(), channel));
                    }
                }
            }
        }
        (vec![batch, rows.outputs, columns.outputs, outputs], values)
    }

    /// AscendQuant: round half away, offset, clamp to int8, and less the offset again; then the Pad.
    fn quantized(&self, input: &Tensor) -> (Vec<i64>, [usize; 4]) {
        let [batch, height, width, channels]: [usize; 4] = input.shape().try_into().unwrap();
        let [(top, bottom), (left, right)] = self.pad;
        let size = [batch, height + top + bottom, width + left + right, channels];
        let mut map = vec![0_i64; size.iter().product()];
        for (index, &x) in input.as_slice::<f32>().unwrap().iter().enumerate() {
            let product = f64::from(x * self.inverse_scale);
            let rounded = ((product.abs() + 0.5).floor() * product.signum()) as i64;
            let q = (rounded + self.offset).clamp(-128, 127) - self.offset;
            let (pixel, channel) = (index / channels, index % channels);
            let (image, row, column) = (pixel / width / height, pixel / width % height, pixel % width);
            map[((image * size[1] + row + top) * size[2] + column + left) * channels + channel] = q;
        }
        (map, size)
    }

    fn axis(&self, dimension: usize, input: usize) -> Axis {
        let (stride, dilation) = (self.strides[dimension], self.dilations[dimension]);
        let reach = (self.filter[dimension] - 1) * dilation + 1;
        let (outputs, before) = if self.same {
            let outputs = input.div_ceil(stride);
            (outputs, ((outputs - 1) * stride + reach).saturating_sub(input) / 2)
        } else {
            ((input - reach) / stride + 1, 0)
        };
        Axis { stride, dilation, before, input, outputs }
    }

    /// The filter positions that lie inside the map, each with the pixel it reads.
    fn taps(&self, rows: &Axis, columns: &Axis, y: usize, x: usize) -> Vec<(usize, usize)> {
        let mut taps = Vec::new();
        for ky in 0..self.filter[0] {
            for kx in 0..self.filter[1] {
                if let (Some(row), Some(column)) = (rows.source(y, ky), columns.source(x, kx)) {
                    taps.push((ky * self.filter[1] + kx, row * columns.input + column));
                }
            }
        }
        taps
    }

    /// What one filter position adds to the sum of an output channel.
    fn products(&self, pixel: &[i64], tap: usize, channel: usize) -> i64 {
        let [_, _, inputs, last] = self.filter;
        match self.op.as_str() {
            "AvgPool" => pixel[channel],
            "DepthwiseConv2dNative" => pixel[channel / last] * self.weights[tap * inputs * last + channel],
            _ => {
                let weights = self.weights[tap * inputs * last + channel..].iter().step_by(last);
                pixel.iter().zip(weights).map(|(x, w)| x * w).sum()
            }
        }
    }

    /// BiasAdd and AscendDequant without shift.
    fn dequantized(&self, sum: i64, taps: usize, channel: usize) -> f32 {
        let bias = self.bias.as_ref().map_or(0, |bias| bias[channel]);
        let mut value = (sum + bias) as f32;
        if self.op == "AvgPool" {
            value /= taps as f32;
        }
        let word = if self.words.len() == 1 { self.words[0] } else { self.words[channel] };
        assert_eq!(word >> 32, 0, "no shift and no weight offset");
        let scale = f32::from_bits(word as u32);
        (f64::from(value * self.area * scale) / f64::from(self.area)) as f32
    }
}

/// One dimension of the sliding window.
struct Axis {
    stride: usize,
    dilation: usize,
    before: usize,
    input: usize,
    outputs: usize,
}

impl Axis {
    fn source(&self, output: usize, tap: usize) -> Option<usize> {
        (output * self.stride + tap * self.dilation).checked_sub(self.before).filter(|&at| at < self.input)
    }
}
