"""Names of containers: what each runtime keeps of them, what is not believed, and when the warden is asked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ebtop.cgroups import Belonging
from ebtop.naming import EVERY_S, KEPT, TOGETHER, Naming
from ebtop.warden import containers

A, B, C = "a" * 64, "b" * 64, "c" * 64
UID = "5f2c8a1e-1111-2222-3333-444455556666"
STORAGE = "var/lib/containers/storage/overlay-containers"
RUNTIME = "run/containerd/io.containerd.runtime.v2.task"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine's root."""
    monkeypatch.setattr(containers, "ROOT", str(tmp_path))
    return tmp_path


def put(root: Path, path: str, content: Any) -> Path:
    """A file of JSON (or of what is given as text)."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def names(*ids: str) -> dict[str, str]:
    """As the warden answers, of files that are the test's."""
    return containers.names(ids, os.getuid())


@pytest.mark.parametrize(
    ("path", "content", "name"),
    [
        (f"var/lib/docker/containers/{A}/config.v2.json", {"Name": "/web"}, "web"),
        (f"var/lib/docker/231072.231072/containers/{A}/config.v2.json", {"Name": "/web"}, "web"),
        (
            f"var/lib/docker/containers/{A}/config.v2.json",
            {"Name": "/k8s_nginx_shop-7d9_prod_5f2c8a1e_0"},
            "shop-7d9/nginx",
        ),
        (f"{STORAGE}/containers.json", [{"id": B, "names": ["db"]}, {"id": A, "names": ["web", "other"]}], "web"),
        (f"{STORAGE}/volatile-containers.json", [{"id": A, "names": ["web"]}], "web"),
        ("run/containers/storage/overlay-containers/volatile-containers.json", [{"id": A, "names": ["web"]}], "web"),
        ("var/lib/containers/storage/vfs-containers/containers.json", [{"id": A, "names": ["web"]}], "web"),
        (f"{STORAGE}/containers.json", [{"id": A, "names": ["k8s_nginx_shop-7d9_prod_5f2c_0"]}], "shop-7d9/nginx"),
        (f"{STORAGE}/containers.json", [{"id": A, "names": ["k8s_POD_shop-7d9_prod_5f2c_0"]}], "shop-7d9"),
        (
            f"{RUNTIME}/k8s.io/{A}/config.json",
            {"annotations": {"io.kubernetes.cri.sandbox-name": "shop", "io.kubernetes.cri.container-name": "nginx"}},
            "shop/nginx",
        ),
        (f"{RUNTIME}/k8s.io/{A}/config.json", {"annotations": {"io.kubernetes.cri.sandbox-name": "shop"}}, "shop"),
        (f"{RUNTIME}/default/{A}/config.json", {"annotations": {"nerdctl/name": "web"}}, "web"),
        (f"var/log/containers/shop-7d9_prod_nginx-{A}.log", "", "shop-7d9/nginx"),
    ],
)
def test_each_runtime_keeps_the_name_in_its_own_way(root: Path, path: str, content: Any, name: str) -> None:
    """Docker, podman, CRI-O, containerd and the kubelet; what nobody knows has none."""
    put(root, path, content)
    assert names(A, C) == {A: name, C: ""}


def test_docker_is_also_found_where_its_settings_have_put_it(root: Path) -> None:
    """Member data-root of daemon.json."""
    put(root, "etc/docker/daemon.json", {"data-root": "/srv/docker"})
    put(root, f"srv/docker/containers/{A}/config.v2.json", {"Name": "/web"})
    assert names(A) == {A: "web"}


def test_a_pod_is_named_by_the_folder_of_its_logs(root: Path) -> None:
    """NAMESPACE_POD_UID."""
    (root / f"var/log/pods/prod_shop-7d9_{UID}").mkdir(parents=True)
    assert names(f"pod{UID}") == {f"pod{UID}": "shop-7d9"}


def test_a_link_of_the_kubelets_is_read_by_its_name_and_not_followed(root: Path) -> None:
    """It leads nowhere here."""
    (root / "var/log/containers").mkdir(parents=True)
    (root / f"var/log/containers/shop_prod_nginx-{A}.log").symlink_to("/nowhere")
    assert names(A) == {A: "shop/nginx"}


def test_what_is_no_id_is_not_looked_for(root: Path) -> None:
    """Nothing that could lead out of a runtime's folder becomes part of a path."""
    put(root, "var/lib/docker/config.v2.json", {"Name": "/web"})
    assert names("..", "../..", "", "web", A.upper(), f"{A}/..") == {}


def test_only_so_many_ids_are_answered_for(root: Path) -> None:
    """The rest is left out."""
    assert len(names(*(f"{number:064x}" for number in range(2 * containers.ASKED)))) == containers.ASKED


@pytest.mark.parametrize("mode", [0o666, 0o664])
def test_a_file_that_others_may_write_is_not_believed(root: Path, mode: int) -> None:
    """Whoever could, could call a container anything."""
    put(root, f"var/lib/docker/containers/{A}/config.v2.json", {"Name": "/web"}).chmod(mode)
    assert names(A) == {A: ""}


def test_a_file_of_another_user_is_not_believed(root: Path) -> None:
    """Only root's are."""
    put(root, f"var/lib/docker/containers/{A}/config.v2.json", {"Name": "/web"})
    assert containers.names((A,), os.getuid() + 1) == {A: ""}


def test_neither_links_nor_pipes_nor_huge_files_are_read(root: Path) -> None:
    """None of them keeps the warden waiting either."""
    there = put(root, "elsewhere.json", {"Name": "/web"})
    for id_ in (A, B, C):
        (root / f"var/lib/docker/containers/{id_}").mkdir(parents=True)
    (root / f"var/lib/docker/containers/{A}/config.v2.json").symlink_to(there)
    os.mkfifo(root / f"var/lib/docker/containers/{B}/config.v2.json", 0o600)
    put(root, f"var/lib/docker/containers/{C}/config.v2.json", {"Name": "/web", "more": "x" * (3 << 20)})
    assert set(names(A, B, C).values()) == {""}


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"Name": 7}', '{"Name": ["x"]}', "[" * 100_000])
def test_damaged_files_name_nothing(root: Path, content: str) -> None:
    """And break nothing."""
    put(root, f"var/lib/docker/containers/{A}/config.v2.json", content)
    put(root, f"{STORAGE}/containers.json", content)
    put(root, f"{RUNTIME}/k8s.io/{A}/config.json", content)
    assert names(A) == {A: ""}


def test_names_are_cleaned_and_bounded(root: Path) -> None:
    """What a runtime lets through is not what a terminal should be given."""
    put(root, f"var/lib/docker/containers/{A}/config.v2.json", {"Name": "/a\x1b]0;b" + "c" * 4000})
    assert names(A)[A].startswith("a\u241b]0;bccc")
    assert len(names(A)[A]) == 128


def of(id_: str) -> Belonging:
    """A container of that id."""
    return Belonging(id_[:12], True, id_, f"/docker/{id_}")


def test_an_id_is_asked_for_once_and_at_most_one_question_a_second() -> None:
    """Seen again or left without a name, it is not asked for again."""
    naming = Naming()
    assert naming.question(0.0) == ()
    assert naming.unit(of(A)) == "a" * 12
    assert naming.question(0.0) == (A,)
    assert naming.unit(of(B)) == "b" * 12
    assert naming.question(EVERY_S / 2) == ()
    assert naming.question(EVERY_S) == (B,)
    assert naming.learn((A, B), ("web", "")) == {A: "web"}
    assert (naming.unit(of(A)), naming.unit(of(B))) == ("web", "b" * 12)
    assert naming.question(3 * EVERY_S) == ()


def test_what_has_a_name_in_its_path_is_not_asked_for() -> None:
    """Nor are units."""
    naming = Naming()
    assert naming.unit(Belonging("ssh.service", False, "", "/system.slice/ssh.service")) == "ssh.service"
    assert naming.unit(Belonging("web", True, "", "/lxc.payload.web")) == "web"
    assert naming.question(0.0) == ()


def test_many_containers_are_asked_for_in_several_questions_and_the_oldest_forgotten() -> None:
    """Packets and memory are bounded."""
    naming = Naming()
    for number in range(KEPT + 3):
        naming.unit(of(f"{number:064x}"))
    assert len(naming.question(0.0)) == TOGETHER
    assert naming.learn((f"{0:064x}", f"{KEPT:064x}"), ("old", "new")) == {f"{KEPT:064x}": "new"}


def test_names_from_the_wire_are_cleaned_again_and_unasked_ones_left() -> None:
    """An answer to nothing names nothing."""
    naming = Naming()
    naming.unit(of(A))
    assert naming.learn((A, C), ("a\x1bb", "other")) == {A: "a\u241bb"}
