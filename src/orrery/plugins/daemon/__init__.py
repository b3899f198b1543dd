"""The daemon's HTTP service, as clients of the contract expect it on port 5002 (plugins.md 3).

It starts without the database: health is answered at once, everything else as soon as the schema is there.
"""
