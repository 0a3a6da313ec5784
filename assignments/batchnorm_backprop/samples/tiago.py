import numpy as np


def batchnorm_forward(x, gamma, beta):
    x_hat = (x - x.mean(0)) / np.sqrt(x.var(0, ddof=1) + 1e-5)
    return {"x_hat": x_hat, "out": gamma * x_hat + beta}


def batchnorm_backprop(x, gamma, beta, dout):
    scale = 1 / np.sqrt(x.var(0) + 1e-5)
    x_hat = (x - x.mean(0)) * scale
    return {"dbeta": dout.sum(0), "dgamma": (dout * x_hat).sum(0), "dx": dout * gamma * scale}
