"""Benign or malignant, from thirty measurements of a biopsy (scikit-learn's data): logistic regression.

python examples/logistic_regression.py --lr 0.1 --steps 400
"""

import argparse

import torch
import torch.nn.functional as F
from sklearn.datasets import load_breast_cancer
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--steps", type=int, default=400)
args = parser.parse_args()

torch.manual_seed(0)
cases = load_breast_cancer()
x = torch.tensor(cases.data, dtype=torch.float32)
y = torch.tensor(cases.target, dtype=torch.float32)
order = torch.randperm(len(x))
train, test = order[:450], order[450:]
x = (x - x[train].mean(0)) / x[train].std(0)

model = nn.Linear(30, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, weight_decay=1e-3)

for step in range(args.steps):
    batch = train[torch.randint(len(train), (64,))]
    optimizer.zero_grad()
    loss = F.binary_cross_entropy_with_logits(model(x[batch]).squeeze(1), y[batch])
    loss.backward()
    optimizer.step()
    if step % 25 == 0 or step == args.steps - 1:
        print(f"step {step}: loss {loss.item():.4f}")

with torch.no_grad():
    right = ((model(x[test]).squeeze(1) > 0) == (y[test] > 0)).float().mean()
print(f"test accuracy {right:.3f}")
