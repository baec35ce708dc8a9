"""How many tokens a text has, counted by its words, each of which is tokenized once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

CountTokens = Callable[[Sequence[str]], list[int]]
"""How many tokens each text has: `Embedder.tokens`."""

# Tokenizers give up on long words, and may call a megabyte without a blank one unknown token.
_LONG = 40
_SIGNS_A_TOKEN = 8
_ENDLESS = 1_000


class TokenCounter:
    """Counts the tokens of many texts that overlap, as splitting does.

    Tokenizers of words (BERT's) never join two words, so the sum over the words is exact; of others it is an estimate.

    Args:
        count: the tokenizer.
    """

    def __init__(self, count: CountTokens) -> None:
        self._count = count
        self._known: dict[str, int] = {}
        # What the tokenizer puts around each text.
        self._around = count([""])[0]

    def __call__(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has."""
        words = [text.split() for text in texts]
        new = list({word for each in words for word in each if word not in self._known and len(word) <= _ENDLESS})
        for word, size in zip(new, self._count(new) if new else [], strict=True):
            least = len(word) // _SIGNS_A_TOKEN if len(word) > _LONG else 0
            self._known[word] = max(size - self._around, least)
        return [self._around + sum(self._known.get(word) or len(word) for word in each) for each in words]
