"""What touches the kernel: the only place for bpf(2), ctypes, tracefs and bcc."""
