"""How the parts are put on machines: one declaration of all services, rendered for Compose, Kubernetes and Helm.

Border: knows the declared settings and nothing else of the product; writes files and reads ``.env`` files, but starts
nothing.
"""
