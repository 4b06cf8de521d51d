"""Which of a comment's words an article has too, by their meaning: learnt on top of a finished encoder.

Late interaction, as in ColBERT (Khattab and Zaharia 2020, arXiv:2004.12832).
"""

import random
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm

from service.encoder import MATCHED
from training.encoder.finetune import BRIEF, SEED, TEMPERATURE, Batch, padded, topical
from training.encoder.network import WIDTH
from training.encoder.tasks import Topic

EPOCHS = 2
RATE = 1e-3
WARM_UP = 50
SPREAD_BY = 20  # batches


class Matcher(nn.Module):
    """Tokens' states (rows, length, 384) to vectors of unit length (rows, length, 64) and what each counts for (rows, length), above 0."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = nn.Linear(WIDTH, MATCHED)
        self.weigh = nn.Linear(WIDTH, 1)

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        return functional.normalize(self.turn(states), dim=-1), functional.softplus(self.weigh(states))[:, :, 0]


def match(states: Callable[[Tensor], Tensor], topics: Sequence[Topic]) -> Matcher:
    """Learns to tell a comment's own article from others of its source. `states`: an encoder's, of token ids (rows, length).
    Without articles enough for a batch it learns nothing."""
    torch.manual_seed(SEED)
    plan = [batch for epoch in range(EPOCHS) for batch in _shuffled(topics, epoch)]
    matcher = Matcher()
    if not plan:
        return matcher.eval()
    _spread(matcher, states, [padded([topics[at].ids for at, _ in batch.topics]) for batch in plan[:SPREAD_BY]])
    optimiser = AdamW(matcher.parameters(), lr=RATE)
    schedule = LambdaLR(optimiser, lambda step: min((step + 1) / WARM_UP, (len(plan) - step) / len(plan)))
    for batch in tqdm(plan, desc="matching", unit="step", mininterval=5):
        about = [topics[at].ids for at, _ in batch.topics]
        comments = [topics[at].comments[which] for at, which in batch.topics]
        alike = _alike(matcher, states, padded(comments), padded(about)) / TEMPERATURE
        own = torch.arange(len(alike))
        optimiser.zero_grad(set_to_none=True)
        ((functional.cross_entropy(alike, own) + functional.cross_entropy(alike.T, own)) / 2).backward()
        optimiser.step()
        schedule.step()
    return matcher.eval()


@torch.no_grad()
def _spread(matcher: Matcher, states: Callable[[Tensor], Tensor], texts: Sequence[Tensor]) -> None:
    """Begins with the directions in which tokens differ most: what all have in common would hide what sets them apart."""
    found = torch.cat([states(ids)[_inner(ids)] for ids in texts])
    mean = found.mean(dim=0)
    directions = torch.linalg.svd(found - mean, full_matrices=False).Vh[:MATCHED]
    matcher.turn.weight.copy_(directions)
    matcher.turn.bias.copy_(-directions @ mean)


def _alike(matcher: Matcher, states: Callable[[Tensor], Tensor], comments: Tensor, articles: Tensor) -> Tensor:
    """(comments, articles): how like each comment's tokens the likest of each article's are, by weight."""
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=BRIEF):
        said, about = states(comments).float(), states(articles).float()
    (asked, weights), (known, _) = matcher(said), matcher(about)
    pairs = torch.einsum("cid,ajd->caij", asked, known).masked_fill(~_inner(articles)[None, :, None], -1)
    weights = weights * _inner(comments)
    return (pairs.amax(dim=-1) * weights[:, None]).sum(dim=-1) / weights.sum(dim=1, keepdim=True)


def _inner(ids: Tensor) -> Tensor:
    """Which tokens are a text's own: neither padding nor its begin and end, (rows, length)."""
    present = ids != 0
    inner = torch.zeros_like(present)
    inner[:, 1:-1] = present[:, 2:]
    return inner


def _shuffled(topics: Sequence[Topic], epoch: int) -> list[Batch]:
    rng = random.Random(SEED + epoch)  # noqa: S311 - no secret
    made = list(topical(topics, rng))
    rng.shuffle(made)
    return made
