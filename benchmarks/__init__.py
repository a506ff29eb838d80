"""What ebtop costs, measured beside its rivals on this machine; knows ebtop's command line and its pure parts only."""
