"""How the parts are put on machines: one declaration of all services, rendered for Compose, Kubernetes and Helm.

Border: knows the declared settings and nothing else of the product. Rendering writes files and starts nothing; only
``native`` runs programs.
"""
