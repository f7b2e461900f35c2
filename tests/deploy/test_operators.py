"""What docs/operators.md says of names and numbers is so."""

from __future__ import annotations

import re
from pathlib import Path

from grandstand.settings import PREFIX, ServerSettings
from pydantic_core import PydanticUndefined

from tests.deploy.composition import services
from tests.deploy.programs import DEPLOY, ROOT

TEXT = (ROOT / "docs" / "operators.md").read_text()


def rows(heading: str) -> dict[str, list[str]]:
    """The rows of the table below a heading: the other cells by the names in the first."""
    table = TEXT.split(heading, 1)[1].split("\n\n", 1)[0]
    found = {}
    for line in table.splitlines()[1:]:
        first, *others = (cell.strip() for cell in line.strip("|").split(" | "))
        for name in re.findall(r"`([^`]+)`", first):
            found[name] = others
    return found


def test_the_table_of_settings_has_them_all_with_their_defaults() -> None:
    table = rows("| variable | default | meaning |\n")
    assert set(table) == {PREFIX + name.upper() for name in ServerSettings.model_fields}
    for name, field in ServerSettings.model_fields.items():
        default = table[PREFIX + name.upper()][0]
        if isinstance(field.default, str | int | float | Path):
            value = field.default
            shown = f"{value:.9g}" if isinstance(value, int | float) else str(value)
            shown = f"{value:.15g}" if isinstance(value, int | float) else str(value)
            assert default == f"`{shown}`", name
        elif field.default is not PydanticUndefined:
            assert not default.startswith("`"), name


def test_the_table_of_the_balancer_s_variables_has_them_all_with_their_defaults() -> None:
    config = (DEPLOY / "haproxy.cfg").read_text()
    defaults = dict(re.findall(r"\$\{(\w+)-([^}]+)\}", config))
    known = {*defaults, *re.findall(r"defined\((\w+)\)", config)}
    table: dict[str, str] = {}
    for line in TEXT.split("| variable of haproxy.cfg | default | meaning |\n", 1)[1].splitlines():
        if not line.startswith("|"):
            break
        names, told, _ = line.strip("|").split(" | ")
        values = re.findall(r"`([^`]+)`", told) or [""] * 9
        table |= dict(zip(re.findall(r"`([^`]+)`", names), values, strict=False))
    assert table == {name: defaults.get(name, "") for name in known}


def test_every_service_is_told_of() -> None:
    table = rows("| service | what it is | its file |\n")
    assert set(table) == set(services())


def test_what_env_may_set_is_what_the_composition_reads() -> None:
    files = (ROOT / "docker-compose.yml", DEPLOY / "tls.yml")
    for path in files:
        for name in re.findall(r"\$\{(\w+):", path.read_text()):
            assert name in TEXT, name


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert links
    for link in links:
        if link.startswith("https://"):
            continue
    for link in (each for each in links if not each.startswith("https://")):
        name, _, anchor = link.partition("#")
        target = ROOT / "docs" / (name or "operators.md")
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text()), link


def test_panels_that_are_told_of_exist() -> None:
    dashboard = (DEPLOY / "grafana" / "dashboards" / "grandstand.json").read_text()
    titles = set(re.findall(r'"title": "([^"]+)"', dashboard))
    monitoring = TEXT.split("## Monitoring", 1)[1].split("## When", 1)[0]
    told = set(re.findall(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)", monitoring)) - {"Grandstand"}
    assert len(told) > 10
    assert told <= titles
