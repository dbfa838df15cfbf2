"""Steps through the tokens of a query and counts what must not become too much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lineage import cypher_words as words
from lineage.cypher_tokens import Token, TokenKind, refusal, tokens
from lineage.errors import QueryRefused

_NAMES = (TokenKind.WORD, TokenKind.QUOTED)
_CLOSING = {")": "(", "]": "[", "}": "{"}


class Reader:
    """A query, the place in it that is read next, and the counts so far."""

    def __init__(self, query: str) -> None:
        """Cuts the query into tokens.

        Raises:
            QueryRefused: it cannot be.
        """
        self._query = query
        self._tokens = tokens(query)
        self._at = 0
        self._last = len(self._tokens) - 1
        self._brackets = _pairs(self._tokens)
        self._pipes = True
        self._depth = 0
        self._chain = 0
        self._terms = 1
        strings = [len(token.text) for token in self._tokens if token.kind is TokenKind.STRING]
        self._growth = max(1, max(strings, default=0) // 100)
        self._ranges = 1
        self._counts = {"clauses": 0, "relationship patterns": 0, "comprehensions": 0}

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    @property
    def _at_end(self) -> bool:
        return self._at == self._last

    def _ahead(self, count: int) -> Token:
        return self._tokens[min(self._at + count, len(self._tokens) - 1)]

    def _refused(self, problem: str, advice: str, token: Token | None = None) -> QueryRefused:
        return refusal(self._query, (token or self._now).offset, problem, advice)

    def _unexpected(self, wanted: str) -> QueryRefused:
        if self._at_end:
            return self._refused(f"the query ends where {wanted} should stand", "Complete it")
        seen = self._now.text if len(self._now.text) <= 40 else self._now.text[:40] + "..."
        reason = words.REFUSED_CLAUSES.get(self._now.word)
        if reason and (self._ahead(1).kind in _NAMES or self._ahead(1).symbol == "("):
            return self._refused(f"{self._now.word} {reason}", f"Allowed: {words.CLAUSES}")
        return self._refused(f"{wanted} should stand here ({seen!r} seen)", "Rewrite this part")

    def _next(self) -> Token:
        token = self._now
        if token.kind is not TokenKind.END:
            self._at += 1
        return token

    def _symbol(self, *symbols: str) -> bool:
        """Steps over these symbols if they are next, in this order."""
        if any(self._ahead(i).symbol != symbol for i, symbol in enumerate(symbols)):
            return False
        self._at += len(symbols)
        return True

    def _word(self, *keywords: str) -> bool:
        """Steps over these keywords if they are next, in this order."""
        if any(self._ahead(i).word != keyword for i, keyword in enumerate(keywords)):
            return False
        self._at += len(keywords)
        return True

    def _need(self, symbol: str) -> None:
        if not self._symbol(symbol):
            raise self._unexpected(repr(symbol))

    def _need_word(self, keyword: str) -> None:
        if not self._word(keyword):
            raise self._unexpected(keyword)

    def _name(self, wanted: str) -> None:
        """A name that cannot be taken for anything else: a property, a label, a map's key."""
        if self._now.kind not in _NAMES:
            raise self._unexpected(wanted)
        self._at += 1

    @property
    def _is_variable(self) -> bool:
        return self._now.kind is TokenKind.QUOTED or (
            self._now.kind is TokenKind.WORD and self._now.word not in words.NEVER_VARIABLES
        )

    def _variable(self, wanted: str = "a variable") -> None:
        if not self._is_variable:
            raise self._unexpected(wanted)
        self._at += 1

    @contextmanager
    def _nested(self) -> Iterator[None]:
        self._depth += 1
        if self._depth > words.MAX_DEPTH:
            raise self._refused(
                f"brackets are nested more than {words.MAX_DEPTH} deep", "Split it with WITH"
            )
        outer, self._pipes = self._pipes, True
        yield
        self._pipes = outer
        self._depth -= 1

    @contextmanager
    def _scope(self) -> Iterator[None]:
        """A place whose value can be used again: its terms multiply those of the other places."""
        outer, self._terms = self._terms, 1
        yield
        self._growth *= self._terms
        self._terms = outer
        if self._growth > words.MAX_GROWTH:
            raise self._refused(
                f"values could grow more than {words.MAX_GROWTH:,} times by +, lists and maps",
                "Use fewer of them, or fewer WITH",
            )

    def _count(self, what: str, most: int) -> None:
        self._counts[what] += 1
        if self._counts[what] > most:
            raise self._refused(f"a query has {most} {what} at most", "Make it several queries")

    def _link(self) -> None:
        self._chain += 1
        if self._chain > words.MAX_CHAIN:
            raise self._refused(
                f"an expression has {words.MAX_CHAIN} operators at most", "Use a list and IN"
            )


def _pairs(found: tuple[Token, ...]) -> dict[int, int]:
    """Index of an opening bracket -> index of the one that closes it."""
    pairs: dict[int, int] = {}
    open_: list[int] = []
    for index, token in enumerate(found):
        if token.symbol in _CLOSING.values():
            open_.append(index)
        elif token.symbol in _CLOSING:
            if not open_ or found[open_[-1]].symbol != _CLOSING[token.symbol]:
                break
            pairs[open_.pop()] = index
    return pairs
