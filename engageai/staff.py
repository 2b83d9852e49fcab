"""Who gets into the admin: staff, by name and password, with a door that tires of guesses.

A wrong name, a wrong password, an account that is no staff and a door that is shut all get the same answer. Knows
requests and accounts; how long a wait grows is lockout's, what staff may see is the admin's.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import Any, Final

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError

from engageai.lockout import Lockout
from engageai.proxies import key_of

log = logging.getLogger(__name__)

PAIR_TRIES: Final = 5  # one name from one address
ADDRESS_TRIES: Final = 20  # all names from one address
NAME_TRIES: Final = 50  # one name from everywhere: many, for whoever knows a name could shut its owner out with fewer
REFUSED: Final = (
    "Please enter the correct name and password of a staff account. After several wrong ones every further try is "
    "refused for a while, and the while grows."
)

lockout = Lockout()


class LogIn(AdminAuthenticationForm):
    error_messages = AdminAuthenticationForm.error_messages | {"invalid_login": REFUSED, "inactive": REFUSED}

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username", "").casefold()
        address = key_of(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""
        pair = f"pair {address} {name}"
        allowances = {pair: PAIR_TRIES, f"address {address}": ADDRESS_TRIES, f"name {name}": NAME_TRIES}
        if not lockout.admit(allowances, monotonic()):
            log.warning("a staff log-in was refused unread: too many wrong ones")
            raise self.get_invalid_login_error()
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            log.warning("a staff log-in was wrong")
            raise
        lockout.forget(*allowances)
        return cleaned


class StaffSite(AdminSite):
    site_header = "EngageAI"
    site_title = "EngageAI staff"
    index_title = "Sessions and jobs"
    login_form = LogIn
    enable_nav_sidebar = False
