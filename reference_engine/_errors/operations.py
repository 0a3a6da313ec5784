"""Texts about operations on numbers: dtypes that they lack, and values that they refuse."""

# -- element by element ---------------------------------------------------------------------------

NORM_KEEPDIM = "linalg_vector_norm(): argument 'keepdim' (position 4) must be bool, not int"
PROD_DIMS = "prod(): argument 'dim' must be int"
FLAG_TYPE = "a flag must be bool, not int"
NOT_IMPLEMENTED = "\"{name}\" not implemented for '{dtype}'"
NEGATIVE_INTEGER_POWER = "Integers to negative integer powers are not allowed."
BOOL_SUBTRACT_TWO = (
    "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
    "`logical_xor()` operator instead."
)
BOOL_SUBTRACT_ONE = (
    "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to "
    "invert a mask, use the `~` or `logical_not()` operator instead."
)
BOOL_NEGATIVE = (
    "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a "
    "mask, use the `~` or `logical_not()` operator instead."
)
ALPHA_DTYPE = "For integral input tensors, argument alpha must not be a floating point number."
INTEGER_DIVISION_BY_ZERO = "ZeroDivisionError"
ROUNDING_MODE = (
    "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{mode}'"
)
INVERT_DTYPE = "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
RELU_BOOL = "Boolean inputs not supported for relu"
WHERE_CONDITION = (
    "where expected condition to be a boolean tensor, but got a tensor with dtype {dtype}"
)
CLAMP_WITHOUT_BOUNDS = "torch.clamp: At least one of 'min' or 'max' must not be None"
POLYGAMMA_ORDER = "polygamma(n, x) does not support negative n."

DERIVATIVE_MISSING = "the derivative for '{name}' is not implemented."
LERP_DTYPE = "expected dtype {expected} for `{name}` but got dtype {found}"
BOOL_ALPHA = "Boolean alpha only supported for Boolean results."

# -- reductions -----------------------------------------------------------------------------------

MEAN_DTYPE = (
    "mean(): could not infer output dtype. {which} dtype must be either a floating point or "
    "complex dtype. Got: {dtype}"
)
SPREAD_DTYPE = "std and var only support floating point and complex dtypes"
DEGREES_OF_FREEDOM = (
    "{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction "
    "factor (input numel divided by output numel)."
)
NORM_DTYPE = "linalg.vector_norm: Expected a floating point or complex tensor as input. Got {dtype}"
NANMEAN_DTYPE = "nanmean(): expected input to have floating point or complex dtype but got {dtype}"
COV_DIMS = (
    "cov(): expected input to have two or fewer dimensions but got an input with {dim} dimensions"
)
REDUCE_EMPTY_ALONG = "{name}(): Expected reduction dim {dim} to have non-zero size."
REDUCE_EMPTY = (
    "{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
    "reduction dim with the 'dim' argument."
)
PLACE_BOOL = "{name}(): does not support bool input"
PLACE_EMPTY = "{name}(): Expected reduction dim to be specified for input.numel() == 0."

# -- questions ------------------------------------------------------------------------------------

ALLCLOSE_DTYPES = "{first} did not match {second}"
INTERPOLATION = (
    "{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
    "{interpolation}"
)
QUANTILE_DTYPE = "quantile() input tensor must be either float or double dtype"
QUANTILE_DTYPES = "quantile() q tensor must be same dtype as the input tensor"
QUANTILE_DIMS = "quantile() q must be a scalar or 1D tensor"
QUANTILE_NUMBER = "quantile() q must be in the range [0, 1] but got {q:g}"
QUANTILE_EMPTY = "{name}() input tensor must be non-empty"
QUANTILE_RANGE = "{name}() q values must be in the range [0, 1]"
BINCOUNT = "bincount only supports 1-d non-negative integral inputs."
TOPK_BOOL = "topk does not support bool dtypes on CPU"
TOPK_RANGE = "selected index k out of range"
KTHVALUE_RANGE = "kthvalue(): selected number k out of range for dimension {dim}"
