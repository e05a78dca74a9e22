"""The schedule of a program in words: reads the ``schedule`` attributes of the "scheduled" stage, whose fields
dialects/Keops/Attributes.td defines and lib/Transforms/ChooseSchedule/CostModel.cpp chooses."""

import re

_LOOP = re.compile(
    r"keops\.map_reduce over (?P<index>[ij]) reduce \[(?P<reductions>.*?)\](?= ).*?schedule <(?P<fields>[^>]*)>"
)
_REDUCTION = re.compile(r"#keops\.reduce<(\w+)")


def explain(text):
    """What the compiler chose for each loop of a program, and why; ``text`` is its "scheduled" stage."""
    loops = [_explain_loop(found) for found in _LOOP.finditer(text)]
    return "\n".join(loops) if loops else "No loop: the results follow from sizes alone."


def _explain_loop(found):
    fields = dict(field.split(" = ") for field in found["fields"].split(", "))
    calls, _ = fields.pop("calls", "false") == "true", fields.pop("narrow", None)
    schedule = {name: int(value) for name, value in fields.items()}
    reduced, kept = found["index"], "j" if found["index"] == "i" else "i"
    names = ", ".join(_REDUCTION.findall(found["reductions"]))
    lines = [f"One loop over {reduced} for each {kept}: {names}", *_explain_tile(schedule, kept)]
    lines += [*_explain_sums(schedule), *_explain_chunk(schedule), *_explain_stages(schedule), _explain_calls(calls)]
    return "\n    ".join([*lines, *_explain_split(schedule, kept, reduced)])


def _explain_tile(schedule, kept):
    rows, lanes = schedule["rows"], schedule["lanes"]
    vectors = "1 vector" if rows == 1 else f"{rows} vectors"
    yield f"rows = {rows}, lanes = {lanes}: {rows * lanes} values of {kept} at a time, in {vectors} of {lanes} numbers;"
    yield "    lanes is what a vector register of this processor holds, rows (4 at most) what the registers and the"
    yield "    length of the code leave room for"


def _explain_sums(schedule):
    block, blocks = schedule["block"], schedule["blocks"]
    if block == blocks == 1:
        yield "block = 1, blocks = 1: every term by itself, with compensation for the rounding of sums"
        return
    yield f"block = {block}, blocks = {blocks}: blocks of {block} terms, {blocks} of which are one step;"
    yield "    each has its partial sums, so that rounding stays small"


def _explain_chunk(schedule):
    if schedule["chunk"] > 1:
        yield f"chunk = {schedule['chunk']}: components of a result at a time, which take half of the registers at most"


def _explain_stages(schedule):
    if schedule.get("stages", 1) > 1:
        yield f"stages = {schedule['stages']}: one step, or one block of it where rows are long, is brought near on a GPU"
        yield "    while the step before is computed, where both have room; a CPU has no use for that"


def _explain_calls(calls):
    if calls:
        return "calls = true: functions such as exp are called, because the formula is long"
    return "calls = false: functions such as exp are written in place, because the formula is short"


def _explain_split(schedule, kept, reduced):
    split = schedule["split"]
    yield f"split = {split}: where values of {kept} are few, {reduced} is cut into at most {split} pieces,"
    yield "    so that all threads have work"
