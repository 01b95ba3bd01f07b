"""docker-compose.yml says what this version understands; Docker itself is not run."""

import dataclasses
import re
from pathlib import Path

import pytest
import yaml

from app.api.settings import ApiSettings
from docai.jobs import Lane
from docai.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
WORKERS = {name: s["command"] for name, s in OURS.items() if s["command"][2:3] == ["worker"]}
OPTIONS = {field.name for each in (Settings, ApiSettings) for field in dataclasses.fields(each)}


def test_every_part_of_the_service_is_there():
    assert {"api", "web", "migrate", "sweep", "worker-cpu", "worker-gpu"} == set(OURS)
    assert SERVICES["worker-gpu"]["profiles"] == ["gpu"]


@pytest.mark.parametrize("name", OURS)
def test_it_runs_as_nobody_in_particular_and_writes_nowhere_else(name):
    service = OURS[name]
    assert service["user"] not in ("0", "root")
    assert service["read_only"] is True
    assert (service["cap_drop"], service["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
    if name != "migrate":
        assert service["deploy"]["resources"]["limits"]["memory"]
        assert service["healthcheck"]


def test_workers_have_roles_and_every_lane_is_served_without_a_gpu():
    roles = {
        name: re.sub(r"\$\{LANES:-(\w+)\}", r"\1", command[3]) for name, command in WORKERS.items()
    }
    assert roles == {"sweep": "sweep", "worker-cpu": "all", "worker-gpu": Lane.GPU}


@pytest.mark.parametrize("name", [name for name in OURS if name != "web"])
def test_settings_are_ones_that_exist(name):
    for variable in OURS[name]["environment"]:
        assert variable.removeprefix("DOCAI_").lower() in OPTIONS
