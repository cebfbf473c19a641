"""Makes the frozen graphs of quantization-aware training of this folder, and TensorFlow's outputs for them.

    python make_qat.py

Needs tensorflow-cpu 2.21. Ranges are those of the values on random inputs, which is where training begins.
"""

import numpy as np
import tensorflow as tf

from make import HERE, save

V1 = tf.compat.v1


class Training:
    """Layers with fake quantization whose ranges are set once the graph is built."""

    def __init__(self):
        self.count, self.ranges = 0, []

    def variable(self, shape, low=-1.0, high=1.0):
        self.count += 1
        initial = V1.random_uniform_initializer(low, high, seed=self.count)
        return V1.get_variable(f"v{self.count}", shape, initializer=initial)

    def weights(self, shape):
        limit = float(np.sqrt(3.0 / np.prod(shape[:-1])))
        return self.variable(shape, -limit, limit)

    def fake(self, x, name, channels=None, symmetric=False, narrow=False, low=None):
        shape = [] if channels is None else [channels]
        bounds = [V1.get_variable(f"{name}_{end}", shape, initializer=V1.zeros_initializer()) for end in ("min", "max")]
        self.ranges.append((x, *bounds, symmetric, low))
        op = tf.raw_ops.FakeQuantWithMinMaxVars if channels is None else tf.raw_ops.FakeQuantWithMinMaxVarsPerChannel
        return op(inputs=x, min=bounds[0], max=bounds[1], narrow_range=narrow, name=name + "/fake_quant")

    def settle(self, session, feed):
        """Sets the ranges one after the other, in the order in which they were asked for."""
        for x, low, high, symmetric, least in self.ranges:
            value = session.run(x, feed)
            axes = tuple(range(value.ndim - 1)) if low.shape.rank else None
            lowest, highest = np.minimum(value.min(axes), 0), np.maximum(value.max(axes), 0)
            if least is not None:
                lowest = np.full_like(lowest, least)
            if symmetric:
                highest = np.maximum(-lowest, highest)
                lowest = -highest
            session.run([low.assign(lowest), high.assign(highest)])


def freeze(build, shape):
    graph = tf.Graph()
    with graph.as_default():
        training = Training()
        x = V1.placeholder(tf.float32, [None, *shape], "input")
        outputs = build(training, x)
        with V1.Session() as session:
            session.run(V1.global_variables_initializer())
            rng = np.random.default_rng(3)
            training.settle(session, {x: rng.uniform(-1, 1, [16, *shape]).astype("f")})
            names = [output.op.name for output in outputs]
            frozen = V1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), names)
    return frozen, x.name, [output.name for output in outputs]


def folded(t, x):
    """As tf.contrib.quantize exports: batch norm folded into the weights before they are fake-quantized, one
    asymmetric narrow range per layer; depthwise layers, a residual sum, a pooling, a matrix product."""

    def norm(scope, channels, shape):
        gamma, beta = t.variable([channels], 0.6, 1.4), t.variable([channels], -0.3, 0.3)
        mean, variance = t.variable([channels], -0.2, 0.2), t.variable([channels], 0.3, 2.0)
        factor = tf.multiply(gamma, tf.math.rsqrt(variance + 1e-3), name=scope + "/BatchNorm_Fold/mul")
        return tf.reshape(factor, shape), beta - mean * factor

    def layer(scope, x, w, shape, channels, operation, act=tf.nn.relu6):
        factor, bias = norm(scope, channels, shape)
        w = t.fake(tf.multiply(w, factor, name=scope + "/mul_fold"), scope + "/weights_quant", narrow=True)
        x = tf.add(operation(x, w), bias, name=scope + "/add_fold")
        return act(x) if act else x

    def conv(scope, x, filters, kernel, stride=1, act=tf.nn.relu6):
        w = t.weights([kernel, kernel, x.shape[3], filters])
        operation = lambda x, w: tf.nn.conv2d(x, w, stride, "SAME", name=scope + "/Conv2D_Fold")
        return layer(scope, x, w, [filters], filters, operation, act)

    def depthwise(scope, x, stride):
        channels = x.shape[3]
        w = t.variable([3, 3, channels, 1], -0.6, 0.6)
        operation = lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, stride, stride, 1], "SAME", name=scope + "/depthwise_Fold")
        return layer(scope, x, w, [channels, 1], channels, operation)

    x = t.fake(x, "input_quant")
    x = t.fake(conv("conv", x, 16, 3, 2), "conv/act_quant")
    y = t.fake(conv("expand", x, 32, 1), "expand/act_quant")
    y = t.fake(depthwise("dw", y, 1), "dw/act_quant")
    y = t.fake(conv("project", y, 16, 1, act=None), "project/conv_quant")
    x = t.fake(x + y, "add_quant")
    x = t.fake(depthwise("dw2", x, 2), "dw2/act_quant")
    x = tf.nn.avg_pool2d(x, 4, 4, "VALID", name="pool/AvgPool")
    x = tf.reshape(t.fake(x, "pool/act_quant"), [-1, 16])
    w = t.fake(t.weights([16, 10]), "fc/weights_quant", narrow=True)
    x = tf.nn.bias_add(tf.matmul(x, w, name="fc/MatMul"), t.variable([10]), name="fc/BiasAdd")
    return [t.fake(x, "fc/act_quant")]


def channels(t, x):
    """As tfmot exports: one symmetric narrow range per output channel, batch norm behind the convolution;
    transposed weights, branches of two ranges that are concatenated, a padded convolution, a float head."""

    def norm(x, name):
        n = x.shape[3]
        statistics = [t.variable([n], low, high) for low, high in [(-1.4, 1.4), (-0.3, 0.3), (-0.2, 0.2), (0.3, 2.0)]]
        return V1.nn.fused_batch_norm(x, *statistics, epsilon=1e-3, is_training=False, name=name)[0]

    def conv(name, x, filters, kernel, stride=1, padding="SAME"):
        w = t.fake(t.weights([kernel, kernel, x.shape[3], filters]), name + "/kernel", filters, True, True)
        x = norm(tf.nn.conv2d(x, w, stride, padding, name=name + "/Conv2D"), name + "/bn")
        return t.fake(tf.nn.relu(x), name + "/relu")

    x = t.fake(x, "quantize_layer", low=-1.0)
    x = conv("stem", x, 16, 3, 2)
    x = tf.concat([conv("left", x, 8, 1), conv("right", x, 8, 3)], 3)
    x = tf.nn.max_pool2d(x, 2, 2, "VALID")
    x = conv("padded", tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), 12, 3, 1, "VALID")
    # The output channels of a transposed filter are not its last axis.
    w = t.fake(tf.transpose(t.weights([2, 2, 8, 12]), [0, 1, 3, 2]), "up/kernel", 8, True, True)
    w = tf.transpose(w, [0, 1, 3, 2])
    batch = tf.shape(x)[0]
    x = tf.nn.conv2d_transpose(x, w, tf.stack([batch, 16, 16, 8]), 2, "SAME", name="up/conv2d_transpose")
    x = t.fake(tf.nn.relu(tf.nn.bias_add(x, t.variable([8]), name="up/BiasAdd")), "up/relu")
    # Not trained with quantized weights: stays float.
    head = tf.nn.conv2d(x, t.weights([1, 1, 8, 3]), 1, "SAME", name="head/Conv2D")
    return [tf.identity(head, "scores")]


for name, build, shape in [("qat_folded", folded, [16, 16, 3]), ("qat_channels", channels, [32, 32, 3])]:
    save(HERE, name, freeze(build, shape), shape)
