"""How the operator narrows the list of sessions down. Knows the words of oversight and nothing of what is shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from analytics import oversight, purposes, scoring
from analytics.models import Recording

AGES_MIN: Final = {
    "new": ("Up to 10 minutes", 0, 10),
    "middle": ("10 to 30 minutes", 10, 30),
    "old": ("Over 30 minutes", 30, 60 * 24 * 365),
}


class State(SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return list(oversight.STATES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state=self.value()) if self.value() else queryset


class Environment(SimpleListFilter):
    title = "environment"
    parameter_name = "environment"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [(each.name, each.label) for each in scoring.ENVIRONMENTS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        held = Recording.objects.filter(environment=self.value()).values("session")
        return queryset.filter(pk__in=held)


class Purpose(SimpleListFilter):
    title = "purpose"
    parameter_name = "purpose"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [(each.name, each.label) for each in purposes.PURPOSES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(purpose=self.value()) if self.value() else queryset


class Age(SimpleListFilter):
    title = "age"
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [(name, label) for name, (label, *_) in AGES_MIN.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in AGES_MIN:
            return queryset
        _, least, most = AGES_MIN[str(self.value())]
        latest, earliest = (timezone.now() - timedelta(minutes=minutes) for minutes in (least, most))
        return queryset.filter(created_at__lte=latest, created_at__gt=earliest)
