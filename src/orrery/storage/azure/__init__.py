"""Azure Blob Storage: its REST interface, signed with the account's key or with the identity of the machine."""
