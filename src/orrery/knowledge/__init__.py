"""Knowledge bases: datasets, their documents and passages, the work that indexes them, and the search over them.

Stands beside `apps`: neither imports the other; what one needs of the other is a small protocol that wiring fulfils.
"""
