"""A small assignment that validates, for an instructor to change into their own."""

_ASSIGNMENT = '''\
"""What this assignment is about, in one sentence."""

import reference_engine as torch
from grader import Assignment, tensor

hw = Assignment(
    "{name}",
    title={{"en": "A first gradient", "pt": "Um primeiro gradiente", "es": "Un primer gradiente"}},
)


@hw.question(
    points=2,
    inputs={{"x": tensor("n", requires_grad=True)}},
    examples=[{{"x": [1.0, 2.0]}}],
)
def weighted_square(x):
    """The gradient of mean(3 * x**2) with respect to x."""
    (3 * x**2).mean().backward()
    return x.grad


hw.choice("adds_up", points=1, options=["yes", "no"], answer="yes")
'''

_STATEMENTS = {
    "en": """\
# A first gradient

Say in two or three sentences what this is about. Code in fences becomes a cell that students can
run:

```python
x = torch.tensor([1.0, 2.0], requires_grad=True)
(3 * x ** 2).mean().backward()
x.grad
```

## weighted_square

Write a function `weighted_square(x)` that returns the gradient of `(3 * x ** 2).mean()` with
respect to `x`, a tensor of
shape `(n,)` that requires gradients.

## adds_up

Does a second `backward()` add to what is in `.grad`? Assign `"yes"` or `"no"` to the name
`adds_up`.
""",
    "pt": """\
# Um primeiro gradiente

Diga em duas ou três frases do que se trata. Código entre cercas vira uma célula que os alunos
podem executar:

```python
x = torch.tensor([1.0, 2.0], requires_grad=True)
(3 * x ** 2).mean().backward()
x.grad
```

## weighted_square

Escreva uma função `weighted_square(x)` que devolve o gradiente de `(3 * x ** 2).mean()` em relação
a `x`, um tensor de forma
`(n,)` que requer gradiente.

## adds_up

Um segundo `backward()` soma ao que está em `.grad`? Atribua `"yes"` (sim) ou `"no"` (não) ao nome
`adds_up`.
""",
    "es": """\
# Un primer gradiente

Di en dos o tres frases de qué se trata. El código entre vallas se convierte en una celda que los
alumnos pueden ejecutar:

```python
x = torch.tensor([1.0, 2.0], requires_grad=True)
(3 * x ** 2).mean().backward()
x.grad
```

## weighted_square

Escribe una función `weighted_square(x)` que devuelve el gradiente de `(3 * x ** 2).mean()` con
respecto a `x`, un tensor de
forma `(n,)` que requiere gradiente.

## adds_up

¿Un segundo `backward()` suma a lo que hay en `.grad`? Asigna `"yes"` (sí) o `"no"` al nombre
`adds_up`.
""",
}

_SAMPLES = {
    "right.py": """\
import torch


def weighted_square(x):
    return 6 * x.detach() / len(x)


adds_up = "yes"
""",
    "wrong.py": """\
import torch


def weighted_square(x):
    (3 * x ** 2).sum().backward()
    return x.grad


adds_up = "no"
""",
    "verdicts.csv": """\
file,question,verdict,diagnosis,remark
right.py,weighted_square,correct,,by a formula
right.py,adds_up,correct,,
wrong.py,weighted_square,wrong_value,sum_instead_of_mean,a sum in place of the mean
wrong.py,adds_up,wrong_value,,
""",
}


def files(name: str) -> dict[str, str]:
    """The files of a small assignment that validates, by their paths in its folder."""
    return {
        "assignment.py": _ASSIGNMENT.format(name=name),
        **{f"statement.{language}.md": text for language, text in _STATEMENTS.items()},
        **{f"samples/{file}": text for file, text in _SAMPLES.items()},
    }
