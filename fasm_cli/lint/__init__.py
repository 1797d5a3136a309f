"""Checks a machine's source for calls and set iterations that break a law; imports and runs nothing.

Lint reports only what is certain, and what a simulation cannot see because the code never ran. It reads the functions
that `stf`, `restore` and the invariants reach inside one file. Every law about behaviour (`atomic`, `completion`,
`hidden`, `restore`, `stored`, `ids`) is left to the simulator, which checks it exactly.

    run                 files and folders to findings: the entry point
    source              the names of a module, and which functions a machine reaches
    names               what an expression refers to outside the module; which expressions are sets
    rule_side_effects   `effects clock random reads`, from the table in `forbidden`
    rule_order          `deterministic`: the iteration order of a set becomes visible
    allow               `# fasm: allow[law] reason` comments
"""
