"""The engines: for each, its rendered configuration (pure) and its control (effects).

An engine package has `render.py`, a pure function from the layout to files and a command, and
where needed `control.py`, which asks or changes the running engine. Nothing that replicates,
elects, balances or stores is written here.
"""
