"""A member's rights over what is held of them: a copy, the record of changes, restriction, and how an erasure goes."""
