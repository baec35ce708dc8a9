"""The manifests: the API knows every field, nothing required is missing, pods are hardened, names lead somewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from automations.contacts import load_directory
from substrate.sources.configured import load_sources
from tests.deploy.commands import DEPLOY, complaint, unknown_settings

kubernetes: Any = import_module("kubernetes.client")

FOLDER = DEPLOY / "kubernetes"
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))
FILES = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")
OBJECTS: list[dict[str, Any]] = [each for path in FILES for each in yaml.safe_load_all(path.read_text("utf-8"))]
MODELS = {"apps/v1": "V1", "batch/v1": "V1", "v1": "V1", "policy/v1": "V1", "networking.k8s.io/v1": "V1"}
SECRETS = {"plumbline": {"database-url", "signing-key"}, "prefect": {"auth", "database-url"}}


def named(kind: str) -> set[str]:
    return {each["metadata"]["name"] for each in OBJECTS if each["kind"] == kind}


WORKLOADS = [each for each in OBJECTS if each["kind"] in ("Deployment", "Job")]
PODS = {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in WORKLOADS}


def unknown(value: Any, kind: str, path: str = "") -> Iterator[str]:
    """Fields that the API does not know; the client passes over them in silence, and a typing error would go unseen."""
    if inner := re.fullmatch(r"list\[(.+)\]", kind):
        for number, one in enumerate(value):
            yield from unknown(one, inner[1], f"{path}[{number}]")
    elif inner := re.fullmatch(r"dict\(str, (.+)\)|dict\[str, (.+)\]", kind):
        for key, one in value.items():
            yield from unknown(one, inner[1] or inner[2], f"{path}.{key}")
    elif hasattr(kubernetes, kind) and isinstance(value, dict):
        model = getattr(kubernetes, kind)
        kinds = {said: model.openapi_types[name] for name, said in model.attribute_map.items()}
        yield from (f"{path}.{key}" for key in value if key not in kinds)
        for key in kinds.keys() & value.keys():
            yield from unknown(value[key], kinds[key], f"{path}.{key}")


@pytest.fixture(params=OBJECTS, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def thing(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


@pytest.fixture(params=PODS)
def pod(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = PODS[request.param]
    return found


def test_the_api_understands_it(thing: dict[str, Any]) -> None:
    kind = MODELS[thing["apiVersion"]] + thing["kind"]
    assert list(unknown(thing, kind)) == []
    said = SimpleNamespace(data=json.dumps(thing))
    read = kubernetes.ApiClient().deserialize(said.data, kind, "application/json")
    assert (read.kind, read.metadata.name) == (thing["kind"], thing["metadata"]["name"])


def test_the_check_would_see_a_slip() -> None:
    assert list(unknown({"spec": {"replica": 1}}, "V1Deployment")) == [".spec.replica"]


def test_everything_is_applied() -> None:
    assert sorted(KUSTOMIZATION["resources"]) == [path.name for path in FILES]


def test_every_pod_is_hardened(pod: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
        assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("name", sorted(named("Deployment")))
def test_whatever_goes_on_is_looked_after(name: str) -> None:
    assert all("livenessProbe" in container for container in PODS[name]["containers"])


def test_secrets_are_only_referred_to(pod: dict[str, Any]) -> None:
    assert "Secret" not in {each["kind"] for each in OBJECTS}
    for variable in pod["containers"][0]["env"]:
        source = variable.get("valueFrom", {}).get("secretKeyRef")
        assert source is None or source["key"] in SECRETS[source["name"]]
        assert source or not re.search("PASSWORD|AUTH|_KEY|_URL", variable["name"])


def test_every_name_leads_somewhere(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
    maps = [volume["configMap"]["name"] for volume in volumes.values() if "configMap" in volume]
    maps += [source["configMapRef"]["name"] for source in container.get("envFrom", [])]
    assert set(maps) <= named("ConfigMap")
    assert pod["serviceAccountName"] in named("ServiceAccount")
    assert container["image"] in {image["name"] for image in KUSTOMIZATION["images"]}


def test_every_probe_and_port_is_there(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    ports = {port["name"] for port in container.get("ports", [])}
    probes = [container[name] for name in container if name.endswith("Probe")]
    assert {probe["httpGet"]["port"] for probe in probes if "httpGet" in probe} <= ports


def test_who_is_selected_exists(thing: dict[str, Any]) -> None:
    selector = thing.get("spec", {}).get("selector", {})
    wanted = selector.get("matchLabels", selector).get("app.kubernetes.io/component")
    assert wanted is None or wanted in PODS


def test_every_command_can_be_typed(pod: dict[str, Any]) -> None:
    assert complaint(pod["containers"][0]["command"]) is None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_setting_exists(path: Any) -> None:
    assert unknown_settings(path.read_text("utf-8")) == set()


def test_the_files_that_it_brings_can_be_read(tmp_path: Any) -> None:
    files = next(each["data"] for each in OBJECTS if each["metadata"]["name"] == "plumbline-files")
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert load_sources(tmp_path / "sources.yaml") == ()
    load_directory(tmp_path / "contacts.yaml")
