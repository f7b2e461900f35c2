"""The deep half: one network for all heads, over the same n-grams. The only user of PyTorch.

An n-gram is a vector of 32; those of a position add up, a convolution of three positions makes 128
features of them, each feature's highest value in the text counts, and every head is a linear
function of these, of the sum of all vectors and of the surface. Best where sets help each other.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from grandstand.moderation import ngrams, text_features
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.comment_scorer.examples import Examples, Hashed, dressed_up, hashed
from models.comment_scorer.prepare import HEADS, PRODUCT

DIMENSIONS = 32
CHANNELS = 128
EPOCHS = 4
BATCH = 256
RATE = 2e-3
DROPPED_IDS = 0.4
"""Share of n-grams hidden at each sight of a text: 0.2 learns the training set by heart."""

DROPPED_FEATURES = 0.5
MAX_POSITIONS = 200

SHARE_OF_PRODUCT = 0.3
"""How much the heads that the server asks weigh beside those of one set: they are taught by all
sets at once, some fourfold, and would drown the others."""

GUESSED_WORDS = 1 << 13
GUESSED_SHARE = 0.35
UNLABELLED = 600_000


@dataclass(frozen=True, slots=True)
class Weights:
    """``vectors`` (ROWS, DIMENSIONS); ``kernel`` (3 * DIMENSIONS, CHANNELS) and its ``bias``; the
    heads' ``of_peaks`` (CHANNELS, heads), ``of_sums`` (DIMENSIONS, heads), ``of_surface``
    (text_features.WIDTH, heads) and ``head_bias``."""

    vectors: NDArray[np.float32]
    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    of_peaks: NDArray[np.float32]
    of_sums: NDArray[np.float32]
    of_surface: NDArray[np.float32]
    head_bias: NDArray[np.float32]


class Network(nn.Module):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self.vectors = nn.Embedding(ngrams.ROWS, DIMENSIONS)
        nn.init.normal_(self.vectors.weight, 0, 0.1)
        self.convolution = nn.Linear(3 * DIMENSIONS, CHANNELS)
        self.heads = nn.Linear(CHANNELS + DIMENSIONS + text_features.WIDTH, len(HEADS))
        seen = torch.ones(len(HEADS), text_features.WIDTH)
        seen[HEADS.index("excitement")] = 0  # its labels are made of the surface
        self.register_buffer("seen", seen)

    def forward(self, ids: Tensor, inside: Tensor, scale: Tensor, looks: Tensor) -> Tensor:
        """Logits (n, heads) of ids (n, t, columns), inside (n, t), scale (n,), looks (n, WIDTH)."""
        whole = self.read(ids, inside, scale)
        whole = functional.dropout(whole, DROPPED_FEATURES, self.training)
        of_whole = self.heads.weight[:, : CHANNELS + DIMENSIONS]
        of_looks = self.heads.weight[:, CHANNELS + DIMENSIONS :] * self.seen
        return whole @ of_whole.T + looks @ of_looks.T + self.heads.bias

    def read(self, ids: Tensor, inside: Tensor, scale: Tensor) -> Tensor:
        """Peaks of the features and the sum of the vectors, (n, CHANNELS + DIMENSIONS)."""
        count, length, columns = ids.shape
        kept = ids > 0
        if self.training:
            kept &= torch.rand(ids.shape) > DROPPED_IDS
        at = functional.embedding_bag(
            ids.view(-1, columns),
            self.vectors.weight,
            mode="sum",
            per_sample_weights=kept.view(-1, columns).float(),
        ).view(count, length, DIMENSIONS)
        wide = functional.pad(at, (0, 0, 1, 1))
        window = torch.cat([wide[:, :-2], at, wide[:, 2:]], 2)
        features = functional.relu(self.convolution(window))
        peaks = features.masked_fill(~inside[:, :, None], 0).amax(1)
        return torch.cat([peaks, at.sum(1) * scale[:, None]], 1)

    def weights(self) -> Weights:
        """All that was learnt."""
        heads = self.heads.weight.detach().numpy().T
        looks = (self.heads.weight[:, CHANNELS + DIMENSIONS :] * self.seen).detach().numpy().T
        return Weights(
            self.vectors.weight.detach().numpy(),
            self.convolution.weight.detach().numpy().T,
            self.convolution.bias.detach().numpy(),
            heads[:CHANNELS],
            heads[CHANNELS : CHANNELS + DIMENSIONS],
            looks,
            self.heads.bias.detach().numpy(),
        )


def _tensors(found: Hashed, starts: NDArray[np.int64], rows: NDArray[np.int64]) -> list[Tensor]:
    length = int(min(found.lengths[rows].max(), MAX_POSITIONS))
    at = np.arange(length)
    inside = at < found.lengths[rows, None]
    ids = found.ids[np.where(inside, starts[rows, None] + at, 0)]
    ids[~inside] = 0
    return [
        torch.from_numpy(each)
        for each in (ids.astype(np.int64), inside, found.scale[rows], found.surface[rows])
    ]


def _batches(
    lengths: NDArray[np.int64], repeats: NDArray[np.int64], chance: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Rows of each batch: texts of like lengths together, batches in any order."""
    rows = chance.permutation(np.repeat(np.arange(len(lengths)), repeats))
    some = BATCH * 50
    out = []
    for first in range(0, len(rows), some):
        part = rows[first : first + some]
        part = part[np.argsort(lengths[part], kind="stable")]
        out += [part[at : at + BATCH] for at in range(0, len(part), BATCH)]
    return [out[at] for at in chance.permutation(len(out))]


def _guess(network: Network, texts: list[str], chance: np.random.Generator) -> None:
    """Let the network guess words that are hidden from it, by what stands around them.

    Self-supervised, one pass: a stretch of each text is hidden, and the words and syllables that
    end in it are asked for, hashed into GUESSED_WORDS.
    """
    found = hashed(texts)
    starts = np.cumsum(found.lengths) - found.lengths
    decoder = nn.Linear(CHANNELS + DIMENSIONS, GUESSED_WORDS)
    rule = torch.optim.Adam([*network.parameters(), *decoder.parameters()], lr=RATE, fused=True)
    batches = _batches(found.lengths, np.ones(len(texts), np.int64), chance)
    total, began = 0.0, time.perf_counter()
    for step, rows in enumerate(batches):
        rate = RATE * min(1, step / 200) * (1 + math.cos(math.pi * step / len(batches))) / 2
        for group in rule.param_groups:
            group["lr"] = rate
        ids, inside, scale, _ = _tensors(found, starts, rows)
        lengths = torch.from_numpy(np.minimum(found.lengths[rows], MAX_POSITIONS))
        first = (torch.rand(len(rows)) * (1 - GUESSED_SHARE) * lengths).long()
        last = first + (lengths * GUESSED_SHARE).long() + 1
        at = torch.arange(ids.shape[1])
        hidden = (at >= first[:, None]) & (at < last[:, None])
        asked = ids[:, :, ngrams.LONGEST] * hidden
        touched = (at >= first[:, None] - ngrams.LONGEST + 1) & (at < last[:, None])
        text, place = asked.nonzero(as_tuple=True)
        if not len(text):
            continue
        said = network.read(ids * ~touched[:, :, None], inside, scale)
        odds = functional.log_softmax(decoder(said), 1)
        words = asked[text, place] % GUESSED_WORDS
        loss = -odds[text, words].mean()
        rule.zero_grad(set_to_none=True)
        loss.backward()
        rule.step()
        total += loss.item()
    took = time.perf_counter() - began
    print(f"deep, guessing words: loss {total / len(batches):.4f}, {took:.0f} s", flush=True)


def train(
    examples: Examples, unlabelled: list[str], seed: int, threads: int, epochs: int = EPOCHS
) -> Weights:
    """Train from the seed; the same on one machine with as many threads."""
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    chance = np.random.default_rng(seed)
    network = Network()
    if unlabelled:
        _guess(network, unlabelled + examples.texts, chance)
    share = np.array([SHARE_OF_PRODUCT if head in PRODUCT else 1 for head in HEADS], np.float32)
    rule = torch.optim.Adam(network.parameters(), lr=RATE, fused=True)
    plain = hashed(examples.texts)
    step = 0
    for epoch in range(epochs):
        began = time.perf_counter()
        copies = dressed_up(examples, seed + epoch)
        found = _joined(plain, hashed(copies.texts))
        targets = np.concatenate([examples.targets, copies.targets])
        weights = np.concatenate([examples.weights, copies.weights]) * share
        repeats = np.concatenate([examples.repeats, copies.repeats])
        starts = np.cumsum(found.lengths) - found.lengths
        batches = _batches(found.lengths, repeats, chance)
        total = 0.0
        for rows in batches:
            progress = step / (epochs * len(batches) + 1)
            rate = RATE * min(1, step / 200) * (1 + math.cos(math.pi * min(1, progress))) / 2
            for group in rule.param_groups:
                group["lr"] = rate
            logits = network(*_tensors(found, starts, rows))
            losses = functional.binary_cross_entropy_with_logits(
                logits, torch.from_numpy(targets[rows]), reduction="none"
            )
            loss = (losses * torch.from_numpy(weights[rows])).sum() / len(rows)
            rule.zero_grad(set_to_none=True)
            loss.backward()
            rule.step()
            total += loss.item()
            step += 1
        took = time.perf_counter() - began
        print(f"deep epoch {epoch + 1}: loss {total / len(batches):.4f}, {took:.0f} s", flush=True)
    return network.weights()


def _joined(one: Hashed, other: Hashed) -> Hashed:
    return Hashed(
        np.concatenate([one.ids, other.ids]),
        np.concatenate([one.lengths, other.lengths]),
        np.concatenate([one.scale, other.scale]),
        np.concatenate([one.surface, other.surface]),
    )
