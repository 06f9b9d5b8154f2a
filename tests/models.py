"""Every table that has a model."""

from __future__ import annotations

import importlib
import pkgutil

from console.db import models
from console.db.scope import Base

for _module in pkgutil.iter_modules(models.__path__, f"{models.__name__}."):
    importlib.import_module(_module.name)

METADATA = Base.metadata
TABLES = METADATA.sorted_tables
