"""A zoo of short real trainings, with known faults and without, to calibrate and score diagnoses on.

A :class:`~benchmarks.zoo.spec.Spec` describes a training to the bit; :func:`~benchmarks.zoo.training.build`
makes it; :mod:`benchmarks.zoo.cells` draws them, trains them, and proves their labels by what becomes of the
same training without the fault; :mod:`benchmarks.zoo.shards` keeps them.
"""
