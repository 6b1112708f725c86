"""Files of torch.save, and bare pickles, whose index does harm when it is unpickled. Never read one without care."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

Write = Callable[[Path, Path], object]
UNICODE = b"X"


def text(value: str) -> bytes:
    """A text on the pickle's stack."""
    data = value.encode()
    return UNICODE + struct.pack("<I", len(data)) + data


def call(module: str, name: str, *arguments: bytes, protocol: int = 2) -> bytes:
    """A pickle that calls a function with texts."""
    named = f"c{module}\n{name}\n".encode() if protocol < 4 else text(module) + text(name) + b"\x93"
    return b"\x80" + bytes([protocol]) + named + b"(" + b"".join(arguments) + b"tR."


def torch_zip(path: Path, index: bytes, **more: bytes) -> None:
    """A file of torch.save with this index, and other records beside it."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", index)
        archive.writestr("archive/version", "3\n")
        for name, data in more.items():
            archive.writestr(f"archive/{name}", data)


def calling(module: str, name: str, *given: str, protocol: int = 2, bare: bool = False) -> Write:
    """A file whose pickle calls a function; MARK in its arguments stands for the mark."""

    def write(path: Path, mark: Path) -> None:
        index = call(module, name, *(text(each.replace("MARK", str(mark))) for each in given), protocol=protocol)
        path.write_bytes(index) if bare else torch_zip(path, index)

    return write


def raw(make: Callable[[Path], bytes]) -> Write:
    """A file of torch.save with an index made of bytes."""
    return lambda path, mark: torch_zip(path, make(mark))


SHELL = "touch MARK"
PYTHON = "open('MARK', 'w')"
ENVIRON = "import os; os.environ['HOSTILE'] = 'MARK'"

PICKLES: dict[str, Write] = {
    "os.system": calling("os", "system", SHELL),
    "os.system, bare": calling("os", "system", SHELL, bare=True),
    "posix.system by stack_global": calling("posix", "system", SHELL, protocol=4),
    "posix.system, bare, protocol 4": calling("posix", "system", SHELL, protocol=4, bare=True),
    "subprocess": calling("subprocess", "getoutput", SHELL),
    "exec": calling("builtins", "exec", PYTHON),
    "exec, old name": calling("__builtin__", "exec", ENVIRON),
    "eval": calling("builtins", "eval", PYTHON),
    "__import__": calling("builtins", "__import__", "antigravity"),
    "runpy": calling("runpy", "run_path", "MARK"),
    "timeit": calling("timeit", "timeit", PYTHON),
    "cProfile": calling("cProfile", "run", PYTHON),
    "bdb": calling("bdb", "Bdb.run", PYTHON, protocol=4),
    "pdb": calling("pdb", "run", PYTHON),
    "doctest": calling("doctest", "debug_script", PYTHON),
    "code": calling("code", "InteractiveInterpreter.runcode", PYTHON, protocol=4),
    "pip": calling("pip", "main", "install"),
    "pty": calling("pty", "spawn", SHELL),
    "webbrowser": calling("webbrowser", "open", "http://127.0.0.1:9"),
    "imaplib": calling("imaplib", "IMAP4_stream", SHELL),
    "ctypes": calling("ctypes", "CDLL", "MARK"),
    "numpy.testing": calling("numpy.testing._private.utils", "runstring", PYTHON),
    "torch.load": calling("torch.serialization", "load", "MARK"),
    "torch.hub": calling("torch.hub", "load", "MARK"),
    "torch.jit": calling("torch.jit", "load", "MARK"),
    "torch config": calling("torch.utils._config_module", "load_config", "MARK"),
    "torch collect_env": calling("torch.utils.collect_env", "run", SHELL),
    "pickle in a pickle": raw(lambda mark: b"\x80\x02c_pickle\nloads\n(C" + _sized(inner(mark)) + b"tR."),
    "attribute by getattr": raw(lambda mark: b"\x80\x02cbuiltins\ngetattr\n(cos\nX\n" + text("system") + b"tR."),
    "name with a dot": raw(lambda mark: b"\x80\x04" + text("collections") + text("OrderedDict.__init__") + b"\x93."),
    "inst": raw(lambda mark: b"(" + text(f"touch {mark}") + b"ios\nsystem\n."),
    "obj": raw(lambda mark: b"(cos\nsystem\n" + text(f"touch {mark}") + b"o."),
    "newobj_ex": raw(lambda mark: b"\x80\x04cos\nsystem\n" + text(f"touch {mark}") + b"\x85}\x92."),
    "extension": raw(lambda mark: b"\x80\x02\x82\x01."),
    "persid": raw(lambda mark: b"Pstorage\n."),
    "buffer": raw(lambda mark: b"\x80\x05\x97."),
    "setstate": raw(lambda mark: b"\x80\x02ccollections\nOrderedDict\n)R}" + text("__class__") + b"cos\nsystem\nsb."),
    "payload, then garbage": raw(lambda mark: call("os", "system", text(f"touch {mark}"))[:-1] + b"\xff\xff"),
    "two pickles in one": raw(lambda mark: b"\x80\x02}." + call("os", "system", text(f"touch {mark}"))),
    "a memo of gigabytes": raw(lambda mark: b"\x80\x02}r\xff\xff\xff\x7f."),
    "a text of gigabytes": raw(lambda mark: b"\x80\x04\x8d" + struct.pack("<Q", 2**40) + b"x."),
    "an integer of megabytes": raw(lambda mark: b"\x80\x02}" + text("num_players") + b"\x8b" + _sized(b"\x7f" * 2**20) + b"s."),
    "nested without end": raw(lambda mark: b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b"."),
    "nested keys": raw(lambda mark: b"\x80\x02}" + b")" + b"\x85" * 400_000 + b"Ns."),
    "laughs": raw(lambda mark: b"\x80\x02(]" + b"".join(_twice(each) for each in range(40)) + b"t."),
    "a circle": raw(lambda mark: b"\x80\x02}q\x00" + text("state_dict") + b"h\x00s."),
    "a million steps": raw(lambda mark: b"\x80\x02" + b"N0" * 2_000_000 + b"N."),
}  # fmt: skip


def inner(mark: Path) -> bytes:
    """A pickle that leaves the mark."""
    return call("os", "system", text(f"touch {mark}"))


def _sized(data: bytes) -> bytes:
    return struct.pack("<I" if len(data) > 255 else "<B", len(data)) + data


def _twice(depth: int) -> bytes:
    return b"q" + bytes([depth]) + b"]h" + bytes([depth]) + b"ah" + bytes([depth]) + b"a"
