"""Third-party modules that a study names: imported before it is parsed, here and in every worker process."""

import importlib
import os
import sys
from collections.abc import Iterable

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
