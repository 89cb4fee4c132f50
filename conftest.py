"""What holds for every test of the house."""

from hypothesis import settings

settings.register_profile("house", deadline=None)  # how long an example takes says nothing on a shared machine
settings.load_profile("house")
