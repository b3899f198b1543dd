"""Random graphs under random interleavings: the engine beside a slow, plain reading of its rules.

`random_graphs` makes a case, `engine_run` runs it with a scheduler that lets one waiting node go on at a time,
`reference` does the same by the rules of workflow.md 2.3 to 2.9, 3.7, 3.8 and 3.19, and `agreement` compares all that was told.
By hand: ``python -m tests.unit.workflow.simulated --count 10000``.
"""
