"""Somebody who tries to find people in the published figures, with a linear programme. `./gse prove --statistics`."""
