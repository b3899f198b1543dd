"""Workspaces, who belongs to them with which role, and invitations."""
