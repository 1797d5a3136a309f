"""The decimal context: read by every Decimal operation, shared by the whole thread.

`getcontext().prec = 5` in an STF changes what later transitions compute; looking at the context, or working in a
`localcontext()`, does not. So a call of `getcontext` is no breach but a doubt, settled when the transition is over.
(Running every STF in a context of its own would contain it, at 100 ns a step, measured; this costs nothing.)
"""

import functools
from types import ModuleType
from typing import Any

from fasm_cli.engine.purity_latch import LATCH, Breach
from fasm_cli.purity.blame import breach_for

_SETTINGS = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")


class _ContextSuspicion:
    """A doubt about the context that a transition asked for."""

    def __init__(self, breach: Breach, context: Any) -> None:
        self._breach = breach
        self._context = context
        self._before = _settings(context)

    def settle(self) -> Breach | None:
        if _settings(self._context) == self._before:
            return None
        for name in _SETTINGS:
            setattr(self._context, name, self._before[name])
        self._context.traps = dict(self._before["traps"])
        return self._breach


def _settings(context: Any) -> dict[str, Any]:
    return {name: getattr(context, name) for name in _SETTINGS} | {"traps": dict(context.traps)}


def wrap_getcontext(module: ModuleType) -> Any:
    """`decimal.getcontext`, remembering what the context was where a machine asks for it."""
    original = vars(module)["getcontext"]

    @functools.wraps(original)
    def getcontext() -> Any:
        context = original()
        if LATCH.armed:
            breach = breach_for("effects", "decimal.getcontext()")
            if breach is not None:
                LATCH.suspect(_ContextSuspicion(breach, context))
        return context

    return getcontext
