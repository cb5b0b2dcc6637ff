"""Large graphs: time and memory from a million to ten million nodes. Run by hand with `pytest tests/benchmarks -s`."""

import subprocess
import sys
from pathlib import Path

MILLIONS = 1, 2, 5, 10

MEASURE = """
import resource, sys, time
sys.path.insert(0, sys.argv[2])
import numpy as np, steps
from autograd_lite import Value, jit
from autograd_lite.core.modes import no_gc

count = round(int(sys.argv[1]) * 1e6 / 660)
parameters = steps.moons_data()[0].tolist()
points = np.random.default_rng(0).uniform(-1, 2, (count, 2)).tolist()
labels = [1.0 if y > 0 else -1.0 for _, y in points]

def measured(run):
    start = time.process_time()
    result = run()
    return result, time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20

def loss(ps):
    return steps.moons_loss(ps, points, labels)

with no_gc():
    graph, eager, held = measured(lambda: loss([Value(p) for p in parameters]))
program, seconds, peak = measured(lambda: jit(loss, backend="python").program(parameters))
print(f"{eager:12.1f} {held:12.2f} {seconds:12.1f} {peak:12.2f} {len(program):14,}")
"""


def test_ten_million_nodes():
    """An eager graph of the moons loss, and beside it the same loss recorded as a program."""
    print("\nMoons loss, of more and more points")
    print("  nodes      eager, s    graph, GiB   program, s    peak, GiB   instructions")
    for millions in MILLIONS:
        code = [sys.executable, "-c", MEASURE, str(millions), str(Path(__file__).parent)]
        done = subprocess.run(code, capture_output=True, text=True, check=True)
        print(f"  {millions:2} M {done.stdout}", end="", flush=True)
