"""Model calls: vendor-neutral words, protocols as pure translation, providers as data, one gateway.

Start with `types`. `InferenceGateway` is what workflows and apps are given; `CredentialCheck` serves the forms of the
console. Nothing here knows workspaces or databases: credentials come through `CredentialSource`.
"""
