r"""Cypher cut into tokens, so strictly that no engine can cut the same text another way.

Where engines differ (``\u`` escapes replaced before parsing, nested comments, what ends a line,
Unicode blanks and look-alikes) the text is refused instead of being read in one of the ways.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from lineage.errors import QueryRefused

MAX_CHARACTERS = 10_000
"""Longest query that is read at all."""


class TokenKind(Enum):
    """What a token is, as far as its first character says."""

    WORD = "word"
    """A keyword or a plain name; which one, only its place tells."""
    QUOTED = "back-ticked name"
    STRING = "string"
    NUMBER = "number"
    SYMBOL = "symbol"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query."""

    kind: TokenKind
    text: str
    """As written, quotes included."""
    offset: int
    """Characters before it."""

    @property
    def word(self) -> str:
        """The word in capitals; empty for everything that is not a word."""
        return self.text.upper() if self.kind is TokenKind.WORD else ""

    @property
    def symbol(self) -> str:
        """The symbol; empty for everything else."""
        return self.text if self.kind is TokenKind.SYMBOL else ""


_BLANK = re.compile(r"[ \t\n\r]+")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_NAME = re.compile(r"`(?:[^`\\\n\r]|``)+`")
_ESCAPE = re.compile(r"\\(?:[\\'\"bfnrt]|u([0-9A-Fa-f]{4}))")
_SYMBOLS = "()[]{},.:|&!=<>+-*/%^$~"
_DELIMITERS = "'\"`\\/*"
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories that a person does not see and a parser may act upon."""


def refusal(query: str, offset: int, problem: str, advice: str) -> QueryRefused:
    """The refusal of what stands at ``offset``, as ``query LINE:COLUMN: problem. Advice``."""
    before = query[:offset]
    line = before.count("\n") + 1
    column = offset - (before.rfind("\n") + 1) + 1
    return QueryRefused(f"query {line}:{column}: {problem}. {advice}")


def tokens(query: str) -> tuple[Token, ...]:
    """The tokens of a query, without blanks and comments; the last one is the end.

    Raises:
        QueryRefused: it is too long, or holds something that is no token or could be read as
            another one.
    """
    if len(query) > MAX_CHARACTERS:
        raise refusal(
            query,
            MAX_CHARACTERS,
            f"a query has {MAX_CHARACTERS:,} characters at most ({len(query):,} seen)",
            "Make it shorter; long lists of values go into parameters",
        )
    _check_characters(query)
    found: list[Token] = []
    offset = 0
    while offset < len(query):
        if blank := _BLANK.match(query, offset):
            offset = blank.end()
        elif query.startswith(("//", "/*"), offset):
            offset = _after_comment(query, offset)
        else:
            token = _token(query, offset)
            found.append(token)
            offset += len(token.text)
    found.append(Token(TokenKind.END, "", len(query)))
    return tuple(found)


def _check_characters(query: str) -> None:
    for offset, character in enumerate(query):
        if character in "\t\n" or " " <= character <= "~":
            continue
        if character == "\r":
            if not query.startswith("\n", offset + 1):
                raise refusal(
                    query,
                    offset,
                    "a carriage return without a line feed is not allowed",
                    "End lines with a line feed",
                )
            continue
        folded = unicodedata.normalize("NFKC", character)
        if (
            character == "\x7f"
            or unicodedata.category(character) in _HIDDEN
            or any(sign in folded for sign in _DELIMITERS)
        ):
            raise refusal(
                query,
                offset,
                f"the character U+{ord(character):04X} is not allowed in a query",
                "Give the value that needs it as a parameter",
            )


def _after_comment(query: str, offset: int) -> int:
    line = query.startswith("//", offset)
    end = query.find("\n" if line else "*/", offset + 2)
    if end < 0 and not line:
        raise refusal(query, offset, "this comment has no end", "Close it with */")
    end = len(query) if end < 0 else end
    # Neo4j's JavaCC parser replaced \uXXXX before it looked for the end of a comment
    for trick, name in (("\\u", "a \\u escape"), ("/*", "another comment")):
        inside = query.find(trick, offset + 2, end)
        if inside >= 0 and not (line and trick == "/*"):
            raise refusal(
                query, inside, f"{name} is not allowed inside a comment", "Leave the comment out"
            )
    return end if line else end + 2


def _token(query: str, offset: int) -> Token:
    character = query[offset]
    if word := _WORD.match(query, offset):
        return Token(TokenKind.WORD, word[0], offset)
    if number := _NUMBER.match(query, offset):
        return _number(query, number)
    if character in "'\"":
        return _string(query, offset)
    if character == "`":
        return _name(query, offset)
    if query.startswith("..", offset):
        return Token(TokenKind.SYMBOL, "..", offset)
    if character == ";":
        raise refusal(
            query,
            offset,
            "a semicolon is not allowed: the console runs one statement",
            "Leave it out, and run one statement at a time",
        )
    if character in _SYMBOLS:
        return Token(TokenKind.SYMBOL, character, offset)
    if character == "\\":
        raise refusal(
            query,
            offset,
            "a backslash escape is not allowed outside of a string",
            "Write the character itself",
        )
    shown = character if character.isascii() else f"U+{ord(character):04X}"
    raise refusal(
        query,
        offset,
        f"the character {shown} is not allowed outside of strings and back-ticks",
        "Quote it, or write plain ASCII",
    )


def _number(query: str, number: re.Match[str]) -> Token:
    rest = query[number.end() : number.end() + 2]
    if rest and (rest[0].isalnum() or rest[0] == "_" or (rest[0] == "." and rest != "..")):
        raise refusal(
            query,
            number.start(),
            f"{number[0] + rest!r} is not a number that is allowed",
            "Write decimal numbers such as 12, 0.5 or 1e-3",
        )
    return Token(TokenKind.NUMBER, number[0], number.start())


def _string(query: str, start: int) -> Token:
    offset = start + 1
    while offset < len(query) and query[offset] != query[start]:
        if query[offset] != "\\":
            offset += 1
            continue
        escape = _ESCAPE.match(query, offset)
        if escape is None:
            raise refusal(
                query,
                offset,
                f"{query[offset : offset + 2]!r} is not an escape that is allowed in a string",
                "Write the character itself; a backslash is written \\\\",
            )
        # some parsers replace \uXXXX first and see the quote, or the second backslash, that results
        decoded = chr(int(escape[1], 16)) if escape[1] else " "
        doubled = escape[0] == "\\\\" and query.startswith("u", escape.end())
        unsafe = not decoded.isprintable() or any(
            sign in _DELIMITERS for sign in unicodedata.normalize("NFKC", decoded)
        )
        if doubled or unsafe:
            raise refusal(
                query,
                offset,
                "this \\u is not allowed: engines disagree about what it stands for",
                "Write the character itself, or give the text as a parameter",
            )
        offset = escape.end()
    if offset >= len(query):
        raise refusal(query, start, "this string has no end", f"Close it with {query[start]}")
    return Token(TokenKind.STRING, query[start : offset + 1], start)


def _name(query: str, offset: int) -> Token:
    name = _NAME.match(query, offset)
    if name is None:
        raise refusal(
            query,
            offset,
            "this back-ticked name is empty, has no end or holds a backslash",
            "Close it with a back-tick; a back-tick inside is written twice",
        )
    return Token(TokenKind.QUOTED, name[0], offset)
