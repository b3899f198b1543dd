"""The confined side of the sandbox: zygotes and the children in which snippets run.

Everything here runs in a bare interpreter (``python -I -S``) and imports the standard library only. A zygote never
sees a snippet; a child reads one only after its confinement is complete.
"""
