"""PROV-N text as statements, one at a time: where they begin and end, not what they say.

A statement ends with its closing bracket; one that lacks it ends before the next line that begins
as a statement does.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from enum import Enum
from typing import BinaryIO, NamedTuple

CHUNK_BYTES = 1 << 16
LONGEST_STATEMENT = 1 << 19
"""Characters that one statement may have: prov takes a hundred bytes for each."""

# Groups are written so that giving back is in vain, and not with *+, in which Python's re before
# 3.11.5 loses its place where a group may fail halfway.
_SKIP = re.compile(r"(?:[ \t\r\n]++|//[^\n\r]*+|/\*.*?\*/)*", re.DOTALL)
_OPEN_COMMENT = re.compile(r"/(?:\*|\Z)")
_DECLARATION = re.compile(
    r"(?:prefix(?:[ \t\r\n]++)([^\s<>()\"']++)|default)[ \t\r\n]*+<([^<>\"{}|^`\x00-\x20]*+)>"
)
_BUNDLE = re.compile(
    r"bundle[ \t\r\n]++((?!\s)[^\s()\[\],;'\"\\]*+(?:\\.[^\s()\[\],;'\"\\]*+)*)(?=\s)", re.DOTALL
)
_WORD = re.compile(r"(?:document|endDocument|endBundle)(?![\w:.(\-])(?=[\s/]|\Z)")
_OPENING = re.compile(r"[A-Za-z][\w.\-]*+(?::[\w.\-]++)?[ \t\r\n]*+\(")
_TOKEN = re.compile(
    r'"""[^"\\]*+(?:(?!""")\\?+.[^"\\]*+)*"""'
    r"|\"[^\"\\\n\r]*+(?:\\.[^\"\\\n\r]*+)*\""
    r"|'[^'\\\n\r]*+(?:\\.[^'\\\n\r]*+)*'"
    r"|//[^\n\r]*+|/\*.*?\*/"
    r"|(?=[^\s\"'()\\,;=\[\]]|\\.)[^\s\"'()\\,;=\[\]]*+(?:\\.[^\s\"'()\\,;=\[\]]*+)*"
    r"|[ \t\r\n]++|.",
    re.DOTALL,
)
_LINE_START = re.compile(
    r"^[ \t]*(?=(?:[A-Za-z][\w.\-]*(?::[\w.\-]+)?[ \t]*\(|bundle\s|endBundle|endDocument))",
    re.MULTILINE,
)


class Kind(Enum):
    """What stands in a document."""

    DOCUMENT = "document"
    END_DOCUMENT = "endDocument"
    PREFIX = "prefix"
    DEFAULT = "default"
    BUNDLE = "bundle"
    END_BUNDLE = "endBundle"
    STATEMENT = "statement"
    DAMAGE = "damage"
    """Something that is none of these."""


class Piece(NamedTuple):
    """One of these, as it is written."""

    kind: Kind
    line: int
    text: str
    """A statement; a bundle's name; a prefix; what is wrong with a damage."""
    iri: str = ""
    """Of a prefix or of the default namespace."""


class Pieces:
    """The pieces of a document, read once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._ended = False
        self.line = 1
        """Where the reading stands."""
        self.end = "the file ends"
        """Why there is no more text."""

    def __iter__(self) -> Iterator[Piece]:
        """The pieces, in order."""
        while True:
            self._skip()
            if self._at >= len(self._text):
                if self._more():
                    continue
                return
            piece = self._piece()
            if piece is not None:
                yield piece
            elif not self._more():
                yield self._damage("ends too soon: {}", self._text[self._at :])
                self._move(len(self._text))

    def _piece(self) -> Piece | None:
        """The piece that begins here; ``None`` where more text must be read first."""
        text, at, line = self._text, self._at, self.line
        if not self._ended and len(text) - at < 512:
            return None  # enough for a word, a declaration or the beginning of a statement
        declaration = _DECLARATION.match(text, at)
        if declaration is not None:
            self._move(declaration.end())
            kind = Kind.DEFAULT if declaration[1] is None else Kind.PREFIX
            return Piece(kind, line, declaration[1] or "", declaration[2])
        bundle = _BUNDLE.match(text, at)
        if bundle is not None:
            self._move(bundle.end())
            return Piece(Kind.BUNDLE, line, bundle[1])
        word = _WORD.match(text, at)
        if word is not None:
            self._move(word.end())
            return Piece(Kind(word[0]), line, word[0])
        opening = _OPENING.match(text, at)
        if opening is not None:
            return self._statement(opening.end())
        return self._junk("is no statement: {}")

    def _statement(self, start: int) -> Piece | None:
        """The statement whose bracket opens before ``start``."""
        text, line, depth = self._text, self.line, 1
        begins = -1
        """Where the first word of a line stands, if nothing else followed it yet."""
        fresh = False
        for token in _TOKEN.finditer(text, start, self._at + LONGEST_STATEMENT):
            first = token[0][0]
            if first in " \t\r\n":
                fresh = fresh or "\n" in token[0] or "\r" in token[0]
                continue
            if first == "(":
                if begins >= 0:
                    damage = self._damage("lacks its closing bracket: {}", text[self._at :])
                    self._move(begins)
                    return damage
                depth += 1
            elif first == ")":
                depth -= 1
                if not depth:
                    piece = Piece(Kind.STATEMENT, line, text[self._at : token.end()])
                    self._move(token.end())
                    return piece
            elif not self._ended and (
                token.end() == len(text)
                or (text.startswith('"""', token.start()) and len(token[0]) < 6)
            ):
                break  # a word or a text that may go on
            begins = token.start() if fresh and first.isalpha() else -1
            fresh = False
        if not self._ended and len(text) - self._at < LONGEST_STATEMENT:
            return None
        return self._junk("lacks its closing bracket, or is too long: {}")

    def _junk(self, problem: str) -> Piece | None:
        """What cannot be read, up to the line where something begins again."""
        following = _LINE_START.search(self._text, self._at + 1)
        if following is None and not self._ended and len(self._text) - self._at < LONGEST_STATEMENT:
            return None
        damage = self._damage(problem, self._text[self._at :])
        self._move(len(self._text) if following is None else following.end())
        return damage

    def _damage(self, problem: str, text: str) -> Piece:
        shown = text[:40].split("\n")[0]
        return Piece(Kind.DAMAGE, self.line, problem.format(ascii(shown)))

    def _skip(self) -> None:
        """Moves behind blanks and comments."""
        while True:
            match = _SKIP.match(self._text, self._at)
            end = match.end() if match else self._at
            open_ = _OPEN_COMMENT.match(self._text, end)
            self._move(end)
            if open_ is None or self._ended or not self._more():
                return

    def _move(self, to: int) -> None:
        self.line += self._text.count("\n", self._at, to)
        self._at = to

    def _more(self) -> bool:
        """Reads on; ``False`` at the end of the file, or of what is UTF-8 in it."""
        if self._ended:
            return False
        kept = self._text[self._at :]
        data = self._file.read(max(CHUNK_BYTES, len(kept)))
        self._ended = not data
        try:
            text = self._decoder.decode(data, self._ended)
        except UnicodeDecodeError as error:
            text = error.object[: error.start].decode("utf-8", "replace")
            self._ended = True
            self.end = "what follows is not UTF-8"
        self._text = kept + text
        self._at = 0
        return True
