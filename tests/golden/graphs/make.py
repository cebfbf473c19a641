"""Makes the small frozen graphs of this folder and TensorFlow's outputs for them.

    python make.py            # the small graphs, into this folder
    python make.py --large D  # ResNet50, InceptionV3, ... of tf.keras.applications, into folder D

Needs tensorflow-cpu 2.21. Weights are random with batch norm statistics of a realistic spread.
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

L = keras.layers
HERE = os.path.dirname(os.path.abspath(__file__))


def settle(model, seed=7):
    """Gives every batch norm statistics as training leaves them."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            n = layer.moving_mean.shape[0]
            if layer.gamma is not None:
                layer.gamma.assign(rng.uniform(0.6, 1.4, n).astype("f"))
            if layer.beta is not None:
                layer.beta.assign(rng.normal(0, 0.3, n).astype("f"))
            layer.moving_mean.assign(rng.normal(0, 0.2, n).astype("f"))
            layer.moving_variance.assign(rng.uniform(0.3, 2.0, n).astype("f"))


def freeze_keras(model, shape):
    settle(model)
    spec = tf.TensorSpec([None] + list(shape), tf.float32, name="input")
    function = tf.function(lambda input: model(input, training=False)).get_concrete_function(spec)
    frozen = convert_variables_to_constants_v2(function)
    outputs = [tensor.name for tensor in frozen.outputs]
    return frozen.graph.as_graph_def(), frozen.inputs[0].name, outputs


tf.compat.v1.disable_control_flow_v2()


def freeze_v1(build):
    """`build` makes a graph under tf.compat.v1 and returns its input and outputs."""
    v1 = tf.compat.v1
    graph = tf.Graph()
    with graph.as_default():
        v1.set_random_seed(3)
        x, outputs = build(v1)
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            names = [output.op.name for output in outputs]
            frozen = v1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), names)
    return frozen, x.name, [output.name for output in outputs]


def save(folder, name, frozen, shape, batch=2):
    graph_def, input_name, outputs = frozen
    with open(os.path.join(folder, name + ".pb"), "wb") as file:
        file.write(graph_def.SerializeToString(deterministic=True))
    rng = np.random.default_rng(11)
    x = rng.uniform(-1, 1, [batch] + list(shape)).astype("f")
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(graph_def, name="")
        config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
        config.graph_options.rewrite_options.disable_meta_optimizer = True
        with tf.compat.v1.Session(config=config) as session:
            values = session.run(outputs, {input_name: x})
    np.save(os.path.join(folder, name + ".input.npy"), x)
    for index, value in enumerate(values):
        np.save(os.path.join(folder, f"{name}.output{index}.npy"), value)
    with open(os.path.join(folder, name + ".names"), "w") as file:
        file.write("\n".join([input_name.removesuffix(":0")] + [o.removesuffix(":0") for o in outputs]) + "\n")
    print(name, len(graph_def.node), "nodes,", [value.shape for value in values])


def conv_bn(x, filters, kernel, strides=1, act="relu", **more):
    x = L.Conv2D(filters, kernel, strides, "same", use_bias=False, **more)(x)
    x = L.BatchNormalization()(x)
    return L.Activation(act)(x) if act else x


def resnet():
    inputs = x = L.Input([32, 32, 3])
    x = L.ZeroPadding2D(3)(x)
    x = L.Conv2D(16, 7, 2)(x)
    x = L.BatchNormalization()(x)
    x = L.ReLU()(x)
    x = L.ZeroPadding2D(1)(x)
    x = L.MaxPooling2D(3, 2)(x)
    for filters, stride in [(16, 1), (32, 2)]:
        y = conv_bn(x, filters, 1, stride)
        y = conv_bn(y, filters, 3)
        y = conv_bn(y, 2 * filters, 1, act=None)
        shortcut = conv_bn(x, 2 * filters, 1, stride, act=None)
        x = L.ReLU()(L.Add()([y, shortcut]))
    x = L.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, L.Dense(10, activation="softmax")(x))


def inception():
    inputs = x = L.Input([24, 24, 3])
    x = conv_bn(x, 16, 3, 2)
    branches = [
        conv_bn(x, 8, 1),
        conv_bn(conv_bn(conv_bn(x, 8, 1), 8, (1, 5)), 8, (5, 1)),
        conv_bn(L.AveragePooling2D(3, 1, "same")(x), 8, 1),
        L.MaxPooling2D(3, 1, "same")(x),
    ]
    x = L.Concatenate()(branches)
    x = L.AveragePooling2D(12)(x)
    return keras.Model(inputs, L.Dense(7)(L.Flatten()(x)))


def efficientnet():
    inputs = x = L.Input([32, 32, 3])
    x = conv_bn(x, 16, 3, 2, "swish")
    for filters, stride in [(24, 2), (24, 1)]:
        y = conv_bn(x, 32, 1, act="swish")
        y = L.DepthwiseConv2D(3, stride, "same", use_bias=False)(y)
        y = L.Activation("swish")(L.BatchNormalization()(y))
        s = L.GlobalAveragePooling2D(keepdims=True)(y)
        s = L.Conv2D(8, 1, activation="swish")(s)
        s = L.Conv2D(32, 1, activation="sigmoid")(s)
        y = conv_bn(L.Multiply()([y, s]), filters, 1, act=None)
        x = L.Add()([x, y]) if stride == 1 else y
    x = L.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, L.Dense(10, activation="softmax")(x))


def unet():
    inputs = x = L.Input([32, 32, 3])
    a = conv_bn(x, 8, 3)
    b = conv_bn(L.MaxPooling2D(2)(a), 16, 3)
    c = conv_bn(L.MaxPooling2D(2)(b), 24, 3, dilation_rate=2)
    x = L.Conv2DTranspose(16, 3, 2, "same")(c)
    x = conv_bn(L.Concatenate()([x, b]), 16, 3, act="leaky_relu")
    x = L.Conv2DTranspose(8, 2, 2, use_bias=False)(x)
    x = L.ReLU()(L.BatchNormalization()(x))
    x = L.UpSampling2D(2, interpolation="bilinear")(L.AveragePooling2D(2)(x))
    x = conv_bn(L.Concatenate()([x, a]), 8, 3)
    return keras.Model(inputs, L.Conv2D(2, 1, activation="sigmoid")(x))


class Layers:
    """The few layers that these graphs need, on plain variables."""

    def __init__(self, v1):
        self.v1, self.count = v1, 0

    def variable(self, shape, initializer=None):
        self.count += 1
        return self.v1.get_variable(f"v{self.count}", shape, initializer=initializer)

    def conv2d(self, x, filters, kernel, strides=1, padding="same", use_bias=True, activation=None):
        kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
        strides = (strides, strides) if isinstance(strides, int) else strides
        w = self.variable([*kernel, x.shape[3], filters])
        x = tf.nn.conv2d(x, w, [1, *strides, 1], padding.upper())
        if use_bias:
            x = tf.nn.bias_add(x, self.variable([filters], self.v1.random_normal_initializer(0, 0.2, seed=9)))
        return activation(x) if activation else x

    def dense(self, x, units, activation=None, name=None):
        x = tf.matmul(x, self.variable([x.shape[1], units]))
        x = tf.nn.bias_add(x, self.variable([units], self.v1.random_normal_initializer(0, 0.2, seed=9)), name=name)
        return activation(x) if activation else x

    def batch_norm(self, x):
        """The small operations that fused=False gives."""
        v1, n = self.v1, x.shape[3]
        mean = self.variable([n], v1.random_normal_initializer(0, 0.2, seed=5))
        variance = self.variable([n], v1.random_uniform_initializer(0.3, 2.0, seed=6))
        beta = self.variable([n], v1.random_normal_initializer(0, 0.3, seed=7))
        gamma = self.variable([n], v1.random_uniform_initializer(0.6, 1.4, seed=8))
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-3)

    def flatten(self, x):
        return tf.reshape(x, [-1, int(np.prod(x.shape[1:]))])


def mobilenet_v1(v1):
    """TF1, batch norm of small operations, relu6, depthwise multiplier 2 once, FC head."""
    layers = Layers(v1)

    def norm(x):
        return tf.nn.relu6(layers.batch_norm(x))

    x = inputs = v1.placeholder(tf.float32, [None, 32, 32, 3], "input")
    x = norm(layers.conv2d(x, 16, 3, 2, "same", use_bias=False))
    channels = 16
    for index, (filters, stride, multiplier) in enumerate([(24, 1, 1), (32, 2, 2), (48, 2, 1)]):
        w = v1.get_variable(f"dw{index}", [3, 3, channels, multiplier])
        x = norm(tf.nn.depthwise_conv2d(x, w, [1, stride, stride, 1], "SAME"))
        x = norm(layers.conv2d(x, filters, 1, 1, "same", use_bias=False))
        channels = filters
    x = tf.nn.avg_pool2d(x, 4, 4, "VALID")
    x = layers.flatten(x)
    keep = v1.placeholder_with_default(1.0, [], "keep_prob")
    x = v1.nn.dropout(x, keep_prob=keep)
    x = layers.dense(x, 10)
    return inputs, [tf.nn.softmax(x, name="probabilities")]


def ssd(v1):
    """Two heads on two maps, boxes and scores concatenated, as detectors export them."""
    layers = Layers(v1)
    x = inputs = v1.placeholder(tf.float32, [None, 32, 32, 3], "input")
    x = layers.conv2d(x, 16, 3, 2, "same", activation=tf.nn.relu6)
    first = layers.conv2d(x, 24, 3, 2, "same", activation=tf.nn.relu6)
    second = layers.conv2d(first, 32, 3, 2, "same", activation=tf.nn.relu6)
    boxes, scores = [], []
    for feature in (first, second):
        batch = tf.shape(feature)[0]
        b = layers.conv2d(feature, 3 * 4, 3, 1, "same")
        c = layers.conv2d(feature, 3 * 5, 3, 1, "same")
        boxes.append(tf.reshape(b, tf.stack([batch, -1, 4])))
        scores.append(tf.reshape(c, tf.stack([batch, -1, 5])))
    boxes = tf.concat(boxes, 1, name="boxes")
    scores = tf.sigmoid(tf.concat(scores, 1), name="scores")
    return inputs, [boxes, scores]


def audio(v1):
    """A 1-D net written as Conv2D over [1, time]."""
    layers = Layers(v1)
    x = inputs = v1.placeholder(tf.float32, [None, 256, 4], "input")
    x = tf.expand_dims(x, 1)
    for filters, stride in [(16, 2), (24, 2), (32, 4)]:
        x = layers.conv2d(x, filters, (1, 9), (1, stride), "same", activation=tf.nn.elu)
    x = tf.transpose(tf.squeeze(x, [1]), [0, 2, 1])
    x = tf.reduce_max(x, axis=-1)
    return inputs, [tf.nn.log_softmax(layers.dense(x, 12), name="log_probabilities")]


def dilated(v1):
    """Dilation by SpaceToBatchND, group convolution by Split, a learned bias as a plain Add."""
    layers = Layers(v1)
    x = inputs = v1.placeholder(tf.float32, [None, 20, 20, 8], "input")
    x = layers.conv2d(x, 16, 3, 1, "same", activation=tf.nn.relu)
    w = v1.get_variable("atrous", [3, 3, 16, 16])
    y = tf.space_to_batch_nd(x, [2, 2], [[2, 2], [2, 2]])
    y = tf.nn.conv2d(y, w, [1, 1, 1, 1], "VALID")
    y = tf.batch_to_space(y, [2, 2], [[0, 0], [0, 0]])
    y = tf.nn.relu(tf.add(y, v1.get_variable("offset", [16], initializer=v1.random_normal_initializer())))
    groups = [layers.conv2d(part, 6, 3, 1, "same", use_bias=False) for part in tf.split(y, 4, 3)]
    y = tf.concat(groups, 3) * 0.5
    y = tf.image.resize(y, [40, 40], "nearest")
    y = layers.conv2d(y, 3, 1)
    return inputs, [tf.argmax(y, 3, name="labels"), tf.identity(y, "scores")]


def gated(v1):
    """A frozen is_training condition (Switch and Merge) around dropout, MatMul layers."""
    layers = Layers(v1)
    x = inputs = v1.placeholder(tf.float32, [None, 12, 12, 4], "input")
    training = v1.placeholder_with_default(False, [], "is_training")
    x = layers.conv2d(x, 12, 3, 2, "valid", activation=tf.nn.relu)
    x = layers.flatten(x)
    x = v1.cond(training, lambda: v1.nn.dropout(x, rate=0.5), lambda: tf.identity(x))
    x = layers.dense(x, 32, activation=tf.nn.relu)
    x = v1.cond(training, lambda: v1.nn.dropout(x, rate=0.5), lambda: tf.identity(x))
    return inputs, [layers.dense(x, 5, name="logits")]


def small():
    keras.utils.set_random_seed(1)
    for name, build, shape in [("resnet", resnet, [32, 32, 3]), ("inception", inception, [24, 24, 3]),
                               ("efficientnet", efficientnet, [32, 32, 3]), ("unet", unet, [32, 32, 3])]:
        save(HERE, name, freeze_keras(build(), shape), shape)
    for name, build, shape in [("mobilenet_v1", mobilenet_v1, [32, 32, 3]), ("ssd", ssd, [32, 32, 3]),
                               ("audio", audio, [256, 4]), ("dilated", dilated, [20, 20, 8]),
                               ("gated", gated, [12, 12, 4])]:
        save(HERE, name, freeze_v1(build), shape)


def large(folder):
    os.makedirs(folder, exist_ok=True)
    keras.utils.set_random_seed(1)
    A = keras.applications
    for name, build, size in [("ResNet50", A.ResNet50, 128), ("InceptionV3", A.InceptionV3, 139),
                              ("EfficientNetB0", A.EfficientNetB0, 128), ("MobileNet", A.MobileNet, 128),
                              ("DenseNet121", A.DenseNet121, 96), ("Xception", A.Xception, 96)]:
        shape = [size, size, 3]
        save(folder, name, freeze_keras(build(weights=None, input_shape=shape), shape), shape)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--large":
        large(sys.argv[2])
    else:
        small()
