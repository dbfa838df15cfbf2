"""Pickles as plain values, without unpickling: their opcodes are read, and nothing is called.

PyTables pickles every attribute that is no text, number or array, so real files are full of them:
``None``, lists, dicts, references to enumerations. A pickle is a program; loading one runs it. Here
the program is only followed: names of classes stay names, and of calls none is made. Those that
stand for plain values (a path, a NumPy number, an ordered dict) are understood by their names; any
other call is refused.

Source: the opcodes' own documentation in ``pickletools``.
"""

from __future__ import annotations

import io
import pickletools
import struct
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

MOST_OPCODES = 500_000
_MOST_DEPTH = 64
_MOST_VALUES = 200_000
_MOST_CHARACTERS = 8_000_000
_LONGEST_INTEGER_BITS = 1_024

_PATHS = frozenset({"PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath", "Path"})
_SCALARS = frozenset({"numpy.core.multiarray scalar", "numpy._core.multiarray scalar"})
_MAPPINGS = frozenset({"collections OrderedDict"})
_BYTES = frozenset({"_codecs encode"})
_SETS = frozenset(
    f"{module} {name}" for module in ("builtins", "__builtin__") for name in ("set", "frozenset")
)
_NUMBERS = {"f4": "f", "f8": "d", "b1": "?"} | {
    f"{kind}{size}": letter if kind == "i" else letter.upper()
    for kind in "iu"
    for size, letter in ((1, "b"), (2, "h"), (4, "i"), (8, "q"))
}
"""NumPy's name of a type -> the letter that ``struct`` has for it."""


class PickleRefused(ValueError):
    """It would call something, or is damaged, or expands beyond all bounds."""


class Name(NamedTuple):
    """A class or function that the pickle refers to; it is not looked up."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class _Dtype:
    """What ``numpy.dtype('f8')`` would be."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.order = "<"


class _Dict:
    """Key, value, key, value ...: no hash of a hostile key is computed before it is text."""

    def __init__(self, items: list[Any] | None = None) -> None:
        self.items = [] if items is None else items


class Decoded(NamedTuple):
    """What a pickle holds."""

    value: Any
    """None, bool, int, float, str, list or dict with str keys; bytes and names became text."""
    whole: bool
    """False where the pickle is cut off, and this is what stands before the cut."""


def decode(data: bytes) -> Decoded:
    """The plain value of a pickle.

    Raises:
        PickleRefused: it is none, calls something, or grows too large.
    """
    machine = _Machine()
    whole = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of backslashes in texts of Python 2
            _follow(data, machine)
    except PickleRefused:
        raise
    except (ValueError, EOFError, UnicodeError) as error:
        # what PyTables could not fit into an attribute, lstchain's early versions cut off
        if not machine.stack:
            raise PickleRefused(f"is no pickle ({error!s:.100})") from error
        whole = False
    except (IndexError, KeyError, TypeError, AttributeError) as error:
        raise PickleRefused(f"is a damaged pickle ({type(error).__name__})") from error
    if not machine.stack:
        raise PickleRefused("is an empty pickle")
    found = machine.result if whole else machine.before_the_cut()
    return Decoded(_Plainer().plain(found), whole)


def _follow(data: bytes, machine: _Machine) -> None:
    for count, (opcode, argument, _) in enumerate(pickletools.genops(io.BytesIO(data))):
        if count >= MOST_OPCODES:
            raise PickleRefused(f"has more than {MOST_OPCODES:,} instructions")
        machine.follow(opcode.name, argument)


class _Machine:
    """Pickle's stack machine, without the opcodes that run code."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.result: Any = None
        self._marks: list[list[Any]] = []
        self._memo: dict[int, Any] = {}

    def follow(self, name: str, argument: Any) -> None:
        """Does what one instruction says, as far as it makes plain values."""
        if name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _LITERALS:
            self.stack.append(argument)
        elif name in ("PROTO", "FRAME"):
            pass
        else:
            step: Callable[[Any], None] | None = getattr(self, f"_{name.lower()}", None)
            if step is None:
                raise PickleRefused(f"uses the instruction {name}, which makes no plain value")
            step(argument)

    def before_the_cut(self) -> Any:
        """The outermost value that was being made, with what was ready to go into it."""
        parts = [*self._marks, self.stack]
        outermost, *waiting = next((items for items in parts if items), [None])
        if isinstance(outermost, list):
            outermost += waiting if len(self._marks) == 0 else self.stack
        return outermost

    def _collect(self, container: Any, items: list[Any]) -> None:
        if isinstance(container, list):
            container += items
        elif isinstance(container, _Dict):
            container.items += items

    def _since_mark(self) -> list[Any]:
        items, self.stack = self.stack, self._marks.pop()
        return items

    def _mark(self, _: Any) -> None:
        self._marks.append(self.stack)
        self.stack = []

    def _stop(self, _: Any) -> None:
        self.result = self.stack[-1]

    def _pop(self, _: Any) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self._since_mark()

    def _pop_mark(self, _: Any) -> None:
        self._since_mark()

    def _dup(self, _: Any) -> None:
        self.stack.append(self.stack[-1])

    def _put(self, index: int) -> None:
        self._memo[index] = self.stack[-1]

    _binput = _long_binput = _put

    def _memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self.stack[-1]

    def _get(self, index: int) -> None:
        self.stack.append(self._memo[index])

    _binget = _long_binget = _get

    def _list(self, _: Any) -> None:
        items = self._since_mark()
        self.stack.append(items)

    _frozenset = _list

    def _empty_list(self, _: Any) -> None:
        self.stack.append([])

    _empty_set = _empty_list

    def _append(self, _: Any) -> None:
        value = self.stack.pop()
        self._collect(self.stack[-1], [value])

    def _appends(self, _: Any) -> None:
        items = self._since_mark()
        self._collect(self.stack[-1], items)

    _setitems = _additems = _appends

    def _tuple(self, _: Any) -> None:
        items = self._since_mark()
        self.stack.append(tuple(items))

    def _top(self, count: int) -> None:
        values = tuple(self.stack[-count:])
        if len(values) < count:
            raise PickleRefused("is a damaged pickle (a tuple has too few values)")
        self.stack[-count:] = [values]

    def _tuple1(self, _: Any) -> None:
        self._top(1)

    def _tuple2(self, _: Any) -> None:
        self._top(2)

    def _tuple3(self, _: Any) -> None:
        self._top(3)

    def _dict(self, _: Any) -> None:
        items = self._since_mark()
        self.stack.append(_Dict(items))

    def _empty_dict(self, _: Any) -> None:
        self.stack.append(_Dict())

    def _setitem(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._collect(self.stack[-1], [key, value])

    def _global(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self.stack.append(Name(module, name))

    def _stack_global(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise PickleRefused("is a damaged pickle (a name is no text)")
        self.stack.append(Name(module, name))

    def _reduce(self, _: Any) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        self.stack.append(_called(called, arguments))

    _newobj = _reduce

    def _inst(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        items = self._since_mark()
        self.stack.append(_called(Name(module, name), tuple(items)))

    def _obj(self, _: Any) -> None:
        called, *arguments = self._since_mark()
        self.stack.append(_called(called, tuple(arguments)))

    def _build(self, _: Any) -> None:
        state, built = self.stack.pop(), self.stack[-1]
        if not isinstance(built, _Dtype):
            raise PickleRefused("sets the state of an object")
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">", "|"):
            built.order = state[1].replace("|", "<")


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_LITERALS = frozenset(
    {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
    | {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE"}
    | {"BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
)


def _called(called: Any, arguments: Any) -> Any:
    """What a call would give, where that is a plain value and needs no call."""
    name = f"{called.module} {called.name}" if isinstance(called, Name) else ""
    if isinstance(arguments, tuple):
        if called == Name("numpy", "dtype") and arguments and isinstance(arguments[0], str):
            return _Dtype(arguments[0])
        if name in _SCALARS and len(arguments) == 2 and isinstance(arguments[0], _Dtype):
            return _number(arguments[0], arguments[1])
        if name.startswith("pathlib") and called.name in _PATHS:
            return "/".join(str(part).rstrip("/") for part in arguments) or "/"
        if name in _MAPPINGS and not arguments:
            return _Dict()
        if name in _SETS and len(arguments) == 1 and isinstance(arguments[0], list):
            return arguments[0]
        if name in _BYTES and len(arguments) == 2 and isinstance(arguments[0], str):
            return arguments[0].encode("latin-1", "replace")
    shown = called if isinstance(called, Name) else type(called).__name__
    raise PickleRefused(f"would call {shown!s:.100} when it is loaded")


def _number(dtype: _Dtype, data: Any) -> Any:
    letter = _NUMBERS.get(dtype.code)
    if isinstance(data, str):
        data = data.encode("latin-1", "replace")
    try:
        return struct.unpack(f"{dtype.order}{letter or '?'}", data)[0] if letter else None
    except (struct.error, TypeError) as error:
        raise PickleRefused("is a damaged pickle (a number has another size)") from error


class _Plainer:
    """Copies a value that may share and contain itself, under a budget."""

    def __init__(self) -> None:
        self._values = _MOST_VALUES
        self._characters = _MOST_CHARACTERS

    def plain(self, value: Any, depth: int = 0) -> Any:
        """The value as JSON has them."""
        self._values -= 1
        if self._values < 0 or depth > _MOST_DEPTH:
            raise PickleRefused("expands beyond all bounds")
        if isinstance(value, (bytes, bytearray)):
            value = bytes(value).decode("utf-8", "replace")
        if isinstance(value, (Name, _Dtype)):
            value = str(value) if isinstance(value, Name) else value.code
        if isinstance(value, str):
            self._characters -= len(value)
            if self._characters < 0:
                raise PickleRefused("expands beyond all bounds")
            return value
        if isinstance(value, int) and value.bit_length() > _LONGEST_INTEGER_BITS:
            raise PickleRefused(f"holds an integer of {value.bit_length():,} bits")
        if isinstance(value, (list, tuple)):
            return [self.plain(item, depth + 1) for item in value]
        if isinstance(value, _Dict):
            return dict(self._pairs(value, depth + 1))
        return value

    def _pairs(self, value: _Dict, depth: int) -> Iterator[tuple[str, Any]]:
        for key, item in zip(value.items[::2], value.items[1::2], strict=False):
            named = self.plain(key, depth)
            yield named if isinstance(named, str) else str(named), self.plain(item, depth)
