"""`manage.py admin_account NAME`: an account for the admin, or a new password for the one that there is."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

PASSWORD_BYTES: Final = 18


class Command(BaseCommand):
    help = "Make an account for the admin, and print its password: once, for only its digest is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        name = User.normalize_username(options["name"])
        try:
            User.username_validator(name)
        except ValidationError as refusal:
            raise CommandError(refusal.messages[0]) from None
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        user, is_new = User.objects.get_or_create(username=name)
        user.is_staff = user.is_superuser = user.is_active = True
        user.set_password(password)
        user.save()
        self.stdout.write(f"{name} {password}")
        made = "made" if is_new else "given a new password"
        self.stderr.write(
            f"{name} was {made}, shown this once. Log in at {settings.ORIGINS[0]}{reverse('admin:index')}"
        )
