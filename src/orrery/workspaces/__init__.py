"""People and what they own together: accounts, sign-in, workspaces, members, model credentials, the audit log."""
