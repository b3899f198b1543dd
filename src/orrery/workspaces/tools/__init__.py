"""The tools of a workspace: credentials of built-in providers, imported APIs, MCP servers.

Rows and rules only: how a tool is asked is the tools room's. Nothing here knows apps or runs; `apps.tools` adds
workflows as tools and hands all of them to runs.
"""
