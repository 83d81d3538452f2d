"""Every session has a model of its own: loaded once, used by all later calls of the session."""

import os
import time
from typing import Literal, TypedDict

from sklearn.datasets import load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from snakepit_bridge import BaseAdapter, context, tool

DATA_SETS = {"iris": load_iris, "wine": load_wine}


class Loaded(TypedDict):
    """What loading a model took and gave."""

    name: str
    accuracy: float
    seconds: float
    pid: int


class Prediction(TypedDict):
    """What the session's model says, and how often it has been asked."""

    label: str
    model: str
    uses: int
    loads: int
    pid: int


class Models(BaseAdapter):
    """Keeps a model for each session in ``context.state``."""

    @tool
    def load_model(self, name: Literal["iris", "wine"]) -> Loaded:
        """Train a classifier on one of scikit-learn's data sets and keep it for the session."""
        began = time.perf_counter()
        data = DATA_SETS[name]()
        train, test, train_labels, test_labels = train_test_split(data.data, data.target, random_state=0)
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(train, train_labels)
        loads = context.state.get("loads", 0) + 1
        context.state.update(name=name, model=model, names=data.target_names, loads=loads, uses=0)
        return {
            "name": name,
            "accuracy": float(model.score(test, test_labels)),
            "seconds": time.perf_counter() - began,
            "pid": os.getpid(),
        }

    @tool
    def predict(self, features: list[float]) -> Prediction:
        """Ask the session's model for the label of one sample."""
        state = context.state
        if "model" not in state:
            raise LookupError(f"session {context.session_id!r} has no model: call load_model first")
        state["uses"] += 1
        label = state["names"][state["model"].predict([features])[0]]
        return {
            "label": str(label),
            "model": state["name"],
            "uses": state["uses"],
            "loads": state["loads"],
            "pid": os.getpid(),
        }

    @tool
    def crash(self) -> None:
        """End the process, as a bug in a C library would."""
        os.abort()
