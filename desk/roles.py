"""Who may do what. Four roles, each of which may all that the one before may."""

from __future__ import annotations

from typing import Literal

__all__ = ["PERMISSIONS", "ROLES", "Permission", "may"]

ROLES = {"viewer": "查阅员", "analyst": "分析员", "reviewer": "审核员", "administrator": "管理员"}
"""From the least to the most, with their names on the desk."""

Permission = Literal["read", "judge", "export", "settle", "manage"]

PERMISSIONS: dict[Permission, str] = {
    "read": "viewer",
    # Triage, verification, verdicts; saved searches of one's own need only "read".
    "judge": "analyst",
    # Lists, reports, sealed packs.
    "export": "analyst",
    # What binds others: hand-over, answers, closing, reopening, penalties, operators.
    "settle": "reviewer",
    "manage": "administrator",
}
"""The least role that has it."""


def may(role: str, permission: Permission) -> bool:
    """Whether an officer of this role may do it; an unknown role may nothing."""
    order = list(ROLES)
    return role in ROLES and order.index(role) >= order.index(PERMISSIONS[permission])
