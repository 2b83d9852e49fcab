"""What a screen reader is told unasked: sentences, and no figure that changes several times a second."""

from __future__ import annotations

from typing import Any, Final

from playwright.sync_api import Page

from tests.browser.conftest import NewVisitor, at_dashboard
from tests.browser.planted import Planted

SPEAKS: Final = {
    "spoken",
    "data-film-spoken",
    "data-moments-spoken",
    "data-said-spoken",
    "data-why-spoken",
    "data-lab-firm",
    "data-lab-copied",
    "resources-troubles",
}
"""The id, data attribute or class of what is meant to be read aloud at its next pause."""


def polite(page: Page) -> list[str]:
    """The attributes of each element that the browser tells a screen reader of so."""
    client = page.context.new_cdp_session(page)
    client.send("DOM.getDocument")
    nodes: list[dict[str, Any]] = client.send("Accessibility.getFullAXTree")["nodes"]
    spoken = [node for node in nodes if ("live", "polite") in properties(node)]
    return [attributes_of(client, node["backendDOMNodeId"]) for node in spoken if "backendDOMNodeId" in node]


def properties(node: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(each["name"], each["value"].get("value")) for each in node.get("properties", ())]


def attributes_of(client: Any, backend_id: int) -> str:
    node = client.send("DOM.describeNode", {"backendNodeId": backend_id})["node"]
    return " ".join([node["nodeName"].lower(), *node.get("attributes", ())])


def chatter(page: Page) -> list[str]:
    found = polite(page)
    assert found, "not even what is meant to speak"
    return [each for each in found if not SPEAKS & set(each.split())]


def test_the_figures_of_the_webcam_page_are_not_read_aloud(visit: NewVisitor) -> None:
    page = visit().page("/live/")
    page.evaluate("document.querySelector('#live').hidden = false")  # as once the camera is on
    assert chatter(page) == []


def test_the_readouts_at_the_cursor_are_not_read_aloud(visit: NewVisitor, waves: Planted) -> None:
    page = at_dashboard(visit(storage_state=waves.cookies).page(waves.url))
    assert chatter(page) == []
