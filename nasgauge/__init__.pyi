from .benchmarks import Benchmark as Benchmark
from .core.errors import UserError as UserError
from .estimators.zeroshot import Proxy as Proxy
from .estimators.zeroshot import as_proxy as as_proxy
from .estimators.zeroshot import measure as measure
from .interface.estimators import OneShot as OneShot
from .interface.estimators import Predictor as Predictor
from .interface.estimators import ZeroShot as ZeroShot
from .interface.judging import compare_over as compare_over
from .interface.judging import judge as judge
from .interface.named import get_space as get_space
from .interface.named import list as list
from .interface.named import load_benchmark as load_benchmark
from .interface.studies import build as build
from .interface.studies import load_run as load_run
from .interface.studies import run as run
from .nets import space_from as space_from
from .report import Evaluation as Evaluation
from .spaces import Space as Space
from .studies.run import Run as Run

__version__: str
