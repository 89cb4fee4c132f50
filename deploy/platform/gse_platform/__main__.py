"""The gse command as a module: python -m gse_platform."""

from gse_platform.command import main

main()
