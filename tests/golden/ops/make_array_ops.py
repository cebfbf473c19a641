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


def each_type(name, op, data, **arguments):
    """The same case for every type of data."""
    for dtype in MOVED:
        cast = {k: v(dtype) if callable(v) else v for k, v in data.items()}
        case(f"{name}_{np.dtype(dtype).name}", op, **cast, **arguments)


case("reshape_free", "Reshape", tensor=ramp(2, 3), shape=i32(-1, 2), const=["shape"])
case("shape_wide", "Shape", input=ramp(2, 0, 3), out_type=tf.int64)

write("array_ops.json")
