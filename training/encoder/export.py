"""From the trained encoder to the file that the service reads with: ONNX, weights in 8 bits, per channel."""

import tempfile
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from training.encoder.network import HEADS, WIDTH, Encoder

OPSET = 17
# The products that 8 bits spoil most, by measurement: the first on either side of an activation.
KEPT_WHOLE = ("/outer/linear/MatMul", "/inner/linear/MatMul", "/inner/linear_1/MatMul")
# How much of the spread of a product's inputs moves into its weights.
MOVED = 0.7
SMALLEST = 1e-5


class Evened(nn.Module):
    """A linear map that first brings its inputs to like heights; its weights make up for it, so it gives what it gave before."""

    def __init__(self, linear: nn.Linear, heights: Tensor) -> None:
        super().__init__()
        self.linear = linear
        self.linear.weight.mul_(heights)
        self.register_buffer("shrinking", 1 / heights)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.linear(inputs * self.shrinking)


class Window(nn.Module):
    """The encoder as the service asks it: one window without padding, (1, length) token ids, so no mask is needed."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        encoder = self.encoder
        states = encoder.norm(encoder.words(ids) + encoder.positions(torch.arange(ids.shape[1]))[None])
        for layer in encoder.layers:
            asked, keys, values = layer.mixed(states).view(1, -1, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
            seen = torch.softmax(asked @ keys.transpose(-1, -2) / (WIDTH // HEADS) ** 0.5, dim=-1) @ values
            states = layer.out_norm(states + layer.out(seen.transpose(1, 2).reshape(1, -1, WIDTH)))
            states = layer.outer_norm(states + layer.outer(torch.nn.functional.gelu(layer.inner(states))))
        mean = states.mean(dim=1)
        logits = encoder.tasks(torch.cat([mean, states.amax(dim=1)], dim=1))
        return encoder.meaning(mean), logits, encoder.spans(states)[:, :, 0]


def export(encoder: Encoder, read: Sequence[npt.NDArray[np.int32]], whole: Path, quantised: Path) -> None:
    """Writes the float32 network to `whole` and the one in 8 bits to `quantised`; `read` are texts' token ids, as it will be asked."""
    encoder.eval()
    _write(encoder, whole)
    with tempfile.TemporaryDirectory() as scratch:
        even, fresh = Path(scratch) / "evened.onnx", Path(scratch) / "quantised.onnx"
        _write(evened(encoder, read), even)
        # Seven bits of the eight: without VNNI, sums of products of eight overflow on x86.
        quantize_dynamic(even, fresh, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8, nodes_to_exclude=list(KEPT_WHOLE))
        onnx.save(onnx.load(fresh), quantised)


@torch.no_grad()
def evened(encoder: Encoder, read: Sequence[npt.NDArray[np.int32]]) -> Encoder:
    """The same encoder for numbers in 8 bits: what few inputs of a product are far higher than the others moves into its weights.

    SmoothQuant (Xiao et al. 2023, arXiv:2211.10438).
    """
    found = _highest(encoder, read)
    encoder = deepcopy(encoder)
    for name, highest in found.items():
        linear = encoder.get_submodule(name)
        heights = highest.clamp(min=SMALLEST) ** MOVED / linear.weight.abs().amax(dim=0).clamp(min=SMALLEST) ** (1 - MOVED)
        place, _, last = name.rpartition(".")
        setattr(encoder.get_submodule(place), last, Evened(linear, heights))
    return encoder


def _highest(encoder: Encoder, read: Sequence[npt.NDArray[np.int32]]) -> dict[str, Tensor]:
    """For each linear map in the layers the greatest magnitude of each of its inputs, (inputs,)."""
    found: dict[str, Tensor] = {}

    def note(name: str, inputs: Tensor) -> None:
        height = inputs.abs().flatten(end_dim=-2).amax(dim=0)
        found[name] = torch.maximum(found.get(name, height), height)

    maps = {name: part for name, part in encoder.named_modules() if name.startswith("layers.") and isinstance(part, nn.Linear)}
    hooks = [part.register_forward_pre_hook(lambda _, inputs, name=name: note(name, inputs[0])) for name, part in maps.items()]
    for ids in read:
        encoder(torch.from_numpy(ids[None].astype(np.int64)))
    for hook in hooks:
        hook.remove()
    return found


def _write(encoder: Encoder, path: Path) -> None:
    torch.onnx.export(
        Window(encoder),
        (torch.randint(1000, 2000, (1, 12)),),
        str(path),
        input_names=["ids"],
        output_names=["vector", "logits", "spans"],
        dynamic_axes={"ids": {1: "length"}, "spans": {1: "length"}},
        opset_version=OPSET,
        dynamo=False,
    )
