"""The column kinds that many tables share."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import BigInteger, Numeric, SmallInteger, func, text
from sqlalchemy.orm import mapped_column

Key = Annotated[UUID, mapped_column(primary_key=True)]
Small = Annotated[int, mapped_column(SmallInteger)]
Big = Annotated[int, mapped_column(BigInteger)]
Zero = Annotated[int, mapped_column(server_default=text("0"))]
One = Annotated[int, mapped_column(server_default=text("1"))]
BigZero = Annotated[int, mapped_column(BigInteger, server_default=text("0"))]
SmallZero = Annotated[int, mapped_column(SmallInteger, server_default=text("0"))]
Cost = Annotated[Decimal, mapped_column(Numeric(18, 12))]
NoCost = Annotated[Decimal, mapped_column(Numeric(18, 12), server_default=text("0"))]
Empty = Annotated[str, mapped_column(server_default="")]
Map = Annotated[dict[str, Any], mapped_column(server_default="{}")]
List = Annotated[list[Any], mapped_column(server_default="[]")]
Now = Annotated[datetime, mapped_column(server_default=func.now())]


def default(value: str) -> Any:
    """A column whose value, when none is given, is this text."""
    return mapped_column(server_default=value)
