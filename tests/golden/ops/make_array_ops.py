"""Writes array_ops.json: array and shape operators. Run it in this directory."""

import numpy as np
import tensorflow as tf

from case_file import CASES, case, write

F = np.float32


def i32(*values):
    return np.array(values, np.int32)


def i64(*values):
    return np.array(values, np.int64)


def ramp(*shape, dtype=np.float32):
    """1, 2, 3, ... in a shape; booleans alternate."""
    values = np.arange(1, int(np.prod(shape)) + 1).reshape(shape)
    return values % 2 == 1 if dtype == np.bool_ else values.astype(dtype)


MOVED = [np.float16, np.float32, np.float64, np.int8, np.int16, np.int32, np.int64, np.uint8, np.bool_]


def each_type(name, op, data, types=MOVED, **arguments):
    """The same case for every type of data."""
    for dtype in types:
        cast = {k: v(dtype) if callable(v) else v for k, v in data.items()}
        case(f"{name}_{np.dtype(dtype).name}", op, **cast, **arguments)


# Shapes.
for wide in (tf.int32, tf.int64):
    for shape in ((), (0,), (2, 0, 3), (2, 3, 4, 5)):
        name = f"{wide.name}_{len(shape)}"
        case("shape_" + name, "Shape", input=ramp(*shape), out_type=wide)
        case("size_" + name, "Size", input=ramp(*shape), out_type=wide)
    case("shape_n_" + wide.name, "ShapeN", input=[ramp(2, 3), ramp(), ramp(4)][:2], out_type=wide)
case("shape_n_one", "ShapeN", input=[ramp(2, 3)], out_type=tf.int32)
for shape in ((), (0,), (2, 3, 1)):
    case(f"rank_{len(shape)}", "Rank", input=ramp(*shape))
case("reshape_free", "Reshape", tensor=ramp(2, 3), shape=i32(-1, 2), const=["shape"])
case("reshape_int64", "Reshape", tensor=ramp(2, 3), shape=i64(3, 2), const=["shape"])
case("reshape_scalar", "Reshape", tensor=ramp(1, 1), shape=np.zeros([0], np.int32), const=["shape"])
case("reshape_empty", "Reshape", tensor=ramp(0, 3), shape=i32(3, -1), const=["shape"])
case("reshape_two_free", "Reshape", tensor=ramp(4), shape=i32(-1, -1), fails=True)
case("reshape_misfit", "Reshape", tensor=ramp(4), shape=i32(3, -1), fails=True)
case("reshape_below", "Reshape", tensor=ramp(4), shape=i32(-2, 2), fails=True)
case("squeeze_all", "Squeeze", input=ramp(1, 2, 1, 3, 1))
case("squeeze_negative", "Squeeze", input=ramp(1, 2, 1, 3, 1), axis=[-1, 2])
case("squeeze_none", "Squeeze", input=ramp(2, 3))
case("squeeze_empty", "Squeeze", input=ramp(1, 0, 1), axis=[0])
for axis in (0, 1, 2, -1, -3):
    case(f"expand_dims_{axis}", "ExpandDims", input=ramp(2, 3), axis=np.int32(axis), const=["axis"])
case("expand_dims_int64", "ExpandDims", input=ramp(2, 3), axis=np.int64(-2), const=["axis"])
case("expand_dims_vector", "ExpandDims", input=ramp(), axis=i32(0), const=["axis"])
case("expand_dims_outside", "ExpandDims", input=ramp(2, 3), axis=np.int32(3), fails=True)

# Identities.
each_type("identity", "Identity", {"input": lambda t: ramp(2, 2, dtype=t)})
for op in ("StopGradient", "PreventGradient"):
    case(op.lower(), op, input=ramp(2, 3))
case("identity_string", "Identity", input=np.array([b"a", b"bc"], object))
case("identity_n", "IdentityN", input=[ramp(2), ramp(3, dtype=np.int64), np.bool_(True)])

# Made from numbers.
each_type("fill", "Fill", {"dims": i32(2, 3), "value": lambda t: t(1)}, const=["dims"])
for op in ("ZerosLike", "OnesLike"):
    each_type(op.lower(), op, {"x": lambda t: ramp(2, 3, dtype=t)})
    case(op.lower() + "_empty", op, x=ramp(0, 2))
case("broadcast_to", "BroadcastTo", input=ramp(3, 1), shape=i32(2, 3, 4), const=["shape"])
case("broadcast_to_scalar", "BroadcastTo", input=ramp(), shape=i64(2, 2), const=["shape"])
case("broadcast_to_same", "BroadcastTo", input=ramp(2, 2), shape=i32(2, 2), const=["shape"])
case("broadcast_to_wrong", "BroadcastTo", input=ramp(3), shape=i32(2, 2), fails=True)
case("fill_wide_dims", "Fill", dims=i64(3), value=F(7.5), const=["dims"])
case("fill_scalar", "Fill", dims=np.zeros([0], np.int32), value=F(7.5), const=["dims"])
case("fill_empty", "Fill", dims=i32(2, 0), value=F(7.5), const=["dims"])
case("fill_negative", "Fill", dims=i32(2, -1), value=F(7.5), fails=True)
for dtype in (np.int32, np.int64, np.float32, np.float64):
    for start, limit, delta in ((0, 5, 1), (3, 18, 4), (5, 0, -2), (2, 2, 1), (-3, 3, 3)):
        case(
            f"range_{dtype.__name__}_{start}_{limit}_{delta}", "Range",
            start=dtype(start), limit=dtype(limit), delta=dtype(delta),
        )
for dtype in (np.float32, np.float64):
    case(f"range_steps_{dtype.__name__}", "Range", start=dtype(0), limit=dtype(3), delta=dtype(0.1))
    case(f"range_down_{dtype.__name__}", "Range", start=dtype(1), limit=dtype(-0.35), delta=dtype(-0.15))
case("range_away", "Range", start=np.int32(0), limit=np.int32(5), delta=np.int32(-1), fails=True)
case("range_still", "Range", start=F(0), limit=F(5), delta=F(0), fails=True)
for axis in (-1, 0, 1):
    case(
        f"one_hot_{axis}", "OneHot", indices=i32(0, 2, -1, 3), depth=np.int32(3), on_value=F(5), off_value=F(-1),
        axis=axis, const=["depth", "on_value", "off_value"],
    )
case("one_hot_deep", "OneHot", indices=ramp(2, 3, dtype=np.int64), depth=np.int32(4), on_value=F(1), off_value=F(0), axis=1)
case("one_hot_bytes", "OneHot", indices=ramp(3, dtype=np.uint8), depth=np.int32(3), on_value=np.bool_(True), off_value=np.bool_(False))
case("one_hot_scalar", "OneHot", indices=np.int32(1), depth=np.int32(3), on_value=np.int64(1), off_value=np.int64(0))
case("one_hot_zero_depth", "OneHot", indices=i32(0, 1), depth=np.int32(0), on_value=F(1), off_value=F(0))
case("one_hot_empty", "OneHot", indices=i32(), depth=np.int32(3), on_value=F(1), off_value=F(0))

# Repeated, turned, mirrored.
each_type("tile", "Tile", {"input": lambda t: ramp(2, 3, dtype=t), "multiples": i32(2, 2)}, const=["multiples"])
case("tile_deep", "Tile", input=ramp(2, 1, 2), multiples=i64(1, 3, 2), const=["multiples"])
case("tile_zero", "Tile", input=ramp(2, 3), multiples=i32(0, 2), const=["multiples"])
case("tile_scalar", "Tile", input=ramp(), multiples=i32(), const=["multiples"])
case("tile_outer", "Tile", input=ramp(2, 3), multiples=i32(3, 1), const=["multiples"])
case("tile_misfit", "Tile", input=ramp(2, 3), multiples=i32(2), fails=True)
each_type("transpose", "Transpose", {"x": lambda t: ramp(2, 3, dtype=t), "perm": i32(1, 0)}, const=["perm"])
for perm in ((0, 3, 1, 2), (0, 2, 3, 1), (3, 2, 1, 0), (0, 1, 2, 3), (1, 0, 3, 2)):
    case("transpose_" + "".join(map(str, perm)), "Transpose", x=ramp(2, 3, 4, 2), perm=i64(*perm), const=["perm"])
case("transpose_negative", "Transpose", x=ramp(2, 3, 4), perm=i32(-1, 0, -2), const=["perm"])
case("transpose_empty", "Transpose", x=ramp(2, 0, 4), perm=i32(2, 0, 1), const=["perm"])
case("transpose_scalar", "Transpose", x=ramp(), perm=i32(), const=["perm"])
case("transpose_twice", "Transpose", x=ramp(2, 3), perm=i32(0, 0), fails=True)
each_type("reverse", "ReverseV2", {"tensor": lambda t: ramp(2, 3, dtype=t), "axis": i32(1)}, const=["axis"])
for axes in ((), (0,), (-1, 0), (2, 1, 0)):
    case("reverse_" + "_".join(map(str, axes)), "ReverseV2", tensor=ramp(2, 3, 2), axis=i64(*axes), const=["axis"])
case("reverse_empty", "ReverseV2", tensor=ramp(2, 0), axis=i32(0, 1), const=["axis"])
case("reverse_twice", "ReverseV2", tensor=ramp(2, 3), axis=i32(0, -2), fails=True)
pads = np.array([[1, 0], [2, 3]], np.int32)
each_type("pad", "Pad", {"input": lambda t: ramp(2, 3, dtype=t), "paddings": pads}, const=["paddings"])
each_type(
    "pad_v2", "PadV2",
    {"input": lambda t: ramp(2, 3, dtype=t), "paddings": pads.astype(np.int64), "constant_values": lambda t: t(9)},
    const=["paddings", "constant_values"],
)
case("pad_empty", "Pad", input=ramp(0, 3), paddings=pads, const=["paddings"])
case("pad_none", "Pad", input=ramp(2, 3), paddings=pads * 0, const=["paddings"])
case("pad_negative", "Pad", input=ramp(2, 3), paddings=-pads, fails=True)
mirror = np.array([[1, 0], [2, 2]], np.int32)
for mode in ("REFLECT", "SYMMETRIC"):
    each_type("mirror_" + mode, "MirrorPad", {"input": lambda t: ramp(2, 3, dtype=t), "paddings": mirror}, mode=mode, const=["paddings"])
    case("mirror_deep_" + mode, "MirrorPad", input=ramp(1, 3, 4, 2), paddings=np.array([[0, 0], [2, 1], [0, 3], [0, 0]], np.int64), mode=mode)
    case("mirror_too_far_" + mode, "MirrorPad", input=ramp(2, 3), paddings=mirror + 2, mode=mode, fails=True)
case("mirror_whole", "MirrorPad", input=ramp(3), paddings=np.array([[3, 3]], np.int32), mode="SYMMETRIC")

# Joined and parted.
each_type("pack", "Pack", {"values": lambda t: [ramp(2, dtype=t), ramp(2, dtype=t)]}, axis=0)
for axis in (0, 1, 2, -1, -3):
    case(f"pack_{axis}", "Pack", values=[ramp(2, 3), ramp(2, 3) + 10, ramp(2, 3) + 20], axis=axis)
case("pack_scalars", "Pack", values=[F(1), F(2)], axis=0)
case("pack_empty", "Pack", values=[ramp(0, 2), ramp(0, 2)], axis=1)
each_type("unpack", "Unpack", {"value": lambda t: ramp(2, 3, dtype=t)}, num=3, axis=-1)
for axis in (0, 1, -1, -2):
    case(f"unpack_{axis}", "Unpack", value=ramp(2, 3, 2), num=ramp(2, 3, 2).shape[axis], axis=axis)
case("unpack_empty", "Unpack", value=ramp(2, 0), num=2, axis=0)
each_type("concat_v2", "ConcatV2", {"values": lambda t: [ramp(2, 1, dtype=t), ramp(2, 3, dtype=t)], "axis": np.int32(1)}, const=["axis"])
for axis in (0, 1, 2, -1, -2, -3):
    parts = [ramp(2, 3, 2), ramp(2, 3, 2) + 20]
    case(f"concat_v2_{axis}", "ConcatV2", values=parts, axis=np.int64(axis), const=["axis"])
    case(f"concat_{axis}", "Concat", values=parts, concat_dim=np.int32(axis), const=["concat_dim"])
case("concat_uneven", "ConcatV2", values=[ramp(2, 3), ramp(1, 3), ramp(0, 3), ramp(4, 3)], axis=np.int32(0))
case("concat_inner_empty", "ConcatV2", values=[ramp(2, 0), ramp(2, 3)], axis=np.int32(-1))
case("concat_all_empty", "ConcatV2", values=[ramp(0, 2), ramp(0, 3)], axis=np.int32(1))
case("concat_misfit", "ConcatV2", values=[ramp(2, 3), ramp(3, 2)], axis=np.int32(0), fails=True)
case("concat_outside", "ConcatV2", values=[ramp(2, 3), ramp(2, 3)], axis=np.int32(2), fails=True)
each_type("split", "Split", {"axis": np.int32(1), "value": lambda t: ramp(2, 4, dtype=t)}, num_split=2, const=["axis"])
for axis in (0, 1, 2, -1, -3):
    case(f"split_{axis}", "Split", axis=np.int32(axis), value=ramp(2, 4, 6), num_split=2, const=["axis"])
case("split_one", "Split", axis=np.int32(0), value=ramp(2, 4), num_split=1)
case("split_uneven", "Split", axis=np.int32(1), value=ramp(2, 4), num_split=3, fails=True)
each_type("split_v", "SplitV", {"value": lambda t: ramp(2, 4, dtype=t), "size_splits": i32(1, 3), "axis": np.int32(1)}, num_split=2, const=["size_splits", "axis"])
case("split_v_open", "SplitV", value=ramp(2, 7), size_splits=i64(2, -1, 1), axis=np.int32(-1), num_split=3)
case("split_v_nothing", "SplitV", value=ramp(5, 2), size_splits=i32(2, 0, 3), axis=np.int32(0), num_split=3)
case("split_v_misfit", "SplitV", value=ramp(5, 2), size_splits=i32(2, 2), axis=np.int32(0), num_split=2, fails=True)

# Slices.
each_type("slice", "Slice", {"input": lambda t: ramp(3, 4, dtype=t), "begin": i32(1, 0), "size": i32(2, 3)}, const=["begin", "size"])
case("slice_rest", "Slice", input=ramp(3, 4, 2), begin=i64(1, 2, 0), size=i64(-1, -1, 1), const=["begin", "size"])
case("slice_nothing", "Slice", input=ramp(3, 4), begin=i32(3, 1), size=i32(0, 2), const=["begin", "size"])
case("slice_scalar", "Slice", input=ramp(), begin=i32(), size=i32())
case("slice_beyond", "Slice", input=ramp(3, 4), begin=i32(1, 0), size=i32(3, 1), fails=True)
case("slice_negative", "Slice", input=ramp(3, 4), begin=i32(-1, 0), size=i32(1, 1), fails=True)


def strided(name, shape, first, last, steps, fails=False, dtype=np.int32, data=np.float32, **masks):
    case(
        "strided_" + name, "StridedSlice", input=ramp(*shape, dtype=data), begin=np.array(first, dtype),
        end=np.array(last, dtype), strides=np.array(steps, dtype), const=["begin", "end", "strides"], fails=fails,
        **{key + "_mask": value for key, value in masks.items()},
    )


for dtype in MOVED:
    strided(np.dtype(dtype).name, (4, 3), [1, 0], [4, 2], [2, 1], data=dtype)
strided("wide_bounds", (4, 3), [1, 0], [4, 2], [2, 1], dtype=np.int64)
strided("negative_bounds", (5, 4), [-4, -3], [-1, 9], [1, 1])
strided("backwards", (5, 4), [4, 3], [0, 0], [-2, -1])
strided("backwards_masked", (5, 4), [0, 0], [0, 0], [-1, -3], begin=3, end=3)
strided("backwards_to_start", (5,), [3], [-9], [-1])
strided("begin_mask", (5, 4), [2, 2], [4, 4], [1, 1], begin=1)
strided("end_mask", (5, 4), [2, 2], [3, 3], [1, 1], end=2)
strided("shrink", (5, 4), [2, 1], [3, 3], [1, 1], shrink_axis=1)
strided("shrink_last", (5, 4), [-1, -2], [0, 0], [1, 1], shrink_axis=3)
strided("shrink_begin_mask", (5, 4), [2, 1], [3, 3], [1, 1], shrink_axis=1, begin=1, end=1)
strided("shrink_step", (5, 4), [2, 1], [3, 3], [2, 1], shrink_axis=1)
strided("shrink_outside", (5, 4), [5, 1], [6, 3], [1, 1], shrink_axis=1, fails=True)
strided("shrink_backwards", (5, 4), [2, 1], [1, 3], [-1, 1], shrink_axis=1, fails=True)
strided("new_axis", (5, 4), [0, 1, 0], [0, 3, 0], [1, 1, 1], new_axis=1, end=4)
strided("new_axis_last", (5, 4), [0, 0, 0], [0, 2, 0], [1, 1, 1], new_axis=4, begin=3, end=1)
strided("ellipsis", (2, 3, 4, 5), [0, 0, 1], [1, 0, 4], [1, 1, 2], ellipsis=2)
strided("ellipsis_first", (2, 3, 4), [0, 1], [0, 2], [1, 1], ellipsis=1)
strided("ellipsis_last", (2, 3, 4), [1, 0], [2, 0], [1, 1], ellipsis=2)
strided("ellipsis_empty", (2, 3), [1, 0, 1], [2, 0, 3], [1, 1, 1], ellipsis=2)
strided("ellipsis_new_axis", (2, 3, 4), [0, 0, 0, 1], [0, 0, 0, 3], [1, 1, 1, 1], ellipsis=2, new_axis=5)
strided("ellipsis_new_axis_shrink", (2, 3, 4), [1, 0, 0, 1], [0, 0, 0, 3], [1, 1, 1, 1], ellipsis=2, new_axis=4, shrink_axis=9)
strided("new_and_shrink", (5, 4), [0, 1], [0, 3], [1, 1], new_axis=1, shrink_axis=1)
strided("ellipsis_and_new", (5, 4), [0, 1], [0, 3], [1, 1], new_axis=1, ellipsis=1)
strided("whole", (5, 4), [], [], [])
strided("nothing", (5, 4), [3], [2], [1])
strided("of_nothing", (0, 4), [0], [5], [1])
strided("large_step", (5, 4), [0], [5], [2**30])
strided("scalar_new_axis", (), [0], [0], [1], new_axis=1)
strided("two_ellipses", (2, 3, 4), [0, 0], [0, 0], [1, 1], ellipsis=3, fails=True)
strided("too_many", (5,), [0, 0], [1, 1], [1, 1], fails=True)
strided("no_step", (5,), [0], [1], [0], fails=True)
strided("shape_of", (4,), [1], [3], [1], data=np.int32)

# Gathered and scattered.
each_type("gather_v2", "GatherV2", {"params": lambda t: ramp(3, 2, dtype=t), "indices": i32(2, 0), "axis": np.int32(0)}, const=["axis"])
for axis in (0, 1, 2, -1):
    case(f"gather_v2_{axis}", "GatherV2", params=ramp(2, 3, 4), indices=np.array([[1, 0], [0, 1]], np.int64), axis=np.int32(axis), const=["axis"])
case("gather_scalar", "GatherV2", params=ramp(3, 2), indices=np.int32(1), axis=np.int64(0))
case("gather_empty", "GatherV2", params=ramp(3, 2), indices=i32(), axis=np.int32(1))
case("gather_of_empty", "GatherV2", params=ramp(3, 0), indices=i32(1, 2), axis=np.int32(0))
for batch_dims, axis in ((1, 1), (1, 2), (-1, 1), (0, 1)):
    case(f"gather_batch_{batch_dims}_{axis}", "GatherV2", params=ramp(2, 3, 4), indices=np.array([[0, 2], [1, 1]], np.int32), axis=np.int32(axis), batch_dims=batch_dims)
case("gather_batch_2", "GatherV2", params=ramp(2, 3, 4), indices=np.array([[0, 3, 1], [2, 1, 1]], np.int32), axis=np.int32(2), batch_dims=2)
case("gather_batch_deep", "GatherV2", params=ramp(2, 3, 2, 2), indices=np.array([[[0], [1]], [[1], [0]]], np.int32), axis=np.int32(2), batch_dims=1)
case("gather_old", "Gather", params=ramp(3, 2), indices=np.array([[2, 0], [1, 1]], np.int32), validate_indices=True)
case("gather_outside", "GatherV2", params=ramp(3, 2), indices=i32(3), axis=np.int32(0), fails=True)
case("gather_negative", "GatherV2", params=ramp(3, 2), indices=i32(-1), axis=np.int32(0), fails=True)
each_type("gather_nd", "GatherNd", {"params": lambda t: ramp(3, 2, dtype=t), "indices": np.array([[2, 1], [0, 0]], np.int32)})
case("gather_nd_rows", "GatherNd", params=ramp(3, 2, 2), indices=np.array([[[2], [0]]], np.int64))
case("gather_nd_one", "GatherNd", params=ramp(3, 2), indices=i32(1, 1))
case("gather_nd_whole", "GatherNd", params=ramp(3, 2), indices=np.zeros([2, 0], np.int32))
case("gather_nd_empty", "GatherNd", params=ramp(3, 2), indices=np.zeros([0, 2], np.int32))
case("gather_nd_outside", "GatherNd", params=ramp(3, 2), indices=np.array([[0, 2]], np.int32), fails=True)
for dtype in MOVED:
    case(
        f"scatter_nd_{np.dtype(dtype).name}", "ScatterNd", indices=np.array([[1], [3], [1]], np.int32),
        updates=ramp(3, dtype=dtype), shape=i32(5), const=["shape"],
    )
case("scatter_nd_rows", "ScatterNd", indices=np.array([[2], [0]], np.int64), updates=ramp(2, 3), shape=i64(4, 3))
case("scatter_nd_points", "ScatterNd", indices=np.array([[[2, 1]], [[0, 0]]], np.int32), updates=ramp(2, 1), shape=i32(3, 2))
case("scatter_nd_empty", "ScatterNd", indices=np.zeros([0, 1], np.int32), updates=ramp(0), shape=i32(3))
case("scatter_nd_outside", "ScatterNd", indices=np.array([[5]], np.int32), updates=ramp(1), shape=i32(5), fails=True)
case("scatter_nd_misfit", "ScatterNd", indices=np.array([[1]], np.int32), updates=ramp(2), shape=i32(5), fails=True)


def dense(name, indices, shape, values, fails=False, **attrs):
    case(
        "sparse_to_dense_" + name, "SparseToDense", sparse_indices=indices, output_shape=shape, sparse_values=values,
        default_value=values.dtype.type(0) if values.dtype == np.bool_ else values.dtype.type(3), fails=fails, **attrs,
    )


for dtype in (np.float32, np.float64, np.int8, np.int32, np.int64, np.uint8, np.bool_):
    dense(np.dtype(dtype).name, i32(1, 3), i32(5), ramp(2, dtype=dtype))
dense("scalar_value", i64(1, 3), i64(5), F(7))
dense("scalar_index", np.int32(2), i32(5), F(7))
dense("matrix", np.array([[0, 2], [1, 0]], np.int32), i32(2, 3), ramp(2))
dense("unordered", np.array([[1, 2], [1, 0]], np.int32), i32(2, 3), ramp(2), validate_indices=False)
dense("unordered_checked", np.array([[1, 2], [1, 0]], np.int32), i32(2, 3), ramp(2), fails=True)
dense("repeated_checked", i32(1, 1), i32(5), ramp(2), fails=True)
dense("outside", i32(1, 5), i32(5), ramp(2), fails=True)

# Chosen.
for dtype in MOVED[1:]:
    case(f"where_{np.dtype(dtype).name}", "Where", condition=np.array([[0, 1, 2], [3, 0, 0]]).astype(dtype))
case("where_nan", "Where", condition=np.array([np.nan, 0, -0.0, 1], np.float32))
case("where_none", "Where", condition=np.zeros([2, 3], np.bool_))
case("where_empty", "Where", condition=np.zeros([2, 0, 3], np.bool_))
case("where_scalar", "Where", condition=np.bool_(True), fails=True)
odd = ramp(2, 3, dtype=np.bool_)
each_type("select", "Select", {"condition": odd, "x": lambda t: ramp(2, 3, dtype=t), "y": lambda t: np.zeros([2, 3], t)})
each_type("select_v2", "SelectV2", {"condition": odd, "t": lambda t: ramp(2, 3, dtype=t), "e": lambda t: np.zeros([2, 3], t)})
case("select_rows", "Select", condition=np.array([True, False]), x=ramp(2, 3, 2), y=-ramp(2, 3, 2))
case("select_scalar", "Select", condition=np.bool_(False), x=ramp(2, 3), y=-ramp(2, 3))
case("select_misfit", "Select", condition=np.array([True, False, True]), x=ramp(2, 3), y=ramp(2, 3), fails=True)
case("select_v2_columns", "SelectV2", condition=np.array([True, False, True]), t=ramp(2, 3), e=-ramp(2, 3))
case("select_v2_outer", "SelectV2", condition=np.array([[True], [False]]), t=ramp(3), e=F(-1))
case("select_v2_scalar", "SelectV2", condition=np.bool_(True), t=F(4), e=ramp(2, 2))
case("select_v2_empty", "SelectV2", condition=np.zeros([0, 1], np.bool_), t=ramp(3), e=ramp(1))
case("select_v2_misfit", "SelectV2", condition=np.bool_(True), t=ramp(2), e=ramp(3), fails=True)

# Space, batch and depth.
each_type(
    "space_to_batch", "SpaceToBatchND",
    {"input": lambda t: ramp(1, 2, 3, 1, dtype=t), "block_shape": i32(2, 2), "paddings": np.array([[0, 0], [0, 1]], np.int32)},
    types=MOVED[:-1], const=["block_shape", "paddings"],
)
case("space_to_batch_uneven", "SpaceToBatchND", input=ramp(2, 4, 5, 2), block_shape=i64(2, 3), paddings=np.array([[1, 1], [0, 1]], np.int64))
case("space_to_batch_1d", "SpaceToBatchND", input=ramp(2, 5), block_shape=i32(3), paddings=np.array([[0, 1]], np.int32))
case("space_to_batch_3d", "SpaceToBatchND", input=ramp(1, 2, 2, 4), block_shape=i32(1, 2, 2), paddings=np.zeros([3, 2], np.int32))
case("space_to_batch_misfit", "SpaceToBatchND", input=ramp(1, 3, 3, 1), block_shape=i32(2, 2), paddings=np.zeros([2, 2], np.int32), fails=True)
each_type(
    "batch_to_space", "BatchToSpaceND",
    {"input": lambda t: ramp(4, 1, 2, 1, dtype=t), "block_shape": i32(2, 2), "crops": np.array([[0, 0], [0, 1]], np.int32)},
    types=MOVED[:-1], const=["block_shape", "crops"],
)
case("batch_to_space_uneven", "BatchToSpaceND", input=ramp(12, 3, 2, 2), block_shape=i64(2, 3), crops=np.array([[1, 1], [2, 1]], np.int64))
case("batch_to_space_1d", "BatchToSpaceND", input=ramp(6, 2), block_shape=i32(3), crops=np.array([[0, 1]], np.int32))
case("batch_to_space_misfit", "BatchToSpaceND", input=ramp(3, 2, 2, 1), block_shape=i32(2, 2), crops=np.zeros([2, 2], np.int32), fails=True)
case("batch_to_space_over_cropped", "BatchToSpaceND", input=ramp(4, 1, 1, 1), block_shape=i32(2, 2), crops=np.array([[2, 1], [0, 0]], np.int32), fails=True)
each_type("space_to_depth", "SpaceToDepth", {"input": lambda t: ramp(1, 2, 4, 1, dtype=t)}, block_size=2)
each_type("depth_to_space", "DepthToSpace", {"input": lambda t: ramp(1, 1, 2, 4, dtype=t)}, block_size=2)
case("space_to_depth_3", "SpaceToDepth", input=ramp(2, 3, 6, 2), block_size=3)
case("depth_to_space_3", "DepthToSpace", input=ramp(2, 1, 2, 18), block_size=3)
case("space_to_depth_misfit", "SpaceToDepth", input=ramp(1, 3, 4, 1), block_size=2, fails=True)
# TensorFlow has no NCHW kernel on the CPU: the NHWC one between transposes is its definition.
for op, shape in (("SpaceToDepth", (2, 4, 6, 3)), ("DepthToSpace", (2, 2, 3, 12))):
    entry = case(op + "_nchw", op, input=ramp(*shape), block_size=2)
    entry["attrs"]["data_format"]["value"] = "NCHW"
    for literal in entry["inputs"] + entry["outputs"]:
        array = np.array(literal["values"]).reshape(literal["shape"]).transpose(0, 3, 1, 2)
        literal["shape"], literal["values"] = list(array.shape), array.ravel().tolist()

# Casts. A float beyond the range of an integer is undefined there and left out.
ALL = MOVED + [np.uint16, np.uint32, np.uint64]
for source in ALL:
    for target in ALL:
        if source == target:
            continue
        if source == np.bool_:
            data = np.array([True, False])
        elif np.issubdtype(source, np.floating):
            data = np.array([0, -0.0, 0.5, 0.99, 1.5, 2.5, 3, 100.7], source)
            if not np.issubdtype(target, np.unsignedinteger):
                data = np.append(data, np.array([-0.5, -1.5, -2.5, -100.7], source))
            if not np.issubdtype(target, np.integer):
                data = np.append(data, np.array([np.nan, np.inf, -np.inf, 1 / 3, 2049, 65519, 65520], source))
        else:
            info = np.iinfo(source)
            data = np.array([0, 1, 2, 100, 127, info.max, info.min, info.max - 1, info.max // 3], source)
        case(f"cast_{np.dtype(source).name}_{np.dtype(target).name}", "Cast", x=data, DstT=tf.dtypes.as_dtype(target))
case("cast_double_once", "Cast", x=np.array([1 + 2**-11 + 2**-30, 1 + 2**-24 + 2**-50]), DstT=tf.float16)
case("cast_empty", "Cast", x=ramp(2, 0), DstT=tf.int64)

write("array_ops.json")
