"""Texts of gradcheck and of autograd.functional."""

# -- gradcheck ------------------------------------------------------------------------------------

GRADCHECK_NO_INPUT = (
    "gradcheck expects at least one input tensor to require gradient, but none of them have "
    "requires_grad=True."
)
GRADCHECK_PRECISION = (
    "Input #{index} requires gradient and is not a double precision floating point or complex. "
    "This check will likely fail if all the inputs are not of double precision floating point or "
    "complex. "
)
GRADCHECK_ZERO = "Numerical gradient for function expected to be zero"
GRADCHECK_MISMATCH = (
    "Jacobian mismatch for output {output} with respect to input {input},\n"
    "numerical:{numerical}\nanalytical:{analytical}\n"
)

GRADCHECK_NEITHER = "Expected at least one of check_forward_ad or check_backward_ad to be True"
GRADGRADCHECK_NEITHER = (
    "Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True"
)
GRADCHECK_REENTRANT = (
    "Backward is not reentrant, i.e., running backward with same input and grad_output multiple "
    "times gives different values, although analytical gradient matches numerical gradient."
    "The tolerance for nondeterminism was {tolerance}.\n\n"
    "NOTE: If your op relies on non-deterministic operations i.e., it is listed here:\n"
    "https://pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html\n"
    "this failure might be expected.\n\n"
    "If you are adding a new operator, please file an issue and then use one of the\n"
    "workarounds. The workaround depends on how your test invokes gradcheck/gradgradcheck.\n"
    "If the test\n"
    "- manually invokes gradcheck/gradgradcheck, then call gradcheck/gradgradcheck\n"
    "  with `nondet_tol=<tol>` as a keyword argument.\n"
    "- is OpInfo-based (e.g., in test_ops_gradients.py), then modify the OpInfo for the test\n"
    "  to have `gradcheck_nondet_tol=<tol>`.\n"
    "- is a Module test (e.g., in common_nn.py), then modify the corresponding\n"
    "  module_test entry to have `gradcheck_nondet_tol=<tol>`\n"
)
GRADCHECK_NOT_MULTIPLIED = "backward not multiplied by grad_output"
GRADCHECK_UNDEFINED_NEW = (
    "Backwards compatibility: New undefined gradient support checking feature is enabled by "
    "default, but it may break existing callers of this function. If this is true for you, you can "
    'call this function with "check_undefined_grad=False" to disable the feature'
)
_UNDEFINED_NOTES = (
    'Please look at "Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'
)
GRADCHECK_UNDEFINED = (
    f"Expected backward function to handle undefined output grads. {_UNDEFINED_NOTES}"
)
GRADCHECK_UNDEFINED_ZERO = (
    "Expected all input grads to be undefined or zero when all output grads are undefined or zero. "
    f"{_UNDEFINED_NOTES}"
)
GRADCHECK_ALIKE = (
    "Expected `func` to return outputs with the same {name} when inputs are perturbed {change}, "
    "but got: {name}s {down} and {up}."
)
GRADCHECK_PRIVATE = (
    "`{name}` was part of PyTorch's private API and not meant to be exposed. We are deprecating it "
    "and it will be removed in a future version of PyTorch. If you have a specific use for this or "
    "feature request for this to be a stable API, please file us an issue at "
    "https://github.com/pytorch/pytorch/issues/new"
)
GRADCHECK_GRAD_OUT = (
    "Expected grad_out to be 1.0. {name} no longer supports values of grad_out != 1.0."
)
GRADCHECK_TOLERANCE = "{name} must be greater than or equal to zero, but got {value}"
GRADCHECK_OVERLAPPING = (
    "The {index}th input has a dimension with stride 0. gradcheck only supports inputs that are "
    "non-overlapping to be able to compute the numerical gradients correctly. You should call "
    ".contiguous on the input before passing it to gradcheck."
)

# -- autograd.functional --------------------------------------------------------------------------

FUNCTIONAL_TYPE = (
    "The {argument} given to {function} must be either a Tensor or a tuple of Tensors but the "
    "given {argument} has type {type}."
)
FUNCTIONAL_TYPE_AT = (
    "The {argument} given to {function} must be either a Tensor or a tuple of Tensors but the "
    "value at index {index} has type {type}."
)
FUNCTIONAL_ONE_OUTPUT = (
    "The vector v can only be None if the user-provided function returns a single Tensor with a "
    "single element."
)
FUNCTIONAL_ONE_INPUT = (
    "The vector v can only be None if the input to the user-provided function is a single Tensor "
    "with a single element."
)
FUNCTIONAL_LENGTH = "v is a tuple of invalid length: should be {expected} but got {found}."
FUNCTIONAL_SINGLE = "The given v should contain a single Tensor."
FUNCTIONAL_SHAPE = "v has invalid size: should be {expected} but got {found}."
FUNCTIONAL_TENSOR = "The function given to {function} should return a single Tensor"
FUNCTIONAL_ELEMENT = (
    "The Tensor returned by the function given to {function} should contain a single element"
)
FUNCTIONAL_CONSTANT = (
    "Output {index} of the user-provided function does not require gradients. The outputs must be "
    "computed in a differentiable manner from the input when running in strict mode."
)
FUNCTIONAL_OUTPUT_INDEPENDENT = (
    "Output {output} of the user-provided function is independent of input {index}. This is not "
    "allowed in strict mode."
)
FUNCTIONAL_JACOBIAN_CONSTANT = (
    "The jacobian of the user-provided function is independent of input {index}. This is not "
    "allowed in strict mode when create_graph=True."
)
FUNCTIONAL_JACOBIAN_INDEPENDENT = (
    "The jacobian of the user-provided function is independent of input {index}. This is not "
    "allowed in strict mode."
)
FUNCTIONAL_HESSIAN_CONSTANT = (
    "The hessian of the user-provided function is independent of input {index}. This is not "
    "allowed in strict mode when create_graph=True."
)
FUNCTIONAL_GRADIENT_CONSTANT = (
    "The gradient with respect to input {index} is independent of the inputs of the user-provided "
    "function. This is not allowed in strict mode."
)
FUNCTIONAL_TRICK = (
    "The gradient with respect to the input is independent of entry {index} in the grad_outputs "
    "when using the double backward trick to compute forward mode gradients. This is not allowed "
    "in strict mode."
)
FUNCTIONAL_TWICE = (
    "While computing the hessian, found that the jacobian of the user-provided function with "
    "respect to input {index} is independent of the input. This is not allowed in strict mode. You "
    "should ensure that your function is twice differentiable and that the jacobian depends on the "
    "inputs (this would be violated by a linear function for example)."
)
FUNCTIONAL_STRATEGY = (
    'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has '
    'more outputs than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to '
    'use "reverse-mode".'
)
FUNCTIONAL_FORWARD = (
    "Computing Jacobian using forward-AD or forward-over-reverse Hessian is"
    "only implemented for `vectorize=True`."
)
FUNCTIONAL_FORWARD_GRAPH = (
    'torch.autograd.functional.jacobian: `create_graph=True` and `strategy="forward-mode"` are not '
    "supported together (yet). Please either set `create_graph=False` or "
    '`strategy="reverse-mode"`.'
)
FUNCTIONAL_VECTORIZED = (
    "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported "
    "together. Please either set `strict=False` or `vectorize=False`."
)
FUNCTIONAL_INDEPENDENT = (
    "The output of the user-provided function is independent of input {index}. This is not allowed "
    "in strict mode."
)

# -- torch.func -----------------------------------------------------------------------------------

TRANSFORM_ARGUMENT = "Thing passed to transform API must be Tensor, got {type}"
TRANSFORM_RESULT = (
    "{name}: expected f(*primals) to return only tensors, got unsupported type {type}"
)
TRANSFORM_AUX = "{name}: output of function f should be a tuple: (output, aux) if has_aux is True"
TRANSFORM_AUX_TYPE = "Expected tensors, got unsupported type {type}"
ARGNUMS_TYPE = "argnums must be int or Tuple[int, ...], got: {type}"
ARGNUM_RANGE = "Got argnum={argnum}, but only {count} positional inputs"
GRAD_RESULT_TYPE = "grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type}"
GRAD_RESULT_DIMS = (
    "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with "
    "{dims} dims. Maybe you wanted to use the vjp or jacrev APIs instead?"
)
VJP_STRUCTURE = (
    "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the "
    "function. cotangents: {cotangents}, primal output: {outputs}"
)
JVP_PRIMALS = (
    "jvp(f, primals, tangents): Expected primals to be a tuple. E.g. it should be valid to call "
    "f(*primals)."
)
JVP_STRUCTURE = (
    "jvp(f, primals, tangents): Expected primals and tangents to have the same python structure. "
    "For example, if primals is a tuple of 3 tensors, tangents also must be. Got primals with "
    "structure {primals} and tangents with structure {tangents}"
)

# -- forward mode ---------------------------------------------------------------------------------

DUAL_WITHOUT_LEVEL = (
    "Trying to create a dual Tensor for forward AD but no level exists, make sure to "
    "enter_dual_level() first."
)
DUAL_NESTED = "Nested forward mode AD is not supported at the moment"
DUAL_EXIT = (
    "Trying to exit a forward AD level that was not the last one that was created. This is not "
    "supported."
)
DUAL_NO_LEVEL = "Dual level must be a positive number."
DUAL_TANGENT = (
    "Setting a forward grad that itself has a forward gradient at the same level0 is not supported."
)
DUAL_TWICE = (
    "Making a dual Tensor based on a Tensor that already has a forward gradient at the same level "
    "0 is not supported."
)
DUAL_DTYPE = "Expected {name} to be floating point or complex, but got: {dtype}"
DUAL_SIZE = (
    "Trying to set a forward gradient that has a different size than that of the original Tensor, "
    "this is not supported. Tensor is of size {primal} while the given forward gradient is of size "
    "{tangent}."
)
