"""Keras models over vectors, sequences and several inputs, and those that go through single layers and operations.

Each function builds one model from scratch; its weights are random. All stay below some tens of kilobytes.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from keras import Input, Model, Sequential, layers, ops

from tests.corpus import VOCABULARY


def mlp() -> Model:
    return Sequential(
        [
            Input((12,)),
            layers.Dense(24, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(16, activation="relu"),
            layers.Dense(4, activation="softmax"),
        ]
    )


def regression() -> Model:
    """Smooth activations and a linear output, as for sensors."""
    return Sequential(
        [
            Input((6,)),
            layers.Normalization(mean=0.3, variance=2.0),
            layers.Dense(16, activation="tanh"),
            layers.Dense(16, activation="sigmoid"),
            layers.Dense(2),
        ]
    )


def autoencoder() -> Model:
    vector = Input((40,))
    x = vector
    for units in (24, 4, 24):
        x = layers.ReLU()(layers.BatchNormalization()(layers.Dense(units)(x)))
    return Model(vector, layers.Dense(40)(x))


def activations() -> Model:
    """Every activation for which TFLM has an int8 kernel, one after the other."""
    vector = Input((20,))
    x = layers.LeakyReLU(negative_slope=0.2)(layers.Dense(16)(vector))
    x = layers.PReLU()(layers.Dense(16)(x))
    x = layers.ELU()(layers.Dense(16)(x))
    x = layers.Activation("tanh")(layers.Dense(16)(x))
    x = layers.Activation("hard_swish")(layers.Dense(16)(x))
    x = layers.ReLU(max_value=6.0)(layers.Dense(16)(x))
    return Model(vector, layers.Activation("sigmoid")(layers.Dense(3)(x)))


def bounded_activations() -> Model:
    """ReLUs with other bounds, SiLU and hard sigmoid, which the converter spells out in several operators."""
    vector = Input((10,), batch_size=1)
    x = layers.ReLU(max_value=1.0)(layers.Dense(12)(vector))
    x = layers.ReLU(max_value=3.0, negative_slope=0.1)(layers.Dense(12)(x))
    x = layers.Activation("silu")(layers.Dense(12)(x))
    x = layers.Activation("hard_tanh")(layers.Dense(12)(x))
    return Model(vector, layers.Activation("hard_sigmoid")(layers.Dense(3)(x)))


def relu_from_a_threshold() -> Model:
    """A ReLU that begins above 0, as a SELECT."""
    vector = Input((10,))
    return Model(vector, layers.Dense(3)(layers.ReLU(threshold=0.25)(layers.Dense(12)(vector))))


def selu() -> Model:
    """With an exponential in int8."""
    vector = Input((10,))
    return Model(vector, layers.Dense(3)(layers.Activation("selu")(layers.Dense(12)(vector))))


def softplus() -> Model:
    """log(1 + exp(x)), with a logarithm in int8."""
    vector = Input((10,))
    return Model(vector, layers.Dense(3)(layers.Activation("softplus")(layers.Dense(12)(vector))))


def float_islands() -> Model:
    """What has no int8 kernel in TensorFlow Lite: the converter goes to float32 and back."""
    vector = Input((10,))
    x = layers.ELU()(layers.Dense(12)(vector))
    x = ops.square(layers.Dense(8)(x))
    x = ops.floor(layers.Dense(8)(x)) + ops.ceil(layers.Dense(8)(x))
    x = ops.round(3.0 * layers.Dense(8)(x))
    return Model(vector, layers.Dense(3)(ops.negative(ops.elu(-layers.Dense(8)(x)))))


def comparisons() -> Model:
    """A choice between the rows of two inputs, by a score for each row."""
    first, second = Input((6, 4), batch_size=1), Input((6, 4), batch_size=1)
    score, other = layers.Dense(1)(first), layers.Dense(1)(second)
    rows = ops.where(ops.logical_and(score > other, other <= 0.5), first, second)
    return Model([first, second], layers.Dense(3)(rows))


def comparison_of_elements() -> Model:
    """The larger of two vectors, element by element."""
    first, second = Input((12,)), Input((12,))
    x, y = layers.Dense(12)(first), layers.Dense(12)(second)
    return Model([first, second], layers.Dense(3)(ops.where(x > y, x, y)))


def gelu() -> Model:
    vector = Input((10,))
    return Model(vector, layers.Dense(3)(layers.Activation("gelu")(layers.Dense(12)(vector))))


def gelu_by_tanh() -> Model:
    """The approximation that many transformers use, written out."""
    vector = Input((10,), batch_size=1)
    x = layers.Dense(12)(vector)
    inner = layers.Activation("tanh")(0.7978845608 * (x + 0.044715 * x * x * x))
    return Model(vector, layers.Dense(3)(0.5 * x * (1.0 + inner)))


def softsign() -> Model:
    """x / (1 + abs(x)), with a division."""
    vector = Input((10,))
    return Model(vector, layers.Dense(3)(layers.Activation("softsign")(layers.Dense(12)(vector))))


def keyword_conv1d() -> Model:
    signal = Input((49, 10))
    x = layers.Conv1D(12, 5, strides=2, activation="relu")(signal)
    x = layers.MaxPooling1D(2)(x)
    x = layers.Conv1D(12, 3, padding="same")(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.SeparableConv1D(16, 3, activation="relu")(x)
    x = layers.AveragePooling1D(2)(x)
    return Model(signal, layers.Dense(4, activation="softmax")(layers.Flatten()(x)))


def tcn() -> Model:
    """Dilated causal convolutions with residuals; the classifier reads the last step."""
    signal = Input((32, 4), batch_size=1)
    x = layers.Conv1D(8, 1)(signal)
    for dilation in (1, 2, 4):
        y = layers.Conv1D(8, 3, dilation_rate=dilation, padding="causal", activation="relu")(x)
        x = layers.Add()([x, layers.Conv1D(8, 1)(y)])
    return Model(signal, layers.Dense(3)(x[:, -1, :]))


def gru_unrolled() -> Model:
    signal = Input((6, 5), batch_size=1)
    x = layers.GRU(8, unroll=True)(signal)
    return Model(signal, layers.Dense(3, activation="softmax")(x))


def gru_of_any_batch() -> Model:
    """The batch is unknown to Keras, so that the initial state's shape is computed in the model."""
    signal = Input((4, 3))
    x = layers.GRU(6, unroll=True, reset_after=False, return_sequences=True)(signal)
    return Model(signal, layers.Dense(2)(layers.Flatten()(x)))


def lstm_unrolled() -> Model:
    signal = Input((5, 4), batch_size=1)
    x = layers.LSTM(6, unroll=True, return_sequences=True)(signal)
    x = layers.SimpleRNN(6, unroll=True)(x)
    return Model(signal, layers.Dense(2, activation="sigmoid")(x))


def transformer() -> Model:
    """One encoder layer, normalised first."""
    tokens = Input((8, 16), batch_size=1)
    x = layers.LayerNormalization()(tokens)
    x = layers.Add()([tokens, layers.MultiHeadAttention(2, 8)(x, x)])
    y = layers.LayerNormalization()(x)
    y = layers.Dense(16)(layers.Dense(32, activation="relu")(y))
    x = layers.Add()([x, y])
    return Model(tokens, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling1D()(x)))


def attention_pooling() -> Model:
    """A softmax over time that weighs the steps, by a dot product."""
    signal = Input((12, 8), batch_size=1)
    x = layers.Conv1D(8, 3, padding="same", activation="relu")(signal)
    weights = layers.Softmax(axis=1)(layers.Dense(1)(x))
    pooled = layers.Flatten()(layers.Dot(axes=1)([weights, x]))
    return Model(signal, layers.Dense(4)(pooled))


def embedding() -> Model:
    ids = Input((10,), dtype="int32")
    x = EmbeddingTable(8)(ids)
    x = layers.Conv1D(8, 3, activation="relu")(x)
    return Model(ids, layers.Dense(2, activation="softmax")(layers.GlobalMaxPooling1D()(x)))


def embedding_of_keras() -> Model:
    """Keras' own layer, which allows for negative ids, with a SELECT."""
    ids = Input((10,), dtype="int32")
    x = layers.Embedding(VOCABULARY, 8)(ids)
    return Model(ids, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


class EmbeddingTable(layers.Layer):
    """One row of a trained table for each id."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._table = self.add_weight(shape=(VOCABULARY, size), name="table")

    def call(self, ids: Any) -> Any:
        return tf.gather(self._table, ids)


def mixer() -> Model:
    """Patches mixed along both axes, by Permute."""
    image = Input((8, 8, 2), batch_size=1)
    x = layers.Reshape((16, 16))(layers.Conv2D(16, 2, strides=2)(image))
    y = layers.Permute((2, 1))(layers.LayerNormalization()(x))
    y = layers.Permute((2, 1))(layers.Dense(16, activation="relu")(y))
    x = layers.Add()([x, y])
    x = layers.Add()([x, layers.Dense(16)(layers.Dense(24, activation="relu")(x))])
    return Model(image, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))


def two_inputs() -> Model:
    """An image and measured values."""
    image, values = Input((10, 10, 1)), Input((5,))
    x = layers.Flatten()(layers.Conv2D(4, 3, strides=2, activation="relu")(image))
    y = layers.Dense(8, activation="relu")(values)
    x = layers.Concatenate()([layers.Dense(8)(x), y])
    return Model([image, values], layers.Dense(2, activation="softmax")(x))


def merges() -> Model:
    """Every merging layer of Keras."""
    first, second = Input((6, 6, 4)), Input((6, 6, 4))
    x = layers.Conv2D(4, 1)(first)
    joined = [
        layers.Add()([x, second]),
        layers.Subtract()([x, second]),
        layers.Multiply()([x, second]),
        layers.Maximum()([x, second]),
        layers.Minimum()([x, second]),
        layers.Average()([x, second]),
    ]
    x = layers.Conv2D(4, 1)(layers.Concatenate()(joined))
    return Model([first, second], layers.Add()([x, first, second]))


def siamese() -> Model:
    """One encoder over two inputs; the distance of their normalised codes."""
    first, second = Input((14,)), Input((14,))
    encoder = Sequential([layers.Dense(12, activation="relu"), layers.Dense(8), layers.UnitNormalization()])
    difference = ops.square(encoder(first) - encoder(second))
    return Model([first, second], layers.Dense(1, activation="sigmoid")(difference))


def embedding_unit_length() -> Model:
    """A face or speaker embedding: L2 normalised, by TensorFlow's operator."""
    image = Input((12, 12, 1))
    x = layers.Conv2D(8, 3, strides=2, activation="relu")(image)
    x = layers.Dense(16)(layers.GlobalAveragePooling2D()(x))
    return Model(image, layers.Lambda(lambda code: tf.math.l2_normalize(code, axis=-1))(x))


def class_index() -> Model:
    """The answer is the class, not its score."""
    vector = Input((8,))
    x = layers.Dense(5)(layers.Dense(12, activation="relu")(vector))
    return Model(vector, layers.Lambda(lambda scores: tf.argmax(scores, axis=-1, output_type=tf.int32))(x))


def split_and_slice() -> Model:
    """Channels split and shuffled, as in ShuffleNet, and rows cut out."""
    image = Input((8, 8, 8), batch_size=1)
    left, right = ops.split(image, 2, axis=-1)
    right = layers.Conv2D(4, 3, padding="same", activation="relu")(right)
    x = layers.Concatenate()([left, right])
    x = layers.Reshape((8, 8, 2, 4))(x)
    x = layers.Reshape((8, 8, 8))(layers.Permute((1, 2, 4, 3))(x))
    x = x[:, 1:7:2, ::-1, 2:6]
    return Model(image, layers.Dense(3)(layers.Flatten()(x)))


def reductions() -> Model:
    """Mean, sum, largest and smallest over several axes."""
    image = Input((6, 5, 8), batch_size=1)
    x = layers.Conv2D(8, 3, padding="same")(image)
    parts = [
        ops.mean(x, axis=(1, 2)),
        ops.reshape(ops.mean(x, axis=3, keepdims=True), (1, 30)),
        ops.sum(x, axis=(1, 2)),
        ops.max(x, axis=(1, 2)),
        ops.reshape(ops.min(x, axis=2), (1, 48)),
    ]
    return Model(image, layers.Dense(3)(layers.Concatenate()(parts)))


def resizes() -> Model:
    """Resized by nearest neighbours and bilinearly, by whole factors and by others."""
    image = Input((8, 6, 3), batch_size=1)
    nearest = layers.Resizing(12, 10, interpolation="nearest")(image)
    bilinear = layers.Resizing(12, 10, interpolation="bilinear")(layers.Conv2D(3, 3)(image))
    x = layers.Subtract()([nearest, bilinear])
    x = layers.Lambda(lambda images: tf.image.resize(images, (5, 5), method="nearest"))(x)
    return Model(image, layers.Conv2D(2, 3)(x))


def rearrangements() -> Model:
    """Depth to space and back, reflected borders, transposed axes, a gather, a tile by broadcast."""
    image = Input((6, 6, 4), batch_size=1)
    x = layers.Lambda(lambda images: tf.nn.depth_to_space(images, 2))(layers.Conv2D(8, 3, padding="same")(image))
    x = layers.Lambda(lambda images: tf.pad(images, [[0, 0], [1, 1], [2, 2], [0, 0]], "REFLECT"))(x)
    x = layers.Conv2D(4, 3, activation="relu")(x)
    x = layers.Lambda(lambda images: tf.nn.space_to_depth(images, 2))(x)
    x = layers.Permute((3, 1, 2))(x)
    x = layers.Lambda(lambda images: tf.gather(images, [3, 0, 7], axis=1))(x)
    stacked = ops.stack([x, -x], axis=2)
    return Model(image, layers.Dense(2)(layers.Flatten()(stacked)))


def wavenet() -> Model:
    """Gated convolutions: tanh times sigmoid, with residuals and skips that are summed."""
    signal = Input((24, 2), batch_size=1)
    x: Any = layers.Conv1D(6, 1)(signal)
    skips = []
    for dilation in (1, 2, 4):
        filtered = layers.Conv1D(6, 2, dilation_rate=dilation, padding="causal", activation="tanh")(x)
        gate = layers.Conv1D(6, 2, dilation_rate=dilation, padding="causal", activation="sigmoid")(x)
        x_gated = layers.Multiply()([filtered, gate])
        skips.append(layers.Conv1D(6, 1)(x_gated))
        x = layers.Add()([x, layers.Conv1D(6, 1)(x_gated)])
    x = layers.ReLU()(layers.Add()(skips))
    return Model(signal, layers.Conv1D(4, 1, activation="softmax")(x))


MODELS = {
    builder.__name__: builder
    for builder in (
        mlp,
        regression,
        autoencoder,
        activations,
        bounded_activations,
        relu_from_a_threshold,
        selu,
        softplus,
        float_islands,
        comparisons,
        comparison_of_elements,
        gelu,
        gelu_by_tanh,
        softsign,
        keyword_conv1d,
        tcn,
        gru_unrolled,
        gru_of_any_batch,
        lstm_unrolled,
        transformer,
        attention_pooling,
        embedding,
        embedding_of_keras,
        mixer,
        two_inputs,
        merges,
        siamese,
        embedding_unit_length,
        class_index,
        split_and_slice,
        reductions,
        resizes,
        rearrangements,
        wavenet,
    )
}
"""Every model of this module by its name."""
