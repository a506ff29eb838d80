"""Settings: what they say, what is wrong with what they say, and that what is printed can be read again."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from ebtop import arguments, cli, registry, settled
from ebtop.settings import SettingError, Settings, default_slots
from ebtop.settings.files import parse
from ebtop.settings.layers import Layer, merged
from ebtop.settings.options import OPTIONS
from ebtop.tui.keychanges import effective
from ebtop.tui.keys import KEYS


def settings(*texts: str) -> Settings:
    """What holds when files say `texts`, the later over the earlier."""
    return merged([parse(text.encode(), "f.toml") for text in texts]).settings


def test_every_key_of_a_file_means_something() -> None:
    """All at once, none as it is by default."""
    said = settings("""
        probes = ["rw", "opens"]
        probe_path = ["/opt/probes", "~/probes"]
        interval = "500ms"
        max_overhead = 1.5
        xdp_interfaces = ["eth0", "lo", "eth0"]
        history_seconds = "20m"
        history_mb = "64MiB"
        units = "binary"
        theme = "ebtop-light"
        ramp = "viridis"
        ascii = true
        [slots]
        1 = "bpf"
        0 = "rw"
        [keys]
        pause = "x"
    """)
    usual = Settings()
    assert said.probe_path == ("/opt/probes", "~/probes")
    assert (said.probes, said.interval_s, said.max_overhead_percent) == (("rw", "opens"), 0.5, 1.5)
    assert said.xdp_interfaces == ("eth0", "lo")
    assert said.history_seconds == 1200.0
    assert said.history_mb == pytest.approx(67.1, abs=0.01)
    assert (said.units, said.theme, said.ramp, said.ascii) == ("binary", "ebtop-light", "viridis", "always")
    assert said.keys == {"pause": ("x",)}
    for option in OPTIONS:
        assert getattr(said, option.target) != getattr(usual, option.target), option.name


def test_probes_are_chosen_by_name_by_group_and_all_at_once() -> None:
    """A group by its name or a word that only it has, behind @ where a probe is called so, too; each probe once."""
    network = tuple(name for name, probe in registry.probes().items() if probe.group == "network")
    assert {"tcpconnect", "tcpaccept"} <= set(network)
    assert settings('probes = ["network"]').probes == settings('probes = ["@Network"]').probes == network
    assert settings('probes = ["tcpaccept", "network"]').probes[0] == "tcpaccept"
    assert sorted(settings('probes = ["tcpaccept", "network"]').probes) == sorted(network)
    assert settings('probes = ["scheduler and interrupts"]').probes == settings('probes = ["interrupts"]').probes
    assert settings('probes = ["all"]').probes == registry.names()
    with pytest.raises(SettingError, match="'processes and system calls' or 'scheduler and interrupts'"):
        settings('probes = ["and"]')


def test_a_probe_that_is_given_a_digit_leaves_the_one_it_had() -> None:
    """Whoever had that digit has none; later files move probes again; "" frees a digit."""
    once = settings('[slots]\n1 = "rw"\n')
    assert once.slots == {1: "rw"} | {digit: name for digit, name in default_slots().items() if digit > 2}
    twice = settings('[slots]\n1 = "rw"\n', '[slots]\n9 = "rw"\n3 = ""\n')
    assert twice.slots.get(9) == "rw"
    assert {1, 2, 3}.isdisjoint(twice.slots)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('theme = "nrod"', "line 1: theme: 'nrod' is not among the choices; did you mean 'nord'?"),
        ('\nunits = "pounds"', "line 2: units: 'pounds' is not among the choices; they are si, binary, bits"),
        ('them = "nord"', "line 1: there is no setting 'them'; did you mean 'theme'?"),
        ('probes = ["sycalls"]', "did you mean 'syscalls'? `ebtop probes` lists them"),
        ("probes = 3", "is no list of names"),
        ("probes = []", "no probe named"),
        ('\nprobes = ["blok"]', "line 2: probes: there is no probe 'blok'"),
        ('probes = ["@nowhere"]', "there is no probe '@nowhere'"),
        ('probe_path = ["probes"]', "depends on where ebtop is started"),
        ("probe_path = [1]", "is no list of folders"),
        ('[slots]\n1 = "nosuch"', "line 2: slots: there is no probe 'nosuch'"),
        ('interval = "2m"', "longer than a minute"),
        ("interval = true", "is no duration"),
        ("interval = nan", "is no duration"),
        ("max_overhead = 10001", "no percentage of one CPU"),
        ("max_overhead = true", "no percentage of one CPU"),
        ("max_overhead = nan", "no percentage of one CPU"),
        ("history_seconds = 9", "shorter than 10s"),
        ("xdp_interfaces = 3", "no list of names"),
        ('xdp_interfaces = "../eth0"', "no network interface's name; `ip link` lists them"),
        ('xdp_interfaces = ["..", "lo"]', "no network interface's name"),
        ('history_mb = "24 apples"', "no amount of memory"),
        ("history_mb = 0.5", "not between 1MB and 4096MB"),
        ('ascii = "perhaps"', "they are auto, always, never"),
        ("slots = 1", "is no table"),
        ('[slots]\nx = "rw"', "'x' is no digit"),
        ('[slots]\n1 = "rw"\n2 = "rw"', "has two digits"),
        ("[slots]\n1 = 2", "there is no probe 2"),
        ("keys = 1", "is no table"),
        ("[keys]\npause = 1", "names no keys"),
        ('[keys]\npause = [""]', "names no keys"),
        ("theme =", "is not TOML"),
        ('"\\u001b[31m" = 1', "there is no setting"),
    ],
)
def test_what_cannot_be_is_told_in_one_line_with_the_remedy(text: str, says: str) -> None:
    """File, line, key, what is wrong, what is right."""
    with pytest.raises(SettingError) as why:
        merged([parse(text.encode(), "/etc/ebtop/config.toml")])
    line = str(why.value)
    assert says in line
    assert line.startswith("/etc/ebtop/config.toml")
    assert line.isprintable()


def test_bytes_that_are_no_text_are_told() -> None:
    """One line as well."""
    with pytest.raises(SettingError, match="not UTF-8"):
        parse(b"\xff", "f")


def test_the_default_file_says_what_holds_without_it() -> None:
    """Every key is in it, behind one "#"; with these taken away it changes nothing."""
    text = settled.text(arguments.parse(["config", "--default"]))
    assert merged([parse(text.encode(), "f")]).settings == Settings()
    bare = re.sub(r"(?m)^#(?=\S)", "", text)
    said = tomllib.loads(bare)
    assert set(said) == {option.name for option in OPTIONS}
    assert set(said["keys"]) == {row.name for row in KEYS if row.action != "toggle_probe"}
    whole = merged([parse(bare.encode(), "f")]).settings
    assert effective(whole.keys) == KEYS
    assert [getattr(whole, option.target) for option in OPTIONS if option.name != "keys"] == [
        getattr(Settings(), option.target) for option in OPTIONS if option.name != "keys"
    ]
    assert all(len(line) <= 120 for line in text.splitlines())


def test_what_is_in_force_can_be_used_as_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Read again, it is the same settings; where each is from stands behind it."""
    words = "--no-config --probes rw --interval 2s --theme nord --ascii --units bits --history 1h --history-memory 99MB"
    assert cli.main(["config", *words.split()]) == 0
    printed = capsys.readouterr().out
    assert 'theme = "nord"  # command line' in printed
    assert 'ramp = "cividis"  # default' in printed
    said = settled.settled(arguments.parse(words.split())).settings
    again = settings(printed)
    assert effective(again.keys) == effective(said.keys)
    for option in OPTIONS:
        if option.name != "keys":
            assert getattr(again, option.target) == getattr(said, option.target), option.name


def test_digits_and_keys_survive_being_printed() -> None:
    """Also digits that are free, and keys that have to be quoted."""
    layer = parse(b'[slots]\n1 = "rw"\n3 = ""\n[keys]\nfilter = ["\\\\", "\\""]\npause = []\n', "f")
    said = merged([layer])
    from ebtop.settings.written import in_force

    again = settings(in_force(said, settled._actions(effective(said.settings.keys))))
    assert again.slots == said.settings.slots
    assert effective(again.keys) == effective(said.settings.keys)


def test_a_change_of_keys_that_cannot_be_names_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though only the whole table shows it."""
    layer = parse(b'[keys]\npause = "s"\n', "/home/ada/config.toml")
    monkeypatch.setattr(settled, "_of_files", lambda *_: [layer])
    with pytest.raises(SettingError, match=r"^/home/ada/config.toml, line 2: pause: s is a key of sort already"):
        settled.settled(arguments.parse([]))


def test_a_refused_setting_ends_ebtop_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Status 2; a command that needs no settings does not look for them."""

    def refuse(*_: object) -> list[Layer]:
        raise SettingError("f: no")

    monkeypatch.setattr(settled, "_of_files", refuse)
    monkeypatch.delenv("SUDO_UID", raising=False)
    assert cli.main(["snapshot", "-o", "x"]) == 2
    assert capsys.readouterr().err == "ebtop: f: no\n"
    assert cli.main(["new-probe", "mine", "--dir", str(tmp_path)]) == 0
    assert cli.main(["config", "--default"]) == 0
