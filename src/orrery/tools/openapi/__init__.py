"""Tools made of a pasted API description: OpenAPI 3, or Swagger 2 turned into it.

The description is data from a stranger: nothing of it is fetched, references outside of it are refused, and every
request goes through the egress guard.
"""
