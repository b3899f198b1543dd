"""The Service API: `/v1` (openapi_service.json, workflow.md 5)."""
