"""Departments, windows, officers and the accounts of those who work here."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from flask_security.core import RoleMixin, UserMixin
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base, choice, new_id
from .roles import Role


class DepartmentKind(StrEnum):
    SUPERVISOR = "supervisor"
    DEPARTMENT = "department"
    UTILITY = "utility"
    STREET = "street"
    COMMUNITY = "community"


class Department(Base):
    """A department, street or utility that serves people."""

    __tablename__ = "departments"
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[DepartmentKind] = mapped_column(choice(DepartmentKind, "kind"))
    note: Mapped[str] = mapped_column(String(200), default="")
    active: Mapped[bool] = mapped_column(default=True)


class Window(Base):
    """A counter in a hall."""

    __tablename__ = "windows"
    code: Mapped[str] = mapped_column(String(30), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    department_code: Mapped[str] = mapped_column(ForeignKey("departments.code"), index=True)
    active: Mapped[bool] = mapped_column(default=True)
    department: Mapped[Department] = relationship()


class Officer(Base):
    """Somebody who serves people; on the staff register, with or without an account."""

    __tablename__ = "officers"
    code: Mapped[str] = mapped_column(String(30), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    department_code: Mapped[str] = mapped_column(ForeignKey("departments.code"), index=True)
    window_code: Mapped[str | None] = mapped_column(ForeignKey("windows.code"))
    phone_sealed: Mapped[str | None] = mapped_column(String(400))
    phone_digest: Mapped[str | None] = mapped_column(String(64), index=True)
    active: Mapped[bool] = mapped_column(default=True)


class AccountRole(Base, RoleMixin):
    """One role of one account."""

    __tablename__ = "account_roles"
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    name: Mapped[Role] = mapped_column(choice(Role, "name"), primary_key=True)


class Account(Base, UserMixin):
    """A person of the staff who signs in; belongs to one department."""

    __tablename__ = "accounts"
    # The library's mixin names the types of its own models; ours are narrower.
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)  # type: ignore[assignment]
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(60))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    department_code: Mapped[str] = mapped_column(ForeignKey("departments.code"), index=True)
    window_code: Mapped[str | None] = mapped_column(ForeignKey("windows.code"))
    created_at: Mapped[datetime]
    department: Mapped[Department] = relationship(lazy="joined")
    roles: Mapped[list[AccountRole]] = relationship(  # type: ignore[assignment]
        lazy="joined", cascade="all, delete-orphan"
    )

    def may_be(self, *roles: Role) -> bool:
        """Say whether the account has one of `roles`."""
        return any(role.name in roles for role in self.roles)


class ApiKey(Base):
    """A business system's key; only its digest is stored."""

    __tablename__ = "api_keys"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(60))
    key_digest: Mapped[str] = mapped_column(String(64), unique=True)
    source: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
