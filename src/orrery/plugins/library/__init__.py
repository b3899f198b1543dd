"""The plugins of an installation: packages that were uploaded, and which workspace has which of them.

Rows are in the product's database, packages and icons in object storage. Every query about installations starts from
one workspace.
"""
