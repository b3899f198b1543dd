"""Tools of MCP servers: a thin client over streamable HTTP and the older SSE transport, with OAuth.

Servers are reached over HTTP only, through the egress guard; processes are never started from configuration.
"""
