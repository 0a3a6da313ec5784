"""The first of six weeks: what a tensor carries, and first gradients."""

from grader import Assignment

hw = Assignment(
    "week_1",
    title={
        "en": "Week 1: tensors and first gradients",
        "pt": "Semana 1: tensores e primeiros gradientes",
        "es": "Semana 1: tensores y primeros gradientes",
    },
)

hw.include("variables", only=["states", "propagation", "fields"], points=4)
hw.include("first_gradients", only=["scaled_mean", "half_sum", "two_inputs"], points=5)
hw.include("concepts", only=["variable_class", "missing_requires_grad"])
