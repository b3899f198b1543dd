"""The HTTP faces: route groups, one folder each, and the small declaration layer that they share.

A route file holds request and response structs, the declarations, and one call into a service. It knows no SQL.
"""
