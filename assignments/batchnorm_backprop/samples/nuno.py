import numpy as np


def batchnorm_forward(x, gamma, beta):
    x_hat = (x - x.mean(axis=0)) / x.std(axis=0)
    return {"x_hat": x_hat, "out": gamma * x_hat + beta}


def batchnorm_backprop(x, gamma, beta, dout):
    s = np.sqrt(x.var(axis=0) + 1e-5)
    x_hat = (x - x.mean(axis=0)) / s
    d = dout * gamma
    dx = (d - d.mean(axis=0) - x_hat * (d * x_hat).mean(axis=0)) / s
    return {"dbeta": dout, "dgamma": dout * x_hat, "dx": dx}
