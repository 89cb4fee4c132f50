"""What events is told by its environment."""

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service is told; events needs nothing else."""
