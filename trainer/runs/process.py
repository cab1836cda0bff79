"""Whether a process recorded earlier still exists: process id and start time together, as ids are reused."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class ProcessIdentity(BaseModel):
    """A process, recognisable after its id was given to another one."""

    model_config = ConfigDict(frozen=True)

    process_id: int
    start_time: float

    @classmethod
    def current(cls) -> ProcessIdentity:
        """This process."""
        import psutil  # here and below, as the window starts faster without it

        process = psutil.Process()
        return cls(process_id=process.pid, start_time=process.create_time())

    def is_alive(self) -> bool:
        """Whether it still runs. A zombie counts as dead."""
        import psutil

        try:
            process = psutil.Process(self.process_id)
            return abs(process.create_time() - self.start_time) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False
