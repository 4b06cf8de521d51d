"""Which of a comment's words an article has too, by their meaning.

Late interaction, as in ColBERT (Khattab and Zaharia 2020, arXiv:2004.12832).
"""

import torch
from torch import Tensor

from service.encoder import MATCHED
from training.encoder.network import Matcher


@torch.no_grad()
def spread(matcher: Matcher, states: Tensor) -> None:
    """Makes it begin with the directions in which tokens, (tokens, 384), differ most: what all have in common would hide what sets them
    apart."""
    mean = states.mean(dim=0)
    directions = torch.linalg.svd(states - mean, full_matrices=False).Vh[:MATCHED]
    # Either of two opposite directions may be found: all runs begin with the same ones.
    directions = directions * directions.gather(1, directions.abs().argmax(dim=1, keepdim=True)).sign()
    matcher.turn.weight[: len(directions)].copy_(directions)
    matcher.turn.bias[: len(directions)].copy_(-directions @ mean)


def alike(matcher: Matcher, comments: tuple[Tensor, Tensor], articles: tuple[Tensor, Tensor]) -> Tensor:
    """(comments, articles): how like each comment's tokens the likest of each article's are, by weight. Both are given as token ids
    (rows, length) and states (rows, length, 384)."""
    (asked, weights), (known, _) = matcher(comments[1]), matcher(articles[1])
    pairs = torch.einsum("cid,ajd->caij", asked, known).masked_fill(~inner(articles[0])[None, :, None], -1)
    weights = weights * inner(comments[0])
    return (pairs.amax(dim=-1) * weights[:, None]).sum(dim=-1) / weights.sum(dim=1, keepdim=True)


def inner(ids: Tensor) -> Tensor:
    """Which tokens are a text's own: neither padding nor its begin and end, (rows, length)."""
    present = ids != 0
    found = torch.zeros_like(present)
    found[:, 1:-1] = present[:, 2:]
    return found
