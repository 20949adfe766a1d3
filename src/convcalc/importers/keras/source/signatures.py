"""What the classes of Keras take, in the order in which it may be given without names.

What a class does with it is said by the rules of `importers/keras/` alone.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_RECURRENT = "dropout recurrent_dropout return_sequences return_state go_backwards stateful unroll"
# Behind "/" by name alone, since versions differ in the order; "*" has no default.
_SIGNATURES = f"""
Conv1D Conv2D Conv3D: filters* kernel_size* strides padding data_format dilation_rate groups
    activation use_bias
Conv1DTranspose Conv2DTranspose Conv3DTranspose: filters* kernel_size* strides padding
    / output_padding data_format dilation_rate activation use_bias groups
DepthwiseConv1D DepthwiseConv2D: kernel_size* strides padding depth_multiplier data_format
    dilation_rate activation use_bias
SeparableConv1D SeparableConv2D: filters* kernel_size* strides padding data_format dilation_rate
    depth_multiplier activation use_bias
MaxPooling1D MaxPooling2D MaxPooling3D: pool_size strides padding data_format
AveragePooling1D AveragePooling2D AveragePooling3D: pool_size strides padding data_format
GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D: data_format keepdims
GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D: data_format keepdims
AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D: output_size* data_format
AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D: output_size* data_format
ZeroPadding1D ZeroPadding2D ZeroPadding3D: padding data_format
Cropping1D: cropping
Cropping2D Cropping3D: cropping data_format
CenterCrop: height* width* data_format
UpSampling1D: size
UpSampling3D: size data_format
UpSampling2D: size data_format interpolation
Resizing: height* width* interpolation / crop_to_aspect_ratio pad_to_aspect_ratio fill_mode
    fill_value antialias data_format
Dense: units* activation use_bias
EinsumDense: equation* output_shape* activation bias_axes
Embedding: input_dim* output_dim* / mask_zero
LSTM: units* activation recurrent_activation use_bias
    / unit_forget_bias {_RECURRENT} use_cudnn implementation time_major
GRU: units* activation recurrent_activation use_bias
    / reset_after {_RECURRENT} use_cudnn implementation time_major
SimpleRNN: units* activation use_bias / {_RECURRENT} implementation
CuDNNLSTM CuDNNGRU: units* / {_RECURRENT}
Bidirectional: layer* merge_mode / backward_layer
TimeDistributed: layer*
MultiHeadAttention: num_heads* key_dim* value_dim dropout use_bias / output_shape attention_axes
    flash_attention
Attention AdditiveAttention: use_scale / score_mode dropout
BatchNormalization SyncBatchNormalization: axis momentum epsilon center scale / renorm fused
    renorm_clipping renorm_momentum synchronized virtual_batch_size mode
LayerNormalization: axis epsilon center scale / rms_scaling
GroupNormalization: groups axis epsilon center scale
RMSNormalization: axis epsilon
UnitNormalization: axis
Normalization: axis mean variance / invert
Rescaling: scale* offset
Dropout AlphaDropout: rate noise_shape
SpatialDropout1D: rate
SpatialDropout2D SpatialDropout3D: rate data_format
GaussianDropout: rate
GaussianNoise: stddev
ActivityRegularization: l1 l2
Masking: mask_value
Identity:
RandomFlip: mode / data_format
RandomRotation: factor / fill_mode interpolation fill_value data_format value_range
RandomZoom: height_factor width_factor / factor fill_mode interpolation fill_value data_format
RandomContrast RandomBrightness: factor / value_range
RandomTranslation: height_factor width_factor / fill_mode interpolation fill_value data_format
Activation: activation*
ReLU: max_value negative_slope threshold
LeakyReLU: negative_slope / alpha
ELU: alpha
PReLU: / shared_axes
Softmax: axis
ThresholdedReLU: theta
Flatten: data_format
Reshape: target_shape*
Permute: dims*
RepeatVector: n*
Add Subtract Multiply Average Maximum Minimum:
Concatenate: axis
Dot: axes normalize
InputLayer: shape batch_size dtype / batch_shape input_tensor sparse ragged optional tensor
"""

DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "GRU": {"reset_after": True},
    "Cropping2D": {"cropping": ((0, 0), (0, 0))},
}
"""What classes have where nothing is given, and a file always tells."""

INPUTS = ("input_shape", "batch_input_shape", "input_dim", "input_length")
"""What every layer may be told of the input of the model that it is the first of."""

COMMON = ("name", "dtype", "trainable", "seed", "weights", "batch_size", "autocast", *INPUTS)
"""What every layer takes beside its own."""

WITHOUT_EFFECT = ("dtype", "trainable", "seed", "weights", "batch_size", "autocast", "noise_shape")
"""What changes no shape, weight or product, and may be anything."""

_TRAINING = ("_initializer", "_regularizer", "_constraint", "_factor", "_range", "fill_value")
"""How the names of what matters to training alone end."""

COUNTS = (
    *("filters", "kernel_size", "strides", "dilation_rate", "groups", "depth_multiplier"),
    *("pool_size", "units", "input_dim", "output_dim", "size", "target_shape", "dims", "n"),
    *("num_heads", "key_dim", "height", "width", "padding", "cropping"),
)
"""What is whole numbers, of padding a word as well."""

_ALIASES = (
    ("Convolution", "Conv"),
    ("MaxPool", "MaxPooling"),
    ("AvgPool", "AveragePooling"),
    ("Deconvolution2D", "Conv2DTranspose"),
    ("AtrousConvolution", "Conv"),
)


class Signature(NamedTuple):
    """What a class takes: in order, all of it by name, and what it must be given."""

    ordered: tuple[str, ...]
    named: frozenset[str]
    required: tuple[str, ...]


@cache
def signatures() -> Mapping[str, Signature]:
    """Every class that source text may make, and what it takes."""
    found = {}
    for line in _SIGNATURES.replace("\n    ", " ").strip().splitlines():
        names, _, parameters = line.partition(":")
        ordered, _, more = parameters.partition("/")
        own = tuple(ordered.replace("*", "").split())
        required = tuple(name[:-1] for name in ordered.split() if name.endswith("*"))
        signature = Signature(own, frozenset((*own, *more.split(), *COMMON)), required)
        found.update(dict.fromkeys(names.split(), signature))
    return found


def class_of(name: str) -> str | None:
    """The class that a name means, by one of its names; None where it is none that is known.

    Example:
        >>> class_of("Convolution2D"), class_of("GlobalAvgPool2D"), class_of("Conv2d")
        ('Conv2D', 'GlobalAveragePooling2D', None)
    """
    if name in signatures():
        return name
    for begins, known in _ALIASES:
        other = name.replace(begins, known, 1)
        if begins in name and other in signatures():
            return other
    return None


def is_training(parameter: str) -> bool:
    """Whether a parameter says nothing of shapes, weights or products."""
    return parameter in WITHOUT_EFFECT or parameter.endswith(_TRAINING)
