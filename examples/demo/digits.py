"""A real model on real data: a small neural network learns scikit-learn's handwritten digits."""

import os
import time
from collections.abc import Iterator
from typing import TypedDict

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from snakepit_bridge import BaseAdapter, tool


class Epoch(TypedDict):
    """What one pass over the training data achieved."""

    epoch: int
    loss: float
    accuracy: float
    seconds: float


class Status(TypedDict):
    """What the worker holds and has been through."""

    pid: int
    images: int
    loads: int
    trainings: int
    cleanups: int
    last_epoch: int


class Digits(BaseAdapter):
    """Loads the data once for the life of the worker; every training uses what is there."""

    def initialize(self) -> None:
        """Load 1,797 images of 8 x 8 pixels, and keep a quarter of them for testing."""
        images, labels = load_digits(return_X_y=True)
        parts = train_test_split(images / 16.0, labels, test_size=0.25, random_state=7, stratify=labels)
        self.train_images, self.test_images, self.train_labels, self.test_labels = parts
        self.loads = 1
        self.trainings = 0
        self.cleanups = 0
        self.last_epoch = 0

    @tool
    def train(self, epochs: int = 30, hidden: int = 128, seed: int = 1) -> Iterator[Epoch]:
        """Train a network with one hidden layer and report every epoch.

        Args:
            epochs: Passes over the training data.
            hidden: Neurons of the hidden layer.
            seed: Where the random numbers start; the same seed gives the same curve.
        """
        self.trainings += 1
        model = MLPClassifier((hidden,), solver="sgd", learning_rate_init=0.004, batch_size=16, random_state=seed)
        classes = np.unique(self.train_labels)
        began = time.perf_counter()
        try:
            for epoch in range(1, epochs + 1):
                self.last_epoch = epoch
                model.partial_fit(self.train_images, self.train_labels, classes=classes)
                yield {
                    "epoch": epoch,
                    "loss": float(model.loss_),
                    "accuracy": float(model.score(self.test_images, self.test_labels)),
                    "seconds": time.perf_counter() - began,
                }
        finally:
            # Runs at the end, on an error, and when the caller goes away.
            self.cleanups += 1

    @tool
    def status(self) -> Status:
        """Tell what this worker holds and what has happened to it."""
        return {
            "pid": os.getpid(),
            "images": len(self.train_images) + len(self.test_images),
            "loads": self.loads,
            "trainings": self.trainings,
            "cleanups": self.cleanups,
            "last_epoch": self.last_epoch,
        }
