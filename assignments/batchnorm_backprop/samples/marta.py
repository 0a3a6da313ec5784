import numpy as np


def batchnorm_forward(x, gamma, beta):
    x_hat = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)
    return {"x_hat": x_hat, "out": gamma * x_hat + beta}


def batchnorm_backprop(x, gamma, beta, dout):
    n = len(x)
    scale = 1 / np.sqrt(x.var(0) + 1e-5)
    x_hat = (x - x.mean(0)) * scale
    dgamma = (dout * x_hat).sum(0)
    dbeta = dout.sum(0)
    dx = gamma * scale * (dout - dbeta / n - x_hat * dgamma / n)
    return {"dbeta": dbeta, "dgamma": dgamma, "dx": dx}
