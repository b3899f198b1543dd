"""The audit log: who did what to which thing, when, from where. Entries are written with the change they tell of."""
