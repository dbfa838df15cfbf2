"""The expressions of the Cypher that the console allows."""

from __future__ import annotations

from abc import ABC, abstractmethod

from lineage import cypher_words as words
from lineage.cypher_reader import Reader
from lineage.cypher_tokens import Token, TokenKind

_OPENING = ("MATCH", "OPTIONAL", "WITH", "UNWIND", "RETURN", "CALL")
_WORD_OPERATORS = ("AND", "OR", "XOR", "IN", "CONTAINS")
_SIGNS = frozenset("+-*/%^=<>")


class Expressions(Reader, ABC):
    """Reads expressions; patterns and subqueries inside them are the whole grammar's to read."""

    @abstractmethod
    def _query_body(self, *, returns: bool) -> None: ...

    @abstractmethod
    def _patterns(self) -> None: ...

    @abstractmethod
    def _path(self) -> None: ...

    @abstractmethod
    def _shortest(self) -> None: ...

    def _expression(self) -> None:
        """Operands joined by operators, without their precedence."""
        outer, self._chain = self._chain, 0
        self._operand()
        while self._operator():
            self._link()
            self._operand()
        self._chain = outer

    def _operator(self) -> bool:
        if self._word("STARTS") or self._word("ENDS"):
            self._need_word("WITH")
        elif self._now.word in _WORD_OPERATORS:
            self._next()
        elif self._symbol("=", "~"):
            self._at -= 2
            raise self._refused(
                "regular expressions are not allowed: some keep an engine busy for ever",
                "Use STARTS WITH, ENDS WITH or CONTAINS",
            )
        elif self._now.symbol == "!":
            raise self._refused("! is no operator here", "Write <> or NOT")
        elif self._symbol("+"):
            self._terms += 1
        elif self._symbol("<"):
            self._symbol(">") or self._symbol("=")
        elif self._symbol(">"):
            self._symbol("=")
        elif self._now.symbol in _SIGNS:
            self._next()
        else:
            return False
        return True

    def _operand(self) -> None:
        signs = 0
        while self._word("NOT") or self._symbol("-") or self._symbol("+"):
            signs += 1
            self._check_signs(signs)
        self._primary()
        while self._postfix():
            self._link()

    def _postfix(self) -> bool:
        if self._symbol("."):
            self._name("a property")
        elif self._symbol("["):
            with self._nested():
                if self._now.symbol != "..":
                    self._expression()
                if self._symbol("..") and self._now.symbol != "]":
                    self._expression()
                self._need("]")
        elif self._symbol(":"):
            self._labels(pipes=self._pipes)
        elif self._word("IS"):
            self._word("NOT")
            self._need_word("NULL")
        else:
            return False
        return True

    def _primary(self) -> None:
        token = self._now
        if token.kind in (TokenKind.NUMBER, TokenKind.STRING):
            self._next()
        elif self._symbol("$"):
            self._parameter()
        elif token.symbol == "[":
            self._list()
        elif token.symbol == "{":
            self._map()
        elif token.symbol == "(":
            self._parenthesis()
        elif token.word == "CASE":
            self._case()
        elif token.word in words.SUBQUERIES and self._ahead(1).symbol == "{":
            self._subquery()
        elif call := self._call_ahead():
            self._call(call)
        else:
            self._variable("an expression")
            if self._now.symbol == "{":
                self._map_projection()

    def _parameter(self) -> None:
        if self._now.kind is not TokenKind.WORD:
            raise self._unexpected("the plain name of a parameter")
        self._next()

    def _parenthesis(self) -> None:
        if self._path_ahead(0):
            self._path()
            return
        with self._nested():
            self._need("(")
            self._expression()
            self._need(")")

    def _path_ahead(self, count: int) -> bool:
        """A parenthesis is next that a relationship follows: a node, then, and no expression."""
        close = self._brackets.get(self._at + count)
        if close is None or self._ahead(count).symbol != "(":
            return False
        first, second, third = (self._tokens[min(close + i, self._last)] for i in (1, 2, 3))
        if first.symbol == "<":
            return second.symbol == "-" and third.symbol in ("-", "[")
        if first.symbol != "-":
            return False
        return second.symbol == "[" or (second.symbol == "-" and second.offset == first.offset + 1)

    def _case(self) -> None:
        with self._nested():
            self._need_word("CASE")
            if self._now.word != "WHEN":
                self._expression()
            self._need_word("WHEN")
            self._when()
            while self._word("WHEN"):
                self._when()
            if self._word("ELSE"):
                self._expression()
            self._need_word("END")

    def _when(self) -> None:
        self._expression()
        self._need_word("THEN")
        self._expression()
        self._link()

    def _subquery(self) -> None:
        with self._nested():
            collects = self._next().word == "COLLECT"
            self._need("{")
            if collects or self._now.word in _OPENING:
                self._query_body(returns=collects)
            else:
                self._patterns()
                if self._word("WHERE"):
                    self._expression()
            self._need("}")

    def _list(self) -> None:
        with self._nested():
            self._need("[")
            if self._is_variable and self._ahead(1).word == "IN":
                self._count("comprehensions", words.MAX_COMPREHENSIONS)
                self._at += 2
                with self._scope():
                    self._expression()
                self._comprehension()
            elif self._path_ahead(0) or (
                self._is_variable and self._ahead(1).symbol == "=" and self._path_ahead(2)
            ):
                self._count("comprehensions", words.MAX_COMPREHENSIONS)
                if self._now.symbol != "(":
                    self._at += 2
                self._path()
                self._comprehension()
            elif self._now.symbol != "]":
                self._expression()
            while self._symbol(","):
                self._terms += 1
                self._expression()
            self._need("]")

    def _comprehension(self) -> None:
        """What follows the list or the pattern: a condition, and what to make of each."""
        if self._word("WHERE"):
            self._pipes = False
            self._expression()
            self._pipes = True
        if self._symbol("|"):
            with self._scope():
                self._expression()

    def _map(self) -> None:
        with self._nested():
            self._need("{")
            if self._symbol("}"):
                return
            self._map_entry()
            while self._symbol(","):
                self._terms += 1
                self._map_entry()
            self._need("}")

    def _map_entry(self) -> None:
        self._name("a key")
        self._need(":")
        self._expression()

    def _map_projection(self) -> None:
        with self._nested():
            self._need("{")
            if self._symbol("}"):
                return
            self._projection_entry()
            while self._symbol(","):
                self._terms += 1
                self._projection_entry()
            self._need("}")

    def _projection_entry(self) -> None:
        if self._symbol("."):
            if not self._symbol("*"):
                self._name("a property")
        elif self._ahead(1).symbol == ":":
            self._map_entry()
        else:
            self._variable()

    def _call_ahead(self) -> tuple[Token, ...]:
        """The words of a dotted name that a parenthesis follows; none where there is no call."""
        parts: list[Token] = []
        count = 0
        while self._ahead(count).kind in (TokenKind.WORD, TokenKind.QUOTED):
            parts.append(self._ahead(count))
            count += 1
            if self._ahead(count).symbol == "(":
                return tuple(parts)
            if self._ahead(count).symbol != ".":
                break
            count += 1
        return ()

    def _call(self, parts: tuple[Token, ...]) -> None:
        name = ".".join(part.text for part in parts)
        plain = name.lower()
        if plain in words.SHORTEST:
            self._next()
            self._shortest()
            return
        if plain not in words.FUNCTIONS and plain not in words.PREDICATES:
            if parts[0].word in words.REFUSED_CLAUSES and len(parts) == 1:
                reason = words.REFUSED_CLAUSES[parts[0].word]
                raise self._refused(f"{parts[0].word} {reason}", f"Allowed: {words.CLAUSES}")
            advice = words.FUNCTION_ADVICE.get(
                plain, "Allowed: functions of openCypher on values, lists, paths and times"
            )
            raise self._refused(f"the function {name[:60]} is not allowed", advice)
        self._at += 2 * len(parts) - 1
        with self._nested():
            self._need("(")
            if plain in words.PREDICATES:
                self._variable()
                self._need_word("IN")
                self._expression()
                self._need_word("WHERE")
                self._expression()
            elif not self._symbol("*"):
                self._arguments(plain)
            self._need(")")

    def _arguments(self, function: str) -> None:
        if self._now.symbol == ")":
            return
        if not self._word("DISTINCT"):
            self._word("ALL")
        spans: list[tuple[Token, ...]] = []
        while True:
            start = self._at
            self._expression()
            spans.append(self._tokens[start : self._at])
            if not self._symbol(","):
                break
        if function == "range":
            self._check_range(spans)
        if function == "replace" and len(spans) > 2:
            self._check_replacement(spans[2])

    def _check_range(self, spans: list[tuple[Token, ...]]) -> None:
        """The bounds are small numbers or sizes: a range is a list, all of it in memory."""
        length = 1
        for span in spans[:2]:
            length += sum(self._bound(token) for token in _without_sizes(span))
        self._ranges *= length
        if self._ranges > words.MAX_RANGES:
            raise self._refused(
                f"the ranges of a query have {words.MAX_RANGES:,} numbers at most,"
                " multiplied with one another",
                "Make them shorter",
            )

    def _bound(self, token: Token) -> int:
        if token.symbol in ("+", "-"):
            return 0
        digits = token.kind is TokenKind.NUMBER and token.text.isdigit() and len(token.text) < 10
        if digits and int(token.text) <= words.MAX_RANGE:
            return int(token.text)
        raise self._refused(
            f"range() takes whole numbers up to {words.MAX_RANGE:,}, size() and length() as bounds",
            "Write such bounds, joined by + and - at most",
            token,
        )

    def _check_replacement(self, span: tuple[Token, ...]) -> None:
        """The replacement is written out: a long value for every character squares its length."""
        if len(span) != 1 or span[0].kind is not TokenKind.STRING:
            raise self._refused(
                "replace() takes a written-out text as its third argument",
                "Write it in quotes",
                span[0],
            )
        self._terms *= max(1, len(span[0].text) - 2)

    def _labels(self, *, pipes: bool) -> None:
        """A label expression after its colon; ``pipes``: ``|`` may join labels here."""
        while True:
            signs = 0
            while self._symbol("!"):
                signs += 1
                self._check_signs(signs)
            self._link()
            if self._symbol("("):
                with self._nested():
                    self._labels(pipes=True)
                    self._need(")")
            elif self._now.symbol == "$":
                raise self._refused("labels chosen by a value are not allowed", "Name the label")
            elif not self._symbol("%"):
                self._name("a label or type")
            if self._symbol("&") or self._symbol(":"):
                continue
            if pipes and self._symbol("|"):
                self._symbol(":")
                continue
            return

    def _check_signs(self, signs: int) -> None:
        if signs > words.MAX_SIGNS:
            raise self._refused(
                f"{words.MAX_SIGNS} signs may follow one another at most", "Leave some out"
            )

    def _pattern_properties(self) -> None:
        if self._now.symbol == "{":
            self._map()
        elif self._symbol("$"):
            self._parameter()


def _without_sizes(span: tuple[Token, ...]) -> list[Token]:
    """The tokens of an expression but for its calls of ``size`` and ``length``."""
    kept: list[Token] = []
    depth = 0
    for token in span:
        if token.symbol == "(" and (depth or (kept and kept[-1].word in ("SIZE", "LENGTH"))):
            if not depth:
                kept.pop()
            depth += 1
        elif token.symbol == ")" and depth:
            depth -= 1
        elif not depth:
            kept.append(token)
    return kept
