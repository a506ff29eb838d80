"""Containers and units by the control groups of every runtime, cgroup version and nesting."""

from __future__ import annotations

import pytest

from ebtop.cgroups import ID, Belonging, belonging, paths

A = "0123456789abcdef" * 4
B = "fedcba9876543210" * 4
UID = "5f2c8a1e-1111-2222-3333-444455556666"
HASH = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


def v2(path: str) -> Belonging:
    """What a machine with cgroup v2 alone says."""
    return belonging(f"0::{path}\n".encode())


@pytest.mark.parametrize(
    "path",
    [
        f"/system.slice/docker-{A}.scope",
        f"/docker/{A}",
        f"/system.slice:docker:{A}",
        f"/machine.slice/libpod-{A}.scope/container",
        f"/machine.slice/libpod-conmon-{A}.scope",
        f"/machine.slice/machine-libpod_pod_{B}.slice/libpod-{A}.scope",
        f"/libpod_parent/libpod_pod_{B}/libpod-{A}",
        f"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{A}.scope/container",
        f"/system.slice/web.service/libpod-payload-{A}",
        f"/system.slice/cri-containerd-{A}.scope",
        f"/k8s.io/{A}",
        f"/system.slice/nerdctl-{A}.scope",
        f"/crio-{A}.scope/container",
        f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UID.replace('-', '_')}.slice/crio-{A}.scope",
        f"/kubepods/besteffort/pod{UID}/{A}",
        f"/kubepods/kata_{A}",
        f"/../../docker/{A}",
        f"/../{A}",
        f"/docker/{A} (deleted)",
    ],
)
def test_a_container_is_known_by_its_id(path: str) -> None:
    """Twelve digits stand in for its name; the whole id is what to ask by."""
    assert v2(path) == Belonging("0123456789ab", True, A, path)
    assert ID.fullmatch(A)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/lxc.payload.web-1", "web-1"),
        ("/lxc.payload.web-1/system.slice/ssh.service", "web-1"),
        ("/lxc.monitor.web-1", "web-1"),
        ("/lxc.payload/web", "web"),
        ("/lxc/101/ns/init.scope", "101"),
        ("/machine.slice/machine-debian\\x2d12.scope", "debian-12"),
        ("/machine.slice/machine-lxc\\x2d4711\\x2dweb.scope", "web"),
        ("/machine.slice/systemd-nspawn@debian\\x2d12.service/payload/init.scope", "debian-12"),
    ],
)
def test_a_container_that_has_its_name_in_the_path(path: str, name: str) -> None:
    """There is nobody to be asked, and systemd's escapes are undone."""
    assert v2(path) == Belonging(name, True, "", path)


@pytest.mark.parametrize(
    ("part", "known"),
    [
        (f"/kubepods/burstable/pod{UID}", f"pod{UID}"),
        (f"/kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice", f"pod{UID}"),
        (f"/kubepods.slice/kubepods-pod{HASH}.slice", f"pod{HASH}"),
        (f"/machine.slice/machine-libpod_pod_{A}.slice", A),
    ],
)
def test_what_is_in_a_pod_but_in_none_of_its_containers_is_the_pods(part: str, known: str) -> None:
    """By the pod's id, of which twelve digits are shown."""
    found = v2(part)
    assert (found.container, found.id) == (True, known)
    assert found.unit == known.removeprefix("pod")[:12]
    assert ID.fullmatch(found.id)


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("/init.scope", "init.scope"),
        ("/system.slice/ssh.service", "ssh.service"),
        ("/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"),
        ("/user.slice/user-1000.slice/session-4.scope", "session-4.scope"),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/firefox.service", "firefox.service"),
        ("/user.slice/user-1000.slice/user@1000.service/init.scope", "user@1000.service"),
        ("/user.slice/user-1000.slice/user@1000.service", "user@1000.service"),
        ("/system.slice/builder.service/job-7.scope", "builder.service"),
        ("/system.slice/systemd-nspawn@web.service/supervisor", "systemd-nspawn@web.service"),
        ("/machine.slice/machine-qemu\\x2d1\\x2dweb.scope", "machine-qemu\\x2d1\\x2dweb.scope"),
        ("/system.slice/home.mount", "home.mount"),
        ("/system.slice/_cgroup.service", "cgroup.service"),
        ("/../../system.slice/ssh.service", "ssh.service"),
        ("/system.slice", ""),
        ("/", ""),
        ("/lxc", ""),
    ],
)
def test_everything_else_belongs_to_the_unit_that_systemd_would_name(path: str, unit: str) -> None:
    """The user's below a user's manager, what a service delegated to itself is the service's; slices are no units."""
    assert v2(path) == Belonging(unit, False, "", path)


@pytest.mark.parametrize(
    "path",
    [
        f"/docker/{A}/docker/{B}",
        f"/docker/{A}/kubelet/kubepods/burstable/pod{UID}/{B}",
        f"/docker/{A}/system.slice/ssh.service",
        f"/system.slice/docker-{A}.scope/machine.slice/machine-web.scope",
    ],
)
def test_of_containers_in_a_container_the_outermost_counts(path: str) -> None:
    """That is the one this host's runtime knows by name."""
    assert v2(path).id == A


def test_a_container_of_lxc_has_no_id_whatever_runs_in_it() -> None:
    """Docker in it keeps its names where only it looks."""
    assert v2(f"/lxc.payload.build/docker/{A}") == Belonging("build", True, "", f"/lxc.payload.build/docker/{A}")


V1 = f"""12:memory:/docker/{A}
11:cpu,cpuacct:/docker/{A}
3:pids:/docker/{A}
1:name=systemd:/docker/{A}
"""
HYBRID = f"""9:memory:/system.slice/docker.service
1:name=systemd:/docker/{A}
0::/system.slice/containerd.service
"""
HYBRID_UNIT = """9:memory:/user.slice/user-0.slice/session-4.scope
1:name=systemd:/user.slice/user-0.slice/session-4.scope
0::/user.slice/user-0.slice/session-4.scope
"""
NO_SYSTEMD = f"""4:memory:/docker/{A}
2:cpu:/
0::/
"""
BARE = """9:name=systemd:/
4:memory:/jobs/42
3:cpuset:/
0::/
"""


@pytest.mark.parametrize("content", [V1, HYBRID, NO_SYSTEMD], ids=["v1", "hybrid", "no systemd"])
def test_a_container_in_any_hierarchy_is_one(content: str) -> None:
    """Where several are mounted, not all of them know of it."""
    assert belonging(content.encode()) == Belonging("0123456789ab", True, A, f"/docker/{A}")


def test_the_hierarchy_of_version_2_is_asked_first_then_that_of_systemd() -> None:
    """Whatever the order in the file."""
    assert paths(HYBRID.encode())[:2] == ["/system.slice/containerd.service", f"/docker/{A}"]
    assert belonging(HYBRID_UNIT.encode()).unit == "session-4.scope"


def test_where_nothing_is_known_the_deepest_group_is_still_told() -> None:
    """No unit, but a path that is not the root's."""
    assert belonging(BARE.encode()) == Belonging("", False, "", "/jobs/42")
    assert belonging(b"") == Belonging()
    assert belonging(b"nonsense\n\xff\n") == Belonging()


def test_hostile_names_are_cleaned() -> None:
    """Whoever may make control groups may call them anything."""
    found = belonging(b"0::/lxc.payload.a\x1b[2J\xe2\x80\xae:b\n")
    assert found.unit == "a\u241b[2J\ufffd:b"
    assert "\x1b" not in found.path
    assert v2("/machine.slice/machine-a\\x1bb.scope").unit == "a\u241bb"
