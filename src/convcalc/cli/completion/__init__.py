"""What a shell offers while a command line is typed; it is waited for, and imports little."""
