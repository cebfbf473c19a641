"""Writes math_ops.json, and math_ops_half.json for float16 (compared less strictly): what TensorFlow computes for one-node graphs of arithmetic, comparison,
reduction, activation, resize and detection ops.

    TF_ENABLE_ONEDNN_OPTS=0 python make_math_ops.py   (TensorFlow 2.21, CPU, numpy)
"""

import json
import os

import numpy as np
import tensorflow as tf

tf.compat.v1.disable_eager_execution()
RAW = tf.raw_ops
INF, NAN = float("inf"), float("nan")
CASES = []


def value_text(value):
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    value = float(value)
    if np.isnan(value):
        return "nan"
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    return float(f"{value:.9g}")


def tensor_text(array):
    array = np.asarray(array)
    return {
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "values": [value_text(v) for v in array.reshape(-1)],
    }


def attr_text(attr):
    kind = attr.WhichOneof("value")
    if kind == "type":
        return {"kind": "type", "value": tf.dtypes.as_dtype(attr.type).name}
    if kind == "s":
        return {"kind": "s", "value": attr.s.decode()}
    if kind == "list":
        return {"kind": "ints", "value": list(attr.list.i)}
    if kind == "f":
        return {"kind": "f", "value": value_text(attr.f)}
    return {"kind": kind, "value": getattr(attr, kind)}


def case(op, inputs, const=(), name="", **attrs):
    """Runs one op. `inputs` is a list of (argument name, array); a list of arrays for AddN."""
    graph = tf.Graph()
    arrays, arguments = [], dict(attrs)
    with graph.as_default():
        places = []

        def place(array):
            array = np.asarray(array)
            arrays.append(array)
            places.append(tf.compat.v1.placeholder(array.dtype, array.shape))
            return places[-1]

        for argument, array in inputs:
            arguments[argument] = [place(a) for a in array] if isinstance(array, list) else place(array)
        outputs = getattr(RAW, op)(**arguments)
        outputs = list(outputs) if isinstance(outputs, tuple) else [outputs]
        node = outputs[0].op
        options = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
        options.graph_options.rewrite_options.disable_meta_optimizer = True
        with tf.compat.v1.Session(graph=graph, config=options) as session:
            values = session.run(outputs, dict(zip(places, arrays)))
    CASES.append({
        "name": f"{op}_{sum(c['op'] == op for c in CASES)}" + (f"_{name}" if name else ""),
        "op": op,
        "attrs": {k: attr_text(v) for k, v in sorted(node.node_def.attr.items()) if not k.startswith("_")},
        "inputs": [dict(tensor_text(a), const=i in const) for i, a in enumerate(arrays)],
        "outputs": [tensor_text(v) for v in values],
    })


def refused(op, inputs, **attrs):
    """A case that TensorFlow must refuse."""
    good = len(CASES)
    try:
        case(op, inputs, **attrs)
    except (tf.errors.OpError, ValueError):
        arrays = [np.asarray(array) for _, array in inputs]
        kinds = {str: "s", bool: "b", int: "i", float: "f"}
        CASES.append({
            "name": f"{op}_refused_{good}",
            "op": op,
            "attrs": {k: {"kind": kinds[type(v)], "value": v} for k, v in attrs.items()},
            "inputs": [dict(tensor_text(a), const=False) for a in arrays],
            "outputs": [],
            "fails": True,
        })
        return
    raise AssertionError(f"TensorFlow runs {op}")


def f32(*values):
    return np.array(values, np.float32)


def noise(shape, seed, low=-3.0, high=3.0, dtype=np.float32):
    values = np.random.default_rng(seed).uniform(low, high, shape)
    return np.round(values, 3).astype(dtype)


def integers(shape, seed, low=-9, high=10, dtype=np.int32):
    return np.random.default_rng(seed).integers(low, high, shape).astype(dtype)


def nonzero(array):
    return np.where(array == 0, np.asarray(3, array.dtype), array)


SPECIAL = f32(NAN, 1, NAN, INF, -INF, INF, 0.0, -2.5, INF, -INF, 3)
SPECIAL_TOO = f32(1, NAN, NAN, INF, INF, 2, -0.0, 0.5, -INF, -7, -INF)


def binary():
    def xy(op, x, y, **kw):
        case(op, [("x", x), ("y", y)], **kw)

    floats = ["Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "DivNoNan", "FloorDiv", "FloorMod", "Maximum",
              "Minimum", "SquaredDifference"]
    for op in floats:
        xy(op, noise([2, 3, 4], 1), noise([2, 3, 4], 2))
        xy(op, noise([2, 3, 4], 1), noise([4], 2), const=[1])
        xy(op, noise([3, 1], 1), noise([2, 1, 4], 2))
        xy(op, SPECIAL, SPECIAL_TOO)
        xy(op, noise([3], 3, dtype=np.float64), noise([], 4, dtype=np.float64))
        xy(op, noise([2, 3], 3, dtype=np.float16), noise([2, 1], 4, dtype=np.float16))
        xy(op, noise([0, 3], 3), noise([3], 4))
    for op in floats:
        if op in ("RealDiv", "DivNoNan"):
            continue
        types = [np.int32, np.int64]
        if op in ("Add", "AddV2", "Sub", "Mul", "Div", "FloorDiv", "FloorMod", "Maximum", "Minimum"):
            types += [np.int8, np.int16, np.uint8]
        for dtype in types:
            low = 0 if dtype == np.uint8 else -9
            divisor = nonzero(integers([1, 5], 6, low, 10, dtype))
            xy(op, integers([4, 1], 5, low, 10, dtype), divisor)
            xy(op, integers([7], 5, low, 10, dtype), nonzero(integers([7], 8, low, 10, dtype)), const=[0])
    xy("AddV2", np.array([2**31 - 1, -2**31], np.int32), np.array([1, -1], np.int32), name="wraps")
    xy("Mul", np.array([200, 3], np.uint8), np.array([2, 100], np.uint8), name="wraps")
    xy("DivNoNan", f32(1, 0, -2, NAN, INF), f32(0, 0, 4, 0, 2))
    for op in ("FloorDiv", "FloorMod"):
        xy(op, f32(7, -7, 7, -7, 6, -6, 0.5, -0.5, 5, -5), f32(3, 3, -3, -3, 3, 3, 0.2, 0.2, INF, INF))
    xy("Pow", f32(2, -2, 0, 0, -8, 4, NAN, 1, INF, 0.5), f32(3, 3, 0, -1, 1 / 3, 0.5, 0, NAN, -1, INF))
    xy("Pow", noise([2, 3], 9, 0.1, 3), noise([3], 10))
    xy("Pow", noise([3], 9, 0.1, 3, np.float64), noise([1], 10, dtype=np.float64))
    for dtype in (np.int32, np.int64):
        xy("Pow", np.array([[2], [-3], [0], [7]], dtype), np.array([0, 1, 2, 5, 40], dtype))
    case("AddN", [("inputs", [noise([2, 3], i) for i in range(3)])])
    case("AddN", [("inputs", [noise([2], 1)])])
    case("AddN", [("inputs", [integers([4], i) for i in range(4)])], const=[1])
    for op in ("Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual"):
        xy(op, noise([2, 3], 1), noise([2, 3], 2))
        xy(op, integers([4, 1], 1, 0, 4), integers([5], 2, 0, 4))
        xy(op, integers([], 1, 0, 4, np.int64), integers([2, 5], 2, 0, 4, np.int64), const=[0])
        xy(op, SPECIAL, SPECIAL_TOO)
        xy(op, integers([6], 1, 0, 4, np.uint8), integers([6], 2, 0, 4, np.uint8))
        xy(op, noise([3], 1, dtype=np.float64), noise([3], 1, dtype=np.float64))
        xy(op, noise([3], 1, dtype=np.float16), noise([3], 2, dtype=np.float16))
        xy(op, noise([2, 0], 1), noise([1], 2))
    for op in ("Equal", "NotEqual"):
        xy(op, np.array([True, True, False, False]), np.array([True, False, True, False]))
        xy(op, np.array([[True], [False]]), np.array([True, False]))
    for op in ("LogicalAnd", "LogicalOr"):
        xy(op, np.array([True, True, False, False]), np.array([True, False, True, False]))
        xy(op, np.array([[True], [False]]), np.array([True, False, True]), const=[1])
        xy(op, np.zeros([0], bool), np.array(True))
    case("LogicalNot", [("x", np.array([True, False]))])
    case("LogicalNot", [("x", np.zeros([2, 0], bool))])


def refusals():
    one, zero = np.array([1, 2], np.int32), np.array([1, 0], np.int32)
    for op in ("FloorDiv", "FloorMod", "Div"):
        refused(op, [("x", one), ("y", zero)])
    refused("Pow", [("x", one), ("y", -one)])
    refused("AddV2", [("x", noise([2], 1)), ("y", noise([3], 1))])
    for axis in (2, -3):
        refused("Sum", [("input", noise([2, 2], 1)), ("axis", np.array([axis], np.int32))])
        refused("ArgMax", [("input", noise([2, 2], 1)), ("dimension", np.int32(axis))])
    refused("Sum", [("input", noise([2, 2], 1)), ("axis", np.array([1, -1], np.int32))])
    refused("ArgMax", [("input", noise([0], 1)), ("dimension", np.int32(0))])
    refused("TopKV2", [("input", noise([3], 1)), ("k", np.int32(4))])
    refused("TopKV2", [("input", noise([3], 1)), ("k", np.int32(-1))])
    boxes, scores = ("boxes", noise([3, 4], 1)), ("scores", noise([3], 1))
    for threshold in (-0.1, 1.1):
        refused("NonMaxSuppressionV2", [boxes, scores, ("max_output_size", np.int32(1)),
                                        ("iou_threshold", np.float32(threshold))])
    refused("NonMaxSuppressionV2", [boxes, ("scores", noise([2], 1)), ("max_output_size", np.int32(1)),
                                    ("iou_threshold", np.float32(0.5))])
    images = ("images", noise([1, 2, 2, 1], 1))
    for op in ("ResizeBilinear", "ResizeNearestNeighbor"):
        refused(op, [images, ("size", np.array([0, 2], np.int32))])
        refused(op, [images, ("size", np.array([2, 2], np.int32))], align_corners=True, half_pixel_centers=True)
    refused("CropAndResize", [("image", noise([1, 2, 2, 1], 1)), ("boxes", noise([1, 4], 1)),
                              ("box_ind", np.array([1], np.int32)), ("crop_size", np.array([2, 2], np.int32))])


def unary():
    halves = f32(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, -0.0, 0.49999997, 8388609.0)
    specials = f32(NAN, INF, -INF, 0.0, -0.0, 1e30, -1e30)
    signed = ["Neg", "Abs", "Sign", "Square", "Exp", "Floor", "Ceil", "Round", "Rint", "Sin", "Cos", "Erf",
              "Erfc", "Expm1", "Reciprocal", "Inv", "Sigmoid", "Tanh"]
    positive = ["Sqrt", "Rsqrt", "Log", "Log1p"]
    small = f32(1e-3, -1e-3, 1e-5, -1e-5, 1e-8, -1e-8, 20, -20, 60, -60, 5, -5, 9.5, -9.5)
    for op in signed + positive:
        low, high = (0.001, 50) if op in positive else (-6, 6)
        case(op, [("x", noise([3, 40], 21, low, high))])
        case(op, [("x", noise([5], 22, low, high, np.float64))])
        if op != "Rint":  # TensorFlow has no kernel for it.
            case(op, [("x", noise([9], 23, low, min(high, 3), np.float16))])
        case(op, [("x", noise([0, 2], 24))])
        if op not in ("Sin", "Cos"):
            case(op, [("x", specials)])
        case(op, [("x", np.abs(small) if op in positive else small)])
    for op in ("Round", "Rint", "Floor", "Ceil"):
        case(op, [("x", halves)])
    # Not Round: TensorFlow 2.21 gives zeros for integers, where its documentation has them unchanged.
    for op in ("Neg", "Abs", "Sign", "Square"):
        for dtype in (np.int32, np.int64):
            case(op, [("x", integers([6], 25, dtype=dtype))], const=[0] if dtype == np.int64 else [])
    for op in ("Elu", "Selu", "Softplus", "Softsign", "LeakyRelu", "Relu", "Relu6"):
        case(op, [("features", noise([3, 40], 26, -6, 6))])
        case(op, [("features", noise([4], 27, dtype=np.float64))])
        case(op, [("features", noise([7], 27, dtype=np.float16))])
        case(op, [("features", small)])
        case(op, [("features", f32(NAN, INF, -INF, 0.0))])
    case("LeakyRelu", [("features", noise([3, 4], 28))], alpha=0.0)
    case("LeakyRelu", [("features", noise([3, 4], 28))], alpha=0.1)
    case("LeakyRelu", [("features", noise([3, 4], 28))], alpha=2.0)
    for op in ("Softmax", "LogSoftmax"):
        case(op, [("logits", noise([2, 7], 29))])
        case(op, [("logits", noise([2, 2, 3], 30, -50, 50))])
        case(op, [("logits", noise([5], 31, dtype=np.float64))])
        case(op, [("logits", noise([2, 3], 31, dtype=np.float16))])
        case(op, [("logits", f32(-INF, 0, 100, 99))])
    case("LogSoftmax", [("logits", noise([0, 4], 31))])


def reduction():
    def reduce(op, array, axes, keep=False, const=(1,), dtype=np.int32):
        case(op, [("input", array), ("axis", np.array(axes, dtype))], const=const, keep_dims=keep)

    for op in ("Sum", "Mean", "Max", "Min", "Prod"):
        x = noise([2, 3, 4, 5], 41, -2, 2)
        reduce(op, x, [1, 2])
        reduce(op, x, [0, 2, 3], keep=True)
        reduce(op, x, [-1], const=())
        reduce(op, x, -3, dtype=np.int64)
        reduce(op, x, [])
        reduce(op, x, [0, 1, 2, 3])
        reduce(op, x, [3, -4], keep=True)
        reduce(op, noise([0, 3], 42), [0])
        reduce(op, noise([3, 0], 42), [0])
        reduce(op, noise([100], 43, 0.5, 1.5), [0])
        reduce(op, f32(1.5), [0], keep=True)
        reduce(op, np.float32(2.5), [])
        reduce(op, noise([3, 2], 44, dtype=np.float64), [0])
        reduce(op, noise([3, 2], 44, dtype=np.float16), [1])
        reduce(op, np.stack([SPECIAL, SPECIAL_TOO]), [0])
        for dtype in (np.int32, np.int64, np.uint8, np.int8):
            reduce(op, integers([3, 4], 45, 0 if dtype == np.uint8 else -5, 6, dtype), [1])
        reduce(op, integers([0], 45), [0]) if op != "Mean" else None
        reduce(op, np.array([2**31 - 1, 2, 5], np.int32), [0])
        reduce(op, np.array([200, 200, 100], np.uint8), [0])
        reduce(op, np.array([-100, -100, -50], np.int8), [0])
        reduce(op, np.array([2**63 - 1, 2, 5], np.int64), [0])
    for op in ("All", "Any"):
        x = np.array([[True, True, False], [False, False, False], [True, True, True]])
        for axes, keep in (([1], False), ([0], True), ([0, 1], False), ([], False), ([-1], True)):
            reduce(op, x, axes, keep)
        reduce(op, np.zeros([0, 2], bool), [0])
    for op in ("ArgMax", "ArgMin"):
        for array, axis in (
            (noise([2, 3, 4], 46), 1), (noise([2, 3, 4], 46), -1), (noise([2, 3, 4], 46), 0),
            (f32(3, 1, 3, 1), 0), (f32(NAN, 1, NAN, 3, -INF), 0), (f32(-INF, -INF), 0), (f32(INF, INF), 0),
            (integers([4, 5], 47, 0, 3), 1), (integers([4, 5], 47, 0, 3, np.uint8), 0),
            (integers([9], 47, 0, 3, np.int64), -1), (noise([6], 48, dtype=np.float64), 0),
            (noise([6], 48, dtype=np.float16), 0), (np.array([[True, False, True]]), 1),
        ):
            case(op, [("input", array), ("dimension", np.int32(axis))], const=[1])
        case(op, [("input", noise([2, 5], 49)), ("dimension", np.int64(1))], output_type=tf.int32)


def top_k():
    ties = f32(1, 3, 2, 3, 1, 3, -INF, INF)
    # TopK was removed from TensorFlow; old graphs have it, and it is TopKV2 with k as an attribute.
    for array, k in ((noise([2, 6], 51), 3), (ties, 8)):
        case("TopKV2", [("input", array), ("k", np.int32(k))])
        old = CASES[-1]
        old.update(name=f"TopK_{k}", op="TopK", inputs=old["inputs"][:1])
        old["attrs"] = {"T": old["attrs"]["T"], "k": {"kind": "i", "value": k},
                        "sorted": {"kind": "b", "value": True}}
    for array, k in ((noise([2, 3, 9], 52), 4), (ties, 5), (ties, 1), (integers([3, 8], 53, 0, 4), 6),
                     (noise([40], 54), 40), (integers([8], 55, 0, 9, np.int64), 2), (noise([2, 3], 1), 0),
                     (noise([0, 4], 1), 2), (noise([7], 56, dtype=np.float64), 3),
                     (integers([8], 57, 0, 9, np.uint8), 3), (noise([7], 56, dtype=np.float16), 3)):
        case("TopKV2", [("input", array), ("k", np.int32(k))], const=[1])
    case("TopKV2", [("input", noise([12], 58)), ("k", np.int32(3))])


def detection():
    rng = np.random.default_rng(61)
    corner = rng.uniform(0, 6, [14, 2])
    boxes = np.round(np.concatenate([corner, corner + rng.uniform(1, 5, [14, 2])], 1), 2).astype(np.float32)
    boxes[3] = boxes[3][[2, 3, 0, 1]]
    boxes[5] = boxes[4]
    boxes[9, 2] = boxes[9, 0]
    scores = np.round(rng.uniform(0, 1, [14]), 2).astype(np.float32)
    scores[7] = scores[2]
    few, iou, low = np.int32(5), np.float32(0.3), np.float32(0.4)

    def nms(op, size, threshold, *more, boxes=boxes, scores=scores, **attrs):
        names = ["boxes", "scores", "max_output_size", "iou_threshold", "score_threshold", "soft_nms_sigma"]
        values = [boxes, scores, np.int32(size), np.float32(threshold), *map(np.float32, more)]
        case(op, list(zip(names, values)), const=range(2, len(values)), **attrs)

    none = dict(boxes=np.zeros([0, 4], np.float32), scores=np.zeros([0], np.float32))
    case("NonMaxSuppression", [("boxes", boxes), ("scores", scores), ("max_output_size", few)], iou_threshold=0.3)
    for size, threshold in ((few, iou), (20, 0.5), (20, 0.0), (0, 0.5), (20, 1.0)):
        nms("NonMaxSuppressionV2", size, threshold)
        nms("NonMaxSuppressionV3", size, threshold, low)
        nms("NonMaxSuppressionV4", size, threshold, low, pad_to_max_output_size=True)
        nms("NonMaxSuppressionV4", size, threshold, low, pad_to_max_output_size=False)
        nms("NonMaxSuppressionV5", size, threshold, low, 0.0)
        nms("NonMaxSuppressionV5", size, threshold, 0.1, 0.5, pad_to_max_output_size=True)
    nms("NonMaxSuppressionV5", 14, 1.0, 0.001, 0.3)
    nms("NonMaxSuppressionV3", 3, 0.5, -INF, scores=np.where(scores < 0.4, np.float32(-1), scores))
    nms("NonMaxSuppressionV2", 3, 0.5, **none)
    nms("NonMaxSuppressionV4", 3, 0.5, 0.1, pad_to_max_output_size=True, **none)

    image = noise([2, 5, 6, 3], 62)
    crops = f32(0, 0, 1, 1, 0.1, 0.2, 0.7, 0.9, 0.8, 0.9, 0.2, 0.1, -0.5, 0.3, 1.5, 0.6).reshape(4, 4)
    indices = np.array([0, 1, 0, 1], np.int32)
    for size in ((3, 4), (1, 1), (7, 1), (5, 6)):
        for method in ("bilinear", "nearest"):
            inputs = [("image", image), ("boxes", crops), ("box_ind", indices), ("crop_size", np.array(size, np.int32))]
            case("CropAndResize", inputs, const=[3], method=method, extrapolation_value=-1.5 if size[1] == 4 else 0)
    inputs = [("image", integers([1, 4, 4, 1], 63, 0, 255, np.uint8)), ("boxes", crops[:1]), ("box_ind", indices[:1])]
    case("CropAndResize", inputs + [("crop_size", np.array([2, 3], np.int32))])
    inputs = [("image", image), ("boxes", crops[:0]), ("box_ind", indices[:0])]
    case("CropAndResize", inputs + [("crop_size", np.array([2, 3], np.int32))])


def resize():
    for size in ((6, 10), (2, 3), (3, 5), (1, 1), (7, 4), (13, 11)):
        for align, half in ((False, False), (True, False), (False, True)):
            for op in ("ResizeBilinear", "ResizeNearestNeighbor"):
                case(op, [("images", noise([2, 3, 5, 2], 71)), ("size", np.array(size, np.int32))], const=[1],
                     align_corners=align, half_pixel_centers=half)
    for op in ("ResizeBilinear", "ResizeNearestNeighbor"):
        for dtype in (np.uint8, np.int32, np.float64, np.float16):
            case(op, [("images", integers([1, 2, 2, 1], 72, 0, 99, dtype)), ("size", np.array([3, 4], np.int32))])
        case(op, [("images", noise([1, 1, 1, 3], 73)), ("size", np.array([2, 2], np.int32))], align_corners=True)
        case(op, [("images", noise([0, 2, 2, 3], 73)), ("size", np.array([2, 2], np.int32))])


def normalisation():
    x = noise([2, 2, 3, 9], 81)
    case("LRN", [("input", x)])
    case("LRN", [("input", x)], depth_radius=2, bias=2.0, alpha=0.01, beta=0.75)
    case("LRN", [("input", x)], depth_radius=1, bias=1.0, alpha=1e-4, beta=1.0)
    case("LRN", [("input", x)], depth_radius=0, bias=0.5, alpha=0.2, beta=0.6)
    images = noise([2, 5, 6, 3], 82)
    for ksize, strides, padding in (([1, 2, 2, 1], [1, 2, 2, 1], "VALID"), ([1, 3, 2, 1], [1, 1, 2, 1], "SAME")):
        case("MaxPoolV2", [("input", images), ("ksize", np.array(ksize, np.int32)),
                           ("strides", np.array(strides, np.int32))], const=[1, 2], padding=padding)
        case("MaxPool", [("input", images)], ksize=ksize, strides=strides, padding=padding)
    for op in ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"):
        parameters = [("scale", noise([3], 83)), ("offset", noise([3], 84)), ("mean", noise([3], 85)),
                      ("variance", noise([3], 86, 0.1, 2))]
        case(op, [("x", images)] + parameters, const=[1, 2, 3, 4], is_training=False, epsilon=0.001)
        # What the other outputs hold after inference is not specified.
        del CASES[-1]["outputs"][1:]


if __name__ == "__main__":
    for family in (binary, refusals, unary, reduction, top_k, detection, resize, normalisation):
        family()
    here = os.path.dirname(os.path.abspath(__file__))
    half = [any(t["dtype"] == "float16" for t in c["inputs"]) for c in CASES]
    for name, wanted in (("math_ops.json", False), ("math_ops_half.json", True)):
        lines = [json.dumps(c, separators=(",", ":")) for c, h in zip(CASES, half) if h == wanted]
        with open(os.path.join(here, name), "w", encoding="ascii") as file:
            file.write('{"cases": [\n' + ",\n".join(lines) + "\n]}\n")
