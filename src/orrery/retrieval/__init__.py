"""Documents into pieces that can be found again: extraction, cleaning, splitting, embedding, search.

An engine: it knows neither HTTP nor ORM nor settings. Rows, jobs and the stored index are the product's.
"""
