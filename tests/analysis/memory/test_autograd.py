"""What training keeps for the backward pass, beside what PyTorch's autograd really keeps."""

import pytest

import convcalc
from convcalc.analysis.memory.autograd import SAVED
from convcalc.analysis.memory.saved import saved_tensors
from convcalc.layers import KINDS
from convcalc.layers.kinds import row_of


def kept(network, shape, batch=1, dtype="float32"):
    return saved_tensors(list(network.walk(shape)), shape, batch, dtype)


def total(spec, shape, batch=1):
    return sum(kept(convcalc.parse(spec), shape, batch).layers)


def test_every_kind_has_its_row():
    computable = [kind for kind, layer in KINDS.items() if layer.computable]
    assert [] == [kind for kind in computable if row_of(SAVED, KINDS[kind]) is None]


# -- by hand, on 2 x 4 x 4 = 32 numbers of 4 bytes; a convolution first, so that all is trained ----


@pytest.mark.parametrize(
    ("spec", "layers"),
    [
        # The convolution keeps its input; relu its output, which the next one keeps as well.
        ("pw:2 relu pw:2", (128, 128, 0)),
        # gelu keeps its input.
        ("pw:2 gelu pw:2", (128, 128, 128)),
        # Means and deviations of two channels.
        ("pw:2 bn relu", (128, 128 + 16, 128)),
        # 8 results, with places of 8 bytes each.
        ("pw:2 maxpool:2", (128, 128 + 64)),
        # One byte for each of 32 numbers, and a result of its own; with p = 0 the input itself.
        ("pw:2 relu dropout pw:2", (128, 128, 32, 128)),
        ("pw:2 relu dropout:0 pw:2", (128, 128, 0, 0)),
        # A sum keeps nothing; the input is kept once.
        ("pw:2 residual{ | relu pw:2 | pw:2}", (128, 128, 0, 128, 0)),
        # A slice keeps the whole of what it is a slice of.
        ("pw:2 slice:0:1 pw:2", (128, 0, 128)),
        # Nothing before the first weight is trained.
        ("relu maxpool:2,s1,p1 pw:2", (0, 0, 4 * 2 * 5 * 5)),
        ("relu gelu flatten", (0, 0, 0)),
    ],
)
def test_what_each_layer_is_the_first_to_keep(spec, layers):
    assert layers == kept(convcalc.parse(spec), (2, 4, 4)).layers


def test_the_batch_multiplies_what_is_kept_and_not_the_statistics_of_bn():
    assert 3 * 128 + 3 * 128 + 16 == total("pw:2 bn", (2, 4, 4), 3)


@pytest.mark.parametrize(
    ("spec", "one", "two"),
    [
        # Two of four channels of 4 x 4 = 16 numbers: of one sample they lie in one piece of what
        # the slice is a part of (256 bytes), of two samples they are copied (2 * 128 bytes).
        ("pw:4 slice:0:2 in", (256, 0, 256 + 16), (512, 0, 256 + 32)),
        ("pw:4 slice:0:2 in:affine", (256, 0, 256 + 24), (512, 0, 256 + 48)),
        ("pw:4 slice:0:2 gn:1", (256, 0, 256 + 8), (512, 0, 256 + 16)),
        ("pw:4 slice:0:2 linear:3", (256, 0, 256), (512, 0, 256)),
        # Each makes its own copy, and who needs none keeps the whole.
        (
            "pw:4 slice:0:2 residual{in | gn:2 | gelu}",
            (256, 0, 256 + 16, 16, 0, 0),
            (512, 0, 256 + 32, 256 + 32, 512, 0),
        ),
        # All channels are in one piece; so are those of a result of its own.
        ("pw:4 slice:0:4 gn:1", (256, 0, 256 + 8), (512, 0, 512 + 16)),
        ("pw:4 slice:0:2 relu gn:1", (256, 0, 128, 8), (512, 0, 256, 16)),
        ("pw:4 slice:0:2 dropout:0 gn:1", (256, 0, 0, 256 + 8), (512, 0, 0, 256 + 16)),
        # A convolution and bn read it where it lies.
        ("pw:4 slice:0:2 pw:2", (256, 0, 256), (512, 0, 512)),
        ("pw:4 slice:0:2 bn", (256, 0, 256 + 16), (512, 0, 512 + 16)),
    ],
)
def test_a_part_of_several_samples_is_copied_where_one_piece_is_needed(spec, one, two):
    for batch, layers in ((1, one), (2, two)):
        assert layers == kept(convcalc.parse(spec), (4, 4, 4), batch).layers


@pytest.mark.parametrize(
    ("spec", "layers"),
    [
        # Of 2 x 4 x 4 = 32 numbers 2 x 4 x 3 stay: as 8 rows, each 4 numbers behind the last one.
        ("pw:2 relu crop:4x3 linear:5", (128, 128, 0, 0)),
        # 2 x 3 x 3 = 18 stay, whose rows do not all lie as far apart: copied, of both inputs.
        ("pw:2 relu crop:3 linear:5", (128, 128, 0, 72)),
        ("pw:2 relu crop:3 bilinear:5{|}", (128, 128, 0, 2 * 72)),
        # New channels cannot lie within those rows: a copy, which gelu keeps.
        ("pw:2 relu crop:3 reshape:3x6 gelu", (128, 128, 0, 0, 72)),
        ("pw:2 relu crop:3 unflatten:1x2 gelu", (128, 128, 0, 0, 0)),
    ],
)
def test_strides_decide_what_is_copied(spec, layers):
    assert layers == kept(convcalc.parse(spec), (2, 4, 4)).layers


@pytest.mark.parametrize(
    ("spec", "layers"),
    [
        # 2 x 2 x 2 = 8 places of 8 bytes: kept by the pooling, or, of one that is not trained, by
        # the first that puts values there.
        ("pw:2 p=maxpool:2 relu maxunpool:2,of=p", (128, 128 + 64, 32, 0)),
        ("p=maxpool:2 pw:2 maxunpool:2,of=p", (0, 32, 64)),
        ("p=maxpool:2 pw:2 concat{maxunpool:2,of=p | maxunpool:2,of=p}", (0, 32, 64, 0, 0)),
        ("p=maxpool:2 maxunpool:2,of=p pw:2", (0, 0, 128)),
    ],
)
def test_places_of_maxima_are_kept_once(spec, layers):
    assert layers == kept(convcalc.parse(spec), (2, 4, 4)).layers


def test_linear_on_features_alone_reads_a_part_where_it_lies():
    # 4 features of two samples; the first two of each are 32 bytes apart.
    assert (32, 0, 32) == kept(convcalc.parse("linear:4 slice:0:2 linear:3"), (4,), 2).layers


def test_half_as_wide_numbers_take_half_except_masks_and_places():
    network = convcalc.parse("pw:2 maxpool:2 dropout bn")
    # 32 and 32 numbers, 8 places; 8 marks; 8 numbers and 2 * 2 statistics
    assert (128, 128 + 64, 8, 32 + 16) == kept(network, (2, 4, 4)).layers
    assert (64, 64 + 64, 8, 16 + 8) == kept(network, (2, 4, 4), dtype="float16").layers


def test_an_unknown_kind_is_named_and_not_counted(monkeypatch):
    monkeypatch.delitem(SAVED, "gelu")
    found = kept(convcalc.parse("gelu pw:2 gelu bn gelu"), (2, 4, 4))
    assert ("gelu",) == found.unknown
    assert (0, 128, None, 128 + 16, None) == found.layers


@pytest.mark.parametrize("spec", ["lstm:2", "gru:2", "rnn:2"])
def test_what_recurrent_layers_keep_is_not_known(spec):
    found = kept(convcalc.parse(f"linear:4 {spec} linear:3"), (5, 6))
    assert (spec[:-2],) == found.unknown
    assert (5 * 6 * 4, None, 5 * 2 * 4) == found.layers


def test_an_embedding_keeps_its_indices():
    torch = pytest.importorskip("torch")
    network = convcalc.parse("embedding:10,d4 linear:3")
    # 2 samples of 5 indices of 8 bytes, 2 * 5 * 4 numbers of 4 bytes
    assert (80, 160) == kept(network, (5,), 2).layers
    seen = {}

    def pack(tensor):
        seen[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    model = torch.nn.Sequential(torch.nn.Embedding(10, 4), torch.nn.Linear(4, 3)).train()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = model(torch.arange(10).reshape(2, 5))
    assert result.requires_grad
    fixed = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    assert 240 == sum(size for address, size in seen.items() if address not in fixed)


# -- PyTorch ---------------------------------------------------------------------------------------

IMAGE = (6, 8, 8)
MODES = ("zeros", "reflect", "symmetric", "replicate", "circular")
UNKNOWN = {"lstm", "gru", "rnn", "opaque", "attention", "unreached", "view"}
"""What only the library knows that computes them, or nobody computes."""
SEQUENCES = {"embedding", "multiheadattention"}
JOINS = {"bilinear", "concat", "residual", "scale", "matmul", "elementwise", "input", "parameter"}
LAYERS = [
    ("matmul{ | relu}", IMAGE),
    ("matmul{ | permute:0x2x1}", IMAGE),
    ("residual{ | parameter:6x8x8}", IMAGE),
    *((f"elementwise:name={text}", IMAGE) for text in ("exp", "mul,value2", "pow,value2")),
    ("elementwise:name=sub{ | relu}", IMAGE),
    *((name, IMAGE) for name in sorted(set(KINDS) - {"sep"} - JOINS - UNKNOWN - SEQUENCES)),
    ("residual{ | relu}", IMAGE),
    ("bilinear:3{linear:4 | relu}", IMAGE),
    ("bilinear:3,nobias{|}", (6,)),
    ("concat{ | relu}", IMAGE),
    *((f"scale{{{gate}}}", IMAGE) for gate in ("gap", "sigmoid", "pw:6", "")),
    *((f"conv:4,k3,p1,{mode}", IMAGE) for mode in MODES),
    *((f"conv:4,k3,{mode}", IMAGE) for mode in ("reflect", "circular")),
    ("conv:4,k2,same", IMAGE),
    ("conv:4,k3,s2,same-upper", IMAGE),
    ("conv:4,k3,s2,p1,d2,g2", IMAGE),
    ("conv:4,k3,p1", (6, 8)),
    ("conv:4,k3,p1", (6, 4, 4, 4)),
    ("dw:k3,p1", IMAGE),
    ("sep:4,k3,p1", IMAGE),
    ("sep:4,k4,same", IMAGE),
    ("sep:4,k3,p1,reflect", IMAGE),
    ("convt:4,k3,s2,p1,op1", IMAGE),
    ("linear:5,nobias", IMAGE),
    ("linear:5", (6,)),
    ("linear:5,nobias", (6,)),
    *((f"multiheadattention:8,{more}", (6, 8)) for more in ("heads1", "heads4,nobias")),
    ("multiheadattention:8", (1, 8)),
    *((f"{name},noaffine", IMAGE) for name in ("bn:eps1e-5", "gn:3", "ln:eps1e-5")),
    ("bn", (6,)),
    ("ln", (6,)),
    ("in:affine", IMAGE),
    *((f"lrn:{size}", IMAGE) for size in (1, 2, 5)),
    *((f"lppool:3,{more}", IMAGE) for more in ("s2,ceil", "s1,p1", "norm1", "s2,norm3")),
    ("lppool:3,s2,same-upper", IMAGE),
    ("lppool:3,s1", (6, 8)),
    ("lppool:2", (6, 4, 4, 4)),
    ("lrn:5", (6, 8)),
    ("lrn:5", (6, 4, 4, 4)),
    ("prelu:6", IMAGE),
    *((f"maxpool:3,{more}", IMAGE) for more in ("s2,ceil", "s2,p1,d2", "s2,same-upper")),
    *((f"avgpool:3,{more}", IMAGE) for more in ("s2,ceil", "s2,p1,noinclude", "s2,same-upper")),
    *((f"{name}:2", shape) for name in ("maxpool", "avgpool") for shape in ((6, 8), (6, 4, 4, 4))),
    *((f"adaptive{how}pool:{size}", IMAGE) for how in ("avg", "max") for size in (1, "3x1", 3)),
    *((f"adaptive{how}pool:{size}", (6, 8)) for how in ("avg", "max") for size in (1, 3)),
    *((f"adaptive{how}pool:{size}", (6, 4, 4, 4)) for how in ("avg", "max") for size in (1, 3)),
    ("dropout:0", IMAGE),
    ("dropout:1", IMAGE),
    *((f"pad:1,{mode}", IMAGE) for mode in MODES[1:]),
    ("upsample:2,bilinear", IMAGE),
    ("upsample:2,bilinear", (6, 8)),
    ("upsample:2,bilinear,align", IMAGE),
]
SHORT = {
    "conv": "conv:4,k3",
    "crop": "crop:3",
    "convt": "convt:4,k3",
    "dw": "dw:k3",
    "pw": "pw:4",
    "linear": "linear:5",
    "gn": "gn:3",
    "lppool": "lppool:2",
    "lrn": "lrn:3",
    "maxpool": "maxpool:2",
    "maxunpool": "p=maxpool:2 relu maxunpool:2,of=p",
    "avgpool": "avgpool:2",
    "adaptiveavgpool": "adaptiveavgpool:2",
    "adaptivemaxpool": "adaptivemaxpool:2",
    "reshape": "reshape:3x-1",
    "unflatten": "unflatten:3x2",
    "slice": "slice:1:3",
    "permute": "permute:0x2x1",
    "reduce": "reduce:mean,axes1x2,keep",
    "pad": "pad:1",
    "upsample": "upsample:2",
    "pixelshuffle": "pixelshuffle:1",
    "pixelunshuffle": "pixelunshuffle:2",
    "shuffle": "shuffle:2",
    "threshold": "threshold:0,value0.5",
}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
@pytest.mark.parametrize(("spec", "shape"), LAYERS)
@pytest.mark.parametrize(
    "context", ["{}", "pw:6 {}", "pw:6 relu {}", "pw:6 {} bn relu", "pw:8 slice:1:7 {}"]
)
def test_autograd_keeps_as_much_of_every_kind(spec, shape, context):
    pytest.importorskip("torch")
    from torch_layers import kept_bytes

    text = context.format(SHORT.get(spec, spec))
    if len(shape) == 1:
        text = text.replace("pw:", "linear:")
    network = convcalc.parse(text)
    # A part of one sample lies in one piece. (One feature of one sample has no variance.)
    for batch in (1, 2) if "slice:1:7" in context and len(shape) > 1 else (2,):
        assert kept_bytes(network, shape, batch) == sum(kept(network, shape, batch).layers)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    "text",
    [
        *(
            f"{crop} {after}"
            for crop in ("crop:3", "crop:3x4,offset0")
            for after in ("relu", "conv:4,k3", "gn:3", "in", "linear:5", "flatten linear:5")
        ),
        "crop:4x3 gn:3",
        # Rows of all channels lie as far apart as those of one: a matrix without a copy.
        *(f"crop:4x3 {after}" for after in ("linear:5", "bilinear:2{|}", "in")),
        "crop:3 bilinear:2{| relu}",
        *(f"crop:3 {new} gelu" for new in ("reshape:2x-1", "unflatten:2x3", "unflatten:-1x3,dim2")),
        "crop:3 slice:1:3 gn:2",
        # Rows of one channel lie in one piece.
        "slice:0:1 crop:3x4 linear:5",
        "slice:0:1 crop:3x4 flatten linear:5",
    ],
)
def test_what_a_crop_leaves_is_copied_by_who_needs_it_in_one_piece(text, batch):
    pytest.importorskip("torch")
    from torch_layers import kept_bytes

    network = convcalc.parse(f"pw:6 relu {text}")
    expected = sum(kept(network, (6, 4, 4), batch).layers)
    assert kept_bytes(network, (6, 4, 4), batch) == expected


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    "text",
    [
        "p=maxpool:2 pw:1 maxunpool:2,of=p",
        "pw:4 relu p=maxpool:2 pw:8 relu q=maxpool:2 maxunpool:2,of=q pw:4 maxunpool:2,of=p relu",
        "top=conv:4,k3 relu maxpool:2 conv:4,k3 concat{up=convt:4,k2,s2 | @top crop:like=up} pw:2",
    ],
)
def test_autograd_keeps_as_much_of_networks_whose_layers_name_others(text, batch):
    pytest.importorskip("torch")
    from torch_layers import kept_bytes

    network = convcalc.parse(text)
    expected = sum(kept(network, (1, 14, 18), batch).layers)
    assert kept_bytes(network, (1, 14, 18), batch) == expected


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("resnet18", (3, 64, 64)),
        ("resnet50", (3, 64, 64)),
        ("densenet121", (3, 64, 64)),
        ("googlenet", (3, 64, 64)),
        ("convnext_tiny", (3, 64, 64)),
        ("efficientnet_b0", (3, 64, 64)),
        ("mobilenet_v3_small", (3, 64, 64)),
        ("shufflenet_v2_x1_0", (3, 64, 64)),
        ("squeezenet1_0", (3, 64, 64)),
        ("unet", (1, 64, 64)),
        ("vgg11", (3, 64, 64)),
    ],
)
def test_autograd_keeps_as_much_of_a_whole_network(name, shape):
    pytest.importorskip("torch")
    from torch_layers import kept_bytes

    network = convcalc.load_network(name)
    assert kept_bytes(network, shape, 2) == sum(kept(network, shape, 2).layers)


def test_autograd_keeps_half_as_much_in_bfloat16():
    torch = pytest.importorskip("torch")
    from torch_layers import kept_bytes

    network = convcalc.parse("conv:8,k3,p1 bn relu maxpool:2 gn:2 dropout gelu ln gap linear:3")
    found = kept(network, IMAGE, 2, "bfloat16")
    assert kept_bytes(network, IMAGE, 2, torch.bfloat16) == sum(found.layers)


def test_autograd_keeps_as_much_of_an_ordinary_sequential():
    # The same, of modules that are written out: an input, two relus, a maximum and its places.
    torch = pytest.importorskip("torch")
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 4, 3),
        nn.BatchNorm2d(4),
        nn.Sigmoid(),
        nn.Flatten(),
        nn.Linear(16, 10),
        nn.Softmax(1),
    )
    seen = {}
    fixed = {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers())}

    def pack(tensor):
        if tensor.untyped_storage().data_ptr() not in fixed:
            seen[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = model(torch.randn(5, 3, 8, 8))
    assert result.requires_grad
    network = convcalc.parse(
        "conv:8,k3,p1 relu maxpool:2 conv:4,k3 bn sigmoid flatten linear:10 softmax"
    )
    by_hand = 5 * 3 * 64 * 4  # the input
    by_hand += 5 * 8 * 64 * 4  # relu
    by_hand += 5 * 8 * 16 * (8 + 4)  # places and the maximum, for the next convolution
    by_hand += 5 * 4 * 4 * 4 + 2 * 4 * 4  # bn's input, a mean and a deviation of 4 channels
    by_hand += 5 * 4 * 4 * 4  # sigmoid, which the fully connected layer keeps flat
    by_hand += 5 * 10 * 4  # softmax
    assert by_hand == sum(seen.values()) == sum(kept(network, (3, 8, 8), 5).layers)
