"""Neural networks out of Values: modules, losses, training, and models as files, all under one name.

A network, its loss and its training are a few lines:

>>> from autograd_lite import nn, optim
>>> model = nn.MLP(2, [4, 1], activation="tanh", seed=0)
>>> xor = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
>>> history = nn.fit(model, xor, nn.mse_loss, optim.SGD(model.parameters(), lr=0.3), epochs=300, progress=False)
>>> [round(y.item()) for y in model(xor[0])]
[0, 1, 1, 0]
"""

from autograd_lite.nn.classic import AddLayer, Affine, MulLayer, Relu, Sigmoid, SoftmaxWithLoss, numerical_gradient
from autograd_lite.nn.history import History
from autograd_lite.nn.layers import ACTIVATIONS, INITIALISERS, MLP, Activation, Layer, Neuron, Sequential
from autograd_lite.nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge_loss,
    huber_loss,
    l1_loss,
    mse_loss,
    nll_loss,
)
from autograd_lite.nn.metrics import accuracy
from autograd_lite.nn.module import Module
from autograd_lite.nn.serialization import load, save
from autograd_lite.nn.training import fit, patience

__all__ = [
    "ACTIVATIONS",
    "INITIALISERS",
    "MLP",
    "Activation",
    "AddLayer",
    "Affine",
    "History",
    "Layer",
    "Module",
    "MulLayer",
    "Neuron",
    "Relu",
    "Sequential",
    "Sigmoid",
    "SoftmaxWithLoss",
    "accuracy",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "fit",
    "hinge_loss",
    "huber_loss",
    "l1_loss",
    "load",
    "mse_loss",
    "nll_loss",
    "numerical_gradient",
    "patience",
    "save",
]
