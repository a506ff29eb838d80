"""ebtop: top for what the Linux kernel really does."""

__version__ = "0.1.0"
