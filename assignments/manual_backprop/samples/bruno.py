# -*- coding: utf-8 -*-
"""Trabalho 1 - Bruno Oliveira"""
import numpy as np


class Grafo:
    """Guarda o que o forward calculou, para o backward usar depois."""

    def __init__(self, x, w):
        self.x = np.asarray(x, dtype=np.float32)
        self.w = np.asarray(w, dtype=np.float32)

    def forward(self, y):
        self.y_pred = self.x * self.w
        self.e = self.y_pred - np.asarray(y, dtype=np.float32)
        self.e2 = np.square(self.e)
        return self.e2.sum()

    def backward(self):
        self.de2 = np.ones_like(self.e2)
        self.de = self.de2 * np.float32(2) * self.e
        self.dy_pred = self.de.copy()
        self.dw = np.dot(self.dy_pred, self.x).reshape(1)


def manual_backprop(x, w, y):
    g = Grafo(x, w)
    g.forward(y)
    g.backward()
    return {k: getattr(g, k) for k in ("de2", "de", "dy_pred", "dw")}


if __name__ == "__main__":
    x = np.arange(4)
    print(manual_backprop(x, np.ones(1), 2 * x))
