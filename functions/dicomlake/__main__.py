"""`python -m dicomlake VERB` is `dicomlake VERB`."""

from dicomlake.cli import main

main()
