"""The page that documents the interface, made from its own document: operations, what they take and what they answer.

django-ninja's own pages load scripts from elsewhere; this one is a page like the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

Node = Mapping[str, Any]


class Documentation(DocsBase):
    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        document = api.get_openapi_schema()
        context = {
            "document": document,
            "lead": prose(document["info"]["description"]),
            "groups": groups(document, request.build_absolute_uri("/").rstrip("/")),
            "shapes": [_shape(name, schema) for name, schema in sorted(document["components"]["schemas"].items())],
            "schema_url": self.get_openapi_url(api, {}),
            "is_off": not settings.API_TOKENS,
        }
        return render(request, "api/docs.html", context)


def prose(text: str) -> SafeString:
    """The document's own text, which is Markdown as far as `code`."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one that nothing closes
        parts[-2:] = ["`".join(parts[-2:])]
    marked = ((format_html("<code>{}</code>", part) if at % 2 else part,) for at, part in enumerate(parts))
    return format_html_join("", "{}", marked)


def groups(document: Node, origin: str) -> list[dict[str, Any]]:
    """Operations by their tag, in the order in which the document has them."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found.setdefault(operation["tags"][0], []).append(_operation(path, method, operation, origin))
    return [{"name": name, "id": name.lower().replace(" ", "-"), "operations": each} for name, each in found.items()]


def _operation(path: str, method: str, operation: Node, origin: str) -> dict[str, Any]:
    contents: Node = operation.get("requestBody", {}).get("content", {})
    body: Node = next((each["schema"] for each in contents.values()), {})
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "says": prose(operation.get("description", "")),
        "parameters": [*_parameters(operation), *_fields(body, "form")],
        "answers": list(_answers(operation)),
        "refusals": [code for code in operation["responses"] if int(code) >= 400],
        "curl": _curl(method.upper(), f"{origin}{path}", body),
    }


def _parameters(operation: Node) -> Iterator[dict[str, Any]]:
    for each in operation.get("parameters", ()):
        schema = each["schema"]
        says = prose(each.get("description") or schema.get("description", ""))
        yield {"name": each["name"], "place": each["in"], "is_needed": each.get("required"), "says": says} | _type(
            schema
        )


def _fields(schema: Node, place: str) -> Iterator[dict[str, Any]]:
    for name, each in schema.get("properties", {}).items():
        is_needed = name in schema.get("required", ())
        says = prose(each.get("description", ""))
        yield {"name": name, "place": place, "is_needed": is_needed, "says": says} | _type(each)


def _answers(operation: Node) -> Iterator[dict[str, Any]]:
    for code, answer in operation["responses"].items():
        if int(code) < 400:
            content = answer.get("content", {})
            shapes = [_type(each.get("schema", {})) for each in content.values()]
            yield {"code": code, "types": list(content), "shape": shapes[0] if shapes else {}}


def _type(schema: Node) -> dict[str, Any]:
    """`kind` in words, and `of` where that is one of the shapes below."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return {"kind": "", "of": name, "choices": []}
    if "anyOf" in schema:
        kinds = [_type(each) for each in schema["anyOf"]]
        return {"kind": " or ".join(each["kind"] or each["of"] for each in kinds), "of": "", "choices": []}
    if schema.get("type") == "array":
        inner = _type(schema["items"])
        return inner | {"kind": f"list of {inner['kind']}".strip()}
    return {"kind": schema.get("format") or schema.get("type", ""), "of": "", "choices": schema.get("enum", [])}


def _shape(name: str, schema: Node) -> dict[str, Any]:
    return {"name": name, "says": prose(schema.get("description", "")), "fields": list(_fields(schema, ""))}


def _curl(method: str, url: str, body: Node) -> str:
    verb = "" if method == "GET" else f"-X {method} "
    needed = body.get("required", ())
    form = "".join(f" \\\n  -F {name}={'@talk.mp4' if name == 'file' else 'seminar'}" for name in needed)
    saves = " \\\n  -OJ" if method == "GET" and "." in url.rsplit("/", 1)[-1] else ""
    return f'curl {verb}-H "Authorization: Bearer $API_TOKEN"{form}{saves} \\\n  {url}'
