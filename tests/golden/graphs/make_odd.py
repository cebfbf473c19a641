"""Makes two small graphs with something odd about their files, and TensorFlow's outputs for them.

    python make_odd.py    # into this folder

`leftover_library`: a flat net beside a library of functions that no node calls.
`unknown_rank`: a placeholder that has lost its shape.
Needs tensorflow-cpu 2.21.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow as tf

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.default_rng(47)
v1 = tf.compat.v1


def weights(*shape):
    return RNG.normal(0, np.prod(shape[:-1]) ** -0.5, shape).astype("f")


FIRST, BIAS, SECOND = weights(3, 3, 3, 8), weights(8), weights(3, 3, 8, 4)


def net(x):
    x = tf.nn.conv2d(x, FIRST, 2, "SAME", name="first/Conv2D")
    x = tf.nn.relu(tf.nn.bias_add(x, BIAS, name="first/BiasAdd"), name="first/Relu")
    x = tf.nn.conv2d(x, SECOND, 1, "SAME", name="second/Conv2D")
    return tf.reduce_mean(x, [1, 2], name="out")


def graph_of(shape, build):
    graph = tf.Graph()
    with graph.as_default():
        build(v1.placeholder(tf.float32, shape, "input"))
    return graph.as_graph_def()


def save(name, graph_def):
    x = RNG.normal(0, 1, (2, 13, 13, 3)).astype("f")
    graph = tf.Graph()
    with graph.as_default(), v1.Session() as session:
        v1.import_graph_def(graph_def, name="")
        output = session.run("out:0", {"input:0": x})
    path = os.path.join(HERE, name)
    with open(path + ".pb", "wb") as file:
        file.write(graph_def.SerializeToString(deterministic=True))
    with open(path + ".names", "w") as file:
        file.write("input\nout\n")
    np.save(path + ".input.npy", x)
    np.save(path + ".output0.npy", output)


leftover = graph_of([None, 13, 13, 3], net)
leftover.library.CopyFrom(graph_of([None, 13, 13, 3], tf.function(net)).library)
assert leftover.library.function
save("leftover_library", leftover)
save("unknown_rank", graph_of(None, net))
