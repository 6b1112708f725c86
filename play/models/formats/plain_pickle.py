"""Reads a pickle as plain data, without importing or running anything that it names.

A machine for the few operations that plain data need: containers, texts, numbers, and calls of names on a list that the caller
gives. Every other name or operation refuses the file. Memory and time are bounded by the length of the pickle.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from play.models.formats.format import CheckpointError, shown
from play.models.formats.kinds import SAVE

MOST_BYTES = 8 * 1024 * 1024
MOST_STEPS = 500_000
KEY_TYPES = (str, int, float, bytes, type(None))
Makers = Mapping[str, Callable[..., object]]
"""What a call of each known name gives, by `module.name`."""


class Odd:
    """Something that is known to be harmless and is of no use here; `what` says it in words."""

    def __init__(self, what: str) -> None:
        self.what = what


class Named:
    """A known name, before it is called."""

    def __init__(self, name: str, make: Callable[..., object]) -> None:
        self.name, self.make = name, make


def read_pickle(data: bytes, makers: Makers, stored: Callable[[object], object]) -> object:
    """The plain data of a pickle; `stored` reads its references to what lies outside it. CheckpointError for anything else."""
    if len(data) > MOST_BYTES:
        raise CheckpointError(f"its index has {len(data)} bytes: at most {MOST_BYTES} are accepted; {_ADVICE}")
    machine = _Machine(makers, stored)
    try:
        stream = io.BytesIO(data)
        for step, (operation, argument, _) in enumerate(pickletools.genops(stream)):
            if step >= MOST_STEPS:
                raise CheckpointError(f"its index has more than {MOST_STEPS} steps; {_ADVICE}")
            machine.do(operation.name, argument)
        if stream.read(1):
            raise refused("something stands behind the end of its index")
        return machine.result()
    except CheckpointError:
        raise
    except Exception as error:  # a malformed pickle fails in any way
        text = shown(f"{type(error).__name__}: {error}", 200)
        raise CheckpointError(f"it cannot be read as a checkpoint, its index is damaged: {text}") from error


_ADVICE = f"save the weights without the rest: {SAVE}"
_PUSHES = (
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING",
    "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINBYTES", "BINBYTES", "BINBYTES8",
)  # fmt: skip
_CONSTANTS: Mapping[str, Callable[[], object]] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False,
    "EMPTY_SET": lambda: Odd("a set"), "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_DICT": dict,
}  # fmt: skip
_SIZES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_IGNORED = ("PROTO", "FRAME", "STOP")


class _Machine:
    """The stack and the memo of one pickle."""

    def __init__(self, makers: Makers, stored: Callable[[object], object]) -> None:
        self._makers, self._stored = makers, stored
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._memo: dict[int, object] = {}

    def result(self) -> object:
        """What is left in the end."""
        [found] = self._stack
        return found

    def do(self, name: str, argument: Any) -> None:
        """Carry one operation out."""
        if name in _PUSHES:
            self._stack.append(argument)
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name]())
        elif name in _SIZES:
            self._stack[-_SIZES[name] :] = [self._last(_SIZES[name])]
        elif name not in _IGNORED:
            step = getattr(self, f"_{name.lower()}", None)
            if step is None:
                raise refused(f"it uses the pickle operation {name}")
            step(argument)

    def _last(self, size: int) -> tuple[object, ...]:
        if len(self._stack) < size:
            raise ValueError("the stack is too short")
        return tuple(self._stack[-size:])

    def _mark(self, _: None) -> None:
        self._below.append(self._stack)
        self._stack = []

    def _above_mark(self) -> list[Any]:
        above, self._stack = self._stack, self._below.pop()
        return above

    def _list(self, _: None) -> None:
        items = self._above_mark()
        self._stack.append(items)

    def _tuple(self, _: None) -> None:
        items = self._above_mark()
        self._stack.append(tuple(items))

    def _dict(self, _: None) -> None:
        items = self._above_mark()
        self._stack.append({})
        self._fill(items)

    def _append(self, _: None) -> None:
        value = self._stack.pop()
        self._extend([value])

    def _appends(self, _: None) -> None:
        items = self._above_mark()
        self._extend(items)

    def _extend(self, items: list[Any]) -> None:
        if not isinstance(self._stack[-1], list):
            raise ValueError("items are added to what is no list")
        self._stack[-1].extend(items)

    def _setitem(self, _: None) -> None:
        items = [*self._last(2)]
        del self._stack[-2:]
        self._fill(items)

    def _setitems(self, _: None) -> None:
        items = self._above_mark()
        self._fill(items)

    def _fill(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, dict):
            raise ValueError("entries are added to what is no dictionary")
        for key, value in _pairs(items):
            if not isinstance(key, KEY_TYPES):  # a nested tuple could exhaust the stack when it is hashed
                raise refused(f"a dictionary has a {type(key).__name__} as a key")
            target[key] = value

    def _additems(self, _: None) -> None:
        self._above_mark()  # of a set, which is of no use here

    def _frozenset(self, _: None) -> None:
        self._above_mark()
        self._stack.append(Odd("a set"))

    def _get(self, index: int) -> None:
        self._stack.append(self._memo[index])

    def _put(self, index: int) -> None:
        self._memo[index] = self._stack[-1]

    def _memoize(self, _: None) -> None:
        self._put(len(self._memo))

    _binget = _long_binget = _get
    _binput = _long_binput = _put

    def _global(self, argument: str) -> None:
        self._push_named(argument.replace(" ", ".", 1))

    def _stack_global(self, _: None) -> None:
        module, name = self._last(2)
        del self._stack[-2:]
        self._push_named(f"{shown(module)}.{shown(name)}")

    def _push_named(self, name: str) -> None:
        if name not in self._makers:
            raise refused(f"it names {shown(name)}")
        self._stack.append(Named(name, self._makers[name]))

    def _reduce(self, _: None) -> None:
        named, arguments = self._last(2)
        del self._stack[-2:]
        if not isinstance(named, Named) or not isinstance(arguments, tuple):
            raise refused("it calls what is no name")
        self._stack.append(named.make(*arguments))

    _newobj = _reduce

    def _build(self, _: None) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        if isinstance(target, dict) and not _is_harmless(state):
            raise refused("a state dict has attributes that torch gives none, or `_metadata` that is no dictionary")
        if hasattr(target, "take_state"):
            target.take_state(state)
        elif not isinstance(target, dict | Odd):
            raise refused(f"it gives attributes to a {type(target).__name__}")

    def _binpersid(self, _: None) -> None:
        self._stack.append(self._stored(self._stack.pop()))


def refused(found: str) -> CheckpointError:
    """The refusal of a file that holds more than plain data."""
    return CheckpointError(f"it holds more than weights and plain values, and is refused unread: {found}; {_ADVICE}")


def _pairs(items: list[Any]) -> Iterator[tuple[Any, Any]]:
    return zip(items[::2], items[1::2], strict=True)


def _is_harmless(state: object) -> bool:
    """Whether these attributes of a dictionary are those of a state dict."""
    return isinstance(state, dict) and set(state) <= {"_metadata"} and isinstance(state.get("_metadata", {}), dict)
