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
MOVED = 0.7  # how much of the spread of a product's inputs moves into its weights
SMALLEST = 1e-5


class Evened(nn.Module):
    """A linear map made ready for 8 bits, which gives what it gave before. Its highest input, often four times as high as the next, is
    multiplied apart, in float32; the others are brought to like heights, for which its weights make up.

    Dettmers et al. 2022, LLM.int8() (arXiv:2208.07339); Xiao et al. 2023, SmoothQuant (arXiv:2211.10438).
    """

    def __init__(self, linear: nn.Linear, highest: Tensor) -> None:
        """`highest`: the greatest magnitude of each input, (inputs,)."""
        super().__init__()
        self.highest = int(highest.argmax())
        self.register_buffer("apart", linear.weight[:, self.highest].clone())
        heights = highest.clamp(min=SMALLEST) ** MOVED / linear.weight.abs().amax(dim=0).clamp(min=SMALLEST) ** (1 - MOVED)
        self.linear = linear
        self.linear.weight.mul_(heights)[:, self.highest] = 0
        shrinking = 1 / heights
        shrinking[self.highest] = 0
        self.register_buffer("shrinking", shrinking)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.linear(inputs * self.shrinking) + inputs[..., self.highest, None] * self.apart


class Window(nn.Module):
    """The encoder as the service asks it: one window without padding, (1, length) token ids, so no mask is needed."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, ids: Tensor) -> tuple[Tensor, ...]:
        encoder = self.encoder
        states = encoder.norm(encoder.words(ids) + encoder.positions(torch.arange(ids.shape[1]))[None])
        for layer in encoder.layers:
            asked, keys, values = layer.mixed(states).view(1, -1, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
            seen = torch.softmax(asked @ keys.transpose(-1, -2) / (WIDTH // HEADS) ** 0.5, dim=-1) @ values
            states = layer.out_norm(states + layer.out(seen.transpose(1, 2).reshape(1, -1, WIDTH)))
            states = layer.outer_norm(states + layer.outer(torch.nn.functional.gelu(layer.inner(states))))
        mean = states.mean(dim=1)
        logits = encoder.tasks(torch.cat([mean, states.amax(dim=1)], dim=1))
        return encoder.meaning(mean), logits, encoder.spans(states)[:, :, 0], *encoder.matcher(states)


def export(encoder: Encoder, read: Sequence[npt.NDArray[np.int32]], whole: Path, quantised: Path) -> None:
    """Writes the float32 network to `whole` and the one in 8 bits to `quantised`; `read` are texts' token ids, as it will be asked."""
    encoder.eval()
    _write(encoder, whole)
    with tempfile.TemporaryDirectory() as scratch:
        even, fresh = Path(scratch) / "evened.onnx", Path(scratch) / "quantised.onnx"
        _write(evened(encoder, read), even)
        # Seven bits of the eight: without VNNI, sums of products of eight overflow on x86.
        quantize_dynamic(even, fresh, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)
        onnx.save(onnx.load(fresh), quantised)


@torch.no_grad()
def evened(encoder: Encoder, read: Sequence[npt.NDArray[np.int32]]) -> Encoder:
    """The same encoder with the linear maps of its layers made ready for 8 bits; `read` are texts' token ids."""
    found = _highest(encoder, read)
    encoder = deepcopy(encoder)
    for name, highest in found.items():
        place, _, last = name.rpartition(".")
        setattr(encoder.get_submodule(place), last, Evened(encoder.get_submodule(name), highest))
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
    each = {1: "length"}
    torch.onnx.export(
        Window(encoder).eval(),  # it is put back into the mode that it came in, and the encoder with it
        (torch.randint(1000, 2000, (1, 12)),),
        str(path),
        input_names=["ids"],
        output_names=["vector", "logits", "spans", "tokens", "weights"],
        dynamic_axes={"ids": each, "spans": each, "tokens": each, "weights": each},
        opset_version=OPSET,
        dynamo=False,
    )
