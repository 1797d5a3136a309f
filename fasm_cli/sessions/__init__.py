"""Sessions: the history of a machine with its branches, in memory and in a TOML file.

model         what a session file holds          format        its text, checksums and older formats
reader        reads and verifies a file          writer        appends, writes whole files, removes
corruption    describes damage                   files         file operations, atomic creation
toml_values   plain data as TOML, and back
journal       the recorded steps and branches    timeline      executes and navigates them
"""
