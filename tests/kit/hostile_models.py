"""Files that want to do harm when they are read as models: each leaves a mark, runs a program, or takes memory or time without end.

`CORPUS` names them; each is written by a function of its path and of the mark that it would leave. Never read one without care.
"""

from __future__ import annotations

import io
import json
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.kit.hostile_pickles import PICKLES, Write, inner, torch_zip


def entries(*named: tuple[str, bytes], method: int = zipfile.ZIP_STORED, mode: int = 0) -> Write:
    """A zip with these records."""

    def write(path: Path, mark: Path) -> None:
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, data in named:
                info = zipfile.ZipInfo(name.replace("MARK", str(mark)))
                info.external_attr, info.compress_type = mode << 16, method
                archive.writestr(info, data)

    return write


def spoilt(index: bytes, change: Callable[[bytearray], bytes]) -> Write:
    """A file of torch.save whose bytes are changed afterwards."""

    def write(path: Path, mark: Path) -> None:
        torch_zip(path, index)
        path.write_bytes(change(bytearray(path.read_bytes())))

    return write


PLAIN = pickle.dumps({"format": 1}, 2)
DATA = ("archive/data.pkl", PLAIN)


def duplicate(path: Path, mark: Path) -> None:
    """Two indices: a harmless one for who looks first, and another."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", PLAIN)
        info = zipfile.ZipInfo("archive/data.pkx")
        archive.writestr(info, inner(mark))
    path.write_bytes(path.read_bytes().replace(b"data.pkx", b"data.pkl"))


def overlapping(data: bytearray) -> bytes:
    """Every record of the list lies where the first one does."""
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = bytes(4)
    return bytes(data)


def bomb(path: Path, mark: Path) -> None:
    """A few megabytes that unpack to gigabytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", PLAIN)
        with archive.open("archive/data/0", "w", force_zip64=True) as entry:
            for _ in range(256):
                entry.write(bytes(1 << 20))


def many(path: Path, mark: Path) -> None:
    """A list of records that is longer than any file of torch.save has."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(25_000):
            archive.writestr(f"archive/data/{number:0200}", b"")


def encrypted(data: bytearray) -> bytes:
    """The bit that says that a record is encrypted, in each place."""
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(sign) + place] |= 1
    return bytes(data)


def renamed(data: bytearray) -> bytes:
    """The record's own header has another name than the list."""
    start = data.index(b"archive/version")
    data[start : start + 15] = b"archive/../../x"
    return bytes(data)


def script(path: Path, mark: Path) -> None:
    """A TorchScript archive."""
    import torch

    module = torch.jit.script(torch.nn.Linear(2, 2))
    torch.jit.save(module, str(path))


def torn_script(path: Path, mark: Path) -> None:
    """A TorchScript archive that was not written whole."""
    script(path, mark)
    path.write_bytes(path.read_bytes()[:-100])


def exported(path: Path, mark: Path) -> None:
    """What torch.export writes, with a pickle within."""
    entries(("model/archive_format", b"pt2"), ("model/data/sample_inputs/model.pt", inner(mark)))(path, mark)


def objects(path: Path, mark: Path) -> None:
    """A numpy npz whose array is a pickle."""
    entries(("a.npy", b"\x93NUMPY\x01\x00" + inner(mark)))(path, mark)


def tar(path: Path, mark: Path) -> None:
    """A legacy torch file, whose members are pickles."""
    with tarfile.open(path, "w") as archive:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            info = tarfile.TarInfo(name)
            info.size = len(inner(mark))
            archive.addfile(info, io.BytesIO(inner(mark)))


def legacy(path: Path, mark: Path) -> None:
    """A legacy torch file with a pickle after its magic number."""
    path.write_bytes(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19." + b"\x80\x02M\xe9\x03." + inner(mark))


ZIPS: dict[str, Write] = {
    "absolute path": entries(DATA, ("MARK", b"x")),
    "parent path": entries(DATA, ("archive/../../hostile", b"x")),
    "windows path": entries(DATA, ("archive\\..\\hostile", b"x")),
    "drive": entries(DATA, ("C:/hostile", b"x")),
    "link": entries(("archive/data.pkl", b"/etc/passwd"), mode=0o120777),
    "folder": entries(DATA, ("archive/data/", b"")),
    "two indices": duplicate,
    "overlapping": spoilt(PLAIN, overlapping),
    "bomb": bomb,
    "bomb of bzip2": entries(DATA, ("archive/data/0", bytes(1 << 20)), method=zipfile.ZIP_BZIP2),
    "too many records": many,
    "encrypted": spoilt(PLAIN, encrypted),
    "two names": spoilt(PLAIN, renamed),
    "pickle before the zip": spoilt(PLAIN, lambda data: b"PK\x03\x04" + b"\x80\x02}." + bytes(data)),
    "another zip behind": spoilt(PLAIN, lambda data: bytes(data) + bytes(data)),
    "checksum spoilt": spoilt(PLAIN, lambda data: bytes(data).replace(b"3\n", b"4\n")),
    "TorchScript": script,
    "TorchScript, torn": torn_script,
    "pt2": exported,
    "npz of objects": objects,
    "tar": tar,
    "legacy": legacy,
}


def safetensors(header: object, data: bytes = b"", length: int | None = None) -> Write:
    """A safetensors file with any header."""
    said = header if isinstance(header, bytes) else json.dumps(header).encode()
    whole = struct.pack("<Q", len(said) if length is None else length) + said + data
    return lambda path, mark: path.write_bytes(whole)


def entry(shape: list[Any], start: int, end: int, kind: str = "F32") -> dict[str, Any]:
    """A tensor of a safetensors header."""
    return {"dtype": kind, "shape": shape, "data_offsets": [start, end]}


SAFETENSORS: dict[str, Write] = {
    "header of terabytes": safetensors({"a": entry([1], 0, 4)}, bytes(4), length=2**40),
    "header beyond the file": safetensors({"a": entry([1], 0, 4)}, bytes(4), length=5_000),
    "tensor beyond the file": safetensors({"a": entry([2**20], 0, 2**22)}, bytes(4)),
    "overflowing shape": safetensors({"a": entry([2**33, 2**33], 0, 4)}, bytes(4)),
    "negative shape": safetensors({"a": entry([-1], 0, 4)}, bytes(4)),
    "backward offsets": safetensors({"a": entry([1], 4, 0)}, bytes(4)),
    "overlapping tensors": safetensors({"a": entry([1], 0, 4), "b": entry([1], 0, 4)}, bytes(4)),
    "hole": safetensors({"a": entry([1], 4, 8)}, bytes(8)),
    "name twice": safetensors(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{}}', bytes(4)),
    "nested header": safetensors(b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
    "no text": safetensors(b'{"\xff\xfe":1}'),
    "surrogate": safetensors(b'{"\\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', bytes(4)),
    "metadata of numbers": safetensors({"__metadata__": {"a": 1}}),
}


def onnx_file(external: str | None = None, *, nested: bool = False, domain: str = "") -> Write:
    """An ONNX model that wants something outside itself."""

    def write(path: Path, mark: Path) -> None:
        from onnx import TensorProto, helper

        weights = helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0])
        if external is not None:
            weights.ClearField("float_data")
            weights.data_location = TensorProto.EXTERNAL
            weights.external_data.add(key="location", value=external.replace("MARK", str(mark)))
        node = (
            helper.make_node("Constant", [], ["c"], value=weights)
            if nested
            else helper.make_node("Add", ["x", "w"], ["y"])
        )
        node.domain = domain
        value = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n"])
        graph = helper.make_graph([node], "g", [value], [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n"])])
        if not nested:
            graph.initializer.append(weights)
        opsets = [helper.make_opsetid("", 17), *([helper.make_opsetid(domain, 1)] if domain else [])]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        path.write_bytes(model.SerializeToString())

    return write


ONNX: dict[str, Write] = {
    "weights in /etc/passwd": onnx_file("/etc/passwd"),
    "weights in a parent": onnx_file("../../secret"),
    "weights outside, in a node": onnx_file("/etc/passwd", nested=True),
    "operators of its own": onnx_file(domain="hostile"),
    "operators without end": lambda path, mark: path.write_bytes(b"\x08\x08:" + b"\xff" * 9 + b"\x01" + bytes(100)),
}

CORPUS: dict[str, Write] = {
    f"{kind}: {name}": write
    for kind, files in (("pickle", PICKLES), ("zip", ZIPS), ("safetensors", SAFETENSORS), ("onnx", ONNX))
    for name, write in files.items()
}
