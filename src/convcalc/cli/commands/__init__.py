"""The commands, a file each; every one is imported when it is called."""
