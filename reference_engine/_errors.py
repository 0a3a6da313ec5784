"""Every message of PyTorch's that the engine mirrors, each written once.

The texts are PyTorch 2.13's, word for word: students search for them.
"""

SECOND_BACKWARD = (
    "Trying to backward through the graph a second time (or directly access saved tensors after "
    "they have already been freed). Saved intermediate values of the graph are freed when you call "
    ".backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the "
    "graph a second time or if you need to access saved tensors after calling backward."
)
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
VIEW_OF_NO_GRAD_IN_PLACE = (
    "A view was created in no_grad mode and is being modified inplace with grad mode enabled. "
    "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your "
    "code by moving both the view and the inplace either both inside the no_grad block (if you "
    "don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked)."
)
MULTIPLE_VIEW_IN_PLACE = (
    "Output {nr} of {node} is a view and is being modified inplace. This view is the output of a "
    "function that returns multiple views. Such functions do not allow the output views to be "
    "modified inplace. You should replace the inplace operation by an out-of-place one."
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
INPUT_NO_GRAD = "One of the differentiated Tensors does not require grad"
CREATE_GRAPH_CYCLE = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter "
    "and its gradient which can cause a memory leak. We recommend using autograd.grad when "
    "creating the graph to avoid this. If you have to use this function, make sure to reset the "
    ".grad fields of your parameters to None after use to break the cycle and avoid the leak."
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
HOOK_CHANGED_SIZE = "hook '{name}' has changed the size of value"
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
DEGREES_OF_FREEDOM = (
    "{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction "
    "factor (input numel divided by output numel)."
)
NOT_DIFFERENTIABLE = "derivative for aten::{name} is not implemented"
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
DETACH_VIEW = (
    "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel "
    "(DDP) for training, and gradient_as_bucket_view is set as True, gradients are views of DDP "
    "buckets, and hence detach_() cannot be called on these gradients. To fix this error, please "
    "refer to the Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution."
)
POST_HOOK_NON_LEAF = "post accumulate grad hooks cannot be registered on non-leaf tensors"
INDEX_TYPE = "only integer tensors of a single element can be converted to an index"
ITEM_SIZE = "a Tensor with {count} elements cannot be converted to Scalar"
ONE_ELEMENT = "only one element tensors can be converted to Python scalars"
BOOL_EMPTY = "Boolean value of Tensor with no values is ambiguous"
BOOL_MANY = "Boolean value of Tensor with more than one value is ambiguous"
ITERATE_SCALAR = "iteration over a 0-d tensor"
LEN_SCALAR = "len() of a 0-d tensor"
INDEX_SCALAR = (
    "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ "
    "to convert a 0-dim tensor to a number"
)
INDEX_BOUNDS = "index {index} is out of bounds for dimension {dim} with size {size}"
INDEX_MASK = (
    "The shape of the mask {mask} at index {place} does not match the shape of the indexed tensor "
    "{shape} at index {place}"
)
INDEX_SHAPES = (
    "shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}"
)
INDEX_KIND = (
    "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid "
    "indices (got {type})"
)
INDEX_SELECT_BOUNDS = "index out of range in self"
INDEX_SELECT_DTYPE = "index_select(): Expected dtype int32 or int64 for index"
GATHER_DIMS = "Index tensor must have the same number of dimensions as input tensor"
INDEX_MANY = "too many indices for tensor of dimension {dim}"
DIM_RANGE = "Dimension out of range (expected to be in range of [{low}, {high}], but got {dim})"
BROADCAST = (
    "The size of tensor a ({a}) must match the size of tensor b ({b}) at non-singleton dimension "
    "{dim}"
)
EXPAND = (
    "The expanded size of the tensor ({target}) must match the existing size ({size}) at "
    "non-singleton dimension {dim}.  Target sizes: {targets}.  Tensor sizes: {sizes}"
)
VIEW_SIZE = "shape '{shape}' is invalid for input of size {count}"
VIEW_STRIDE = (
    "view size is not compatible with input tensor's size and stride (at least one dimension spans "
    "across two contiguous subspaces). Use .reshape(...) instead."
)
PERMUTE = (
    "permute(sparse_coo): number of dimensions in the tensor input does not match the length of "
    "the desired ordering of dimensions i.e. input.dim() = {dim} is not equal to len(dims) = "
    "{count}"
)
PERMUTE_TWICE = "permute(): duplicate dims are not allowed."
TWO_INFERRED = "only one dimension can be inferred"
EXPAND_DIMS = (
    "expand(torch.{legacy}Tensor{{{sizes}}}, size={size}): the number of sizes provided ({count}) "
    "must be greater or equal to the number of dimensions in the tensor ({dim})"
)
REPEAT_DIMS = (
    "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"
)
SPLIT_SIZES = (
    "split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at "
    "dimension {dim}), but got split_sizes={sizes}"
)
SELECT_BOUNDS = "select(): index {index} out of range for tensor of size {sizes} at dimension {dim}"
NARROW_START = "start out of range (expected to be in range of [{low}, {high}], but got {start})"
NARROW_LENGTH = "narrow(): length must be non-negative."
NARROW_END = "start ({start}) + length ({length}) exceeds dimension size ({size})."
T_DEPRECATED = (
    "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated "
    "and it will throw an error in a future release. Consider `x.mT` to transpose batches of "
    "matrices or `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a "
    "tensor."
)
T_SCALAR = "Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases."
MT_DIMS = "tensor.mT is only supported on matrices or batches of matrices. Got {dim}-D tensor."
T_DIMS = "t() expects a tensor with <= 2 dimensions, but self is {dim}D"
MATMUL_SCALAR = "both arguments to matmul need to be at least 1D, but they are {a}D and {b}D"
MATMUL_DTYPE = "expected m1 and m2 to have the same dtype, but got: {a} != {b}"
ADDMV_DTYPE = "addmv input tensors must have the same dtype, but got {vec}, {mat}, and {vec}"
DOT_DIMS = "1D tensors expected, but got {a}D and {b}D tensors"
MATMUL_SHAPES = "mat1 and mat2 shapes cannot be multiplied ({a} and {b})"
MATRIX_VECTOR = "size mismatch, got input ({rows}), mat ({a}), vec ({b})"
DOT_DTYPE = "dot : expected both vectors to have same dtype, but found {a} and {b}"
DOT_SIZE = (
    "inconsistent tensor size, expected tensor [{a}] and src [{b}] to have the same number of "
    "elements, but got {a} and {b} elements respectively"
)
BATCH_SIZES = (
    "Expected size for first two dimensions of batch2 tensor to be: [{batch}, {inner}] but got: "
    "[{found_batch}, {found_inner}]."
)
MATRIX_VECTOR_DIMS = "vector + matrix @ vector expected, got 1, {a}, {b}"
MUST_BE_BATCHED = "{name} must be a 3D tensor"
MUST_BE_MATRIX = "{name} must be a matrix"
STACK_SIZES = (
    "stack expects each tensor to be equal size, but got {first} at entry 0 and {other} at entry "
    "{index}"
)
CAT_SCALAR = "zero-dimensional tensor (at position {index}) cannot be concatenated"
STACK_EMPTY = "stack expects a non-empty TensorList"
CAT_EMPTY = "torch.cat(): expected a non-empty list of Tensors"
CAT_DIMS = "Tensors must have same number of dimensions: got {first} and {other}"
CAT_SIZES = (
    "Sizes of tensors must match except in dimension {dim}. Expected size {expected} but got size "
    "{found} for tensor number {index} in the list."
)
IN_PLACE_SHAPE = "output with shape {shape} doesn't match the broadcast shape {broadcast}"
IN_PLACE_DTYPE = "result type {result} can't be cast to the desired output type {output}"
NEGATIVE_INTEGER_POWER = "Integers to negative integer powers are not allowed."
BOOL_SUBTRACT_TWO = (
    "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
    "`logical_xor()` operator instead."
)
BOOL_SUBTRACT_ONE = (
    "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to "
    "invert a mask, use the `~` or `logical_not()` operator instead."
)
NOT_IMPLEMENTED = "\"{name}\" not implemented for '{dtype}'"
INTEGER_DIVISION_BY_ZERO = "ZeroDivisionError"
INVERT_DTYPE = "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
RELU_BOOL = "Boolean inputs not supported for relu"
MASK_DTYPE = "masked_fill_ only supports boolean masks, but got mask with dtype {dtype}"
FILL_DIMS = "fill_ only supports 0-dimension value tensor but got tensor with {dim} dimensions."
BOOL_NEGATIVE = (
    "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a "
    "mask, use the `~` or `logical_not()` operator instead."
)
WHERE_CONDITION = (
    "where expected condition to be a boolean tensor, but got a tensor with dtype {dtype}"
)
MEAN_DTYPE = (
    "mean(): could not infer output dtype. Input dtype must be either a floating point or complex "
    "dtype. Got: {dtype}"
)
SPREAD_DTYPE = "std and var only support floating point and complex dtypes"
NORM_DTYPE = "linalg.vector_norm: Expected a floating point or complex tensor as input. Got {dtype}"
DIM_TWICE = "dim {dim} appears multiple times in the list of dims"
REDUCE_EMPTY_ALONG = "{name}(): Expected reduction dim {dim} to have non-zero size."
PLACE_BOOL = "{name}(): does not support bool input"
PLACE_EMPTY = "{name}(): Expected reduction dim to be specified for input.numel() == 0."
REDUCE_EMPTY = (
    "{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
    "reduction dim with the 'dim' argument."
)
CLAMP_WITHOUT_BOUNDS = "torch.clamp: At least one of 'min' or 'max' must not be None"
NEGATIVE_SIZE = "Trying to create tensor with negative dimension {size}: {sizes}"
SIZE_TYPE = "{function}(): argument '{name}' (position 1) must be tuple of ints, not {type}"
SIZE_FIRST_TYPE = (
    "{function}(): argument '{name}' (position 1) must be tuple of ints, but found element of type "
    "{type} at pos 0"
)
SIZE_ELEMENT_TYPE = (
    "{function}(): argument '{name}' failed to unpack the object at pos {place} with error \"type "
    'must be tuple of ints,but got {type}"'
)
STEP_ZERO = "step must be nonzero"
STEP_SIGN = "upper bound and lower bound inconsistent with step sign"
TOO_DEEP = "too many dimensions 'str'"
NOT_A_SEQUENCE = "not a sequence"
INTEGER_OVERFLOW = "Overflow when unpacking long long"
LIST_AS_INTEGER = "'list' object cannot be interpreted as an integer"
LIST_AS_FLOAT = "must be real number, not list"
SEQUENCE_TYPE = "{function}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type}"
ELEMENT_TYPE = "expected Tensor as element {place} in argument 0, but got {type}"
RAGGED = "expected sequence of length {expected} at dim {dim} (got {found})"
DATA_TYPE = "Variable data has to be a tensor, but got {type}"
INVALID_DATA = "new(): invalid data type '{type}'"
NO_DTYPE = "Could not infer dtype of {type}"
ARGUMENT_TYPE = "{function}(): argument '{name}' (position {position}) must be Tensor, not {type}"
NO_ATTRIBUTE = "'Tensor' object has no attribute '{name}'"
COPY_WARNING = (
    "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
    "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor)."
)
SAVE_TYPE = "save_for_backward can only save variables, but argument {position} is of type {type}"
GRADIENTS_RETURNED = (
    "function {name} returned an incorrect number of gradients (expected {expected}, got {found})"
)
GRADIENT_RETURNED_TYPE = "expected Variable or None (got {type})"
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
OUT_REQUIRES_GRAD = (
    "{name}(): functions with out=... arguments don't support automatic differentiation, but one "
    "of the arguments requires grad."
)
OUT_RESIZED = (
    "An output with one or more elements was resized since it had shape {found}, which does not "
    "match the required output shape {expected}. This behavior is deprecated, and in a future "
    "PyTorch release outputs will not be resized unless they have zero elements. You can "
    "explicitly reuse an out tensor t by resizing it, inplace, to zero elements with t.resize_(0)."
)
ROUNDING_MODE = (
    "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{mode}'"
)
NANMEAN_DTYPE = "nanmean(): expected input to have floating point or complex dtype but got {dtype}"
COV_DIMS = (
    "cov(): expected input to have two or fewer dimensions but got an input with {dim} dimensions"
)
UNEXPECTED_ARGUMENT = "{function}() got an unexpected keyword argument '{name}'"
MASKED_FILL_DIMS = (
    "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {dim} "
    "dimension(s)."
)
POLYGAMMA_ORDER = "polygamma(n, x) does not support negative n."
NO_CUDA = "Torch not compiled with CUDA enabled"
NOT_COVERED = (
    "torch.{name} is not covered by the reference engine; run with --torch real to use PyTorch."
)


class NotCovered(AttributeError):  # noqa: N818 - says what a name is, as PyTorch's own do
    """A name of PyTorch's that the engine does not have; `name` is "nn.Linear", "Tensor.fft"."""

    def __init__(self, name: str) -> None:
        super().__init__(NOT_COVERED.format(name=name), name=name)
