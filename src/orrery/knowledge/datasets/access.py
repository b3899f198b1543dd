"""Who may see and change which dataset (knowledge.md 1.6)."""

from __future__ import annotations

import msgspec
from sqlalchemy import ColumnElement, and_, or_, select

from orrery.errors import Forbidden
from orrery.knowledge.datasets.errors import NoDatasetAccess
from orrery.knowledge.datasets.tables import Dataset, DatasetPermission
from orrery.security.permissions import Role

PERMISSIONS = frozenset({"only_me", "all_team_members", "partial_members"})


class Member(msgspec.Struct, frozen=True):
    """Who asks. Keys ask as the workspace's owner."""

    workspace_id: str
    account_id: str
    role: str = Role.OWNER


def shared_with(who: Member) -> ColumnElement[bool]:
    """Whether a dataset's row names the member as one of several."""
    rows = select(DatasetPermission.dataset_id).where(
        DatasetPermission.tenant_id == who.workspace_id,
        DatasetPermission.account_id == who.account_id,
        DatasetPermission.has_permission.is_(True),
    )
    return Dataset.id.in_(rows)


def listed_for(who: Member, *, include_all: bool) -> ColumnElement[bool] | None:
    """The condition on datasets that the member's list shows; None shows every one of the workspace."""
    if who.role == Role.DATASET_OPERATOR:
        return shared_with(who)
    if who.role == Role.OWNER and include_all:
        return None
    return or_(
        Dataset.permission == "all_team_members",
        and_(Dataset.permission == "only_me", Dataset.created_by == who.account_id),
        and_(
            Dataset.permission == "partial_members",
            or_(Dataset.created_by == who.account_id, shared_with(who)),
        ),
    )


def check_access(who: Member, dataset: Dataset, *, shared: bool) -> None:
    """``shared``: the dataset names the member. Raises `NoDatasetAccess`."""
    if who.role == Role.OWNER or dataset.created_by == who.account_id:
        return
    if dataset.permission == "only_me" or (dataset.permission == "partial_members" and not shared):
        raise NoDatasetAccess


def check_sharing(
    who: Member, dataset: Dataset, permission: str | None, members: list[str] | None, now: list[str]
) -> None:
    """Operators of datasets change neither the permission nor whom it names. Raises `Forbidden`."""
    if who.role != Role.DATASET_OPERATOR:
        return
    if permission is not None and permission != dataset.permission:
        raise Forbidden("Dataset operators cannot change the dataset permissions.")
    if members is not None and sorted(members) != sorted(now):
        raise Forbidden("Dataset operators cannot change the dataset permissions.")
