"""A project: the folder with `machines/` and `sessions/`, its machines, and its settings.

project      find machines and sessions, without importing anything; what a session file may refer to
load         import the machine that a target names
config       settings in pyproject.toml and in the user's file
tracebacks   the author's frames of an exception
"""
