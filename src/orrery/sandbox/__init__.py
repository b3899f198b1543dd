"""Runs snippets and templates that nobody has to trust.

`protocol` has the words that other rooms use; `embedded` runs here, `remote` asks a service, `role` is that service,
`shortcut` spares simple templates the way. `cell` is the far side of the fence: it imports nothing but itself.
Whatever can't be confined as planned does not run.
"""
