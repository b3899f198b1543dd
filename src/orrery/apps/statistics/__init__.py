"""What an app's use looks like to those who run it: numbers by day, and conversations as their log shows them.

Reads what runs and conversations wrote. Runs of the debugger are nobody's use, and count nowhere.
"""
