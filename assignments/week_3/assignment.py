"""The third of six weeks: backpropagation by hand, checked by numbers."""

from grader import Assignment

hw = Assignment(
    "week_3",
    title={
        "en": "Week 3: backpropagation by hand",
        "pt": "Semana 3: retropropagação à mão",
        "es": "Semana 3: retropropagación a mano",
    },
)

hw.include("manual_backprop", points=4)
hw.include("numerical_gradient", only=["numerical_gradient", "predict_change"], points=3)
hw.include("mlp_backprop", only=["mlp_backprop"], points=3)
hw.include("concepts", only=["gradient_of_what", "why_destroy"])
