"""What `python -m session_demo` can do: a module for each command."""
