"""Apps and what happens with them: definitions, versions, DSL files, conversations, runs, files, statistics."""
