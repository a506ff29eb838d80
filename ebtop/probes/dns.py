"""Name resolution: who looks up which name, how long that takes, what comes of it."""

from ebtop.probes.sockets import PACKET
from ebtop.spec import Histogram, Hook, Key, Kind, Probe, Table, Way, largest, mean, rate, total
from ebtop.units import Unit

_RESULTS = (
    (0, "ok"),
    (1, "EAI_BADFLAGS"),
    (2, "EAI_NONAME"),
    (3, "EAI_AGAIN"),
    (4, "EAI_FAIL"),
    (5, "EAI_NODATA"),
    (6, "EAI_FAMILY"),
    (7, "EAI_SOCKTYPE"),
    (8, "EAI_SERVICE"),
    (9, "EAI_ADDRFAMILY"),
    (10, "EAI_MEMORY"),
    (11, "EAI_SYSTEM"),
    (12, "EAI_OVERFLOW"),
    (256, "no answer"),
    (257, "ERANGE"),
    (513, "FORMERR"),
    (514, "SERVFAIL"),
    (515, "NXDOMAIN"),
    (516, "NOTIMP"),
    (517, "REFUSED"),
)
"""Of getaddrinfo, with the other sign (netdb.h); DNS_NO_HOST and DNS_NO_ROOM of gethostbyname; 512 and more: what a
server says (RFC 1035, 4.1.1)."""
_CALLS = (
    ("getaddrinfo", "dns_enter", "dns_code"),
    ("gethostbyname", "dns_enter", "dns_pointer"),
    ("gethostbyname2", "dns_enter", "dns_pointer"),
    ("gethostbyname_r", "dns_enter_r", "dns_pointed"),
    ("gethostbyname2_r", "dns_enter_2_r", "dns_pointed"),
)
"""Function of the C library, and what runs where it begins and returns."""
_COLUMNS = (
    rate("lookups", help="calls that returned, per second"),
    rate("failures", title="fail/s", importance=2),
    mean("ns", "lookups", Unit.NS, importance=1, help="from the call to its return, whatever answered"),
    largest("max_ns", Unit.NS, importance=3),
    total("lookups", importance=4),
    total("failures", importance=5),
)
_PROCESS = Key("pid", Kind.PID)
_HOST = Key("host", Kind.TEXT, "name", help="as the program asked for it; empty: no name, only a service")
_RESULT = Key("result", Kind.CODE, "result", importance=2, codes=_RESULTS)

PROBE = Probe(
    name="dns",
    title="Name resolution",
    question="How slow is name resolution, of which names, for whom, and what fails?",
    slot=0,
    default=False,
    same=(
        "gethostlatency-bpfcc",
        "gethostlatency.bt",
    ),
    group="network",
    ways=(
        Way(
            "uprobe",
            tuple(
                Hook(kind, f"libc:{call}", function, optional=call != "getaddrinfo")
                for place, kind in ((2, "uretprobe"), (1, "uprobe"))
                for call, function in ((one[0], one[place]) for one in _CALLS)
            ),
        ),
        Way(
            "raw_tracepoint, UDP port 53",
            (
                Hook("raw_tracepoint", "netif_receive_skb", "dns_receive"),
                Hook("raw_tracepoint", "net_dev_queue", "dns_queue"),
            ),
            fields=(*PACKET, "sk_buff.sk"),
            misses=(
                "Here questions are seen, not lookups: nothing that a cache or a file answers, one for each kind of"
                " address, none by TCP or encrypted, and none that nobody answers."
            ),
        ),
    ),
    views=(
        Table(
            "by_name", "by process and name", "dns_names", (_PROCESS, _HOST, _RESULT), _COLUMNS, "lookups_per_second"
        ),
        Table("by_process", "by process", "dns_names", (_PROCESS,), _COLUMNS, "lookups_per_second"),
        Table("by_host", "by name", "dns_names", (_HOST, _RESULT), _COLUMNS, "lookups_per_second"),
        Table("by_result", "by result", "dns_names", (_RESULT,), _COLUMNS, "lookups_per_second"),
        Histogram("latency", "latency", "dns_latency", Unit.NS, (), "dns_worst", (_PROCESS, _HOST, _RESULT)),
    ),
    misses=(
        "Whoever does not ask this system's C library: programs with a resolver of their own (Go, systemd-resolved,"
        " browsers), static ones, those of musl, and those in containers, which have a library of their own. Names end"
        " after 127 bytes."
    ),
)
