"""People and their workspaces: accounts, sign-in, members, roles, model credentials, the audit log.

Knows nothing of HTTP. Services open one transaction per use case; SQL stands in each noun's ``store.py``. Every query
about a workspace's things is limited to that workspace.
"""
