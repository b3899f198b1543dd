"""Examines an app's graph without running it: what will fail, what can never happen, and how to mend it.

Nothing is called and nothing of the app is executed. `check_app` is the door; each other module looks at one kind of
fault and adds to the same report.
"""

from orrery.workflow.check.app import AppFile, check_app
from orrery.workflow.check.finding import Finding
from orrery.workflow.check.inspection import ModelKnowledge, Shortage, ToolKnowledge
from orrery.workflow.check.limits import EditorLimits

__all__ = ["AppFile", "EditorLimits", "Finding", "ModelKnowledge", "Shortage", "ToolKnowledge", "check_app"]
