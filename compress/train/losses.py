"""What training minimises: image against sentence, and image against class.

Suffixes: N pictures of one update over all processes, D embedding, K classes.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def info_nce(image_ND: Tensor, text_ND: Tensor, scale: Tensor, same_NN: Tensor) -> Tensor:
    """CLIP's loss (Radford et al. 2021) with several right answers a picture (UniCL, Yang et al. 2022).

    image_ND, text_ND: of length 1; scale: of the cosine. same_NN bool: whether sentence j is true of picture i;
    pictures of one class share their sentences, and calling those wrong would push a class apart. With the
    diagonal alone this is CLIP's loss.
    """
    logits_NN = scale * image_ND @ text_ND.T
    return (_soft_cross_entropy(logits_NN, same_NN) + _soft_cross_entropy(logits_NN.T, same_NN.T)) / 2


def sigmoid_loss(image_ND: Tensor, text_ND: Tensor, scale: Tensor, bias: Tensor, same_NN: Tensor) -> Tensor:
    """SigLIP's loss: every pair by itself is right or wrong (Zhai et al. 2023)."""
    logits_NN = scale * image_ND @ text_ND.T + bias
    signed_NN = (2.0 * same_NN.to(logits_NN.dtype) - 1.0) * logits_NN
    return -F.logsigmoid(signed_NN).sum(1).mean()


def class_loss(logits_NK: Tensor, label_N: Tensor, weight_K: Tensor) -> Tensor:
    """Cross-entropy in which every class weighs the same. weight_K: mean 1 over the training pictures.

    Divided by N, not by the sum of the drawn weights: so the mean over processes is the loss of the whole batch.
    """
    return (weight_K[label_N] * F.cross_entropy(logits_NK, label_N, reduction="none")).mean()


def _soft_cross_entropy(logits_NN: Tensor, same_NN: Tensor) -> Tensor:
    target_NN = same_NN.to(logits_NN.dtype)
    target_NN = target_NN / target_NN.sum(1, keepdim=True)
    return -(target_NN * F.log_softmax(logits_NN, dim=1)).sum(1).mean()
