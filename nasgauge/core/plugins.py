"""Third-party modules that a study names: imported before it is parsed, here and in every worker process."""

import importlib
import os
import pickle
import sys
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import AfterValidator

from nasgauge.core.config import Config, List
from nasgauge.core.errors import UserError


def import_plugins(names: Iterable[str]) -> None:
    """Import the modules, from what is installed or from the current folder; what they register is known from then on.

    A module that is imported already stays as it is. UserError: a name that is none, a module that is not found or
    whose import fails.
    """
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise UserError(
                f"plugins: {name!r} is not the name of a module; write it as after `import`: my_package.proxies"
            )
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            raise UserError(
                f"plugins: {name!r} cannot be imported ({error}); install its package, or start in the folder that "
                "contains it"
            ) from error
        except (Exception, SystemExit) as error:
            raise UserError(
                f"plugins: importing {name!r} failed ({type(error).__name__}: {error}); fix the module"
            ) from error


def _imported(names: tuple[str, ...]) -> tuple[str, ...]:
    import_plugins(names)
    return names


class PluginConfig(Config):
    """A configuration that names what modules register.

    `plugins`: modules to import first, wherever it is read.
    """

    plugins: Annotated[List[str], AfterValidator(_imported)] = ()

    def __reduce__(self) -> tuple[Callable[..., "PluginConfig"], tuple[Any, ...]]:
        """Pickled so that a worker imports the plugins before it meets what they define."""
        return _restored, (type(self), self.plugins, pickle.dumps(self.__getstate__()))


def _restored(kind: type[PluginConfig], plugins: tuple[str, ...], state: bytes) -> PluginConfig:
    import_plugins(plugins)
    made = kind.__new__(kind)
    made.__setstate__(pickle.loads(state))
    return made
