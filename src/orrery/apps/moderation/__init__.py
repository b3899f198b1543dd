"""What users say and what models answer, held against an app's own rules (workflow.md 1.7, ``sensitive_word_avoidance``)."""
