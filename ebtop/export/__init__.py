"""What leaves ebtop other than by the screen: JSON snapshots, recordings, the files they go to."""
