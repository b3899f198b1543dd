"""Tools as apps use them: workflows published as tools, and the toolbox that each run is given.

Calling a tool is the tools room's business, keeping its credentials the workspace's; this folder joins both with runs.
"""
