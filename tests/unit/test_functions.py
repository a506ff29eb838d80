"""Functions and events named by a line of text: what is taken, what is refused and how, what probe is made of it."""

from __future__ import annotations

import pytest

from ebtop import arguments, cli, functions, registry
from ebtop.settings import values
from ebtop.spec import GROUPS, Histogram, Table
from ebtop.warden import trying


@pytest.mark.parametrize(
    ("text", "always"),
    [
        ("k:tcp_v4_connect", "k:tcp_v4_connect"),
        ("kretprobe:tcp_v4_connect", "k:tcp_v4_connect"),
        (
            "  uprobe:/usr/lib/libc.so.6:malloc   arg1 > 0x1000 && ret==0 ",
            "u:/usr/lib/libc.so.6:malloc arg1>4096 ret==0",
        ),
        ("u:libc:abs (int)arg1<-5", "u:libc:abs (int)arg1<-5"),
        ("U:/bin/x:gc__start", "usdt:/bin/x:*:gc__start"),
        ("usdt:/bin/x:python:gc__start", "usdt:/bin/x:python:gc__start"),
        ("t:syscalls:sys_exit_read ret<0", "t:syscalls:sys_exit_read ret<0"),
        ("rawtracepoint:sys_enter arg2==110", "rt:sys_enter arg2==110"),
    ],
)
def test_a_line_is_always_written_the_same(text: str, always: str) -> None:
    """Kinds as `ebtop hooks` spells them or short; each condition once, its number in full."""
    assert str(functions.parse(text)) == always
    assert str(functions.parse(always)) == always


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no function"),
        ("malloc", "names no function: say for instance k:tcp_v4_connect"),
        ("x:malloc", "'x' is no kind of hook: they are k, f, u, usdt, t and rt"),
        ("u:malloc", "'u:malloc' is not written as in u:libc:FUNCTION"),
        ("k:tcp_v4_connect;drop", "is not written as in k:FUNCTION"),
        ("k:a|b", "is not written as in k:FUNCTION"),
        ("u:libc:malloc arg1>", "'arg1>' is no condition"),
        ("u:libc:malloc ( int )arg1>1", "( int ) is no type here"),
        ("u:libc:malloc arg1>4k", "'arg1>4k' is no condition"),
        ('u:libc:malloc arg1>1;system("x")', "is no condition"),
        ("u:libc:malloc arg7>1", "arg7 cannot be compared at u: arg1 to arg6 and ret can"),
        ("u:libc:malloc (pointer)arg1>1", "(pointer) is no type here: they are long"),
        ("u:libc:malloc arg1>18446744073709551616", "does not fit in 64 bits"),
        ("u:libc:malloc arg1>1 arg1>2 arg1>3 arg1>4 arg1>5", "5 conditions are too many: leave 4"),
        ("usdt:/bin/x:a:b arg1>1", "cannot be compared at usdt"),
        ("rt:sys_enter ret<0", "ret cannot be compared at rt"),
        ("t:sched:* next_prio>1", "not those of several"),
        ("k:" + "a" * 300, "names no function"),
    ],
)
def test_what_makes_no_sense_says_what_does(text: str, says: str) -> None:
    """One line."""
    with pytest.raises(ValueError) as refused:  # looked at below
        functions.parse(text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_probe_is_made_of_its_name_alone() -> None:
    """The same in every process; a name that is not as it is always written is none, like one that makes no sense."""
    name = functions.parse("u:libc:malloc arg1>4096").name
    probe = registry.probe(name)
    assert (probe.name, probe.title, probe.prefix, probe.totals) == (
        name,
        "u:libc:malloc arg1>4096",
        "func",
        "func_totals",
    )
    assert registry.probe("func:u:/usr/lib/libc.so.6:malloc ret!=0").title == "u:…/libc.so.6:malloc ret!=0"
    assert registry.is_made_up(name) and not registry.is_made_up("rw")
    assert name not in registry.probes() and registry.known((name, "rw"))[name] is probe
    for other in ("func:u:libc:malloc  arg1>4096", "func:uprobe:libc:malloc", "func:nothing", "func:", "fun:k:x"):
        with pytest.raises(KeyError):
            registry.probe(other)


def test_conditions_reach_the_compiler_as_numbers_only() -> None:
    """Where, how, of which type, with what; what is not said holds always."""
    defines = dict(registry.probe("func:u:libc:abs (int)arg1<-5 ret!=18446744073709551615").defines)
    assert [defines[f"FUNC_IF0_{name}"] for name in ("WHERE", "SIGN", "TYPE", "VALUE")] == [1, 2, 2, -5]
    assert [defines[f"FUNC_IF1_{name}"] for name in ("WHERE", "SIGN", "TYPE", "VALUE")] == [7, 1, 8, -1]
    assert defines["FUNC_IF2_WHERE"] == defines["FUNC_IF3_WHERE"] == 0
    assert all(isinstance(value, int) for value in defines.values())


def test_what_has_returns_is_timed_and_a_pattern_is_told_by_function() -> None:
    """Kernel functions by fentry before kprobes; a condition on what is returned leaves no way that only counts."""
    one, several = registry.probe("func:k:tcp_v4_connect"), registry.probe("func:u:libc:get*")
    assert [way.name for way in one.ways] == [
        "fentry and fexit",
        "kprobe and kretprobe",
        "fentry, counts only",
        "kprobe, counts only",
    ]
    assert [view.name for view in one.views] == ["by_process", "latency"]
    assert [view.name for view in several.views] == ["by_place", "by_process", "by_process_and_place", "latency"]
    assert all(not way.counts_only for way in registry.probe("func:u:libc:abs ret<0").ways)
    for text in ("t:sched:sched_switch", "rt:sched_switch", "usdt:/bin/x:a:b"):
        probe = registry.probe(f"func:{text}")
        assert not any(isinstance(view, Histogram) for view in probe.views) and isinstance(probe.views[0], Table)


def test_on_the_command_line_functions_take_the_place_of_the_usual_probes() -> None:
    """Before the command and behind it; beside probes that are named."""
    words = ["--func", "k:a", "--func", "k:b", "snapshot", "-o", "x", "--func", "k:a", "--func", "k:c"]
    assert arguments.parse(words).settings == {"probes": ("func:k:a", "func:k:b", "func:k:c")}
    assert arguments.parse(["--probes", "rw", "--func", "k:a"]).settings == {"probes": ("rw", "func:k:a")}
    assert values.chosen(["rw", "func:kprobe:a"]) == ("rw", "func:k:a")


@pytest.mark.parametrize("words", [["--func", "malloc"], ["--demo", "--func", "k:a"], ["--func"]])
def test_a_command_line_that_makes_no_sense_is_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2."""
    with pytest.raises(SystemExit) as end:
        arguments.parse(words)
    said = capsys.readouterr()
    assert (end.value.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "func" in said.err


def test_a_function_that_is_not_there_is_refused_before_anything_begins(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what could have been meant; only the functions are looked for."""
    from ebtop.kernel import preflight

    assert trying.lacking(("rw", "syscalls")) == ""
    monkeypatch.setattr(preflight, "blocking", lambda: None)
    assert cli.main(["--no-config", "snapshot", "-o", "x", "--func", "u:libc:getaddrinf"]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1 and "did you mean getaddrinfo?" in said.err


def test_what_a_user_makes_stands_in_one_group() -> None:
    """Beside the programs of the kernel, whether a line or a program of bpftrace makes it."""
    made = ("func:u:libc:malloc", "bt:BEGIN { @ = count(); }")
    assert {registry.probe(name).group for name in made} == {GROUPS[-1]} == {registry.probe("bpf").group}
