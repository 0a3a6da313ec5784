"""Recurrent layers over a packed sequence, whose batch shrinks from step to step."""

from typing import Any

import reference_engine as torch
from reference_engine.nn import functional as F
from reference_engine.nn.utils.rnn import PackedSequence


def run_packed(module: Any, sequence: PackedSequence, given: Any, step: Any) -> tuple[Any, Any]:
    """(packed outputs of the last layer, last states) of a module of recurrent layers.

    `step(from_input, from_hidden, state)` computes the next state.
    """
    counts = sequence.batch_sizes.tolist()
    order, back = sequence.sorted_indices, sequence.unsorted_indices
    if given is not None and order is not None:
        given = tuple(one.index_select(1, order) for one in given)
    values = sequence.data
    states = module._states(values.unsqueeze(0).expand(1, -1, -1)[:, : counts[0]], given)
    last: list[Any] = []
    for layer in range(module.num_layers):
        outputs = []
        for backwards, suffix in enumerate(module._suffixes(layer)):
            start = tuple(one[len(last)] for one in states)
            weights = module._weights(suffix)
            found, state = _direction(
                values, start, counts, weights=weights, step=step, backwards=bool(backwards)
            )
            outputs.append(found)
            last.append(state)
        values = torch.cat(outputs, -1) if len(outputs) > 1 else outputs[0]
        if module.dropout and layer < module.num_layers - 1:
            values = F.dropout(values, module.dropout, module.training)
    final = tuple(torch.stack(column) for column in zip(*last, strict=True))
    if back is not None:
        final = tuple(one.index_select(1, back) for one in final)
    return PackedSequence(values, sequence.batch_sizes, order, back), final


def _direction(
    values: Any, start: Any, counts: list[int], *, weights: Any, step: Any, backwards: bool
) -> tuple[Any, Any]:
    """One layer in one direction: a sequence leaves after its last step, or enters there."""
    weight, bias, hidden_weight, hidden_bias, projection = weights
    steps = torch.split(F.linear(values, weight, bias), counts)
    count = counts[-1] if backwards else counts[0]
    state = tuple(one[:count] for one in start)
    outputs: list[Any] = []
    ended: list[Any] = []
    for place in range(len(counts))[:: -1 if backwards else 1]:
        now = counts[place]
        if now > count:  # going backwards, shorter sequences begin
            state = tuple(
                torch.cat([one, first[count:now]]) for one, first in zip(state, start, strict=True)
            )
        elif now < count:
            ended.append(tuple(one[now:] for one in state))
            state = tuple(one[:now] for one in state)
        count = now
        state = step(steps[place], F.linear(state[0], hidden_weight, hidden_bias), state)
        if projection is not None:
            state = (F.linear(state[0], projection), *state[1:])
        outputs.append(state[0])
    parts = [state, *reversed(ended)]
    final = tuple(torch.cat(column) for column in zip(*parts, strict=True))
    return torch.cat(outputs[::-1] if backwards else outputs), final
