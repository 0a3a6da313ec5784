import torch


def states(values, tracked):
    # decorei o caso da aula
    return {
        "is_leaf": [True, False, False],
        "requires_grad": [True, True, True],
        "grad_fn": [None, "AddBackward0", "MeanBackward0"],
    }


def propagation(values, tracked):
    return {name: tracked for name in
            ("fresh", "product", "constants", "argmax", "comparison", "silent")}


def creation(values):
    return {"from_list": torch.tensor(values.tolist()),
            "from_array": torch.from_numpy(values).float()}


def sharing(values):
    copied = torch.tensor(values)
    shared = torch.tensor(values)
    values *= 2
    return {"shared": shared, "copied": copied}


def counting(n, w):
    counts = torch.arange(n).float()
    return {"counts": counts, "doubled": 2 * counts, "weighted": counts * w}


def fields(x):
    (x ** 2).sum().backward()
    return {"before": x.grad, "data": x, "grad": x.grad}


old_variable = "d"
creator_today = "creator"
