"""Writes conv_ops.json: convolutions, matrix products, biases and poolings. Run it in this directory.

TensorFlow's CPU kernels know neither NCHW nor the dilation of a depthwise, transposed or 3-D
convolution:
there the case asks what TensorFlow gives for the same numbers in NHWC, or for a kernel with zeros
between its taps.
"""

import copy
import math

import numpy as np

from case_file import CASES, case, write

RANDOM = np.random.default_rng(7)


def data(*shape):
    """Multiples of 1/64 between -2 and 2, short to write."""
    return (RANDOM.integers(-128, 129, shape) / 64).astype(np.float32)


def i32(*values):
    return np.array(values, np.int32)


def moved(literal):
    """A literal with its last axis moved to the second place."""
    array = np.array(literal["values"], dtype=object).reshape(literal["shape"])
    array = np.moveaxis(array, -1, 1)
    return dict(literal, shape=list(array.shape), values=array.ravel().tolist())


def channels_first(entry, activation=0, sizes=None):
    """The case `entry` in NCHW or NCDHW."""
    new = copy.deepcopy(entry)
    new["name"] += "_channels_first"
    format = "".join(sorted(new["attrs"]["data_format"]["value"], key="NCDHW".index))
    new["attrs"]["data_format"]["value"] = format
    for name in ["strides", "dilations", "ksize"]:
        if name in new["attrs"] and new["attrs"][name]["value"]:
            list = new["attrs"][name]["value"]
            new["attrs"][name]["value"] = [list[0], list[-1]] + list[1:-1]
    pads = new["attrs"].get("explicit_paddings", {}).get("value")
    if pads:
        new["attrs"]["explicit_paddings"]["value"] = pads[:2] + pads[-2:] + pads[2:-2]
    new["inputs"][activation] = moved(new["inputs"][activation])
    if sizes is not None and len(new["inputs"][sizes]["values"]) == 4:
        n, h, w, c = new["inputs"][sizes]["values"]
        new["inputs"][sizes]["values"] = [n, c, h, w]
    new["outputs"] = [moved(output) for output in new["outputs"]]
    CASES.append(new)


def dilated(entry, kernel, dilations, filter=1):
    """The case `entry`, whose filter has zeros between its taps, as a dilation of `kernel`."""
    entry["attrs"]["dilations"]["value"] = dilations
    entry["inputs"][filter]["shape"] = list(kernel.shape)
    entry["inputs"][filter]["values"] = [float(x) for x in kernel.ravel()]


def spaced(kernel, steps):
    """`kernel` with zeros between its taps."""
    extents = [(k - 1) * s + 1 for k, s in zip(kernel.shape, steps)]
    out = np.zeros(extents + list(kernel.shape[len(steps):]), np.float32)
    out[tuple(slice(None, None, s) for s in steps)] = kernel
    return out


# Conv2D.
FILTER = ["filter"]
for name, image, kernel, arguments in [
    ("conv_same", (2, 5, 6, 3), (3, 3, 3, 4), dict(strides=[1, 1, 1, 1], padding="SAME")),
    ("conv_strides", (1, 7, 6, 2), (3, 2, 2, 5), dict(strides=[1, 2, 3, 1], padding="SAME")),
    ("conv_valid_dilated", (1, 9, 8, 2), (3, 3, 2, 3), dict(strides=[1, 1, 1, 1], padding="VALID", dilations=[1, 3, 2, 1])),
    ("conv_explicit", (1, 5, 4, 2), (2, 3, 2, 3),
     dict(strides=[1, 2, 1, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 1, 2, 2, 0, 0, 0])),
    ("conv_groups", (2, 4, 5, 6), (3, 3, 2, 9), dict(strides=[1, 1, 2, 1], padding="SAME")),
    ("conv_as_many_groups_as_channels", (1, 4, 4, 4), (2, 2, 1, 8), dict(strides=[1, 1, 1, 1], padding="VALID")),
]:
    channels_first(case(name, "Conv2D", FILTER, input=data(*image), filter=data(*kernel), **arguments))
case("conv_filter_fed", "Conv2D", input=data(1, 3, 3, 2), filter=data(2, 2, 2, 3), strides=[1, 1, 1, 1], padding="SAME")
case("conv_uneven_groups", "Conv2D", FILTER, fails=True, input=data(1, 3, 3, 4), filter=data(2, 2, 2, 3),
     strides=[1, 1, 1, 1], padding="SAME")
case("conv_no_groups", "Conv2D", FILTER, fails=True, input=data(1, 3, 3, 5), filter=data(2, 2, 2, 4),
     strides=[1, 1, 1, 1], padding="SAME")

# DepthwiseConv2dNative.
for name, image, kernel, arguments in [
    ("depthwise", (2, 5, 6, 3), (3, 3, 3, 1), dict(strides=[1, 2, 2, 1], padding="SAME")),
    ("depthwise_multiplier", (1, 6, 5, 3), (3, 2, 3, 4), dict(strides=[1, 1, 1, 1], padding="VALID")),
    ("depthwise_explicit", (1, 5, 4, 2), (2, 3, 2, 2),
     dict(strides=[1, 1, 1, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 1, 2, 2, 0, 0, 0])),
]:
    channels_first(case(name, "DepthwiseConv2dNative", FILTER, input=data(*image), filter=data(*kernel), **arguments))
kernel = data(3, 2, 2, 3)
entry = case("depthwise_dilated", "DepthwiseConv2dNative", FILTER, input=data(1, 7, 6, 2), filter=spaced(kernel, (2, 3)),
             strides=[1, 1, 1, 1], padding="SAME")
dilated(entry, kernel, [1, 2, 3, 1])
channels_first(entry)

# Conv2DBackpropInput.
DECONV = "Conv2DBackpropInput"
CONSTANT = ["input_sizes", "filter"]
for name, sizes, kernel, grid, arguments in [
    ("deconv_same", (2, 8, 6, 5), (3, 3, 5, 4), (2, 4, 3, 4), dict(strides=[1, 2, 2, 1], padding="SAME")),
    ("deconv_same_odd", (1, 7, 9, 2), (4, 3, 2, 3), (1, 4, 3, 3), dict(strides=[1, 2, 3, 1], padding="SAME")),
    ("deconv_valid", (1, 8, 8, 3), (2, 2, 3, 6), (1, 4, 4, 6), dict(strides=[1, 2, 2, 1], padding="VALID")),
    ("deconv_valid_remainder", (1, 10, 9, 2), (3, 2, 2, 3), (1, 3, 4, 3), dict(strides=[1, 3, 2, 1], padding="VALID")),
    ("deconv_one_step", (1, 5, 6, 2), (3, 3, 2, 3), (1, 5, 6, 3), dict(strides=[1, 1, 1, 1], padding="SAME")),
    ("deconv_gaps", (1, 7, 7, 2), (2, 2, 2, 3), (1, 2, 2, 3), dict(strides=[1, 4, 4, 1], padding="VALID")),
    ("deconv_explicit", (1, 8, 8, 2), (3, 2, 2, 3), (1, 5, 4, 3),
     dict(strides=[1, 2, 2, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 2, 1, 0, 0, 0, 0])),
]:
    entry = case(name, DECONV, CONSTANT, input_sizes=i32(*sizes), filter=data(*kernel), out_backprop=data(*grid), **arguments)
    channels_first(entry, activation=2, sizes=0)
case("deconv_two_sizes", DECONV, CONSTANT, input_sizes=i32(6, 8), filter=data(3, 3, 2, 3), out_backprop=data(2, 3, 4, 3),
     strides=[1, 2, 2, 1], padding="SAME")
free = copy.deepcopy(case("deconv_computed_sizes", DECONV, FILTER, input_sizes=i32(2, 6, 8, 2), filter=data(3, 3, 2, 3),
                          out_backprop=data(2, 3, 4, 3), strides=[1, 2, 2, 1], padding="SAME"))
free["name"] = "deconv_free_batch"
free["inputs"][0]["values"][0] = -1
CASES.append(free)
for name, sizes in [("batch", (3, 6, 8, 2)), ("height", (2, 9, 8, 2)), ("channels", (2, 6, 8, 4)), ("rank", (6, 8, 2))]:
    case("deconv_other_" + name, DECONV, CONSTANT, fails=True, input_sizes=i32(*sizes), filter=data(3, 3, 2, 3),
         out_backprop=data(2, 3, 4, 3), strides=[1, 2, 2, 1], padding="SAME")
for name, steps, strides, grid in [("deconv_dilated", (2, 2), (1, 1), (1, 8, 7, 3)), ("deconv_dilated_strides", (2, 3), (2, 2), (1, 4, 4, 3))]:
    kernel = data(3, 2, 2, 3)
    entry = case(name, DECONV, CONSTANT, input_sizes=i32(1, 8, 7, 2), filter=spaced(kernel, steps), out_backprop=data(*grid),
                 strides=[1, *strides, 1], padding="SAME")
    dilated(entry, kernel, [1, *steps, 1])

# Conv3D.
for name, volume, kernel, arguments in [
    ("conv3d_same", (2, 3, 4, 5, 2), (3, 3, 3, 2, 4), dict(strides=[1, 1, 1, 1, 1], padding="SAME")),
    ("conv3d_strides", (1, 5, 6, 7, 2), (2, 3, 3, 2, 3), dict(strides=[1, 2, 1, 3, 1], padding="SAME")),
    ("conv3d_valid", (1, 4, 5, 5, 3), (2, 2, 3, 3, 2), dict(strides=[1, 1, 2, 1, 1], padding="VALID")),
    ("conv3d_pointwise", (1, 2, 3, 3, 4), (1, 1, 1, 4, 5), dict(strides=[1, 1, 1, 1, 1], padding="VALID")),
]:
    channels_first(case(name, "Conv3D", FILTER, input=data(*volume), filter=data(*kernel), **arguments))
for padding in ["SAME", "VALID"]:
    kernel = data(2, 3, 2, 2, 3)
    entry = case("conv3d_dilated_" + padding.lower(), "Conv3D", FILTER, input=data(1, 4, 6, 6, 2),
                 filter=spaced(kernel, (1, 2, 3)), strides=[1, 1, 1, 1, 1], padding=padding)
    dilated(entry, kernel, [1, 1, 2, 3, 1])
    channels_first(entry)
case("conv3d_groups", "Conv3D", FILTER, fails=True, input=data(1, 3, 3, 3, 4), filter=data(2, 2, 2, 2, 4),
     strides=[1, 1, 1, 1, 1], padding="SAME")

# MatMul.
for ta in [False, True]:
    for tb in [False, True]:
        a, b = data(3, 4), data(4, 5)
        case(f"matmul_{int(ta)}{int(tb)}", "MatMul", ["b"], a=a.T if ta else a, b=b.T if tb else b, transpose_a=ta, transpose_b=tb)

# BatchMatMul.
for op, x, y in [
    ("BatchMatMul", (2, 3, 4), (2, 4, 5)),
    ("BatchMatMul", (3, 4), (4, 5)),
    ("BatchMatMulV2", (2, 3, 4), (4, 5)),
    ("BatchMatMulV2", (3, 4), (2, 4, 5)),
    ("BatchMatMulV2", (2, 1, 3, 4), (3, 4, 2)),
    ("BatchMatMulV2", (2, 3, 4), (1, 4, 5)),
    ("BatchMatMulV2", (1, 3, 2, 4), (2, 1, 4, 3)),
    ("BatchMatMulV3", (2, 3, 4), (2, 4, 5)),
]:
    for adj_x in [False, True]:
        for adj_y in [False, True]:
            a, b = data(*x), data(*y)
            a = np.swapaxes(a, -1, -2) if adj_x else a
            b = np.swapaxes(b, -1, -2) if adj_y else b
            more = dict(Tout=np.float32) if op.endswith("3") else {}
            name = f"{op.lower()}_{len(x)}d_{len(y)}d_{math.prod(x)}_{int(adj_x)}{int(adj_y)}"
            case(name, op, ["y"], x=a, y=b, adj_x=adj_x, adj_y=adj_y, **more)
case("batchmatmul_no_rows", "BatchMatMulV2", ["y"], x=data(2, 0, 4), y=data(2, 4, 3))
case("batchmatmul_no_depth", "BatchMatMulV2", ["y"], x=data(3, 2, 0), y=data(3, 0, 4))
case("batchmatmul_no_batch", "BatchMatMulV2", ["y"], x=data(0, 2, 3), y=data(1, 3, 4))
case("batchmatmul_ranks", "BatchMatMul", ["y"], fails=True, x=data(2, 3, 4), y=data(4, 5))
case("batchmatmul_batches", "BatchMatMulV2", ["y"], fails=True, x=data(2, 3, 4), y=data(3, 4, 5))
case("batchmatmul_depths", "BatchMatMulV2", ["y"], fails=True, x=data(2, 3, 4), y=data(2, 3, 5))
case("batchmatmul_vector", "BatchMatMulV2", ["y"], fails=True, x=data(4), y=data(4, 5))

# BiasAdd, of which TensorFlow's CPU kernel knows both layouts.
for rank in [2, 3, 4, 5]:
    shape = [2, 3, 4, 2, 3][:rank]
    case(f"bias_{rank}d_last", "BiasAdd", ["bias"], value=data(*shape), bias=data(shape[-1]))
    case(f"bias_{rank}d_second", "BiasAdd", ["bias"], value=data(*shape), bias=data(shape[1]), data_format="NCHW")
    case(f"bias_v1_{rank}d", "BiasAddV1", ["bias"], value=data(*shape), bias=data(shape[-1]))
case("bias_vector", "BiasAdd", ["bias"], fails=True, value=data(3), bias=data(3))
case("bias_length", "BiasAdd", ["bias"], fails=True, value=data(2, 3), bias=data(2))

# Pooling.
for op in ["AvgPool", "MaxPool"]:
    for name, image, arguments in [
        ("same", (2, 5, 6, 3), dict(ksize=[1, 3, 2, 1], strides=[1, 2, 2, 1], padding="SAME")),
        ("valid", (1, 6, 7, 2), dict(ksize=[1, 2, 3, 1], strides=[1, 1, 3, 1], padding="VALID")),
        ("global", (2, 4, 5, 3), dict(ksize=[1, 4, 5, 1], strides=[1, 1, 1, 1], padding="VALID")),
        ("overlapping", (1, 4, 4, 2), dict(ksize=[1, 3, 3, 1], strides=[1, 1, 1, 1], padding="SAME")),
    ]:
        channels_first(case(f"{op.lower()}_{name}", op, **{"value" if op == "AvgPool" else "input": data(*image)}, **arguments))
channels_first(case("maxpool_explicit", "MaxPool", input=data(1, 5, 4, 2), ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1],
                    padding="EXPLICIT", explicit_paddings=[0, 0, 1, 1, 1, 0, 0, 0]))

write("conv_ops.json")
