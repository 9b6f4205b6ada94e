"""`python -m everopen.apps.cli`."""

from everopen.apps.cli import main

main()
