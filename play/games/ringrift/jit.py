"""The compiler setting and its cache folder, nothing else.

The cache key of a compiled function covers its own file only, so a changed callee in another file would go unnoticed:
the folder is therefore named by a digest of this whole package, outside of which there is no kernel: each one registers here.
"""

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba

_Function = TypeVar("_Function", bound=Callable[..., object])
PACKAGE = Path(__file__).parent
KERNELS: list[Callable[..., object]] = []
"""Every function that was declared a kernel, as plain Python."""


def _owned(folder: Path) -> bool:
    """Whether only this user may write there: loading a cache unpickles it."""
    status = folder.stat()
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _cache_folder() -> str:
    """A private writable folder for this version of the sources, or "" for none."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.glob("*.py")):
        digest.update(path.read_bytes())
    name = f"ringrift-{numba.__version__}-{digest.hexdigest()[:12]}"
    roots = [os.environ.get("NUMBA_CACHE_DIR"), os.environ.get("XDG_CACHE_HOME"), str(Path.home() / ".cache")]
    for root in filter(None, roots):
        folder = Path(root) / name
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _owned(folder) and os.access(folder, os.W_OK):
                return str(folder)
        except OSError:
            continue
    return ""


# Both have settings that numba's annotations leave out.
_config: Any = numba.config
_njit: Any = numba.njit

_config.CACHE_DIR = _cache_folder()
_common = {"cache": bool(_config.CACHE_DIR), "nogil": True, "no_cfunc_wrapper": True}
_compile = _njit(**_common, _nrt=True)
_compile_inner = _njit(**_common, _nrt=False, error_model="numpy")
_compile_leaf = _njit(**_common, _nrt=False, error_model="numpy", forceinline=True)


def _registered(function: _Function) -> _Function:
    KERNELS.append(function)
    return function


def kernel(function: _Function) -> _Function:
    """Compile a function on its first call; with NUMBA_DISABLE_JIT=1 it stays plain Python."""
    compiled: _Function = _compile(_registered(function))
    return compiled


def inner_kernel(function: _Function) -> _Function:
    """`kernel` without reference counting, several times faster: for a function that makes and returns no array."""
    compiled: _Function = _compile_inner(_registered(function))
    return compiled


def leaf_kernel(function: _Function) -> _Function:
    """`inner_kernel` merged into its callers: for small functions in loops over cells, where passing a state costs."""
    compiled: _Function = _compile_leaf(_registered(function))
    return compiled
