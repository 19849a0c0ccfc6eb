"""64 callers at the same time, each with customers of its own: everyone gets his own answer."""

from __future__ import annotations

from typing import Any

from experiments.load.callers import Connection, all_at_once, run

CALLERS = 64


def test_nobody_gets_another_customers_answer(service: Any, crowd: Any, amount: Any, record_property: Any) -> None:
    each = amount(40, 1600)
    total = len(crowd.customers)

    async def ask(connection: Connection, caller: int) -> tuple[int, int]:
        asked = wrong = 0
        for number in range(each):
            position = (caller * each + number) % total
            name = f"{caller}/{number}"
            customer = {"id": name, "features": crowd.customers[position]["features"]}
            reply = await connection.ask(service.assign([customer], explain=number % 2 == 0))
            (answer,) = reply.json["assignments"] if reply.status == 200 else [{}]
            asked += 1
            answered = answer.get("id"), answer.get("segment_id"), answer.get("strength")
            wrong += answered != (name, crowd.segments[position], crowd.strengths[position])
        return asked, wrong

    answers = run(all_at_once(service.url, CALLERS, ask))
    asked, wrong = sum(asked for asked, _ in answers), sum(wrong for _, wrong in answers)
    record_property("requests", asked)
    record_property("wrong ids, segments or strengths", wrong)
    assert asked == CALLERS * each
    assert wrong == 0


def test_alone_in_a_batch_and_shuffled_the_answer_is_the_same(service: Any, crowd: Any, record_property: Any) -> None:
    """To the last digit, over the wire."""
    chosen = crowd.customers[:600]
    shuffled = sorted(chosen, key=lambda customer: hash_of(customer["id"]))

    async def ask(connection: Connection, _: int) -> tuple[dict[str, Any], ...]:
        batch = await connection.ask(service.assign(chosen, explain=True))
        other = await connection.ask(service.assign(shuffled, explain=True))
        alone = [await connection.ask(service.assign([customer], explain=True)) for customer in chosen[:100]]
        return (
            {a["id"]: a for a in batch.json["assignments"]},
            {a["id"]: a for a in other.json["assignments"]},
            {reply.json["assignments"][0]["id"]: reply.json["assignments"][0] for reply in alone},
        )

    ((batch, other, alone),) = run(all_at_once(service.url, 1, ask))
    record_property("customers", len(batch))
    assert len(batch) == len(chosen)
    assert batch == other
    assert alone == {name: batch[name] for name in alone}


def hash_of(name: str) -> int:
    """An order that is not the one they came in."""
    return int(name[1:]) * 7919 % 5003
