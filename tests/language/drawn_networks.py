"""Networks as text that Hypothesis draws."""

from __future__ import annotations

from hypothesis import strategies as st

PLAIN = st.sampled_from(
    [
        "relu",
        "bn",
        "conv:4,k3,p1",
        "conv:in,k1",
        "pw:4",
        "dw:k3,same",
        "leakyrelu:0.2",
        "conv:4,k1,g=in//2",
        "se:2",
    ]
)


@st.composite
def sequences(draw, depth, labels=None, values=(), uses=()):
    """The words of a sequence that keeps 4 channels and the size; no two labels are alike.

    `labels` are those seen from here, or None for none at all; `uses` are definitions.
    """
    seen = None if labels is None else list(labels)
    words = []
    for _ in range(draw(st.integers(0 if depth < 2 else 1, 3))):
        form = draw(st.sampled_from(["layer", "layer", "block", "repeat", "use", "jump"]))
        label = ""
        if seen is not None and draw(st.booleans()):
            label = f"L{depth}-{len(seen)}-{draw(st.integers(0, 10**9))}"
        inner = sequences(depth - 1, seen, values, uses) if depth else st.just([])
        if form == "jump" and seen:
            words.append("@" + draw(st.sampled_from(seen)))
            continue
        before = f"{label}=" if label else ""
        if form == "block" and depth:
            branches = draw(st.lists(inner, min_size=1, max_size=3))
            inside = [word for branch in branches for word in ["|", *branch]][1:]
            if len(branches) > 1 and not label and draw(st.booleans()):
                words += ["concat{", *inside, "}", "pw:4"]
            else:
                words += [f"{before}residual{{", *inside, "}"]
        elif form == "repeat":
            counts = [str(draw(st.integers(0, 3))), "(2-1)", *(f"(${value})" for value in values)]
            count = draw(st.sampled_from(counts))
            words += [f"{before}{count}x{{", *draw(inner), "}"]
        elif form == "use" and uses:
            words.append(before + draw(st.sampled_from(uses)))
        else:
            layers = [PLAIN, *(st.just(f"conv:4,k1,p0,s1,d${value}*2") for value in values)]
            layers += [st.sampled_from(seen).map("adaptiveavgpool:@{}".format)] if seen else []
            words.append(before + draw(st.one_of(layers)))
        if label:
            seen.append(label)
    return words


@st.composite
def networks(draw):
    """The words of a whole network: definitions, then a sequence that may use them."""
    words, uses = [], []
    for number in range(draw(st.integers(0, 2))):
        body = draw(sequences(1, [], ["w", "s"], tuple(uses)))
        words += [f"define f{number}(w, s=$w) {{", *body, "}"]
        uses += [f"f{number}:2", f"f{number}:w=1,s=3", f"f{number}:1,2"]
    return [*words, "relu", *draw(sequences(2, [], (), tuple(uses)))]
