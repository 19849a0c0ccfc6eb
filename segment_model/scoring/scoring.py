"""The scorer: it reads, encodes, assigns and explains customers, in positions of segments instead of ids and names.

One valid customer takes the fast path of `single_customer`. Tables are worked on in chunks that fit the processor's
cache; many chunks share the processors.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np

from segment_model.assigners.assigner import Assigner
from segment_model.assigners.nearest import Nearest
from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Encoder, Floats, RawCustomers
from segment_model.encoding.novelty import NoveltyRule
from segment_model.encoding.reader import CustomerReader, Table, check_table
from segment_model.errors import ContractError, shown
from segment_model.explanation.explainer import Explainer, Explanations
from segment_model.scoring.answers import Assignments
from segment_model.scoring.single_customer import Single, SingleCustomer

Policy = Literal["unassigned", "nearest"]
POLICIES = get_args(Policy)
Explain = Callable[[Floats, Nearest, int], None]  # points (width, n), their segments, and where in the whole they begin
CHUNK = 16_384  # customers at a time: few enough for the cache, enough to outweigh the fixed cost of a chunk
CHUNKS_WORTH_THREADS = 4


def check_policy(policy: str) -> None:
    """Refuse a policy that does not exist.

    Raises
    ------
    ContractError
        With those that do.
    """
    if policy not in POLICIES:
        raise ContractError(f"policy is {' or '.join(map(repr, POLICIES))}; got {shown(policy)}")


@dataclass(frozen=True)
class Scorer:
    """Assigns and explains with what a model learned. Safe to use from many threads."""

    contract: VectorContract
    encoder: Encoder
    assigner: Assigner
    explainer: Explainer
    novelty: NoveltyRule

    @cached_property
    def reader(self) -> CustomerReader:
        """Reads customers into checked arrays."""
        return CustomerReader(self.contract, self.encoder)

    @cached_property
    def single(self) -> SingleCustomer | None:
        """The fast path for one customer; None where the algorithm does not offer it."""
        sites, linear = self.assigner.sites, self.explainer.linear
        if sites is None or linear is None:
            return None
        return SingleCustomer(self.contract, self.encoder, sites, linear, self.novelty)

    def assign(self, customers: Table, policy: Policy) -> Assignments:
        """Assign customers, on the fast path where possible.

        Raises
        ------
        ContractError, InputError
            If a customer does not follow the contract, or there is no such policy.
        """
        check_policy(policy)
        single = self._quick(customers)
        return Assignments.of_single(single) if single else self.assign_in_chunks(customers, policy)

    def explain(self, customers: Table, policy: Policy, against: int | None) -> tuple[Assignments, Explanations]:
        """As `assign`, with why: the nearest segment against the runner-up, or against the segment at a position.

        Where that segment is itself the nearest, it is compared with the runner-up.
        """
        check_policy(policy)
        single = self._quick(customers) if against is None else None
        if single and self.single:
            return Assignments.of_single(single), self.single.explain(single)
        return self.explain_in_chunks(customers, policy, against)

    def assign_in_chunks(self, customers: Table, policy: Policy, explain: Explain | None = None) -> Assignments:
        """As `assign`, on the general path; `explain` is called with each chunk, in any order."""
        read = self.reader.parts(customers)
        starts = range(0, max(len(customers), 1), CHUNK)

        def part(start: int) -> Assignments:
            raw = read(start, start + CHUNK)
            points = self.encoder.encode(raw)
            near = self.assigner.nearest(points)
            if explain is not None:
                explain(points, near, start)
            return self._assignments(raw, near, policy)

        if len(starts) < CHUNKS_WORTH_THREADS:
            return Assignments.joined([part(start) for start in starts])
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return Assignments.joined(list(pool.map(part, starts)))

    def explain_in_chunks(
        self, customers: Table, policy: Policy, against: int | None
    ) -> tuple[Assignments, Explanations]:
        """As `explain`, on the general path."""
        check_table(customers)
        size, width = len(customers), len(self.encoder.columns)
        contributions = np.empty((width, size))
        whole = Explanations(
            self.encoder.columns,
            toward=np.empty(size, dtype=np.intp),
            against=np.empty(size, dtype=np.intp),
            base=np.empty(size),
            contributions=contributions.T,
            score=np.empty(size),
        )

        def explain(points: Floats, near: Nearest, start: int) -> None:
            rival = near.runner_up if against is None else np.where(near.segment == against, near.runner_up, against)
            part = self.explainer.explain(points, near.segment, rival)
            place = slice(start, start + points.shape[1])
            contributions[:, place] = part.contributions.T
            for name in ("toward", "against", "base", "score"):
                getattr(whole, name)[place] = getattr(part, name)

        return self.assign_in_chunks(customers, policy, explain), whole

    def _quick(self, customers: Table) -> Single | None:
        """The answer of the fast path for a list of one dict; None where the general path is needed."""
        if self.single is None or type(customers) is not list or len(customers) != 1:
            return None
        return self.single.assign(customers[0])

    def _assignments(self, raw: RawCustomers, near: Nearest, policy: Policy) -> Assignments:
        return Assignments(
            nearest=near.segment,
            runner_up=near.runner_up,
            strength=near.strength,
            distance=near.distance,
            unassigned=near.outside if policy == "unassigned" else np.zeros_like(near.outside),
            novel=self.novelty.flags(raw.numbers, raw.extent),
            unseen_flags=raw.unseen,
            categories=tuple(category.name for category in self.encoder.categories),
        )
