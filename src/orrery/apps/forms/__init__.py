"""Forms that paused runs wait for: opening, showing, answering and ending them, and telling people of them.

A form and its run are two rows; whoever answers changes the form and wakes the run in one transaction. Nothing here
drives a run: a woken run has an expired lease, and recovery goes on with it, in whatever process.
"""
