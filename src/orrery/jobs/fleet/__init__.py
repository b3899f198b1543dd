"""Jobs of several processes with a broker between them: Celery carries the messages.

The jobs table stays the truth. A message only brings a job to a worker quickly: it may come twice, late or never.
Celery is an extra, imported by the calls that need it.
"""
