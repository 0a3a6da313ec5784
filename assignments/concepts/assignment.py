"""The lectures' own questions, and the claims in them that time has made false.

Choices are letters, whose sentences stand in the statement; two answers are texts.
"""

from grader import Assignment

hw = Assignment(
    "concepts",
    title={"en": "Concepts", "pt": "Conceitos", "es": "Conceptos"},
)

LETTERS = ["a", "b", "c", "d"]

for name, answer in {
    "variable_class": "b",
    "mixing": "c",
    "creator": "d",
    "graph_after_backward": "a",
    "gradient_of_what": "b",
    "minus_28": "c",
    "missing_requires_grad": "d",
    "any_function": "a",
    "detach_alone": "c",
    "where_to_zero": "b",
    "vector_argument": "d",
    "ones_argument": "a",
    "mean_or_half_sum": "c",
    "doublings": "b",
    "integer_tensors": "d",
    "define_by_run": "a",
}.items():
    hw.choice(name, points=0.5, options=LETTERS, answer=answer)

hw.text("why_mix", points=2)
hw.text("why_destroy", points=2)
