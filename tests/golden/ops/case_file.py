"""Runs single TensorFlow operators and writes inputs and outputs as a file of cases.

The schema is read by crates/interpreter/tests/support. Made with TensorFlow 2.21 on CPU.
"""

import json
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow as tf

CASES = []


def _number(x):
    if isinstance(x, (bool, np.bool_)):
        return bool(x)
    if isinstance(x, bytes):
        return x.decode()
    if isinstance(x, np.integer):
        return int(x)
    if not np.isfinite(x):
        return "nan" if np.isnan(x) else ("inf" if x > 0 else "-inf")
    if isinstance(x, np.float64):
        return float(x)
    # Nine digits name one float32.
    return float("%.9g" % x)


def _literal(array, constant=None):
    array = np.asarray(array)
    dtype = "string" if array.dtype == object else array.dtype.name
    out = {"dtype": dtype, "shape": list(array.shape), "values": [_number(x) for x in array.ravel()]}
    if constant:
        out["const"] = True
    return out


def _attr(value):
    kind = value.WhichOneof("value")
    name = lambda t: tf.dtypes.as_dtype(t).name
    if kind == "s":
        return {"kind": "s", "value": value.s.decode()}
    if kind in "ifb":
        return {"kind": kind, "value": getattr(value, kind)}
    if kind == "type":
        return {"kind": "type", "value": name(value.type)}
    if kind == "shape":
        return {"kind": "shape", "value": [d.size for d in value.shape.dim]}
    if value.list.type:
        return {"kind": "types", "value": [name(t) for t in value.list.type]}
    if value.list.f:
        return {"kind": "floats", "value": list(value.list.f)}
    return {"kind": "ints", "value": list(value.list.i)}


def case(name, op, const=(), fails=False, **arguments):
    """One node: numpy arrays (and lists of them) are inputs, anything else is an attribute.

    `const` names the inputs that the case marks as constants of the graph.
    """
    fed, constants, kwargs = {}, set(), {}

    def placeholder(key, value):
        tensor = tf.compat.v1.placeholder(tf.dtypes.as_dtype(value.dtype) if value.dtype != object else tf.string)
        fed[tensor] = value
        if key in const:
            constants.add(tensor.name)
        return tensor

    with tf.Graph().as_default() as graph:
        for key, value in arguments.items():
            if isinstance(value, (np.ndarray, np.generic)):
                kwargs[key] = placeholder(key, value)
            elif isinstance(value, list) and value and isinstance(value[0], (np.ndarray, np.generic)):
                kwargs[key] = [placeholder(key, v) for v in value]
            else:
                kwargs[key] = value
        getattr(tf.raw_ops, op)(**kwargs)
        node = [o for o in graph.get_operations() if o.type == op][-1]
        arrays = {tensor.name: value for tensor, value in fed.items()}
        entry = {
            "name": name,
            "op": op,
            "attrs": {k: _attr(v) for k, v in sorted(node.node_def.attr.items()) if not k.startswith("_")},
            "inputs": [_literal(arrays[t.name], t.name in constants) for t in node.inputs],
        }
        config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
        config.graph_options.optimizer_options.opt_level = -1
        config.graph_options.rewrite_options.disable_meta_optimizer = True
        with tf.compat.v1.Session(config=config) as session:
            try:
                entry["outputs"] = [_literal(v) for v in session.run(list(node.outputs), fed)]
                assert not fails, name + " was expected to fail"
            except tf.errors.OpError as error:
                assert fails, name + ": " + error.message
                entry["fails"] = True
    CASES.append(entry)
    return entry


def write(path):
    """Writes all cases, one a line."""
    with open(path, "w") as file:
        lines = [json.dumps(c, separators=(",", ":")) for c in CASES]
        file.write('{"cases":[\n' + ",\n".join(lines) + "\n]}\n")
    print(len(CASES), "cases")
