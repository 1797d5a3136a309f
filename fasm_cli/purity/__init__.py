"""The purity guard: enforces the laws `effects`, `random`, `clock` and `reads` while an STF or a restore runs.

    install           install and remove the guard; the audit hook
    forbidden_calls   which calls break which law: a table and nothing else
    patches           wrappers around these calls
    blame             from the stack to the machine's line that made the call
    cpython           private interfaces of CPython, with fallbacks

The latch that the wrappers trip, and that the engine reads after each transition, is `engine.purity_latch`.
"""
