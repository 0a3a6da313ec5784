"""Texts about tensors themselves: making, converting, indexing and drawing them, and arguments."""

# -- creation -------------------------------------------------------------------------------------

COPY_WARNING = (
    "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
    "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor)."
)
ASARRAY_GRADIENT = (
    "torch.asarray: unspecified requires_grad now defaults to obj.requires_grad instead of False. "
    "Pass requires_grad=False explicitly to get the old behavior and silence this warning."
)
NEGATIVE_SIZE = "Trying to create tensor with negative dimension {size}: {sizes}"
ZEROS_NEGATIVE_SIZE = "zeros: Dimension size must be non-negative."
NOT_A_NUMBER = "full(): argument 'fill_value' (position 2) must be Number, not {type}"
RANGE_UNSUPPORTED = "unsupported range: {first} -> {last}"
FILL_TYPE = "fill_(): argument 'value' (position 1) must be Number, not {type}"
REQUIRES_GRAD_TYPE = "argument 'requires_grad' must be bool, not {type}"
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
RANGE_DEPRECATED = (
    "torch.range is deprecated and will be removed in a future release because its behavior is "
    "inconsistent with Python's range builtin. Instead, use torch.arange, which produces values in "
    "[start, end)."
)
TOO_DEEP = "too many dimensions 'str'"
NOT_A_SEQUENCE = "not a sequence"
NUMBER_OVERFLOW = "value cannot be converted to type {type} without overflow"
INTEGER_OVERFLOW = "Overflow when unpacking long long"
LIST_AS_INTEGER = "'list' object cannot be interpreted as an integer"
LIST_AS_FLOAT = "must be real number, not list"
RAGGED = "expected sequence of length {expected} at dim {dim} (got {found})"
DATA_TYPE = "Variable data has to be a tensor, but got {type}"
DEVICE_EMPTY = "Device string must not be empty"
DEVICE_STRING = "Invalid device string: '{device}'"
INVALID_DATA = "new(): invalid data type '{type}'"
NO_DTYPE = "Could not infer dtype of {type}"
NO_ACCELERATOR = "Cannot access accelerator device when none is available."
NO_CUDA = "Torch not compiled with CUDA enabled"
NO_ACCELERATOR = "Cannot access accelerator device when none is available."
NO_CUDA_TYPE = "type torch.cuda.{name} not available. Torch not compiled with CUDA enabled."
NEW_DATA = "new(): data must be a sequence (got {type})"
NEW_DTYPE = (
    "expected TensorOptions(dtype={expected}, device=cpu, layout=Strided, requires_grad=false "
    "(default), pinned_memory=false (default), memory_format=(nullopt)) (got "
    "TensorOptions(dtype={found}, device=cpu, layout=Strided, requires_grad=false (default), "
    "pinned_memory=false (default), memory_format=(nullopt)))"
)
DEFAULT_TENSOR_TYPE = (
    "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use "
    "torch.set_default_dtype() and torch.set_default_device() as alternatives."
)
DEFAULT_DTYPE = "only floating-point types are supported as the default type"
FINFO = (
    "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'"
)
IINFO = "torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'"

# -- drawing --------------------------------------------------------------------------------------

NORMAL_ARGUMENTS = (
    "normal() received an invalid combination of arguments - got ({kinds}), but expected one of:\n"
    " * (Tensor mean, Tensor std, *, torch.Generator generator = None, Tensor out = None)\n"
    " * (Tensor mean, float std = 1, *, torch.Generator generator = None, Tensor out = None)\n"
    " * (float mean, Tensor std, *, torch.Generator generator = None, Tensor out = None)\n"
    " * (float mean, float std, tuple of ints size, *, torch.Generator generator = None, "
    "Tensor out = None, torch.dtype dtype = None, torch.layout layout = None, "
    "torch.device device = None, bool pin_memory = False, bool requires_grad = False)\n"
)
NORMAL_DEVIATION = "normal expects all elements of std >= 0.0"
MULTINOMIAL_TOO_MANY = "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
MULTINOMIAL_WEIGHT = "probability tensor contains either `inf`, `nan` or element < 0"
BERNOULLI_RANGE = (
    "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be "
    "improved?  If so, please report an enhancement request to PyTorch.)"
)
NO_GENERATOR = (
    "Cannot get CUDA generator without ATen_cuda library. PyTorch splits its backend into two "
    "shared libraries: a CPU library and a CUDA library; this error has occurred because you are "
    "trying to use some CUDA functionality, but the CUDA library has not been loaded by the "
    "dynamic linker for some reason.  The CUDA library MUST be loaded, EVEN IF you don't directly "
    "use any symbols from the CUDA library! One common culprit is a lack of -Wl,--no-as-needed in "
    "your link arguments; many dynamic linkers will delete dynamic library dependencies if you "
    "don't depend on any of their symbols.  You can check if this has occurred by using ldd on "
    "your binary to see if there is a dependency on *_cuda.so library."
)
NEW_ARGUMENTS = (
    "new() received an invalid combination of arguments - got ({kinds}), but expected one of:\n"
    " * (*, torch.device device = None)\n"
    "      didn't match because some of the keywords were incorrect: {names}\n"
    " * (torch.Storage storage)\n"
    " * (Tensor other)\n"
    " * (tuple of ints size, *, torch.device device = None)\n"
    " * (object data, *, torch.device device = None)\n"
)
VARIABLE_VOLATILE = "Variable can't be volatile and require_grad at the same time!"
MULTINOMIAL_SUM = "invalid multinomial distribution (sum of probabilities <= 0)"

# -- conversion -----------------------------------------------------------------------------------

ITEM_SIZE = "a Tensor with {count} elements cannot be converted to Scalar"
ONE_ELEMENT = "only one element tensors can be converted to Python scalars"
BOOL_EMPTY = "Boolean value of Tensor with no values is ambiguous"
BOOL_MANY = "Boolean value of Tensor with more than one value is ambiguous"
ITERATE_SCALAR = "iteration over a 0-d tensor"
CONTAINS = "Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type}."
LEN_SCALAR = "len() of a 0-d tensor"

# -- indexing -------------------------------------------------------------------------------------

INDEX_TYPE = "only integer tensors of a single element can be converted to an index"
INDEX_SCALAR = (
    "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ "
    "to convert a 0-dim tensor to a number"
)
INDEX_BOUNDS = "index {index} is out of bounds for dimension {dim} with size {size}"
INDEX_MASK = (
    "The shape of the mask {mask} at index {number} does not match the shape of the indexed tensor "
    "{shape} at index {place}"
)
INDEX_SHAPES = (
    "shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}"
)
INDEX_KIND = (
    "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid "
    "indices (got {type})"
)
INDEX_MANY = "too many indices for tensor of dimension {dim}"

SLICE_INDEX = "slice indices must be integers or None or have an __index__ method"
SLICE_SCALAR = "slice() cannot be applied to a 0-dim tensor."

# -- arguments ------------------------------------------------------------------------------------

ARGUMENT_TYPE = "{function}(): argument '{name}' (position {position}) must be Tensor, not {type}"
SEQUENCE_TYPE = "{function}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type}"
ELEMENT_TYPE = "expected Tensor as element {place} in argument 0, but got {type}"
NO_ATTRIBUTE = "'Tensor' object has no attribute '{name}'"
TYPED_STORAGE = (
    "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the "
    "only storage class. This should only matter to you if you are using storages directly.  To "
    "access UntypedStorage directly, use tensor.untyped_storage() instead of tensor.storage()"
)
VOLATILE = "volatile was removed (Variable.volatile is always False)"
VOLATILE_ARGUMENT = (
    "volatile was removed and now has no effect. Use `with torch.no_grad():` instead."
)
MISSING_ARGUMENT = '{function}() missing 1 required positional arguments: "{name}"'
NOT_WRITABLE = "attribute '{name}' of 'torch._C.TensorBase' objects is not writable"
ASSIGNED_TYPE = "can't assign a {type} to a torch.{legacy}Tensor"
ASSIGNED_SHAPE = (
    "shape mismatch: value tensor of shape {found} cannot be broadcast to indexing result of shape "
    "{expected}"
)
GRAD_MODE_TYPE = "set_grad_enabled(): argument 'enabled' (position 1) must be bool, not {type}"
UNEXPECTED_ARGUMENT = "{function}() got an unexpected keyword argument '{name}'"
OUT_RESIZED = (
    "An output with one or more elements was resized since it had shape {found}, which does not "
    "match the required output shape {expected}. This behavior is deprecated, and in a future "
    "PyTorch release outputs will not be resized unless they have zero elements. You can "
    "explicitly reuse an out tensor t by resizing it, inplace, to zero elements with t.resize_(0)."
)
