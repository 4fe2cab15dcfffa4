"""PyTorch models, in PyTorch's layout (NCHW), which the converter turns round as it can.

Each function builds one model from scratch, with random weights, and says the shapes of its inputs. All stay below
some tens of kilobytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

Shape: TypeAlias = tuple[int, ...]
Built: TypeAlias = tuple[nn.Module, tuple[Shape, ...]]


def mlp() -> Built:
    model = nn.Sequential(nn.Linear(12, 24), nn.ReLU(), nn.Linear(24, 16), nn.ReLU(), nn.Linear(16, 4), nn.Softmax(-1))
    return model, ((1, 12),)


def layer_norm_mlp() -> Built:
    model = nn.Sequential(
        nn.Linear(10, 16), nn.LayerNorm(16), nn.SiLU(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 3)
    )
    return model, ((1, 10),)


def cnn() -> Built:
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 12, 3),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(108, 10),
    )
    return model, ((1, 1, 16, 16),)


def keyword_conv1d() -> Built:
    model = nn.Sequential(
        nn.Conv1d(10, 12, 5, stride=2),
        nn.BatchNorm1d(12),
        nn.ReLU(),
        nn.Conv1d(12, 12, 3, padding=2, dilation=2),
        nn.Sigmoid(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(12, 4),
    )
    return model, ((1, 10, 33),)


class InvertedResidual(nn.Module):
    """Expand, depthwise, gate if asked for, narrow, and add where the shapes agree."""

    def __init__(self, channels: int, filters: int, stride: int, activation: type[nn.Module], gated: bool) -> None:
        super().__init__()
        wide = 2 * channels
        parts = [
            *(nn.Conv2d(channels, wide, 1, bias=False), nn.BatchNorm2d(wide), activation()),
            *(nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False), nn.BatchNorm2d(wide), activation()),
            *((SqueezeAndExcite(wide),) if gated else ()),
            *(nn.Conv2d(wide, filters, 1, bias=False), nn.BatchNorm2d(filters)),
        ]
        self.body = nn.Sequential(*parts)
        self.residual = stride == 1 and channels == filters

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.body(x)
        return x + y if self.residual else y


class SqueezeAndExcite(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = nn.Conv2d(channels, 4, 1)
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), narrow, nn.ReLU(), nn.Conv2d(4, channels, 1), nn.Hardsigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        gate: Tensor = self.gate(x)
        return x * gate


def mobilenet_v2() -> Built:
    return _mobilenet(nn.ReLU6, gated=False), ((1, 3, 32, 32),)


def mobilenet_v3() -> Built:
    return _mobilenet(nn.Hardswish, gated=True), ((1, 3, 32, 32),)


def efficientnet() -> Built:
    return _mobilenet(nn.SiLU, gated=True), ((1, 3, 24, 24),)


def _mobilenet(activation: type[nn.Module], gated: bool) -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), activation()),
        InvertedResidual(8, 12, 2, activation, gated),
        InvertedResidual(12, 12, 1, activation, gated),
        InvertedResidual(12, 16, 2, activation, gated),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 5)),
    )


class Residual(nn.Module):
    """ResNet-18's block."""

    def __init__(self, channels: int, filters: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters), nn.ReLU()),
            *(nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters)),
        )
        projection = nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))
        self.shortcut = nn.Identity() if stride == 1 else projection

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))


def resnet() -> Built:
    model = nn.Sequential(
        *(nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(3, 2, 1)),
        *(Residual(8, 8, 1), Residual(8, 16, 2), Residual(16, 16, 1)),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)),
    )
    return model, ((1, 3, 32, 32),)


class UNet(nn.Module):
    """Down, up by a transposed convolution, and the floor above joined in."""

    def __init__(self) -> None:
        super().__init__()
        self.upper = nn.Sequential(nn.Conv2d(2, 6, 3, padding=1), nn.ReLU())
        self.lower = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(6, 12, 3, padding=1), nn.LeakyReLU(0.1))
        self.up = nn.ConvTranspose2d(12, 6, 2, stride=2)
        self.head = nn.Sequential(nn.Conv2d(12, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 1, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        upper = self.upper(x)
        joined: Tensor = self.head(torch.cat([self.up(self.lower(upper)), upper], dim=1))
        return joined


def unet() -> Built:
    return UNet(), ((1, 2, 16, 16),)


def upscaler() -> Built:
    """Nearest neighbours, then bilinear."""
    model = nn.Sequential(
        *(nn.Conv2d(2, 6, 3, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2)),
        *(nn.Conv2d(6, 4, 3, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2, mode="bilinear")),
        nn.Conv2d(4, 1, 1),
    )
    return model, ((1, 2, 6, 6),)


class SubPixel(nn.Module):
    """Reflected borders and a pixel shuffle."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(3, 12, 3), nn.ReLU6(), nn.PixelShuffle(2))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.body(x)
        return y


def sub_pixel() -> Built:
    return SubPixel(), ((1, 3, 8, 8),)


class SelfAttention(nn.Module):
    """Heads by reshape and transpose, as in most code for small transformers."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        batch, steps, width = x.shape
        shape = batch, steps, self.heads, width // self.heads
        query, key, value = (part(x).reshape(shape).transpose(1, 2) for part in (self.query, self.key, self.value))
        scores = torch.softmax(query @ key.transpose(-2, -1) * shape[-1] ** -0.5, dim=-1)
        mixed: Tensor = self.out((scores @ value).transpose(1, 2).reshape(x.shape))
        return mixed


class TransformerLayer(nn.Module):
    """Normalised after each part, as in the first transformers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention = SelfAttention(width, 2)
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))
        self.head = nn.Linear(width, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norms[0](x + self.attention(x))
        x = self.norms[1](x + self.mlp(x))
        scores: Tensor = self.head(x.mean(dim=1))
        return scores


def attention() -> Built:
    return SelfAttention(16, 4), ((1, 6, 16),)


def transformer() -> Built:
    return TransformerLayer(16), ((1, 8, 16),)


class Gru(nn.Module):
    """Its cell, step by step, from a state that is an input."""

    def __init__(self, features: int, units: int) -> None:
        super().__init__()
        self.cell = nn.GRUCell(features, units)
        self.head = nn.Linear(units, 2)

    def forward(self, signal: Tensor, state: Tensor) -> Tensor:
        for step in range(signal.shape[1]):
            state = self.cell(signal[:, step], state)
        scores: Tensor = self.head(state)
        return scores


def gru() -> Built:
    return Gru(5, 8), ((1, 4, 5), (1, 8))


class Lstm(nn.Module):
    """One step; the states are inputs and outputs, as an application keeps them."""

    def __init__(self, features: int, units: int) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(features, units)

    def forward(self, x: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        hidden, cell = self.cell(x, (hidden, cell))
        return hidden, cell


def lstm_cell() -> Built:
    return Lstm(6, 8), ((1, 6), (1, 8), (1, 8))


class Detector(nn.Module):
    """Boxes and scores of two floors."""

    def __init__(self) -> None:
        super().__init__()
        self.upper = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU6(), nn.Conv2d(8, 12, 3, 2, 1), nn.ReLU6())
        self.lower = nn.Sequential(nn.Conv2d(12, 12, 3, 2, 1), nn.ReLU6())
        self.heads = nn.ModuleList([nn.Conv2d(12, 7, 1), nn.Conv2d(12, 7, 1)])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        upper = self.upper(x)
        floors = [head(floor) for head, floor in zip(self.heads, (upper, self.lower(upper)), strict=True)]
        rows = torch.cat([floor.permute(0, 2, 3, 1).reshape(1, -1, 7) for floor in floors], dim=1)
        return rows[..., :4], torch.sigmoid(rows[..., 4:])


def detector() -> Built:
    return Detector(), ((1, 3, 24, 24),)


class ShuffleUnit(nn.Module):
    """ShuffleNet's: split channels, work on one half, shuffle."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.branch = nn.Sequential(
            *(nn.Conv2d(half, half, 1), nn.BatchNorm2d(half), nn.ReLU()),
            *(nn.Conv2d(half, half, 3, 1, 1, groups=half), nn.BatchNorm2d(half)),
        )

    def forward(self, x: Tensor) -> Tensor:
        left, right = x.chunk(2, dim=1)
        batch, channels, height, width = x.shape
        joined = torch.cat([left, self.branch(right)], dim=1)
        return joined.reshape(batch, 2, channels // 2, height, width).transpose(1, 2).reshape(x.shape)


def shufflenet() -> Built:
    model = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), ShuffleUnit(8), ShuffleUnit(8), nn.MaxPool2d(2))
    return model, ((1, 3, 16, 16),)


class Siamese(nn.Module):
    """Cosine similarity of two codes, each brought to unit length."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(14, 12), nn.PReLU(12), nn.Linear(12, 8))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        first, second = (self.encoder(x) for x in (first, second))
        lengths = (first * first).sum(-1, keepdim=True) * (second * second).sum(-1, keepdim=True)
        return (first * second).sum(-1, keepdim=True) * torch.rsqrt(lengths + 0.01)


def siamese() -> Built:
    return Siamese(), ((1, 14), (1, 14))


class Normalised(nn.Module):
    """PyTorch's own way to unit length: a square root and a division."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(14, 8)

    def forward(self, x: Tensor) -> Tensor:
        return functional.normalize(self.encoder(x), dim=-1)


def normalised() -> Built:
    return Normalised(), ((1, 14),)


def elu() -> Built:
    """A SELECT between x and its exponential."""
    return nn.Sequential(nn.Linear(10, 12), nn.ELU(), nn.Linear(12, 3)), ((1, 10),)


def activations() -> Built:
    """One after the other; the quantiser leaves some in float32."""
    kinds = nn.LeakyReLU(0.2), nn.Hardswish(), nn.Tanh(), nn.ReLU6(), nn.Hardtanh(), nn.PReLU(12), nn.Sigmoid()
    model = nn.Sequential(nn.Linear(10, 12), *(part for each in kinds for part in (each, nn.Linear(12, 12))))
    return model, ((1, 10),)


class FloatIslands(nn.Module):
    """Functions for which the quantiser knows no integers."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList([nn.Linear(10, 10) for _ in range(4)])

    def forward(self, x: Tensor) -> Tensor:
        x = torch.exp(-torch.abs(self.parts[0](x)))
        x = torch.log(1.5 + self.parts[1](x) ** 2)
        x = torch.floor(4 * self.parts[2](x)) - torch.ceil(self.parts[3](x))
        return torch.neg(torch.round(x))


def float_islands() -> Built:
    return FloatIslands(), ((1, 10),)


class Reductions(nn.Module):
    """Mean, sum, largest and smallest."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        parts = x.mean(dim=(2, 3)), x.sum(dim=(2, 3)), x.amax(dim=(2, 3)), x.amin(dim=(2, 3))
        return torch.stack(parts, dim=1)


def reductions() -> Built:
    return Reductions(), ((1, 3, 9, 9),)


def gelu_mlp() -> Built:
    return nn.Sequential(nn.Linear(10, 16), nn.GELU(), nn.Linear(16, 3)), ((1, 10),)


MODELS: dict[str, Callable[[], Built]] = {
    builder.__name__: builder
    for builder in (
        mlp,
        layer_norm_mlp,
        cnn,
        keyword_conv1d,
        mobilenet_v2,
        mobilenet_v3,
        efficientnet,
        resnet,
        unet,
        upscaler,
        sub_pixel,
        attention,
        transformer,
        gru,
        lstm_cell,
        detector,
        shufflenet,
        siamese,
        normalised,
        elu,
        activations,
        float_islands,
        reductions,
        gelu_mlp,
    )
}
"""Every model of this module by its name."""
