# /// script
# dependencies = [
#   "mlx==0.32.4; sys_platform == 'darwin'",
#   "mlx[cpu]==0.32.4; sys_platform == 'linux'",
#   "numpy>=2",
# ]
# ///
"""Teaches the same network to read handwritten digits, with MLX: on the GPU of a Mac, on the CPU elsewhere.

python train_mlx.py [--seed 7] [--epochs 40]. Writes results/ as train.mjs does; the weights are weights.npz.
"""

import argparse
import csv
import json
import os
import subprocess
import time

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np

options = argparse.ArgumentParser()
options.add_argument("--seed", type=int, default=7)
options.add_argument("--epochs", type=int, default=40)
options = options.parse_args()
HIDDEN, HELD_BACK, BATCH, PIXELS = 96, 450, 64, 64

os.makedirs("results", exist_ok=True)
mx.random.seed(options.seed)
random = np.random.default_rng(options.seed)
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "digits.csv")) as file:
    rows = random.permutation(np.array(list(csv.reader(file)), dtype=np.float32))
images, labels = rows[:, :-1] / 16, rows[:, -1].astype(np.int32)
held_images, held_labels = mx.array(images[:HELD_BACK]), mx.array(labels[:HELD_BACK])
images, labels = images[HELD_BACK:], labels[HELD_BACK:]

model = nn.Sequential(nn.Linear(PIXELS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 10))
steps = options.epochs * (len(images) // BATCH + 1)
optimizer = optim.AdamW(learning_rate=optim.cosine_decay(1e-2, steps), weight_decay=1e-3)
print(f"MLX {mx.__version__} on {mx.default_device()}")
print(f"{len(images)} digits to learn from, {HELD_BACK} held back to be tested on")


def loss_of(images, labels):
    return nn.losses.cross_entropy(model(images), labels, reduction="mean")


def learn(images, labels):
    loss, gradients = nn.value_and_grad(model, loss_of)(images, labels)
    optimizer.update(model, gradients)
    return loss


def varied(batch):
    """The images made a little noisy, as another hand might have written them."""
    return (batch + random.normal(0, 0.08, batch.shape)).astype(np.float32)


started = time.perf_counter()
curve = []
for epoch in range(1, options.epochs + 1):
    order = random.permutation(len(images))
    losses = []
    for first in range(0, len(order), BATCH):
        chosen = order[first : first + BATCH]
        losses.append(learn(mx.array(varied(images[chosen])), mx.array(labels[chosen])))
        mx.eval(model.parameters(), optimizer.state)
    loss = mx.mean(mx.stack(losses)).item()
    accuracy = mx.mean(mx.argmax(model(held_images), axis=1) == held_labels).item()
    curve.append({"epoch": epoch, "loss": loss, "accuracy": accuracy})
    if epoch == 1 or epoch % 5 == 0 or epoch == options.epochs:
        seconds = time.perf_counter() - started
        print(f"epoch {epoch:3}/{options.epochs}  loss {loss:.4f}  accuracy {accuracy:.1%}  {seconds:.1f} s")

chances = np.array(mx.softmax(model(held_images), axis=1))
guesses = chances.argmax(axis=1)
known = np.array(held_labels)
confusion = np.zeros((10, 10), dtype=int)
np.add.at(confusion, (known, guesses), 1)
accuracy = float((guesses == known).mean())
predictions = [
    {"image": image.tolist(), "label": int(label), "guess": int(guess), "chance": float(chance[guess])}
    for image, label, guess, chance in zip(np.array(held_images), known, guesses, chances)
]
results = {"seed": options.seed, "epochs": options.epochs, "accuracy": accuracy, "confusion": confusion.tolist(), "curve": curve}
model.save_weights("results/weights.npz")
with open("results/results.json", "w") as file:
    json.dump(results, file, indent=2)
node = os.environ.get("WINDFALL_NODE", "node")
drawn = json.dumps({**results, "predictions": predictions})
subprocess.run([node, os.path.join(here, "draw.mjs")], input=drawn, text=True, check=True)
print(f"device {mx.default_device()}, peak memory {mx.get_peak_memory() / 1e6:.1f} MB in MLX")
print(f"{accuracy:.1%} of the digits it had never seen are read right; see results/report.png")
