"""The Cypher that the console allows, as a grammar: what it cannot read is refused.

The grammar has no clause that writes, no procedure and nothing that leaves the graph, and two
words stand side by side in it only where it says so. So a forbidden clause cannot hide as a name:
every one of them needs a second word, or a bracket, after the first. Precedence and types are the
engine's business.

Source: openCypher 9; Neo4j Cypher manual 5 for subqueries, label expressions and quantified paths.
"""

from __future__ import annotations

from lineage import cypher_words as words
from lineage.cypher_expressions import Expressions
from lineage.cypher_tokens import TokenKind
from lineage.errors import QueryRefused

_AFTER_PROJECTION = ("SKIP", "OFFSET", "LIMIT")


class Grammar(Expressions):
    """Reads one query by recursive descent; raises at the first thing that is not allowed."""

    def read(self) -> None:
        """Reads all of the query.

        Raises:
            QueryRefused: something in it is not allowed.
        """
        if self._at_end:
            raise self._refused("there is no query", "Write one that ends with RETURN")
        self._query_body(returns=True)
        if not self._at_end:
            raise self._no_clause()

    def _query_body(self, *, returns: bool) -> None:
        """Single queries joined by UNION; ``returns``: each must end with RETURN."""
        self._single_query(returns=returns)
        while self._word("UNION"):
            self._terms += 1
            if not self._word("ALL"):
                self._word("DISTINCT")
            self._single_query(returns=returns)

    def _single_query(self, *, returns: bool) -> None:
        while True:
            self._count("clauses", words.MAX_CLAUSES)
            if self._word("RETURN"):
                self._projection()
                return
            with self._scope():
                self._reading_clause()
            over = self._at_end or self._now.symbol == "}"
            if over or self._now.word == "UNION":
                if returns:
                    raise self._unexpected("RETURN")
                return

    def _reading_clause(self) -> None:
        optional = self._word("OPTIONAL")
        if self._word("MATCH"):
            self._patterns()
            self._where()
        elif self._word("CALL"):
            self._subquery_call()
        elif optional:
            raise self._unexpected("MATCH")
        elif self._word("WITH"):
            self._projection_body()
            self._where()
        elif self._word("UNWIND"):
            self._expression()
            self._need_word("AS")
            self._variable()
        else:
            raise self._no_clause()

    def _no_clause(self) -> QueryRefused:
        word = self._now.word
        reason = words.REFUSED_CLAUSES.get(word)
        if word and reason:
            return self._refused(f"{word} {reason}", f"Allowed: {words.CLAUSES}")
        seen = self._now.text[:40] or "the end"
        return self._refused(
            f"{seen} is not a clause that is allowed here", f"Allowed: {words.CLAUSES}"
        )

    def _subquery_call(self) -> None:
        call = self._tokens[self._at - 1]
        if self._now.symbol not in ("{", "("):
            raise self._refused(
                "procedures are not allowed: they can write, read files and reach the network",
                "Use MATCH, or a subquery: CALL { ... }",
                call,
            )
        with self._nested():
            if self._symbol("(") and not self._symbol("*", ")") and not self._symbol(")"):
                self._variable()
                while self._symbol(","):
                    self._variable()
                self._need(")")
            self._need("{")
            self._query_body(returns=True)
            self._need("}")
        if self._now.word == "IN":
            raise self._refused(
                "IN TRANSACTIONS commits, and the console only reads", "Leave it out"
            )

    def _projection(self) -> None:
        with self._scope():
            self._projection_body()

    def _projection_body(self) -> None:
        self._word("DISTINCT")
        if not self._symbol("*"):
            self._projection_item()
        while self._symbol(","):
            self._projection_item()
        if self._word("ORDER", "BY"):
            self._order()
            while self._symbol(","):
                self._order()
        while self._now.word in _AFTER_PROJECTION:
            self._next()
            self._expression()

    def _projection_item(self) -> None:
        self._expression()
        if self._word("AS"):
            self._variable()

    def _order(self) -> None:
        self._expression()
        if self._now.word in ("ASC", "ASCENDING", "DESC", "DESCENDING"):
            self._next()

    def _where(self) -> None:
        if self._word("WHERE"):
            self._expression()

    def _patterns(self) -> None:
        self._pattern()
        while self._symbol(","):
            self._pattern()

    def _pattern(self) -> None:
        if self._is_variable and self._ahead(1).symbol == "=":
            self._at += 2
        if self._now.text.lower() in words.SHORTEST and self._ahead(1).symbol == "(":
            self._next()
            self._shortest()
        else:
            self._path()

    def _shortest(self) -> None:
        with self._nested():
            self._need("(")
            self._path()
            self._need(")")

    def _path(self) -> None:
        """Nodes joined by relationships; a group of them may be repeated."""
        self._part()
        while self._now.symbol in ("-", "<", "("):
            if self._now.symbol != "(":
                self._relationship()
            self._part()

    def _part(self) -> None:
        """A node, or a group in parentheses."""
        if self._now.symbol != "(":
            raise self._unexpected("a node pattern such as (n:Entity)")
        named = self._ahead(2).symbol == "=" and self._ahead(1).kind in (
            TokenKind.WORD,
            TokenKind.QUOTED,
        )
        if self._ahead(1).symbol != "(" and not named:
            self._node()
            return
        with self._nested():
            self._need("(")
            self._pattern()
            self._where()
            self._need(")")
        self._quantifier()

    def _node(self) -> None:
        with self._nested():
            self._need("(")
            if self._is_variable:
                self._next()
            if self._symbol(":"):
                self._labels(pipes=True)
            self._pattern_properties()
            self._where()
            self._need(")")

    def _relationship(self) -> None:
        self._count("relationship patterns", words.MAX_RELATIONS)
        self._symbol("<")
        self._need("-")
        if self._symbol("["):
            with self._nested():
                if self._is_variable:
                    self._next()
                if self._symbol(":"):
                    self._labels(pipes=True)
                if self._symbol("*"):
                    self._hops()
                self._pattern_properties()
                self._where()
                self._need("]")
        self._need("-")
        self._symbol(">")
        self._quantifier()

    def _hops(self) -> None:
        """The bounds after ``*``; the upper one is compulsory."""
        bound = self._integer()
        if self._symbol(".."):
            bound = self._integer()
        self._check_hops(bound)

    def _quantifier(self) -> None:
        """``{n}``, ``{n,m}`` or ``{,m}`` after a relationship or a group."""
        if self._now.symbol in ("*", "+"):
            self._check_hops(None)
        if self._symbol("{"):
            bound = self._integer()
            if self._symbol(","):
                bound = self._integer()
            self._check_hops(bound)
            self._need("}")

    def _integer(self) -> int | None:
        if self._now.kind is not TokenKind.NUMBER:
            return None
        text = self._next().text
        # int() refuses more than 4,300 digits with an error of its own
        return int(text) if text.isdigit() and len(text) < 10 else 10**9

    def _check_hops(self, bound: int | None) -> None:
        if bound is None or bound > words.MAX_HOPS:
            raise self._refused(
                f"a variable-length pattern needs an upper bound of {words.MAX_HOPS} at most",
                f"Write *1..{words.MAX_HOPS} or {{1,{words.MAX_HOPS}}}; for whole lineages take"
                " the ancestors and descendants of an element",
            )
