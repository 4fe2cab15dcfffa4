"""Keras models over images: classifiers, encoders with decoders, detectors.

Each function builds one model from scratch; its weights are random. All stay below some tens of kilobytes.
"""

from __future__ import annotations

from typing import Any

from keras import Input, Model, layers


def cnn() -> Model:
    image = Input((16, 16, 1))
    x = layers.Conv2D(8, 3, activation="relu")(image)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    return Model(image, layers.Dense(10, activation="softmax")(x))


def cnn_with_batch_norm() -> Model:
    """Normalisation before and after the activation: only the first folds into the convolution."""
    image = Input((15, 17, 3))
    x = layers.ZeroPadding2D(((2, 1), (0, 3)))(image)
    x = layers.Conv2D(8, 5, strides=2, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.Conv2D(12, (1, 3), activation="relu")(x)
    x = layers.BatchNormalization()(x)
    x = layers.AveragePooling2D((2, 3), padding="same")(x)
    x = layers.GlobalMaxPooling2D()(x)
    return Model(image, layers.Dense(4)(x))


def mobilenet_v1() -> Model:
    image = Input((32, 32, 3))
    x = _conv_bn(image, 8, 3, 2, "relu6")
    for filters, stride in ((16, 1), (24, 2), (24, 1), (32, 2)):
        x = _depthwise_bn(x, 3, stride, "relu6")
        x = _conv_bn(x, filters, 1, 1, "relu6")
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Conv2D(6, 1)(x)
    return Model(image, layers.Softmax()(layers.Reshape((6,))(x)))


def mobilenet_v2() -> Model:
    image = Input((32, 32, 3))
    x = _conv_bn(image, 8, 3, 2, "relu6")
    for filters, stride in ((8, 1), (12, 2), (12, 1), (16, 2), (16, 1)):
        x = _inverted_residual(x, filters, stride, "relu6")
    x = _conv_bn(x, 48, 1, 1, "relu6")
    x = layers.GlobalAveragePooling2D()(x)
    return Model(image, layers.Dense(5, activation="softmax")(x))


def mobilenet_v3() -> Model:
    """Keras' own hard-swish and squeeze-and-excite, as in its MobileNetV3Small."""
    image = Input((32, 32, 3))
    x = layers.Rescaling(scale=1 / 127.5, offset=-1.0)(image)
    x = _conv_bn(x, 8, 3, 2, "hard_silu")
    for filters, stride, excited in ((8, 2, True), (12, 1, False), (12, 1, True)):
        x = _inverted_residual(x, filters, stride, "hard_silu", "hard_sigmoid" if excited else None)
    x = _conv_bn(x, 32, 1, 1, "hard_silu")
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Conv2D(24, 1, activation="hard_silu")(x)
    x = layers.Dropout(0.2)(x)
    x = layers.Conv2D(5, 1)(x)
    return Model(image, layers.Softmax()(layers.Flatten()(x)))


def efficientnet() -> Model:
    image = Input((24, 24, 3))
    x = _conv_bn(image, 8, 3, 2, "swish")
    for filters, stride in ((12, 2), (12, 1), (16, 2)):
        x = _inverted_residual(x, filters, stride, "swish", "sigmoid")
    x = _conv_bn(x, 32, 1, 1, "swish")
    x = layers.GlobalAveragePooling2D()(x)
    return Model(image, layers.Dense(4, activation="softmax")(x))


def resnet() -> Model:
    image = Input((16, 16, 3))
    x = _conv_bn(image, 8, 3, 1, "relu")
    for filters, stride in ((8, 1), (16, 2), (16, 1)):
        shortcut = x
        x = _conv_bn(x, filters, 3, stride, "relu")
        x = _conv_bn(x, filters, 3, 1, None)
        if stride != 1 or shortcut.shape[-1] != filters:
            shortcut = _conv_bn(shortcut, filters, 1, stride, None)
        x = layers.ReLU()(layers.Add()([x, shortcut]))
    x = layers.AveragePooling2D(8)(x)
    return Model(image, layers.Dense(10, activation="softmax")(layers.Flatten()(x)))


def densenet() -> Model:
    """Concatenations that grow, with normalisation before the convolution, which cannot fold."""
    image = Input((12, 12, 3))
    x = layers.Conv2D(8, 3, padding="same")(image)
    for _ in range(3):
        y = layers.BatchNormalization()(x)
        y = layers.Activation("relu")(y)
        y = layers.Conv2D(6, 3, padding="same")(y)
        x = layers.Concatenate()([x, y])
    x = layers.AveragePooling2D(2)(x)
    x = layers.GlobalAveragePooling2D()(x)
    return Model(image, layers.Dense(3)(x))


def inception() -> Model:
    image = Input((14, 14, 2))
    branches = [
        layers.Conv2D(4, 1, activation="relu")(image),
        layers.Conv2D(4, 3, padding="same", activation="relu")(image),
        layers.Conv2D(4, 5, padding="same", activation="tanh")(image),
        layers.Conv2D(4, 1)(layers.MaxPooling2D(3, strides=1, padding="same")(image)),
    ]
    x = layers.Concatenate()(branches)
    x = layers.Conv2D(8, 3, groups=2, strides=(2, 1), activation="relu6")(x)
    x = layers.Flatten()(layers.MaxPooling2D((2, 3))(x))
    return Model(image, layers.Dense(3, activation="sigmoid")(x))


def separable() -> Model:
    """Separable and depthwise convolutions, with a depth multiplier; a border cropped."""
    image = Input((20, 20, 3))
    x = layers.SeparableConv2D(8, 3, strides=2, padding="same", activation="relu")(image)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, activation="relu6")(x)
    x = layers.SeparableConv2D(8, 3, depth_multiplier=2)(x)
    x = layers.Cropping2D(((1, 1), (2, 1)))(x)
    x = layers.GlobalAveragePooling2D()(x)
    return Model(image, layers.Dense(2, activation="sigmoid")(x))


def dilated() -> Model:
    """Dilated convolutions without padding, which the converter lets pass as they are."""
    image = Input((20, 20, 3), batch_size=1)
    x = layers.Conv2D(8, 3, dilation_rate=2, activation="relu")(image)
    x = layers.DepthwiseConv2D(3, dilation_rate=4)(x)
    x = layers.Conv2D(4, 3, dilation_rate=(2, 1))(x)
    return Model(image, layers.GlobalAveragePooling2D()(x))


def dilated_with_padding() -> Model:
    """As in DeepLab; the converter pads in SPACE_TO_BATCH_ND."""
    image = Input((12, 12, 3))
    x = layers.Conv2D(8, 3, dilation_rate=2, padding="same", activation="relu")(image)
    x = layers.DepthwiseConv2D(3, dilation_rate=2, padding="same")(x)
    return Model(image, layers.Conv2D(2, 1)(x))


def unet() -> Model:
    """Up bilinearly on one floor and by a transposed convolution on the other."""
    image = Input((16, 16, 2))
    upper = layers.Conv2D(6, 3, padding="same", activation="relu")(image)
    x = layers.MaxPooling2D()(upper)
    lower = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D()(lower)
    x = layers.Conv2D(12, 3, padding="same", activation="relu")(x)
    x = layers.Concatenate()([layers.UpSampling2D(interpolation="bilinear")(x), lower])
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    x = layers.Conv2DTranspose(6, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Concatenate()([x, upper])
    return Model(image, layers.Conv2D(1, 1, activation="sigmoid")(x))


def upsampled_by_repeating() -> Model:
    """Keras' nearest neighbours: it repeats rows and columns, and the converter writes that as TILE."""
    image = Input((6, 6, 2))
    return Model(image, layers.Conv2D(2, 3)(layers.UpSampling2D()(image)))


def convolutional_autoencoder() -> Model:
    image = Input((16, 16, 1))
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(image)
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Dense(10, activation="relu")(layers.Flatten()(x))
    x = layers.Reshape((4, 4, 4))(layers.Dense(64)(x))
    x = layers.Conv2DTranspose(8, 4, strides=2, padding="same", activation="relu")(x)
    x = layers.Conv2DTranspose(8, 2, strides=2, padding="valid", activation="relu")(x)
    return Model(image, layers.Conv2D(1, 3, padding="same")(x))


def upscaler() -> Model:
    """Twice the size: what a network adds to the bilinear image."""
    image = Input((8, 8, 3), batch_size=1)
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = layers.Conv2D(3, 3, padding="same", activation="tanh")(x)
    return Model(image, layers.Add()([x, layers.UpSampling2D(2, interpolation="bilinear")(image)]))


def detector() -> Model:
    """Two floors of a single-shot detector: boxes and scores, reshaped and joined."""
    image = Input((32, 32, 3))
    x = _conv_bn(image, 8, 3, 2, "relu6")
    upper = _conv_bn(x, 12, 3, 2, "relu6")
    lower = _conv_bn(upper, 16, 3, 2, "relu6")
    boxes = [layers.Reshape((-1, 4))(layers.Conv2D(8, 3, padding="same")(floor)) for floor in (upper, lower)]
    scores = [layers.Reshape((-1, 3))(layers.Conv2D(6, 3, padding="same")(floor)) for floor in (upper, lower)]
    joined = layers.Activation("sigmoid")(layers.Concatenate(axis=1)(scores))
    return Model(image, [layers.Concatenate(axis=1)(boxes), joined])


def centre_heatmap() -> Model:
    """A keypoint head, FOMO's: a heatmap at an eighth of the image."""
    image = Input((24, 24, 1))
    x = _conv_bn(image, 8, 3, 2, "relu6")
    x = _inverted_residual(x, 12, 2, "relu6")
    x = layers.Conv2D(16, 1, activation="relu")(x)
    return Model(image, layers.Softmax()(layers.Conv2D(3, 1)(x)))


def squeezenet() -> Model:
    image = Input((18, 18, 3))
    x = layers.Conv2D(8, 3, strides=2, activation="relu")(image)
    for squeezed in (4, 6):
        narrow = layers.Conv2D(squeezed, 1, activation="relu")(x)
        wide = [layers.Conv2D(8, size, padding="same", activation="relu")(narrow) for size in (1, 3)]
        x = layers.Concatenate()(wide)
    x = layers.GlobalMaxPooling2D(keepdims=True)(x)
    return Model(image, layers.Activation("softmax")(layers.Flatten()(layers.Conv2D(4, 1)(x))))


def _conv_bn(x: Any, filters: int, size: int, stride: int, activation: str | None) -> Any:
    x = layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return x if activation is None else layers.Activation(activation)(x)


def _depthwise_bn(x: Any, size: int, stride: int, activation: str) -> Any:
    """A stride pads by hand, as Keras' applications do."""
    if stride == 2:
        x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = layers.DepthwiseConv2D(size, strides=stride, padding="valid" if stride == 2 else "same", use_bias=False)(x)
    return layers.Activation(activation)(layers.BatchNormalization()(x))


def _inverted_residual(x: Any, filters: int, stride: int, activation: str, gate: str | None = None) -> Any:
    expanded = _conv_bn(x, 2 * x.shape[-1], 1, 1, activation)
    expanded = _depthwise_bn(expanded, 3, stride, activation)
    if gate is not None:
        expanded = _squeeze_and_excite(expanded, gate)
    narrow = _conv_bn(expanded, filters, 1, 1, None)
    return layers.Add()([x, narrow]) if narrow.shape == x.shape else narrow


def _squeeze_and_excite(x: Any, gate: str) -> Any:
    weights = layers.GlobalAveragePooling2D(keepdims=True)(x)
    weights = layers.Conv2D(4, 1, activation="relu")(weights)
    weights = layers.Conv2D(x.shape[-1], 1, activation=gate)(weights)
    return layers.Multiply()([x, weights])


MODELS = {
    builder.__name__: builder
    for builder in (
        cnn,
        cnn_with_batch_norm,
        mobilenet_v1,
        mobilenet_v2,
        mobilenet_v3,
        efficientnet,
        resnet,
        densenet,
        inception,
        separable,
        dilated,
        dilated_with_padding,
        unet,
        upsampled_by_repeating,
        convolutional_autoencoder,
        upscaler,
        detector,
        centre_heatmap,
        squeezenet,
    )
}
"""Every model of this module by its name."""
