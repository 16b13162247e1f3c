"""What axe finds on a page."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT, AxeResults


def look(page: Any, options: dict[str, Any]) -> AxeResults:
    """Let axe look at a page, and bring back what it has against it and nothing else.

    All that passes besides, node by node, takes longer to bring out of the browser than to find.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return AxeResults(
        page.evaluate(
            "async options => ({violations: (await axe.run(document, options)).violations})",
            options,
        )
    )
