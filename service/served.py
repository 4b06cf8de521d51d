"""The models that a process serves, swapped without a restart when the pointer names others."""

import logging
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread

from service import metrics, versions
from service.scoring import Model, ModelError, load

LOOKS_EVERY = 1.0  # seconds
NEVER = (0, 0)  # the stamp of no pointer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Loaded:
    active: Model
    shadow: Model | None
    said: versions.Pointer


class Served:
    """A request takes `active` once and keeps it to its end. A version that does not verify is not taken, and the one in force stays."""

    def __init__(self, models: Path) -> None:
        """Loads without predicting, as it may be before a fork. Raises ModelError."""
        self._models = models
        self._refreshing = Lock()
        self._stamp: tuple[int, int] | None = NEVER  # so that the first look takes what runs beside it too
        said = versions.pointer(models)
        self._loaded = _Loaded(load(versions.folder(models, said.active)), None, versions.Pointer(said.active))

    @property
    def active(self) -> Model:
        return self._loaded.active

    @property
    def shadow(self) -> Model | None:
        """What scores beside the model in force and decides nothing."""
        return self._loaded.shadow

    @property
    def reads_records(self) -> bool:
        """Whether either of them looks at what became of an article's other comments."""
        return any(model is not None and model.reads_records for model in (self.active, self.shadow))

    def refresh(self) -> None:
        """Takes what the pointer names, verified, or stays with what it has and logs why."""
        with self._refreshing:
            self._stamp = versions.stamp(self._models)
            try:
                said = versions.pointer(self._models)
                if said.active != self._loaded.said.active:
                    self._take(versions.verified(self._models, said.active), said)
                if said.shadow != self._loaded.said.shadow:
                    shadow = None if said.shadow is None else versions.verified(self._models, said.shadow)
                    self._loaded = _Loaded(self.active, shadow, said)
            except ModelError as error:
                metrics.MODELS_REFUSED.inc()
                log.error("the model in force stays", extra={"model_version": self.active.version, "problem": str(error)})

    def watch(self) -> Event:
        """Looks at the pointer each second, in a thread that ends with the process or when the returned event is set."""
        self._look()
        stop = Event()
        Thread(target=self._watch, args=(stop,), name="models", daemon=True).start()
        return stop

    def _take(self, active: Model, said: versions.Pointer) -> None:
        before = self._loaded
        self._loaded = _Loaded(active, before.shadow, versions.Pointer(said.active, before.said.shadow))
        log.info("another model is in force", extra={"model_version": active.version, "before": before.active.version})

    def _watch(self, stop: Event) -> None:
        while not stop.wait(LOOKS_EVERY):
            self._look()

    def _look(self) -> None:
        try:
            if versions.stamp(self._models) != self._stamp:
                self.refresh()
        except Exception as error:  # whatever it is, the next look is due, and requests go on with the model in force
            log.error("looking for another model failed", exc_info=error)
