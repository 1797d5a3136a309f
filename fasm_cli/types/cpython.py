"""Wraps what this package uses of CPython beyond the documented interface, each with a documented fallback."""

import json
from collections.abc import Callable
from json import encoder
from typing import Any


def json_writer(*, sort_keys: bool) -> Callable[[Any], str]:
    """A function that returns what `json.dumps` does for plain data, with separators `,` and `:`.

    `json.dumps` builds its C encoder anew at every call, which takes half of the time for a small value. This function
    builds it once. Without the C encoder (PyPy, or a later CPython) it falls back to `json.JSONEncoder`.
    """
    documented = json.JSONEncoder(sort_keys=sort_keys, separators=(",", ":"))
    make: Any = getattr(encoder, "c_make_encoder", None)
    if make is None:
        return documented.encode
    try:
        write = make(
            markers=None,  # no search for cycles: plain data does not contain itself
            default=documented.default,
            encoder=encoder.encode_basestring_ascii,
            indent=None,
            key_separator=":",
            item_separator=",",
            sort_keys=sort_keys,
            skipkeys=False,
            allow_nan=True,
        )
    except TypeError:  # another signature
        return documented.encode
    return lambda plain: "".join(write(plain, 0))


def is_generated(function: Any) -> bool:
    """Whether dataclasses or attrs generated a method; False for a method that the author wrote.

    Both compile methods from text, under a file name such as `<string>` or `<attrs generated hash Point>`. If a later
    version stops doing so, methods count as written by the author, which is the safe answer: no shortcut is taken.
    """
    code = getattr(function, "__code__", None)
    return code is not None and code.co_filename.startswith("<")
