"""What of a question may be all that is asked: "I have to fill in the card, so how large is it?" asks how large it is.

People say why they ask, before it or after. The words of such a reason are those of other questions; so a question is
also read without its first clauses, or without its last where these ask nothing (`edge.questions.reader`): "it is NG,
so who made it?" is no question about NG.
"""

from __future__ import annotations

import re

_MOST = 6
_BETWEEN = re.compile(
    r"\s*[,:;、，：；]+\s*(?:(?:so|but|and|then)\b\s*)?"  # a comma, with the word that goes on
    r"|\s+(?:so|because|but|since)\s+"
    r"|所以|因為|但是|不過|但"
)

_ASKS = re.compile(
    r"\b(?:who|whom|whose|what|when|why|where|which|how)\b"
    r"|^(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|shall|should|may|must)\b"
    r"|誰|什麼|何|為啥|哪|怎|幾|多少|嗎|是否|有沒有|會不會|能不能|可不可以|要不要"
)


def shortened(frame: str) -> list[str]:
    """A frame (`Mentions.frame`) without its first clauses, and without its last; at most six, never the whole."""
    cuts = [match.span() for match in _BETWEEN.finditer(frame)]
    without_first = [frame[end:] for _, end in cuts]
    without_last = [frame[:start] for start, end in reversed(cuts) if not _ASKS.search(frame[end:])]
    said = [text for text in dict.fromkeys((*without_first, *without_last)) if _says_anything(text) and text != frame]
    return said[:_MOST]


def _says_anything(text: str) -> bool:
    """Letters, or what stands for a name, which no category of characters calls a letter."""
    return any(c.isalnum() or "\ue000" <= c <= "\uf8ff" for c in text)
