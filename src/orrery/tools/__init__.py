"""Tools: things that an app or a model may ask to be done, and their answers.

`protocol` holds what a tool is; built-in tools, OpenAPI descriptions, MCP servers and other apps are kinds of it. This
room knows the way out (`egress`) and the sandbox as protocols. It must not know graphs, models, tenants or databases:
who looks a tool up has decided already on whose behalf it runs.
"""
