"""From the trained encoder to the file that the service reads with: ONNX, weights in 8 bits, per channel."""

import tempfile
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from training.encoder.network import HEADS, LAYERS, WIDTH, Encoder

OPSET = 17
# The products that 8 bits spoil most, by measurement: those on either side of the layers' activations.
KEPT_WHOLE = ("/outer/MatMul", "/outer_1/MatMul", *(f"/inner_{layer}/MatMul" for layer in range(1, LAYERS)))


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


def export(encoder: Encoder, whole: Path, quantised: Path) -> None:
    """Writes the float32 network to `whole` and the one in 8 bits to `quantised`."""
    example = torch.randint(1000, 2000, (1, 12))
    torch.onnx.export(
        Window(encoder.eval()),
        (example,),
        str(whole),
        input_names=["ids"],
        output_names=["vector", "logits", "spans"],
        dynamic_axes={"ids": {1: "length"}, "spans": {1: "length"}},
        opset_version=OPSET,
        dynamo=False,
    )
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / "quantised.onnx"
        # Seven bits of the eight: without VNNI, sums of products of eight overflow on x86.
        quantize_dynamic(whole, fresh, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8, nodes_to_exclude=list(KEPT_WHOLE))
        onnx.save(onnx.load(fresh), quantised)
