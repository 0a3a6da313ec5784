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
MATERIALIZED_EDGE = "materialize_grads cannot be used when the given input is a GradientEdge"
EXPECTS_NODE = "_will_engine_execute_node expects an grad_fn, but got {type}"
OUTSIDE_BACKWARD = "{name} should only be called during the backward pass"
CALLBACK_OUTSIDE = "Final callbacks can only be installed during backward pass."
LEAF_OF_GRAD = (
    "A leaf node was passed to _will_engine_execute_node but we are currently running "
    "autograd.grad(). This is currently not supported."
)
INVALID_GRADIENT = (
    "Function {name} returned an invalid gradient at index {index} - got {found} but expected "
    "shape compatible with {expected}"
)
CALL_COUNT = "expected {expected} arguments, got {found} instead"
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
    "operation: [{kind} {shape}]{origin} is at version {found}; expected version "
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
VIEW_OF_VIEW = {
    "no_grad": " of a view which was created in no_grad mode",
    "inference": " of a view which was created in inference mode",
}
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
PARTLY_OVERLAPPING = (
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a "
    "single memory location. Please clone() the tensor before performing the operation."
)
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

PACK_IN_PLACE = (
    "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack "
    "hook cannot be modified by in-place operations as this can lead to unexpected side-effects. "
    "Please open an issue if you need to perform in-place operations on the input to a pack hook."
)
HOOKS_TYPE = (
    "_push_saved_tensors_default_hooks(): incompatible function arguments. The following argument "
    "types are supported:\n    1. (arg0: collections.abc.Callable, arg1: collections.abc.Callable) "
    "-> None\n\nInvoked with: {pack!r}, {unpack!r}"
)
SAVED_FORBIDDEN = "Trying to create a SavedTensor object from Python is forbidden."
SAVED_NONE = "Calling register_hooks on a saved tensor with value None is forbidden"
SAVED_HOOKED = (
    "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only one "
    "pair of hooks is allowed at a time."
)
SAVED_FREED = (
    "Calling register_hooks on a saved tensor after it has been freed. Saved intermediate values "
    "of the graph are freed when you call .backward() or autograd.grad(). Specify "
    "retain_graph=True if you need to backward through the graph a second time or if you need to "
    "access saved variables after calling backward."
)
SAVED_HOOKS_TYPE = (
    "register_hooks(): incompatible function arguments. The following argument types are "
    "supported:\n    1. (self: torch._C._autograd.SavedTensor, arg0: collections.abc.Callable, "
    "arg1: collections.abc.Callable) -> None\n\nInvoked with: {given}"
)

# -- tensors and their gradients ------------------------------------------------------------------

GRAD_VARIABLES = "`grad_variables` is deprecated. Use `grad_tensors` instead."
GRAD_VARIABLES_TOO = (
    "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. "
    "Please only use `grad_tensors`."
)
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
POST_HOOK_RETURNED = "Tensor post accumulate grad hooks should return None."
POST_HOOK_NON_LEAF = "post accumulate grad hooks cannot be registered on non-leaf tensors"
REQUIRES_GRAD_DTYPE = "Only Tensors of floating point and complex dtype can require gradients"
REQUIRES_GRAD_METHOD_DTYPE = "only Tensors of floating point dtype can require gradients"
REQUIRES_GRAD_SETTER_DTYPE = (
    "only Tensors of floating point and complex dtype can require gradients"
)
REQUIRES_GRAD_ARGUMENT = (
    "requires_grad_(): argument 'requires_grad' (position 1) must be bool, not {type}"
)
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
GRAD_DTYPE_READ = "grad_dtype can only be accessed on leaf tensors."
GRAD_DTYPE_WRITTEN = "grad_dtype can only be set on leaf tensors."
GRAD_DTYPE_PRESENT = (
    "Cannot set grad_dtype to '{wanted}' because there is already a gradient with dtype '{found}'. "
    "Please clear the gradient (.grad = None) before changing grad_dtype, or ensure the new "
    "grad_dtype matches the existing gradient's dtype."
)
GRAD_DTYPE_TYPE = "grad_dtype must be a torch.dtype or None, but got {type}"
DATA_FLOATING = (
    "data set to a tensor that requires gradients must be floating point or complex dtype"
)
DATA_DELETED = "Deleting tensor data is not allowed. Delete tensor instead!"
BACKWARD_HOOKS_DELETED = "Deletion of _backwards_hooks not allowed!"
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
C_NAMES = {
    "Half": "c10::Half", "Float": "float", "Double": "double", "Char": "signed char",
    "Short": "short int", "Int": "int", "Long": "long int", "Byte": "unsigned char",
    "Bool": "bool",
}  # fmt: skip
"""What C++ calls the elements of a tensor, by the old name of the tensor's dtype."""
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
DIRTY_NO_INPUT = (
    "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that have been "
    "mutated should be passed to ctx.mark_dirty()."
)
DIRTY_VIEW = (
    "If your Function modifies inplace an input that is a view of another Tensor, your Function "
    "cannot return more than one Tensor. This is not supported by the current autograd engine. You "
    "should either make sure the input is not a view (using .clone() for example) or make your "
    "Function only return one Tensor (potentially splitting it into two Functions: one doing the "
    "inplace that returns a single Tensor and a second one that does the other operations). You "
    "can ask on the forum https://discuss.pytorch.org/ if you need help to do this change."
)
PURE_VIEW = (
    "Pure view custom Function can only have one input Tensor and one output Tensor. Open an issue "
    "if you need to support more."
)
SAVED_VARIABLES = "'saved_variables' is deprecated; use 'saved_tensors'"
SAVED_ONCE = (
    "saved_tensors can only be accessed once when clear_saved_tensors_on_access=True is set on the "
    "autograd.Function. Either access saved_tensors only once, or set "
    "clear_saved_tensors_on_access=False."
)
TWICE_DIFFERENTIATED = (
    "trying to differentiate twice a function that was marked with @once_differentiable"
)
FUNCTION_BOTH = (
    "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only "
    "implement one of them."
)
FUNCTION_JVP = (
    "You must implement the jvp function for custom autograd.Function to use it with forward mode "
    "AD."
)
FUNCTION_VMAP = (
    "To use autograd.Function with vmap, you must either override the vmap staticmethod or set "
    "generate_vmap_rule=True."
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

# -- modes ----------------------------------------------------------------------------------------

CLASS_DECORATED = (
    "Decorating classes is deprecated and will be disabled in future versions. You should only "
    "decorate functions or methods. To preserve the current behavior of class decoration, you can "
    "directly decorate the `__init__` method and nothing else."
)
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
_NO_FORWARD = "No forward pass information available."
ANOMALY_DETECTED = (
    f"Error detected in {{name}}. {_NO_FORWARD} Enable detect anomaly during forward pass for more "
    "information."
)
ANOMALY_DETECTED_WHERE = (
    "Error detected in {name}. Traceback of forward call that caused the error:\n{frames}"
)
ANOMALY_INDUCED = f"\n\nPrevious calculation was induced by {{name}}. {_NO_FORWARD}"
ANOMALY_INDUCED_WHERE = (
    "\n\nPrevious calculation was induced by {name}. Traceback of forward call that induced the "
    "previous calculation:\n{frames}"
)
