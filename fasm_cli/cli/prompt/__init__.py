"""The prompt of the REPL. What is known of a line is worked out by functions of text (`tokens`, `expected`, `values`,
`places`, `complete`, `check`); prompt_toolkit is met in `session` and what it imports, and only where a terminal is."""
