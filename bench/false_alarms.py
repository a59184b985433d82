"""How often the detectors cry wolf, and how soon they find what is there.

Run: ``python bench/false_alarms.py [--quick]``. Every line prints its seed. All data are
simulated: rows per day Poisson, 0/1 losses with a base rate of 10 %.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from whence.watch.drift import DriftReference
from whence.watch.performance import Monitor
from whence.watch.proportion import wilson

REFERENCE = 28
YEAR = 365
RATE = 0.1
CHANCE = 0.05
LINES = (1e-4, 0.01)
"""The line for one of 100 columns under a family-wise .01, and one where 1 in 100 should cross."""

COLUMNS, LEVELS = 7, 7
"""49 overlapping slices: 7 columns of 7 levels, of unequal size."""


Floats = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """How healthy days differ: standard deviations of the error rate."""

    name: str
    day: float = 0.0
    weekday: float = 0.0
    persistence: float = 0.0

    def effects(self, rng: np.random.Generator, days: int, repetitions: int) -> Floats:
        """Return how each day differs from the mean, (days, repetitions)."""
        shape = (days, repetitions)
        effect = rng.normal(0.0, 1.0, shape)
        for t in range(1, days):
            fresh = np.sqrt(1.0 - self.persistence**2)
            effect[t] = self.persistence * effect[t - 1] + fresh * effect[t]
        week = rng.normal(0.0, self.weekday, (7, repetitions))[np.arange(days) % 7]
        return np.asarray(self.day * effect + week)

    def rates(self, rng: np.random.Generator, days: int, repetitions: int) -> Floats:
        """Return the error rate of each day, (days, repetitions)."""
        return np.clip(RATE + self.effects(rng, days, repetitions), 0.001, 0.999)


WORLDS = (
    World("independent rows"),
    World("day effects 1 point", day=0.01),
    World("day effects 3 points", day=0.03),
    World("weekday effects 2 points", weekday=0.02),
    World("day 1 and weekday 2 points", day=0.01, weekday=0.02),
    World("day effects 1 point, AR .5", day=0.01, persistence=0.5),
)


def overall(rng: np.random.Generator, rates: Floats, rows: int) -> tuple[Floats, Floats]:
    """Return rows and errors (T, R, 1) of the stream of all rows."""
    n = rng.poisson(rows, rates.shape)
    return n[..., None].astype(float), rng.binomial(n, rates)[..., None].astype(float)


def with_slices(rng: np.random.Generator, rates: Floats, rows: int) -> tuple[Floats, Floats]:
    """Return rows and errors (T, R, 50): all rows, and each level of each column."""
    n, errors = overall(rng, rates, rows)
    streams = [(n, errors)]
    share = np.arange(1.0, LEVELS + 1) / np.arange(1.0, LEVELS + 1).sum()
    for _ in range(COLUMNS):
        bad = rng.multinomial(errors[..., 0].astype(int), share)
        good = rng.multinomial((n - errors)[..., 0].astype(int), share)
        streams.append(((bad + good).astype(float), bad.astype(float)))
    counted, failed = zip(*streams, strict=True)
    return np.concatenate(counted, axis=2), np.concatenate(failed, axis=2)


def first_alarm(n: Floats, errors: Floats, weights: Floats) -> NDArray[np.int64]:
    """Return the day of the first alarm of any stream of each repetition, (R,); YEAR + 1 if none.

    The repetitions run side by side in one monitor, whose streams do not touch each other.
    """
    days, repetitions, streams = n.shape
    n, errors = n.reshape(days, -1), errors.reshape(days, -1)
    weekday = np.arange(days) % 7
    monitor = Monitor.with_chances(
        n[:REFERENCE],
        errors[:REFERENCE],
        errors[:REFERENCE],
        weekday[:REFERENCE],
        chance=CHANCE * np.tile(weights, repetitions),
    )
    first = np.full(repetitions, YEAR + 1)
    for t in range(REFERENCE, days):
        step = monitor.step(t, n[t], errors[t], errors[t], int(weekday[t]))
        alarmed = step.alarmed.reshape(repetitions, streams).any(axis=1)
        first = np.where(alarmed & (first > YEAR), t - REFERENCE + 1, first)
    return first


def false_alarms(repetitions: int, repetitions_sliced: int) -> None:
    """Print how many years without a failure had an alarm."""
    print(f"\nP(any false alarm in {YEAR} windows), stated {CHANCE}; reference {REFERENCE} days")
    for seed, world in enumerate(WORLDS):
        for rows in (200, 2000):
            for streams, count in ((1, repetitions), (1 + COLUMNS * LEVELS, repetitions_sliced)):
                rng = np.random.default_rng([seed, rows, streams])
                rates = world.rates(rng, REFERENCE + YEAR, count)
                if streams == 1:
                    n, errors = overall(rng, rates, rows)
                    weights = np.ones(1)
                else:
                    n, errors = with_slices(rng, rates, rows)
                    weights = np.r_[0.5, np.full(streams - 1, 0.5 / (streams - 1))]
                found = int((first_alarm(n, errors, weights) <= YEAR).sum())
                low, high = wilson(found, count)
                print(
                    f"  {world.name:28s} {rows:5d}/day  K={streams:2d}  {found:3d}/{count}"
                    f" = {found / count:.3f} ({low:.3f}-{high:.3f})"
                    f"  seed [{seed}, {rows}, {streams}]",
                    flush=True,
                )


def delays(repetitions: int) -> None:
    """Print how long failures go unseen."""
    print("\nWindows until found (median, 90th percentile), failure from window 60 on")
    start = 60
    for rows, world in ((200, WORLDS[0]), (2000, WORLDS[1])):
        for worse in (0.02, 0.05):
            rng = np.random.default_rng([rows, int(worse * 100)])
            rates = world.rates(rng, REFERENCE + YEAR, repetitions)
            rates[REFERENCE + start :] += worse
            found = first_alarm(*overall(rng, rates, rows), np.ones(1)) - start
            found = found[found > 0]
            print(
                f"  10 -> {RATE + worse:.0%}, {rows}/day, {world.name}: "
                f"{np.median(found):.0f}, {np.quantile(found, 0.9):.0f}"
                f"  seed [{rows}, {int(worse * 100)}]"
            )
        rng = np.random.default_rng([rows, 150])
        rates = world.rates(rng, REFERENCE + YEAR, repetitions)
        rates[REFERENCE:] += 0.05 * np.minimum(np.arange(YEAR) / 150.0, 1.0)[:, None]
        found = first_alarm(*overall(rng, rates, rows), np.ones(1))
        print(
            f"  5 points over 150 windows, {rows}/day: {np.median(found):.0f}, "
            f"{np.quantile(found, 0.9):.0f}  seed [{rows}, 150]"
        )


def drift_p(
    rng: np.random.Generator, world: World, rows: int, moved: float, columns: int
) -> Floats:
    """Return the p-values of normal columns in 20 bins, 20 days each after 56 of reference."""
    reference, judged = 56, 20
    edges = stats.norm.ppf(np.arange(1, 20) / 20)
    days = np.arange(reference + judged) % 7
    p = []
    for centre in world.effects(rng, len(days), columns).T:
        moving = centre + np.where(np.arange(len(days)) >= reference, moved, 0.0)
        below = stats.norm.cdf(edges - moving[:, None])
        share = np.diff(below, prepend=0.0, append=1.0, axis=1)
        counts = rng.multinomial(rows, share).astype(float)
        kept = DriftReference.of(counts[:reference], days[:reference])
        p += [kept.drift(counts[t], int(days[t])).p for t in range(reference, len(days))]
    return np.array(p)


def drift(columns: int) -> None:
    """Print how often columns that did not move, and that did, fall below two lines."""
    print(f"\nDrift: share of days with p below {LINES[0]:g} and below {LINES[1]:g}")
    for world, moved in (
        (World("independent"), 0.0),
        (World("day effects .1 sd", day=0.1), 0.0),
        (World("weekday effects .3 sd", weekday=0.3), 0.0),
        (World("day .1, weekday .3 sd", day=0.1, weekday=0.3), 0.0),
        (World("day effects .1 sd, AR .9", day=0.1, persistence=0.9), 0.0),
        (World("independent"), 0.1),
        (World("independent"), 0.2),
        (World("day effects .1 sd", day=0.1), 0.5),
    ):
        for rows in (2000, 20000):
            seed = [rows, round(moved * 10)]
            p = drift_p(np.random.default_rng(seed), world, rows, moved, columns)
            first, second = (float(np.mean(p < line)) for line in LINES)
            print(
                f"  {world.name:25s} moved {moved:.1f} sd {rows:6d} rows: "
                f"{first:.4f}, {second:.4f}  n = {len(p)}, seed {seed}",
                flush=True,
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the repetitions")
    part = 0.1 if parser.parse_args().quick else 1.0
    begun = time.perf_counter()
    false_alarms(int(2000 * part), int(200 * part))
    delays(int(400 * part))
    drift(int(100 * part))
    print(f"\n{time.perf_counter() - begun:.0f} s")
