"""The names of the logins."""

from __future__ import annotations

from typing import Final

SUPERUSER: Final = "postgres"
OWNER_LOGIN: Final = "console_migrator"
APP_LOGIN: Final = "console_app_login"
GATEWAY_LOGIN: Final = "console_gateway_login"
