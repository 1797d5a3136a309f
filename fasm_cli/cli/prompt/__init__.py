"""The interactive prompt of the REPL.

`line_parser` and `completion` analyse text and know nothing of terminals; `analysis` caches their answers for
drawing. Only `panes`, `toolkit` and `session` import prompt_toolkit, and they are imported only for a terminal.
"""
