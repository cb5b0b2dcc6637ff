"""The command line: `python -m autograd_lite`, also installed as `autograd-lite`.

`demo` shows the engine at work, `draw` draws an expression typed as text, `lab` opens the course. Errors that a user
can meet are one sentence and exit status 2. Nothing is imported from here.
"""
