"""Members of kernel structs that what ebtop.h has for several probes reads; declares no probe."""

FILE = ("task_struct.files", "files_struct.fdt", "fdtable.max_fds", "fdtable.fd")
"""Of EBTOP_FILE."""
FILE_NAME = (*FILE, "file.f_path.dentry", "dentry.d_name.name")
"""Of EBTOP_FILE and EBTOP_FILE_NAME."""
COMPAT = ("task_struct.thread_info.status|task_struct.thread_info.flags",)
"""Of EBTOP_COMPAT."""
