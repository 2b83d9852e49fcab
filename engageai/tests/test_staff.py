"""The door of the admin: one answer for everything that is wrong, shut to whoever guesses, open to nobody else."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from engageai import staff
from engageai.lockout import Lockout

pytestmark = pytest.mark.django_db

LOG_IN = "/admin/login/"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # many tries, and no second to lose
    monkeypatch.setattr(staff, "lockout", Lockout())


@pytest.fixture
def operator() -> User:
    return User.objects.create_superuser("operator", password="right")


def knock(client: Client, name: str = "operator", password: str = "wrong", address: str = "192.0.2.1") -> Any:
    form = {"username": name, "password": password, "next": "/admin/"}
    return client.post(LOG_IN, form, REMOTE_ADDR=address)


def is_in(answer: Any) -> bool:
    return bool(answer.status_code == 302)


def said(answer: Any) -> str:
    """All that the page says, but for the name typed and the token."""
    return " ".join(str(error) for error in answer.context["form"].non_field_errors())


def test_staff_with_the_right_password_get_in(client: Client, operator: User) -> None:
    assert is_in(knock(client, password="right"))
    assert client.get("/admin/").status_code == 200


def test_everything_wrong_gets_the_same_answer(client: Client, operator: User) -> None:
    User.objects.create_user("visitor", password="right")
    User.objects.create_user("retired", password="right", is_staff=True, is_active=False)
    answers = [
        knock(client, password="wrong", address="192.0.2.1"),
        knock(client, name="nobody", address="192.0.2.2"),
        knock(client, name="visitor", password="right", address="192.0.2.3"),
        knock(client, name="retired", password="right", address="192.0.2.4"),
        *[knock(client, address="192.0.2.5") for _ in range(6)],
    ]
    assert {(answer.status_code, said(answer)) for answer in answers} == {(200, staff.REFUSED)}


def test_after_five_wrong_passwords_even_the_right_one_waits(client: Client, operator: User) -> None:
    for _ in range(staff.PAIR_TRIES):
        assert not is_in(knock(client))
    assert not is_in(knock(client, password="right"))


def test_others_are_not_shut_out_by_it(client: Client, operator: User) -> None:
    for _ in range(staff.PAIR_TRIES + 1):
        knock(client)
    assert is_in(knock(client, password="right", address="192.0.2.9"))


def test_one_address_cannot_try_name_after_name(client: Client, operator: User) -> None:
    for number in range(staff.ADDRESS_TRIES):
        knock(client, name=f"name{number}")
    assert not is_in(knock(client, password="right"))


def test_one_name_cannot_be_tried_from_address_after_address(client: Client, operator: User) -> None:
    for number in range(staff.NAME_TRIES):
        knock(client, address=f"198.51.100.{number}")
    assert not is_in(knock(client, password="right", address="203.0.113.1"))


def test_a_name_in_other_letters_is_the_same_name(client: Client, operator: User) -> None:
    for name in ("operator", "Operator", "OPERATOR", "oPerator", "opeRator"):
        knock(client, name=name)
    assert not is_in(knock(client, password="right"))


def test_the_wait_ends(client: Client, operator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [1000.0]
    monkeypatch.setattr("engageai.staff.monotonic", lambda: now_s[0])
    for _ in range(staff.PAIR_TRIES):
        knock(client)
    assert not is_in(knock(client, password="right"))
    now_s[0] += 30
    assert is_in(knock(client, password="right"))


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield f"{prefix}{pattern.name}", str(pattern.pattern)


def admin_addresses() -> list[str]:
    (site,) = (
        each for each in get_resolver().url_patterns if isinstance(each, URLResolver) and each.app_name == "admin"
    )
    keys: dict[str, list[Any]] = {"admin:view_on_site": [1, "1"], "admin:app_list": ["analytics"]}
    return [
        reverse(name, args=keys.get(name, [uuid.uuid4() for _ in range(route.count("<"))]))
        for name, route in patterns(site, "admin:")
    ]


def test_nothing_is_reachable_without_logging_in(client: Client, operator: User) -> None:
    addresses = admin_addresses()
    assert len(addresses) > 10
    User.objects.create_user("visitor", password="right")
    visitor = Client()
    assert visitor.login(username="visitor", password="right")
    for address in addresses:
        for who in (client, visitor):
            for answer in (who.get(address), who.post(address)):
                is_door = address in (LOG_IN, "/admin/logout/")
                shut = answer.status_code == 302 and str(answer["Location"]).startswith(LOG_IN)
                assert is_door or shut, (address, answer.status_code)
                assert b"Analysis session" not in answer.content


def test_a_command_makes_the_account_and_says_its_password_once(client: Client, settings: Any) -> None:
    def made() -> tuple[str, str]:
        out = io.StringIO()
        call_command("admin_account", "ada", stdout=out, stderr=io.StringIO())
        name, password = out.getvalue().split()
        return name, password

    settings.ORIGINS = ["https://talks.example"]
    told = io.StringIO()
    call_command("admin_account", "bea", stdout=io.StringIO(), stderr=told)
    assert "Log in at https://talks.example/admin/" in told.getvalue()
    User.objects.all().delete()
    first, second = made(), made()
    assert first != second
    assert len(second[1]) >= 20
    assert User.objects.count() == 1
    assert not is_in(knock(client, *first))
    assert is_in(knock(client, *second))
    with pytest.raises(CommandError):
        call_command("admin_account", "no spaces please")
