"""Texts about graphs, gradients and what they depend on."""

# -- backward -------------------------------------------------------------------------------------

SECOND_BACKWARD = (
    "Trying to backward through the graph a second time (or directly access saved tensors after "
    "they have already been freed). Saved intermediate values of the graph are freed when you call "
    ".backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the "
    "graph a second time or if you need to access saved tensors after calling backward."
)
NO_GRAPH = "element {index} of tensors does not require grad and does not have a grad_fn"
NOT_SCALAR = "grad can be implicitly created only for scalar outputs"
GRADIENT_SHAPE = (
    "Mismatch in shape: grad_output[{index}] has a shape of {found} and output[{index}] has a "
    "shape of {expected}."
)
GRADIENT_COUNT = "got {tensors} tensors and {gradients} gradients"
GRADIENT_TYPE = "gradients can be either Tensors or None, but got {type}"
GRAD_INPUTS_EMPTY = "`inputs` argument to `grad()` cannot be empty."
INPUTS_EMPTY = "`inputs` argument to `backward()` cannot be empty."
UNUSED_INPUT = (
    "The differentiated Tensor at index {index} appears to not have been used in the graph. Set "
    "allow_unused=True if this is the desired behavior."
)
INPUT_TYPE = "all inputs have to be Tensors or GradientEdges, but got {type}"
ONLY_INPUTS = (
    "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate "
    "gradient for other parts of the graph, please use torch.autograd.backward."
)
BATCHED_SHAPE = (
    "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch "
    "dimension. The sizes of the remaining dimensions are expected to match the shape of "
    "corresponding output, but a mismatch was detected: grad_output[{index}] has a shape of "
    "{found} and output[{index}] has a shape of {expected}. If you only want some tensors in "
    "`grad_output` to be considered batched, consider using vmap."
)
INPUT_NO_GRAD = "One of the differentiated Tensors does not require grad"
CREATE_GRAPH_CYCLE = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter "
    "and its gradient which can cause a memory leak. We recommend using autograd.grad when "
    "creating the graph to avoid this. If you have to use this function, make sure to reset the "
    ".grad fields of your parameters to None after use to break the cycle and avoid the leak."
)
NOT_DIFFERENTIABLE = "derivative for aten::{name} is not implemented"

# -- writing in place -----------------------------------------------------------------------------

MODIFIED_IN_PLACE = (
    "one of the variables needed for gradient computation has been modified by an inplace "
    "operation: [torch.{legacy}Tensor {shape}]{origin} is at version {found}; expected version "
    "{expected} instead. Hint: {hint}"
)
MODIFIED_HINT = (
    "enable anomaly detection to find the operation that failed to compute its gradient, with "
    "torch.autograd.set_detect_anomaly(True, check_nan=False)."
)
MODIFIED_HINT_ANOMALY = (
    "the backtrace further above shows the operation that failed to compute its gradient. The "
    "variable in question was changed in there or anywhere later. Good luck!"
)
LEAF_IN_PLACE = "a leaf Variable that requires grad is being used in an in-place operation."
VIEW_OF_LEAF_IN_PLACE = (
    "a view of a leaf Variable that requires grad is being used in an in-place operation."
)
VIEW_OF_NODE = "Output {nr} of {node} is a view"
VIEW_MADE = {
    "several": "A view was created in no_grad mode",
    "function": "A view was created in no_grad mode",
    "no_grad": "A view was created in no_grad mode",
    "inference": "A view was created in inference mode",
}
VIEW_WRITTEN = "is being"
VIEW_CHANGED = "its base or another view of its base has been"
VIEW_MODE = {
    "several": " with grad mode enabled",
    "function": " with grad mode enabled",
    "no_grad": " with grad mode enabled",
    "inference": " in normal mode",
}
_VIEW_AND_MODE = (
    "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your "
    "code by moving both the view and the inplace either both inside the {mode} block (if you "
    "don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked)."
)
VIEW_REASONS = {
    "several": (
        "This view is the output of a function that returns multiple views. Such functions do not "
        "allow the output views to be modified inplace. You should replace the inplace operation "
        "by an out-of-place one."
    ),
    "function": (
        "This view was created inside a custom Function (or because an input was returned as-is) "
        "and the autograd logic to handle view+inplace would override the custom backward "
        "associated with the custom Function, leading to incorrect gradients. This behavior is "
        "forbidden. You can fix this by cloning the output of the custom Function."
    ),
    "no_grad": _VIEW_AND_MODE.format(mode="no_grad"),
    "inference": _VIEW_AND_MODE.format(mode="inference_mode"),
}
OVERLAPPING = (
    "unsupported operation: more than one element of the written-to tensor refers to a single "
    "memory location. Please clone() the tensor before performing the operation."
)
DETACH_VIEW = (
    "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel "
    "(DDP) for training, and gradient_as_bucket_view is set as True, gradients are views of DDP "
    "buckets, and hence detach_() cannot be called on these gradients. To fix this error, please "
    "refer to the Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution."
)
IN_PLACE_SHAPE = "output with shape {shape} doesn't match the broadcast shape {broadcast}"
IN_PLACE_DTYPE = "result type {result} can't be cast to the desired output type {output}"

# -- tensors and their gradients ------------------------------------------------------------------

NON_LEAF_GRAD = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad "
    "attribute won't be populated during autograd.backward(). If you indeed want the .grad field "
    "to be populated for a non-leaf Tensor, use .retain_grad() on the non-leaf Tensor. If you "
    "access the non-leaf Tensor by mistake, make sure you access the leaf Tensor instead. See "
    "github.com/pytorch/pytorch/pull/30531 for more information."
)
RETAIN_WITHOUT_GRAD = "can't retain_grad on Tensor that has requires_grad=False"
HOOK_WITHOUT_GRAD = "cannot register a hook on a tensor that doesn't require gradient"
HOOK_TYPE = "expected Variable, but hook returned '{type}'"
HOOK_TUPLE = "expected tuple, but hook returned '{type}'"
HOOK_COUNT = (
    "hook '{name}' has returned an incorrect number of values (got {found}, but expected "
    "{expected})"
)
HOOK_FOR_NONE = "can't replace a None gradient with a non-None value"
HOOK_CHANGED_TYPE = (
    "hook '{name}' has changed the type of value (was torch.{former}Tensor got torch.{found}Tensor)"
)
UNPACK_TYPE = (
    "Output of saved tensor unpack_hook expected to be a Tensor but got result of type {type}"
)
HOOK_CHANGED_SIZE = "hook '{name}' has changed the size of value"
POST_HOOK_NON_LEAF = "post accumulate grad hooks cannot be registered on non-leaf tensors"
REQUIRES_GRAD_DTYPE = "Only Tensors of floating point and complex dtype can require gradients"
REQUIRES_GRAD_METHOD_DTYPE = "only Tensors of floating point dtype can require gradients"
REQUIRES_GRAD_NON_LEAF = "you can only change requires_grad flags of leaf variables."
REQUIRES_GRAD_OFF_NON_LEAF = (
    REQUIRES_GRAD_NON_LEAF
    + " If you want to use a computed variable in a subgraph that doesn't require differentiation "
    "use var_no_grad = var.detach()."
)
NUMPY_REQUIRES_GRAD = (
    "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
)
SCALAR_REQUIRES_GRAD = (
    "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
    "Consider using tensor.detach() first."
)
CALL_REQUIRES_GRAD = (
    "Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead."
)
RESIZE_REQUIRES_GRAD = "cannot resize variables that require grad"
OUT_REQUIRES_GRAD = (
    "{name}(): functions with out=... arguments don't support automatic differentiation, but one "
    "of the arguments requires grad."
)
GRAD_ITSELF = "can't assign Variable as its own grad"
REQUIRES_GRAD_BOOL = "requires_grad must be a bool"
GRAD_TYPE = "assigned grad expected to be a Tensor or None but got grad of type {type}"
GRAD_SIZE = (
    "attempting to assign a gradient of size '{found}' to a tensor of size '{expected}'. Please "
    "ensure that the gradient and the tensor are the same size"
)
GRAD_DTYPE = (
    "attempting to assign a gradient with dtype '{found}' to a tensor with grad_dtype "
    "'{expected}'. The gradient must match the tensor's grad_dtype (defaults to the tensor's "
    "dtype). You can set the tensor's grad_dtype attribute with a specific dtype, or None to allow "
    "any dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may "
    "break downstream systems that assume they match."
)
DEEPCOPY_NON_LEAF = (
    "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at "
    "the moment.  If you were attempting to deepcopy a module, this may be because of a "
    "torch.nn.utils.weight_norm usage, see https://github.com/pytorch/pytorch/pull/103001"
)

# -- autograd.Function ----------------------------------------------------------------------------

SAVE_TYPE = "save_for_backward can only save variables, but argument {position} is of type {type}"
GRADIENTS_RETURNED = (
    "function {name} returned an incorrect number of gradients (expected {expected}, got {found})"
)
GRADIENT_RETURNED_TYPE = "expected Variable or None (got {type})"
DIRTY_LEAF = "a leaf Variable that requires grad has been used in an in-place operation."
DIRTY_NOT_RETURNED = (
    "Some elements marked as dirty during the forward method were not returned as output. The "
    "inputs that are modified inplace must all be outputs of the Function."
)
FUNCTION_INSTANTIATED = (
    "{cls} should not be instantiated. Methods on autograd functions are all static, so you should "
    "invoke them on the class itself. Instantiating an autograd function will raise an error in a "
    "future version of PyTorch."
)
FUNCTION_LEGACY = (
    "Legacy autograd function with non-static forward method is deprecated. Please use new-style "
    "autograd function with static forward method. (Example: "
    "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
)
FUNCTION_FORWARD = "You must implement the forward function for custom autograd.Function."
FUNCTION_BACKWARD = (
    "You must implement either the backward or vjp method for your custom autograd.Function to use "
    "it with backward mode AD."
)

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
FUNCTIONAL_INDEPENDENT = (
    "The output of the user-provided function is independent of input {index}. This is not allowed "
    "in strict mode."
)

# -- modes ----------------------------------------------------------------------------------------

INFERENCE_IN_PLACE = (
    "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone "
    "to get a normal tensor before doing inplace update.See "
    "https://github.com/pytorch/rfcs/pull/17 for more details."
)
INFERENCE_REQUIRES_GRAD = (
    "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed."
)
INFERENCE_VERSION = "Inference tensors do not track version counter."
INFERENCE_SAVED = (
    "Inference tensors cannot be saved for backward. Please do not use Tensors created in "
    "inference mode in computation tracked by autograd. To work around this, you can make a clone "
    "to get a normal tensor and use it in autograd, or use `torch.no_grad()` instead of "
    "`torch.inference_mode()`."
)
ANOMALY_ENABLED = (
    "Anomaly Detection has been enabled. This mode will increase the runtime and should only be "
    "enabled for debugging."
)
ANOMALY_NAN = "Function '{name}' returned nan values in its {number}th output."
ANOMALY_DETECTED = (
    "Error detected in {name}. Traceback of forward call that caused the error:\n{frames}"
)
